"""Published figures -> the quantities of a track's formulas, and the scores that these give."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from aic_helpers.audits.published_tables import Published, Values
from aic_helpers.core.errors import InputError, nearest
from aic_helpers.core.safe_texts import shown
from aic_helpers.tracks.definitions import Track
from aic_helpers.tracks.score_sets import ranks

BASELINE = "baseline_"

RANK = "rank_"


@dataclass(frozen=True)
class Baseline:
    """Whose figures are the baseline's: a row's of the table, or the track's file; `row` is None for the latter."""

    row: int | None
    published: Mapping[str, float]
    words: str


def find_baseline(track: Track, names: list[str], typed: str) -> Baseline:
    """Return the row that was typed, else that of the track's baseline, else the file's published figures.

    The baseline's row may have a number before its name (``00_SPAN``), and the word baseline beside or in its place.

    Raises
    ------
    InputError
        No row is called as was typed.
    """
    published = track.baseline.published
    if typed:
        if typed.strip() not in names:
            remedy = nearest(typed, names, f"name one of {', '.join(names)[:200]}", cutoff=0.4)
            raise InputError("a row for --baseline", f"'{shown(typed)}'", remedy)
        row = names.index(typed.strip())
        return Baseline(row, published, f"{names[row]}, a row of the table")
    called = {"", _bare(track.baseline.name)}
    own = [place for place, name in enumerate(names) if _bare(name) in called]
    if len(own) == 1:
        return Baseline(own[0], published, f"{names[own[0]]}, a row of the table")
    known = ", ".join(f"{name} {value:g}" for name, value in published.items())
    words = f"{track.baseline.name or 'figures'} as the track's file has it ({known})" if known else "none"
    return Baseline(None, published, words)


def _bare(name: str) -> str:
    """Return a name without what it may have or not; of a name that is only that, nothing."""
    return re.sub(r"[\W_]|baseline", "", re.sub(r"^[\d\W_]+(?=[^\d\W_])", "", name.casefold()))


def quantities(track: Track, figures: Mapping[str, Values], baseline: Baseline) -> dict[str, float | Values]:
    """Return what formulas name: a table's figures, the baseline's, ranks in the table, and the track's constants.

    Parameters
    ----------
    track : Track
    figures : mapping of str to ndarray, shape (rows,) or (rows, samples)
        All of one shape.
    baseline : Baseline
    """
    found: dict[str, float | Values] = dict(track.constants)
    found |= {BASELINE + name: value for name, value in baseline.published.items()}
    if baseline.row is not None:
        for name, values in figures.items():
            if np.isfinite(values[baseline.row]).all():
                found[BASELINE + name] = np.broadcast_to(values[baseline.row], values.shape)
    found |= figures
    if "time_ms" in figures and BASELINE + "time_ms" in found:
        found.setdefault("speedup", found[BASELINE + "time_ms"] / figures["time_ms"])
    needed = {name for score in track.scores.better for name in track.scores.needs(score)}
    for name, values in figures.items():
        if (ranked := RANK + name) in needed:
            found.setdefault(ranked, ranks(values, "lower"))
    return found


def _halves(found: Mapping[str, float | Values], published: Published, baseline: Baseline) -> dict[str, Values]:
    """Return by how much each of the quantities may be off for the digits that were published."""
    halves = dict(published.halves)
    for name, value in baseline.published.items():
        halves[BASELINE + name] = np.full(len(published.names), 0.5 * 10.0 ** _exponent(value))
    if baseline.row is not None:
        of_row = {name: half[baseline.row] for name, half in published.halves.items()}
        halves |= {BASELINE + name: np.full(len(published.names), half) for name, half in of_row.items()}
    if "speedup" not in halves and "speedup" in found and "time_ms" in halves:
        parts = [halves[name] / found[name] for name in ("time_ms", BASELINE + "time_ms") if name in halves]
        halves["speedup"] = found["speedup"] * np.sum(parts, axis=0)
    return halves


def _exponent(value: float) -> int:
    return int(Decimal(repr(float(value))).normalize().as_tuple().exponent)


def missing(track: Track, found: Mapping[str, float | Values], published: Published, path: Path) -> dict[str, str]:
    """Return which scores can't be computed, and for want of what.

    Raises
    ------
    InputError
        None can be. The message names what is missing, and the column that may be meant.
    """
    if not track.scores.better:
        raise InputError("a track with scores", f"none in {track.name}", "take one that has some")
    lacking = {score: track.scores.missing(score, found) for score in track.scores.better}
    if all(lacking.values()):
        score, names = next(iter(lacking.items()))
        columns = ", ".join(published.figures) or "none"
        remedy = nearest(names[0], published.unread, f"add {_told(names[0])}")
        raise InputError(f"columns for the score {score}: {', '.join(names)}, in {path}", columns, remedy)
    return {score: f"no {', '.join(map(_told, names))}" for score, names in lacking.items() if names}


def _told(quantity: str) -> str:
    """Return a quantity with what else it can be made of."""
    if quantity.startswith(BASELINE):
        return f"a row of the baseline with {quantity.removeprefix(BASELINE)} (--baseline names it)"
    if quantity.startswith(RANK):
        return f"{quantity.removeprefix(RANK)} (or {quantity})"
    return "speedup (or time_ms, and that of a baseline)" if quantity == "speedup" else quantity


def score_values(track: Track, score: str, figures: Mapping[str, Values], baseline: Baseline) -> Values:
    """Return a score of each row, and sample; NaN where there is none."""
    return _values(track, score, quantities(track, figures, baseline), next(iter(figures.values())).shape)


def _values(track: Track, score: str, found: Mapping[str, float | Values], shape: tuple[int, ...]) -> Values:
    return np.array(np.broadcast_to(track.scores.value(score, found), shape))


def rounding_reach(track: Track, score: str, published: Published, baseline: Baseline) -> Values:
    """Return how far the last digits of what it is made of can move a score of each row at most, added up."""
    found, shape = quantities(track, published.figures, baseline), (len(published.names),)
    halves = _halves(found, published, baseline)
    own, reach = _values(track, score, found, shape), np.zeros(shape)
    for name in track.scores.needs(score):
        if (half := halves.get(name)) is not None:
            moved = [_values(track, score, {**found, name: found[name] + end}, shape) for end in (half, -half)]
            reach += np.max(np.nan_to_num(np.abs(np.stack(moved) - own)), axis=0)
    return reach
