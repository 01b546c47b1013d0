"""Tables of text: rows with aligned columns, paths and numbers in words, cells that are safe in CSV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

Row = tuple[str, str]

NOT_MEASURED = "not measured"


def typed(path: Path) -> str:
    """Return a path as one would type it here."""
    path = path.absolute()
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def data_words(name: str, note: str) -> str:
    """Return a dataset's name with what a reader has to know about it."""
    return f"{name}, {note}" if note else name


FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "|", "%")
"""A spreadsheet takes a cell that begins with one of these for a formula, wherever the text came from."""


def harmless(cell: Any) -> Any:
    """Return a cell for CSV: a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_SIGNS) else cell


PLAIN = (0.1, 1000.0, 1e7)
"""Scores from the first on have two decimals, from the second on none; smaller and larger ones four digits."""


def score_digits(score: float) -> str:
    """Return the format in which a score can be told from its neighbours, be it of tens or of millionths."""
    if score == 0 or PLAIN[0] <= abs(score) < PLAIN[1]:
        return ".2f"
    return ".0f" if PLAIN[1] <= abs(score) < PLAIN[2] else ".4g"


def counted(count: int, noun: str) -> str:
    """Return a number of things in words."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def side_by_side(columns: Sequence[Sequence[Row]]) -> str:
    """Return several results as one table: a line a label, a column a result."""
    labels = list(dict.fromkeys(label for column in columns for label, _ in column))
    values = [dict(column) for column in columns]
    return aligned([(label, *(column.get(label, "-") for column in values)) for label in labels])


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as lines with aligned columns."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
