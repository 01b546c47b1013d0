"""Which ranks of a board are within noise for the times alone: longer timing may decide those, and no others."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from aic_helpers.boards.folders import Board
from aic_helpers.boards.standings import contender, ordered, standings
from aic_helpers.tracks.catalogue import TRACKS
from aic_helpers.tracks.significance import DECIDED, NOISE, Contender, leads
from aic_helpers.tracks.TODO import Coefficients


def open_by_time(board: Board) -> set[str]:
    """Return the run folders of the models whose ranks by A, B or C longer timing may decide, relative to the board's.

    Those are two neighbours whose lead is within noise, and would be decided if their speedups were known exactly and
    lay somewhere in their intervals.
    """
    images = {entry.folder: entry.images for entry in board.entries}
    table = standings(board).table
    found: set[str] = set()
    for track in TRACKS.values():
        for score, coefficients in track.scores.items():
            own = ordered(table, track.name, score)
            ranked = own[own[f"rank_{score}"].notna()]
            for (_, first), (_, second) in pairwise(ranked.iterrows()):
                pair = [contender(row, images[row["folder"]]) for row in (first, second)]
                if first[f"against_next_{score}"] == NOISE and _may_be_decided(coefficients, *pair):
                    found |= {first["folder"], second["folder"]}
    return found


def _may_be_decided(coefficients: Coefficients, first: Contender, second: Contender) -> bool:
    if first.speedup_ci95 is None or second.speedup_ci95 is None:
        return False
    # The lead rises with the one speedup and falls with the other: if it is decided anywhere, it is so at an end.
    ends = [(first.speedup_ci95[end], second.speedup_ci95[1 - end]) for end in (0, 1)]
    found = [leads(coefficients, [_known(first, one), _known(second, other)]) for one, other in ends]
    return any(lead.words == DECIDED for (lead,) in found)


def _known(model: Contender, speedup: float) -> Contender:
    return replace(model, speedup=speedup, speedup_ci95=(speedup, speedup))
