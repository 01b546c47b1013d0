"""A board -> a table of one row an entry: figures, rules, ranks, and whether a rank is decided or within noise."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from aic_helpers.boards import entry_rows
from aic_helpers.boards.entry_rows import COUNTS, DONE, FAILED, FIGURES, SCORES, SINGLE, WAITING, Row
from aic_helpers.boards.folders import Board, Entry
from aic_helpers.core.errors import InputError
from aic_helpers.reporting import text_tables
from aic_helpers.tracks.catalogue import TRACKS
from aic_helpers.tracks.significance import Contender, leads

Key = TypeVar("Key", bound=Hashable)

Images = Mapping[str, Any]
"""``psnr_db`` and ``ms_ssim``, each a figure for every image, or a DataFrame with such columns."""

TYPES = {
    **dict.fromkeys(("name", "track", "status", "reason"), "string"),
    **{f"{name}{end}": "float64" for name in FIGURES for end in ("", "_low", "_high")},
    **dict.fromkeys(SINGLE, "float64"),
    **dict.fromkeys(COUNTS, "Int64"),
    "rules_met": "Int64",
    "rules_broken": "string",
    "doubts": "string",
    **{
        f"{column}_{score}": kind
        for score in SCORES
        for column, kind in (
            ("rank", "Int64"),
            ("lead", "float64"),
            ("lead_low", "float64"),
            ("lead_high", "float64"),
            ("against_next", "string"),
        )
    },
    **dict.fromkeys(("machine", "data", "model", "checkpoint", "folder"), "string"),
}
"""The columns of the table and their types.

