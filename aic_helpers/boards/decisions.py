"""Which ranks of a board are within noise for the times alone: longer timing may decide those, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from aic_helpers.boards import rescoring
from aic_helpers.boards.contenders import contender
from aic_helpers.boards.folders import Board, Entry
from aic_helpers.boards.orders import Order
from aic_helpers.boards.standings import ordered, standings
from aic_helpers.tracks.significance import DECIDED, NOISE, Contender, leads


def open_by_time(board: Board) -> set[str]:
    """Return the run folders of the models whose ranks longer timing may decide, relative to the board's.

    Those are two neighbours by any order whose lead is within noise, and would be decided if their speedups were known
    exactly and lay somewhere in their intervals.
    """
    entries = {entry.folder: entry for entry in board.entries}
    shown = standings(board)
    found: set[str] = set()
    for track in shown.tracks:
        for order in shown.orders(track):
            own = ordered(shown.table, track, order)
            ranked = own[own[f"rank_{order.name}"].notna()]
            for (_, first), (_, second) in pairwise(ranked.iterrows()):
                both = {first["folder"], second["folder"]}
                close = first[f"against_next_{order.name}"] == NOISE
                if close and _may_be_decided(
                    order, *(_contender(entries, row["folder"], order) for row in (first, second))
                ):
                    found |= both
    return found


def _contender(entries: Mapping[str, Entry], folder: str, order: Order) -> Contender:
    return contender(rescoring.figures(order.track, entries[folder]), entries[folder].images)


def _may_be_decided(order: Order, first: Contender, second: Contender) -> bool:
    if not (first.speedup and second.speedup and first.speedup_ci95 and second.speedup_ci95):
        return False
    # The lead rises with the one speedup and falls with the other: if it is decided anywhere, it is so at an end.
    ends = [(first.speedup_ci95[end], second.speedup_ci95[1 - end]) for end in (0, 1)]
    pairs = [[_known(first, one), _known(second, other)] for one, other in ends]
    return any(lead.words == DECIDED for pair in pairs for lead in leads(order.track, order.score, pair))


def _known(model: Contender, speedup: float) -> Contender:
    known = model.quantities({}, speedup)
    fixed = {name: float(known[name]) for name in model.fixed}
    return replace(model, speedup=speedup, speedup_ci95=(speedup, speedup), fixed=fixed)
