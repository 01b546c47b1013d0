"""Which ranks of a board are within noise for the times alone: longer timing may decide those, and no others."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pandas as pd

from aic_helpers.boards.folders import Board
from aic_helpers.boards.standings import contender, ordered, standings
from aic_helpers.core.significance import DECIDED, NOISE, Contender, leads
from aic_helpers.core.tracks import TRACKS, Coefficients


def open_by_time(board: Board) -> set[str]:
    """Return the run folders of the models whose ranks by A, B or C longer timing may decide, relative to the board's.

    Those are two neighbours whose lead is within noise, and would be decided if their speedups were known exactly.
    """
    images = {entry.folder: entry.images for entry in board.entries}
    table = standings(board).table
    found: set[str] = set()
    for track in TRACKS.values():
        for score, coefficients in track.scores.items():
            own = ordered(table, track.name, score)
            rows = [row for _, row in own[own[f"rank_{score}"].notna()].iterrows()]
            found |= _open(coefficients, rows, [contender(row, images[row["folder"]]) for row in rows])
    return found


def _open(coefficients: Coefficients, rows: list[pd.Series], contenders: list[Contender]) -> set[str]:
    exact = [replace(one, speedup_ci95=(one.speedup, one.speedup)) for one in contenders]
    words = [[lead.words for lead in leads(coefficients, those)] for those in (contenders, exact)]
    neighbours = zip(pairwise(rows), *words, strict=True)
    undecided = [pair for pair, now, at_best in neighbours if (now, at_best) == (NOISE, DECIDED)]
    return {row["folder"] for pair in undecided for row in pair}