`reason` says why a row has no rank, `doubts` why its figures may not mean what they seem to; `lead` is how much higher
it scores than the next row of that score, and `against_next` whether that is ``decided``, ``within noise`` or has
``no interval``. `_low` and `_high` are the ends of 95 % intervals.
"""


@dataclass(frozen=True)
class Standings:
    """How a board stands.

    Attributes
    ----------
    table : DataFrame
        A row for each entry in the order of `ordered` by score A; columns and types as in `TYPES`.
    rules : DataFrame
        The same rows; a column for each rule, with ``met``, ``BROKEN``, ``advice``, ``not judged`` or nothing.
    notes : list of str
        What a reader has to know, as sentences.
    """

    board: Board
    table: pd.DataFrame
    rules: pd.DataFrame
    notes: list[str]


def standings(board: Board) -> Standings:
    """Return how a board stands.

    A row is ranked where its model is done, breaks no rule, and was judged on the same images as most rows of its
    track. Others stand below, without a rank, and `reason` says why. What `decided` means stands in
    `aic_helpers.tracks.significance.leads`.
    """
    pairs = [(entry_rows.row(entry), entry) for entry in board.entries]
    notes = [board.note] if board.note else []
    for track in TRACKS.values():
        own = [(row, entry) for row, entry in pairs if entry.track == track.name]
        _set_other_images_apart(own)
        for score in track.scores:
            rank([(row, entry.images) for row, entry in own if row["status"] == DONE and not row["reason"]], score)
        notes += _notes(track.letter, [row for row, _ in own])
    table = pd.DataFrame([row for row, _ in pairs], columns=list(TYPES)).astype(TYPES)
    rules = pd.DataFrame([entry_rows.verdicts(entry) for _, entry in pairs], index=table.index, dtype="string")
    order = [place for name in TRACKS for place in ordered(table, name, "A").index]
    return Standings(board, table.loc[order].reset_index(drop=True), rules.loc[order].reset_index(drop=True), notes)


def named_score(name: str) -> str:
    """Return the name of a score as it is; `InputError` where there is none of that name."""
    if name not in SCORES:
        raise InputError(f"a score ({', '.join(SCORES)})", repr(name), "name one of them")
    return name


def ordered(table: pd.DataFrame, track: str, by: str) -> pd.DataFrame:
    """Return the rows of a track: ranked by a score, then those without a rank, the failed, and the waiting."""
    own = table[table["track"] == track]
    last = own["rank_A"].size + 1
    keys = pd.DataFrame(
        {
            "rank": own[f"rank_{by}"].fillna(last).astype(int),
            "status": own["status"].map({DONE: 0, FAILED: 1, WAITING: 2}).astype(int),
            "score": -own[f"score_{by}"],
        }
    )
    return own.loc[keys.sort_values(["rank", "status", "score"], kind="stable").index]


def best(table: pd.DataFrame, track: str, by: str) -> pd.Series | None:
    """Return the first row by a score; None where no row of the track is ranked."""
    own = ordered(table, track, by)
    return own.iloc[0] if own[f"rank_{by}"].notna().any() else None


def _set_other_images_apart(own: Sequence[tuple[Row, Entry]]) -> None:
    """Give rows that were not judged on the same images as most of their track a reason not to be ranked."""
    judged = [(row, _judged_on(row, entry)) for row, entry in own if row["status"] == DONE and not row["reason"]]
    set_apart(
        judged,
        lambda key, common: f"judged on {_images_in_words(key)}, most rows on {_images_in_words(common)}: not compared",
    )


def set_apart(judged: Sequence[tuple[Row, Key]], words: Callable[[Key, Key], str]) -> None:
    """Give rows that were not judged on what most were a reason not to be ranked.

    Parameters
    ----------
    judged : sequence of pairs
        Each row of a track with what tells on which images, and how, it was judged.
    words : callable
        Makes the reason of what a row was judged on and what most were.
    """
    if not judged:
        return
    common, _ = Counter(key for _, key in judged).most_common(1)[0]
    for row, key in judged:
        if key != common:
            row["reason"] = words(key, common)


def _judged_on(row: Row, entry: Entry) -> tuple[Any, ...]:
    protocol = entry.result.metrics.protocol if entry.result and entry.result.metrics else ""
    return row["data"], protocol, tuple(entry.images.index)


def _images_in_words(key: tuple[Any, ...]) -> str:
    data, protocol, images = key
    return f"{text_tables.counted(len(images), 'image')} of {data} by {protocol} (from {images[0]})"


def rank(ranked: Sequence[tuple[Row, Images]], score: str) -> None:
    """Set rank and lead by one score in rows that compare: of one track, with its figures on the same images."""
    rows = sorted(ranked, key=lambda pair: -pair[0][f"score_{score}"])
    if not rows:
        return
    coefficients = TRACKS[rows[0][0]["track"]].scores[score]
    for place, (row, _) in enumerate(rows, 1):
        row[f"rank_{score}"] = place
    found = leads(coefficients, [contender(row, images) for row, images in rows])
    for (row, _), lead in zip(rows, found, strict=False):
        low, high = lead.ci95 or (math.nan, math.nan)
        row |= {f"lead_{score}": lead.value, f"lead_low_{score}": low, f"lead_high_{score}": high}
        row[f"against_next_{score}"] = lead.words


def contender(row: Mapping[str, Any] | pd.Series, images: Images) -> Contender:
    """Return a row's figures with those of its single images, as they count against another's."""
    low, high = row["speedup_low"], row["speedup_high"]
    interval = None if math.isnan(low) else (low, high)
    psnr_db, ms_ssim = (np.asarray(images[name], dtype=float) for name in ("psnr_db", "ms_ssim"))
    return Contender(psnr_db, ms_ssim, row["speedup"], interval)


def _notes(letter: str, rows: Sequence[Row]) -> list[str]:
    machines = {row["machine"] for row in rows if row["machine"] and not math.isnan(row["time_ms"])}
    if len(machines) < 2:
        return []
    return [
        f"Track {letter} was timed on {len(machines)} machines ({'; '.join(sorted(machines))}): "
        "milliseconds don't compare, and are left out; the speedups do, each a ratio measured on one machine."
    ]
