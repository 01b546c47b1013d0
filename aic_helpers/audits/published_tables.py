"""What was published of a challenge, row by row: figures, scores, single images; and a reader of it in CSV."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError, nearest
from aic_helpers.core.safe_texts import decoded, shown, told_apart
from aic_helpers.tracks.definitions import MEASURED, PUBLISHED_ONLY, Track

Values = NDArray[np.float64]

BySet = dict[str, dict[str, Values]]
"""By the name of a set of images, then by quantity."""

NAMES = ("team", "model")
"""What the column of names may be called."""

POSITIVE = ("time_ms", "speedup", "macs", "parameters", "activations", "file_bytes", "peak_rss_mib", "gpu_peak_mib")
"""Quantities of which 0 and less can't be."""

UNITS = {
    "psnr": {"db": 1.0},
    "macs": {"g": 1e9, "m": 1e6},
    "parameters": {"m": 1e6, "k": 1e3},
    "activations": {"m": 1e6},
}
"""What a column's name may end in, by quantity, and what its numbers then count."""

SEPARATORS = ",;\t"

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)

NAME_LETTERS = 80


@dataclass(frozen=True)
class Published:
    """Rows as they were published.

    Attributes
    ----------
    names : list of str
        As they may stand in a terminal and in a page, each but once.
    figures : dict of str to ndarray, shape (rows,)
        By quantity; NaN where a row has none. Over several sets of images the mean of theirs.
    halves : dict of str to ndarray, shape (rows,)
        Half of what the last published digit of a figure counts; none for figures that weren't rounded.
    scores : dict of str to ndarray, shape (rows,)
        What was published of the track's scores, by their names.
    score_halves : dict of str to ndarray, shape (rows,)
    by_set : dict
        Figures of the single sets, each (rows,).
    images : dict
        Figures of the single images, each (rows, images); empty where none were published.
    claimed : dict
        As `by_set`: the means that were published beside the images.
    unread : list of str
        Columns that say nothing to this track.
    """

    names: list[str]
    figures: dict[str, Values]
    halves: dict[str, Values] = field(default_factory=dict)
    scores: dict[str, Values] = field(default_factory=dict)
    score_halves: dict[str, Values] = field(default_factory=dict)
    by_set: BySet = field(default_factory=dict)
    images: BySet = field(default_factory=dict)
    claimed: BySet = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Column:
    """What a column holds: a `figure` (of a set, or of all), a published `score`, or `names`."""

    kind: str
    name: str = ""
    of_set: str = ""
    factor: float = 1.0


def read_csv(path: Path, track: Track) -> Published:
    """Return the rows of a table in CSV, whose columns are called as the track's quantities are.

    Capitals, spaces and hyphens of a column's name don't count (``CLIP-IQA`` is ``clipiqa``); ``macs_g`` counts in 1e9,
    ``parameters_m`` in 1e6. ``psnr_valid`` is the PSNR on the set `valid`, where the track has a floor for that.

    Raises
    ------
    InputError
        Not text in UTF-8, no rows, no column of names, a column or a team twice, rows of another length, or what isn't
        a finite number where one should be; the message has row and column.
    """
    head, *lines = _lines(path)
    columns = _columns(head, track, path)
    if not lines:
        raise InputError(f"rows of teams or models in {path}", "only the names of columns", "add one row for each")
    for number, cells in lines:
        if len(cells) != len(head[1]):
            found = f"{len(cells)} cells in line {number} of {path}, and {len(head[1])} columns"
            raise InputError("as many cells as columns", found, "put texts with a comma in quotes")
    at = next(place for place, column in columns.items() if column.kind == "names")
    names = unique_names([cells[at] for _, cells in lines], path)
    return _published(names, columns, head[1], [cells for _, cells in lines])


def unique_names(texts: Iterable[str], path: Path) -> list[str]:
    """Return names as they can be shown; `InputError` where one is empty, or there twice."""
    names = [" ".join(text.split()) for text in texts]
    for name, count in Counter(names).items():
        if not name:
            raise InputError(f"a name in each row of {path}", "an empty one", "name the team or the model")
        if count > 1:
            raise InputError(f"each team once in {path}", f"{shown(name)} twice", "leave one of its rows out")
    return told_apart([shown(name, NAME_LETTERS) for name in names])


