"""SHA-256 over the source of modules and all that helps to make their figures, so that nothing older passes for new."""

from __future__ import annotations

import ast
import hashlib
import os
import threading
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from aic_helpers.core import safe_files
from aic_helpers.core.project_paths import PACKAGE

_parsing = threading.Lock()
"""Python 3.11 loses count where several threads parse at once and something is told of garbage collections."""


@cache
def code(*modules: str) -> str:
    """Return one SHA-256 over the source of modules of the package and of all that helps to make their figures."""
    return files_sha256(_file(name) for name in sorted(behind(*modules)))


def behind(*modules: str) -> set[str]:
    """Return modules, all that they import, and all that runs in processes that they start, by their full names.

    A process is started by name: so every text constant that names a module of the package, or ``module:function``,
    counts as an import. Only what is imported from the module that defines it is found, not what comes by way of
    the lazy names of a package.
    """
    found: set[str] = set()
    waiting = {f"{PACKAGE.name}.{module}" for module in modules}
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= named_modules(_file(name)) - found
    return found


def _file(module: str) -> Path:
    return PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py")


def named_modules(file: Path) -> set[str]:
    """Return the modules of the package that a file imports, wherever in it, or names in a text constant."""
    with _parsing:
        tree = ast.parse(file.read_text("utf-8"))
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.append(node.value.partition(":")[0])
    return {name for name in names if name.startswith(f"{PACKAGE.name}.") and _file(name).is_file()}


def files_sha256(files: Iterable[Path]) -> str:
    """Return one SHA-256 over the names and bytes of files, in their order."""
    digest = hashlib.sha256()
    for file in files:
        state = file.stat()
        digest.update(os.fsencode(file.name) + f" {_sha256_of(file, state.st_mtime_ns, state.st_size)}\n".encode())
    return digest.hexdigest()


@cache
def _sha256_of(file: Path, mtime_ns: int, size: int) -> str | None:
    """Return the SHA-256 of a file as it stands: a board asks for those of its images once for each model."""
    return safe_files.sha256(file)
