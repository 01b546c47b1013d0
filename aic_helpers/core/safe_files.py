"""Files that no reader sees half of, and JSON that every reader takes."""

from __future__ import annotations

import hashlib
import json
import math
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np


@contextmanager
def replacing(path: Path, *, private: bool = False, ending: str = ".partial") -> Iterator[Path]:
    """Give a name beside a file's place to write it under; at a good end it moves there, else it goes.

    So no reader sees half of it, and what was there before stays until the new one is whole.

    Parameters
    ----------
    path : Path
        Folders above it are made.
    private : bool
        Whether the file is for its owner's eyes.
    ending : str
        Of the name to write under, where what writes asks for one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}{ending}")
    try:
        if private:
            partial.touch(0o600, exist_ok=False)
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file; see `replacing`. An error of the system names it, also that of a full disk."""
    try:
        with replacing(path) as partial:
            partial.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        if error.strerror and not error.filename:
            error.filename = str(path)
        raise


def write_private(path: Path, content: bytes) -> None:
    """Write a file for its owner's eyes; see `replacing`."""
    with replacing(path, private=True) as partial:
        partial.write_bytes(content)


def write_json(path: Path, value: Any) -> None:
    """Write a value as strict JSON; see `strict` and `replacing`."""
    write_text(path, as_json(value) + "\n")


def as_json(value: Any) -> str:
    """Return `value` as strict JSON: see `strict`."""
    return json.dumps(strict(value), indent=2, allow_nan=False)


def strict(value: Any) -> Any:
    """Return `value` as strict JSON can hold it.

    NaN becomes null, infinities the strings "inf" and "-inf" (the PSNR of identical images), NumPy scalars and
    arrays plain numbers and lists, paths strings.
    """
    if isinstance(value, dict):
        return {str(key): strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [strict(item) for item in value]
    if isinstance(value, np.generic):
        return strict(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return str(value) if isinstance(value, Path) else value


def sha256(path: Path) -> str | None:
    """Return the SHA-256 of a file; None where there is none."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
