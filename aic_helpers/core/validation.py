"""JSON -> a pydantic model, or one line that names the first thing wrong, its place and what was found there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from aic_helpers.core.errors import InputError

MAX_DEPTH = 64
"""Levels of what is nested in a file; more than any of ours has, few enough for whatever walks through it."""

SHOWN = 40
"""Characters of a value, or of a part of its place, in a message."""

Kind = TypeVar("Kind", bound=BaseModel)


def load_json(path: Path, remedy: str, called: Path | None = None) -> Any:
    """Return what a JSON file holds.

    Parameters
    ----------
    path : Path
        A file that is there.
    remedy : str
    called : Path, optional
        Names the file in the message, where that isn't `path`.

    Raises
    ------
    InputError
        Not JSON in UTF-8, or more than `MAX_DEPTH` levels of it.
    """
    expected = f"JSON in {called or path}"
    try:
        content = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:  # a wrong encoding is a ValueError too
        raise InputError(expected, f"something else ({error})", remedy) from None
    if _is_deep(content):
        raise InputError(f"{expected} of at most {MAX_DEPTH} levels", "more", remedy)
    return content


def _is_deep(content: Any) -> bool:
    level = [content]
    for _ in range(MAX_DEPTH):
        nested = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list))
        level = [inner for outer in nested for inner in outer]
    return bool(level)


def fitted(model: type[Kind], content: Any, expected: str, remedy: str) -> Kind:
    """Return a content as a model.

    Raises
    ------
    InputError
        It doesn't fit. What was found is the first thing that doesn't, with its place (``metrics.psnr_db``).
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise InputError(expected, _problem(error), remedy) from None


def _problem(error: ValidationError) -> str:
    """Return the first thing wrong in words of ours: pydantic's are about Python."""
    first = error.errors(include_url=False)[0]
    place = _place(first["loc"])
    if first["type"] == "missing":
        return f"nothing at {place}"
    return f"{shown(first['input'])}{place and f' as {place}'}"


def _place(keys: Sequence[int | str]) -> str:
    """Return where in a file something is, as in ``entries[2].folder``, counted from 0; keys may be a stranger's."""
    steps = [f"[{key}]" if isinstance(key, int) else f".{_printable(key)}" for key in keys]
    return "".join(steps).removeprefix(".")


def _printable(text: str) -> str:
    letters = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text[:SHOWN])
    return letters + ("..." if len(text) > SHOWN else "")


def shown(value: Any) -> str:
    """Return a value of JSON or TOML in at most `SHOWN` characters, all of them printable."""
    text = json.dumps(value, default=str)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
