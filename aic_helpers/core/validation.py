"""JSON or TOML -> a typed value, or one line that names the first thing wrong, its place and what was found there.

The types are pydantic's: models, or plain dataclasses.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from aic_helpers.core.errors import InputError
from aic_helpers.core.safe_texts import decoded, shown

MAX_DEPTH = 64
"""Levels of what is nested in a file; more than any of ours has, few enough for whatever walks through it."""

SHOWN = 40
"""Characters of a value, or of a part of its place, in a message."""

WANTED = {
    "string_type": "a text",
    **dict.fromkeys(("int_type", "int_from_float", "int_parsing"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    **dict.fromkeys(("list_type", "tuple_type"), "a list"),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "dataclass_type"), "an object"),
}
"""By pydantic's type of an error: what the value isn't."""

Kind = TypeVar("Kind")


def load_json(path: Path, expected: str, remedy: str) -> Any:
    """Return what a JSON file holds.

    Raises
    ------
    InputError
        Not JSON in UTF-8, or more than `MAX_DEPTH` levels of it.
    """
    return parse_json(path.read_bytes(), expected, remedy)


def parse_json(content: bytes, expected: str, remedy: str) -> Any:
    """Return what is JSON in UTF-8; raises as `load_json` does."""
    return _parsed(content, json.loads, expected, remedy)


def load_toml(path: Path, expected: str, remedy: str) -> dict[str, Any]:
    """Return what a TOML file holds; raises as `load_json` does."""
    return _parsed(path.read_bytes(), tomllib.loads, expected, remedy)


def _parsed(text: bytes, parse: Callable[[str], Any], expected: str, remedy: str) -> Any:
    try:
        content = parse(decoded(text))
    except UnicodeDecodeError:
        raise InputError(expected, "a file that isn't text in UTF-8", remedy) from None
    except (ValueError, RecursionError) as error:
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


def fitted(kind: type[Kind], content: Any, expected: str, remedy: str) -> Kind:
    """Return a content as a value of a type.

    Raises
    ------
    InputError
        It doesn't fit. What was found is the first thing that doesn't, with its place (``metrics.psnr_db``). Where the
        key has a description, that is what was expected. What a validator raises as `InputError` is told as it is.
    """
    try:
        return _adapter(kind).validate_python(content)  # type: ignore[arg-type]  # a type is hashable
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, InputError):
        raise cause
    place, words = _place(first["loc"]), _description(kind, first["loc"])
    if first["type"] == "missing":
        raise InputError(expected, f"nothing at {place}", remedy)
    if words:
        raise InputError(f"{place} as {words}", brief(first["input"]), remedy)
    wanted = WANTED.get(first["type"])
    found = brief(first["input"]) + (place and f" as {place}") + (f", not {wanted}" if wanted else "")
    raise InputError(expected, found, remedy)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _description(kind: Any, place: Sequence[int | str]) -> str | None:
    """Return what a key of a model should be, in words."""
    field = getattr(kind, "model_fields", {}).get(place[0]) if len(place) == 1 else None
    return field and field.description


def _place(keys: Sequence[int | str]) -> str:
    """Return where in a file something is, as in ``entries[2].folder``, counted from 0; keys may be a stranger's."""
    steps = [f"[{key}]" if isinstance(key, int) else f".{shown(key, SHOWN)}" for key in keys]
    return "".join(steps).removeprefix(".")


def brief(value: Any) -> str:
    """Return a value of JSON or TOML in at most `SHOWN` characters, all of them printable."""
    text = json.dumps(value, default=str)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
