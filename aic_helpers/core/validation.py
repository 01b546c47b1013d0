"""JSON or TOML -> a typed value, or one line that names the first thing wrong, its place and what was found there.

The types are pydantic's: models, or plain dataclasses.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from inspect import isclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from aic_helpers.core.errors import InputError, nearest
from aic_helpers.core.safe_texts import decoded, shown

MAX_DEPTH = 64
"""Levels of what is nested in a file; more than any of ours has, few enough for whatever walks through it."""

MAX_TOML_BYTES = 1_000_000
"""Of a file that a person writes."""

NAME = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
DEEP_KEY = re.compile(rf"(?<![\w-])(?:{NAME}[ \t]*+\.[ \t]*+){{{MAX_DEPTH}}}")
"""A dotted key of more levels; tomllib's memory grows with their square."""

MAX_LINE = 500
"""Characters of a text that stands in one line."""

SHOWN = 40
"""Characters of a value, or of a part of its place, in a message."""

WANTED = {
    "string_type": "a text",
    **dict.fromkeys(("int_type", "int_from_float", "int_parsing"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    **dict.fromkeys(("list_type", "tuple_type"), "a list"),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "dataclass_type"), "an object"),
    "finite_number": "a finite number",
    "greater_than": "above {gt:g}",
    "literal_error": "{expected}",
    "one_line": "one printable line of at most {most} characters",
}
"""By pydantic's type of an error: what the value isn't; braces hold what the error itself says."""

UNKNOWN_KEY = "extra_forbidden"
"""Pydantic's type of that error."""

Kind = TypeVar("Kind")


def _one_line(text: str) -> str:
    if len(text) > MAX_LINE or not text.isprintable():
        raise PydanticCustomError("one_line", "more than one printable line", {"most": MAX_LINE})
    return text


OneLine = Annotated[str, AfterValidator(_one_line)]
"""A text that may stand in a terminal and in a page as it is."""


def load_json(path: Path, expected: str, remedy: str) -> Any:
    """Return what a JSON file holds.

    Raises
    ------
    InputError
        Not JSON in UTF-8, or more than `MAX_DEPTH` levels of it.
    """
    return parse_json(path.read_bytes(), expected, remedy)


def parse_json(
    content: bytes, expected: str, remedy: str, *, pairs: Callable[[list[tuple[str, Any]]], Any] = dict
) -> Any:
    """Return what is JSON in UTF-8; raises as `load_json` does.

    `pairs` makes a value of the keys and values of an object; the `InputError` that it raises is told as it is.
    """
    return _parsed(content, partial(json.loads, object_pairs_hook=pairs), expected, remedy)


def load_toml(path: Path, expected: str, remedy: str) -> dict[str, Any]:
    """Return what a TOML file holds; raises as `load_json` does, and for more than `MAX_TOML_BYTES`."""
    if (size := path.stat().st_size) > MAX_TOML_BYTES:
        raise InputError(f"{expected}, of at most {MAX_TOML_BYTES / 1e6:g} MB", f"{size / 1e6:.1f} MB", remedy)
    return _parsed(path.read_bytes(), _loaded_toml, expected, remedy)


def _loaded_toml(text: str) -> dict[str, Any]:
    if deep := DEEP_KEY.search(text):
        raise ValueError(f"more than {MAX_DEPTH} levels in line {text.count(chr(10), 0, deep.start()) + 1}")
    return tomllib.loads(text)


def _parsed(text: bytes, parse: Callable[[str], Any], expected: str, remedy: str) -> Any:
    try:
        content = parse(decoded(text))
    except UnicodeDecodeError:
        raise InputError(expected, "a file that isn't text in UTF-8", remedy) from None
    except InputError:
        raise
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
        It doesn't fit. What was found is the first thing that doesn't, with its place (``metrics.psnr_db``); before all
        else a key that a model has not and forbids, with the nearest that it has. Where a key has a description, that
        is what was expected. What a validator raises as `InputError` is told as it is.
    """
    try:
        return _adapter(kind).validate_python(content)  # type: ignore[arg-type]  # a type is hashable
    except ValidationError as error:
        first: Any = min(error.errors(include_url=False), key=lambda one: one["type"] != UNKNOWN_KEY)
    cause = first.get("ctx", {}).get("error")
    raise cause if isinstance(cause, InputError) else _refusal(kind, first, expected, remedy)


def _refusal(kind: Any, error: Mapping[str, Any], expected: str, remedy: str) -> InputError:
    """Return one of pydantic's errors in our words."""
    keys, found, place = error["loc"], brief(error["input"]), _place(error["loc"])
    if error["type"] == UNKNOWN_KEY:
        return _unknown_key(kind, keys)
    if error["type"] == "missing":
        return InputError(expected, f"nothing at {place}", remedy)
    described, words = _described(kind, keys)
    if words:
        return InputError(f"{described} as {words}", found, remedy)
    wanted = WANTED.get(error["type"], "").format(**error.get("ctx", {}))
    if error["type"] == "literal_error":
        remedy = nearest(str(error["input"]), re.findall("'([^']+)'", wanted), remedy)
    return InputError(expected, found + (place and f" as {place}") + (wanted and f", not {wanted}"), remedy)


def _unknown_key(kind: Any, keys: Sequence[int | str]) -> InputError:
    """Return what is wrong with a key that a model has not: which it has, and which of them may be meant."""
    *above, key = keys
    table, known, top = _place(above), _fields(_at(kind, above)[0]), _fields(kind)
    others = [name for name, field in top.items() if key in _fields(field.annotation)]
    if others:
        remedy = f"did you mean {others[0]}.{key}?"
    elif above and key in top:
        remedy = f"put it before the first table, so that it isn't one of {table}"
    else:
        remedy = nearest(str(key), known, "leave it out")
    return InputError(f"a key of {table or 'the file'} ({', '.join(known)})", _place(keys), remedy)


def _fields(kind: Any) -> dict[str, FieldInfo]:
    """Return the fields of a model, or of what is one or None, by their keys in a file; none of another type."""
    for one in get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,):
        if isclass(one) and issubclass(one, BaseModel):
            return {field.alias or name: field for name, field in one.model_fields.items() if not field.exclude}
    return {}


def _at(kind: Any, keys: Sequence[int | str]) -> tuple[Any, FieldInfo | None]:
    """Return the type of what stands at a place, and its field where a model has it."""
    field = None
    for key in keys:
        field = _fields(kind).get(str(key))
        kind = field.annotation if field else next(reversed(get_args(kind)), None)
    return kind, field


def _described(kind: Any, keys: Sequence[int | str]) -> tuple[str, str | None]:
    """Return the place of a key, and what it should be, in words; of an item of a list, those of the list."""
    last = next((count for count in range(len(keys), 0, -1) if isinstance(keys[count - 1], str)), 0)
    field = _at(kind, keys[:last])[1]
    return _place(keys[:last]), field.description if field else None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _place(keys: Sequence[int | str]) -> str:
    """Return where in a file something is, as in ``entries[2].folder``, counted from 0; keys may be a stranger's."""
    steps = [f"[{key}]" if isinstance(key, int) else f".{shown(key, SHOWN)}" for key in keys]
    return "".join(steps).removeprefix(".")


def brief(value: Any) -> str:
    """Return a value of JSON or TOML in at most `SHOWN` characters, all of them printable."""
    text = json.dumps(value, default=str)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
