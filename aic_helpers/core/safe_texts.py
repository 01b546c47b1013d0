"""Texts from strangers as they may stand in a line of a terminal, or in a page."""

from __future__ import annotations

import codecs
import itertools
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from aic_helpers.core.errors import InputError

UNPRINTABLE = ("Cc", "Cs")
"""Unicode's categories of what no page or font can show: control characters and halves of pairs."""


def shown(text: str, at_most: int = 60, *, empty: str = "nothing") -> str:
    """Return a stranger's text as one short line that is safe in a terminal and in a message.

    What can't be printed stands there as an escape: control characters, marks that turn the direction of writing,
    halves of pairs. Nothing at all is called `empty`.
    """
    letters = (letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text[:at_most])
    return "".join(letters) + ("..." if len(text) > at_most else "") or empty


def require_text(text: str, expected: str) -> str:
    """Return a name or an argument as the system gave it; `InputError` where it holds bytes that aren't text.

    Python keeps those as halves of pairs, which no file of ours, no page and no child takes.
    """
    if not text.isascii() and any("\udc80" <= letter <= "\udcff" for letter in text):
        remedy = "rename it in UTF-8, and set LC_ALL=C.UTF-8 where the system has no other"
        raise InputError(expected, shown(text, 200), remedy)
    return text


def decoded(content: bytes) -> str:
    """Return the text of a file, without the mark of its encoding, and with a line feed at each end of a line.

    Editors on Windows put a byte-order mark before UTF-8, or write UTF-16, which is told by its own.

    Raises
    ------
    UnicodeDecodeError
        Neither UTF-8, nor UTF-16 with its mark.
    """
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = content.decode("utf-16" if wide else "utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def told_apart(names: Sequence[str], taken: Collection[str] = ()) -> list[str]:
    """Return names as pages can show them, each but once: one that is there already gets a number that none has.

    `taken` are names that none may have.
    """
    wished = [printable(name) for name in names]
    made: list[str] = []
    for name in wished:
        if name in made or name in taken:
            name = next(one for one in _numbered(name) if one not in made and one not in taken and one not in wished)
        made.append(name)
    return made


def _numbered(name: str) -> Iterator[str]:
    return (f"{name} ({number})" for number in itertools.count(2))


def printable(value: Any) -> Any:
    """Return a value of JSON whose texts can stand in a page."""
    return with_texts(value, lambda text: replaced(text, UNPRINTABLE))


def with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return a value of JSON with each text in it, keys too, as `change` returns it."""
    if isinstance(value, dict):
        return {with_texts(key, change): with_texts(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [with_texts(item, change) for item in value]
    return change(value) if isinstance(value, str) else value


def replaced(text: str, categories: Collection[str]) -> str:
    """Return a text with U+FFFD for each letter of these categories of Unicode's; line breaks and tabs stay."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if letter not in "\t\n" and unicodedata.category(letter) in categories else letter
        for letter in text
    )
