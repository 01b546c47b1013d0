"""What a model source is made of: a hash over all of its files, so that a changed one is converted again."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

from aic_helpers.sources import ModelSource


def fingerprint(source: ModelSource) -> str:
    """Return a SHA-256 over the files that a model source names, so that a changed one is converted again."""
    digest = hashlib.sha256(f"{source.kind} {source.function}".encode())
    for file in _files(source):
        digest.update(f"{file.name} {file.stat().st_size} ".encode())
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def _files(source: ModelSource) -> Iterator[Path]:
    inside = source.path.rglob("*") if source.path.is_dir() else [source.path]
    yield from sorted(file for file in inside if file.is_file())
    if source.kind == "function":
        yield from sorted(_beside(source.path, set()))
    if source.checkpoint:
        beside = source.checkpoint.parent.iterdir()
        yield from sorted(file for file in beside if file.name.startswith(source.checkpoint.name))


def _beside(script: Path, found: set[Path]) -> set[Path]:
    """Return the Python files in a script's folder that it imports, and those that they import."""
    try:
        tree = ast.parse(script.read_bytes())
    except (SyntaxError, ValueError):  # converting it tells where
        return found
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    for name in names:
        file = script.with_name(f"{name.partition('.')[0]}.py")
        if file not in found and file != script and file.is_file():
            found |= {file} | _beside(file, found | {file})
    return found