def mean_over_sets(by_set: BySet) -> dict[str, Values]:
    """Return the mean over the sets of each quantity that all of them have."""
    of_all = [name for name in next(iter(by_set.values()), {}) if all(name in figures for figures in by_set.values())]
    return {name: np.mean([figures[name] for figures in by_set.values()], axis=0) for name in of_all}


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Return the lines of a CSV file that hold anything, with their numbers, as cells."""
    try:
        text = decoded(path.read_bytes())
    except UnicodeDecodeError:
        raise InputError(f"a table in UTF-8 at {path}", "a file that isn't text in UTF-8", "save it as CSV") from None
    if not text.strip():
        raise InputError(f"a table at {path}", "an empty file", "save it as CSV")
    head = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(SEPARATORS, key=head.count), strict=True)
    try:
        return [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        found = f"something else in line {reader.line_num} ({error})"
        raise InputError(f"a table in CSV at {path}", found, "put texts with a comma or a quote in quotes") from None


def _columns(head: tuple[int, list[str]], track: Track, path: Path) -> dict[int, _Column]:
    """Return what each column holds by its place, without those that say nothing."""
    known = _known(track)
    found = {place: known[folded] for place, text in enumerate(head[1]) if (folded := _folded(text)) in known}
    named = [place for place, column in found.items() if column.kind == "names"]
    if not named:
        texts = [shown(text) for text in head[1]]
        remedy = nearest("team", texts, nearest("model", texts, "name it so in the first line"))
        raise InputError(f"a column team or model in {path}", f"none among {', '.join(texts)[:200]}", remedy)
    for place in named[1:]:
        del found[place]
    counts = Counter((column.name, column.of_set) for column in found.values())
    for (name, of_set), count in counts.items():
        if count > 1:
            called = f"{name}{of_set and '_'}{of_set}"
            raise InputError(f"each column once in {path}", f"{called} twice", "leave one of them out")
    return found


def _known(track: Track) -> dict[str, _Column]:
    """Return what columns may be called, without signs and capitals."""
    known = {_folded(name): _Column("score", name) for name in track.scores.better}
    if len(track.scores.better) == 1:
        known["score"] = _Column("score", next(iter(track.scores.better)))
    quantities = dict.fromkeys([*MEASURED, *PUBLISHED_ONLY, *track.quantities])
    ranked = [f"rank_{name}" for name in quantities]
    for name in (*quantities, *ranked):
        for unit, factor in {"": 1.0, **UNITS.get(name, {})}.items():
            for of_set in ("", *track.rules.min_psnr_db_by_set):
                known[_folded(name + unit + of_set)] = _Column("figure", name, of_set, factor)
                known[_folded(name + of_set + unit)] = _Column("figure", name, of_set, factor)
    return known | dict.fromkeys(NAMES, _Column("names"))


def _folded(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())


def _published(
    names: list[str], columns: Mapping[int, _Column], head: Sequence[str], lines: Sequence[Sequence[str]]
) -> Published:
    read = Published(names, {}, unread=[shown(text) for place, text in enumerate(head) if place not in columns])
    halves: BySet = {}
    for place, column in columns.items():
        if column.kind == "names":
            continue
        cells = [_number(cells[place], head[place], name, column) for name, cells in zip(names, lines, strict=True)]
        values, half = (np.array(part) for part in zip(*cells, strict=True))
        if column.kind == "score":
            read.scores[column.name], read.score_halves[column.name] = values, half
        elif column.of_set:
            read.by_set.setdefault(column.of_set, {})[column.name] = values
            halves.setdefault(column.of_set, {})[column.name] = half
        else:
            read.figures[column.name], read.halves[column.name] = values, half
    for of_all, into in ((mean_over_sets(read.by_set), read.figures), (mean_over_sets(halves), read.halves)):
        into.update({name: values for name, values in of_all.items() if name not in into})
    return read


def _number(text: str, column: str, row: str, what: _Column) -> tuple[float, float]:
    """Return a number, and half of what its last digit counts; both NaN for an empty cell."""
    text = text.strip()
    if not text:
        return np.nan, np.nan
    where = f"in the column {shown(column)} of {row}"
    value = float(text) * what.factor if NUMBER.fullmatch(text) else np.nan
    if not np.isfinite(value):
        remedy = "write the number alone, with a point, and leave the cell empty where there is none"
        raise InputError(f"a finite number {where}", f"'{shown(text, 30)}'", remedy)
    if what.name in POSITIVE and value <= 0:
        raise InputError(f"a number above 0 {where}", text, "correct it, or leave the cell empty")
    return value, 0.5 * 10.0 ** int(Decimal(text).as_tuple().exponent) * what.factor
