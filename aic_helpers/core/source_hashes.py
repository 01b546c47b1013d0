"""SHA-256 over the source of modules and all that helps to make their figures, so that nothing older passes for new."""

from __future__ import annotations

import ast
import hashlib
import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from aic_helpers.core import safe_files
from aic_helpers.core.project_paths import PACKAGE

_parsing = threading.Lock()

ATTEMPTS = 100
"""To parse: Python 3.11 loses count, and raises `SystemError`, where several threads parse at once and something is
told of garbage collections. Packages parse too (`ast.literal_eval` of numpy's files), and don't wait for this lock."""


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
    names: list[str] = []
    for node in ast.walk(parsed(file.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.append(node.value.partition(":")[0])
    return {name for name in names if name.startswith(f"{PACKAGE.name}.") and _file(name).is_file()}


def parsed(source: bytes) -> ast.Module:
    """Return the syntax tree of Python source; in any thread.

    Raises
    ------
    SyntaxError, ValueError
        As `ast.parse`.
    """
    for _ in range(ATTEMPTS - 1):
        with suppress(SystemError), _parsing:
            return ast.parse(source)
    return ast.parse(source)


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
