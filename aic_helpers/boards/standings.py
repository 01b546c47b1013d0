"""A board -> a table of one row an entry: figures, rules, ranks, and whether a rank is decided or within noise."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeVar

import pandas as pd

from aic_helpers.boards import contenders, entry_rows, rescoring
from aic_helpers.boards.contenders import Ranked, busy_notes, on_one_clock, timing_notes
from aic_helpers.boards.entry_rows import COUNTS, DONE, FAILED, QUALITY, SINGLE, WAITING, Row
from aic_helpers.boards.folders import Board, Entry
from aic_helpers.boards.orders import (
    PSNR,
    Order,
    chosen,
    named,
    notes,
    orders_between,
    orders_elsewhere,
    orders_of,
)
from aic_helpers.core.errors import InputError, nearest
from aic_helpers.reporting import text_tables
from aic_helpers.tracks import catalogue
from aic_helpers.tracks.definitions import Track
from aic_helpers.tracks.significance import leads

Key = TypeVar("Key", bound=Hashable)

Found = tuple[Row, Entry, entry_rows.Known]


def types(tracks: Iterable[Track], also: Track | None = None) -> dict[str, str]:
    """Return the columns of a board of these tracks, and their types.

    `also` is another track, by whose formulas the models are ranked too. `reason` says why a row has no rank, `lacks`
    of which scores it has none, `doubts` why its figures may not mean what they seem to. Of each order, `lead` is how
    much better a row is than the next, and `against_next` whether that is ``decided``, ``within noise`` or has
    ``no interval``. `_low` and `_high` are the ends of 95 % intervals.
    """
    found = [*tracks]
    orders = {order.name: order for track in found for order in orders_between(track, also)}
    metrics = [column for column in QUALITY if any(column in track.protocol.columns for track in found)]
    values = dict.fromkeys([*(metrics or [PSNR]), "speedup", *(order.column for order in orders.values())])
    return {
        **dict.fromkeys(("name", "track", "status", "reason"), "string"),
        **{f"{name}{end}": "float64" for name in values for end in ("", "_low", "_high")},
        **dict.fromkeys(SINGLE, "float64"),
        **dict.fromkeys(COUNTS, "Int64"),
        "rules_met": "Int64",
        "rules_broken": "string",
        "lacks": "string",
        "doubts": "string",
        **{
            f"{column}_{name}": kind
            for name in orders
            for column, kind in (
                ("rank", "Int64"),
                ("lead", "float64"),
                ("lead_low", "float64"),
                ("lead_high", "float64"),
                ("against_next", "string"),
            )
        },
        **dict.fromkeys(("machine", "runtime", "data", "model", "checkpoint", "folder"), "string"),
    }


@dataclass(frozen=True)
class Standings:
    """How a board stands.

    Attributes
    ----------
    table : DataFrame
        A row for each entry in the order of `ordered`, by the first order of its track; columns as of `types`.
    rules : DataFrame
        The same rows; a column for each rule, with ``met``, ``BROKEN``, ``advice``, ``not judged`` or nothing.
    notes : list of str
        What a reader has to know, as sentences.
    also : Track or None
        Another track, by whose formulas the models are ranked too.
    """

    board: Board
    table: pd.DataFrame
    rules: pd.DataFrame
    notes: list[str]
    also: Track | None = None

    @property
    def tracks(self) -> Mapping[str, Track]:
        """The tracks of the board, by name."""
        return self.board.tracks

    @cached_property
    def _orders(self) -> dict[str, tuple[Order, ...]]:
        return {name: orders_between(track, self.also) for name, track in self.tracks.items()}

    def orders(self, track: str) -> tuple[Order, ...]:
        """Return by what the models of a track are ranked, its own first."""
        return self._orders[track]

    def order(self, track: str, by: str = "") -> Order:
        """Return the order of a track of that name, or else its first."""
        return chosen(self.orders(track), by)


def standings(board: Board, also: Track | None = None) -> Standings:
    """Return how a board stands.

    A row is ranked where its model is done, breaks no rule, and was judged on the same images as most rows of its
    track. Others stand below, without a rank, and `reason` says why. What `decided` means stands in
    `aic_helpers.tracks.significance.leads`.

    Parameters
    ----------
    board : Board
    also : Track, optional
        Another track, by whose formulas the models are ranked too.

    Raises
    ------
    InputError
        Another track without a score that a run can have.
    """
    told, rows = [board.note] if board.note else [], []
    for name, track in board.tracks.items():
        own = [entry for entry in board.entries if entry.track == name]
        found = _rows(own, track, also)
        told += [*notes(track), *timing_notes(track, [row for row, _, _ in found]), *busy_notes(track, own)]
        rows += found
    if also:
        told = [*dict.fromkeys([*told, *_also_notes(board, also)])]
    verdicts = [entry_rows.verdicts(entry) for _, entry, _ in rows]
    return assembled(board, [row for row, _, _ in rows], told, verdicts, also=also)


def _rows(own: Sequence[Entry], track: Track, also: Track | None) -> list[Found]:
    """Return the rows of a track's entries with their ranks, each with the entry and its quantities."""
    orders, baseline = orders_between(track, also), rescoring.baseline_row(also, own) if also else None
    rows: list[Found] = []
    for entry in own:
        known = {track.name: rescoring.figures(track, entry)}
        if also and also.name not in known:
            known[also.name] = rescoring.figures(also, entry, baseline)
        rows.append((entry_rows.row(entry, orders, known), entry, known))
    _set_other_images_apart([(row, entry) for row, entry, _ in rows])
    _tell_versions_apart([(row, entry) for row, entry, _ in rows])
    for order in orders:
        compared = [(row, known[order.track.name], entry.images) for row, entry, known in rows if row["compares"]]
        rank(compared, order)
    return rows


def _tell_versions_apart(rows: Sequence[tuple[Row, Entry]]) -> None:
    """Name a runtime with its version where a track's models were timed in several: times compare within one."""
    versions: dict[str, set[str]] = {}
    for row, entry in rows:
        versions.setdefault(row["runtime"], set()).add(rescoring.runtime_version(entry.result))
    for row, entry in rows:
        if len(versions[row["runtime"]] - {""}) > 1:
            row["runtime"] = f"{row['runtime']} {rescoring.runtime_version(entry.result)}".rstrip()


def _also_notes(board: Board, also: Track) -> list[str]:
    by_track = [[entry for entry in board.entries if entry.track == name] for name in board.tracks]
    told = [rescoring.sentences(also, own, rescoring.baseline_row(also, own)) for own in by_track]
    return [*itertools.chain(*told), *notes(also)]


def assembled(
    board: Board,
    rows: Sequence[Row],
    told: list[str],
    verdicts: Sequence[Mapping[str, str]] = (),
    *,
    others: Mapping[str, str] = MappingProxyType({}),
    also: Track | None = None,
) -> Standings:
    """Return standings of rows that are ranked, in their order.

    Parameters
    ----------
    board : Board
    rows : sequence of dict
    told : list of str
        The notes.
    verdicts : sequence of mapping
        Of each row by the names of rules.
    others : mapping of str to str
        Columns before those of `types`, with their types.
    also : Track, optional
        See `standings`.
    """
    columns = {**others, **types(board.tracks.values(), also)}
    table = pd.DataFrame(rows, columns=list(columns)).astype(columns)
    rules = pd.DataFrame(verdicts, index=table.index if verdicts else None, dtype="string")
    order = [place for name, track in board.tracks.items() for place in ordered(table, name, orders_of(track)[0]).index]
    rules = rules.loc[order].reset_index(drop=True) if verdicts else rules
    return Standings(board, table.loc[order].reset_index(drop=True), rules, told, also)


def named_tracks(shown: Standings, track: str) -> list[str]:
    """Return the name of a track of the board, however it is written; all of them where none is named."""
    if not track:
        return list(shown.tracks)
    name = track if track in shown.tracks else catalogue.find_track(track).name
    if name not in shown.tracks:
        raise InputError(f"a track of this board ({', '.join(shown.tracks)})", name, "name one of them")
    return [name]


def shown_by(board: Board, by: str) -> tuple[Standings, str]:
    """Return how a board stands, and the name of the order that was asked for.

    Parameters
    ----------
    board : Board
    by : str
        What models of the board are ranked by (``A``); or another track by whose formulas they are ranked too: its
        name, its file, or ``NAME.SCORE``. Empty for each track's first order. A file that says something else than the
        board's own track of that name is called ``NAME (file)``.

    Raises
    ------
    InputError
        Neither of these, or a track without a score that a run can have.
    """
    shown = standings(board)
    if not by or any(named(shown.orders(track), by) for track in shown.tracks):
        return shown, by
    also, score = _named_elsewhere(shown, by)
    also = _told_apart(also, board.tracks)
    shown = standings(board, also)
    names = [order.name for order in orders_elsewhere(also)]
    if score and f"{also.name}.{score}" not in names:
        raise InputError(
            f"a score of {also.name} ({', '.join(names)})", repr(by), nearest(by, names, "name one of them")
        )
    return shown, f"{also.name}.{score}" if score else names[0]


def _told_apart(also: Track, tracks: Mapping[str, Track]) -> Track:
    """Return a track under another name where a board has one of its name by another file."""
    if also.name not in tracks or tracks[also.name].content == also.content:
        return also
    return also.model_copy(update={"name": f"{also.name} (file)"})


def _named_elsewhere(shown: Standings, by: str) -> tuple[Track, str]:
    """Return the track that stands for what isn't an order of a board, and the score of it that was named."""
    if by.endswith(".toml") or by in catalogue.TRACKS:
        return catalogue.find_track(by), ""
    name, _, score = by.rpartition(".")
    if name in catalogue.TRACKS:
        return catalogue.TRACKS[name], score
    known = list(dict.fromkeys(order.name for track in shown.tracks for order in shown.orders(track)))
    expected = f"what the models are ranked by ({', '.join(known)}), or the name or file of another track"
    raise InputError(expected, repr(by), nearest(by, [*known, *catalogue.TRACKS], "aic track list names them"))


def named_order(shown: Standings, name: str) -> str:
    """Return the name of an order as it is; `InputError` where no track has one of that name."""
    known = list(dict.fromkeys(order.name for track in shown.tracks for order in shown.orders(track)))
    if name and name not in known:
        expected = f"what the models are ranked by ({', '.join(known)})"
        raise InputError(expected, repr(name), nearest(name, known, "name one of them"))
    return name


def ordered(table: pd.DataFrame, track: str, order: Order) -> pd.DataFrame:
    """Return the rows of a track: ranked by an order, then those without a rank, the failed, and the waiting."""
    own = table[table["track"] == track]
    rank = own[f"rank_{order.name}"]
    keys = pd.DataFrame(
        {
            "rank": rank.fillna(rank.size + 1).astype(int),
            "status": own["status"].map({DONE: 0, FAILED: 1, WAITING: 2}).astype(int),
            "score": own[order.column] * (1 if order.lower_is_better else -1),
        }
    )
    return own.loc[keys.sort_values(["rank", "status", "score"], kind="stable").index]


def best(table: pd.DataFrame, track: str, order: Order) -> pd.Series | None:
    """Return the first row of an order; None where no row of the track is ranked."""
    own = ordered(table, track, order)
    return own.iloc[0] if own[f"rank_{order.name}"].notna().any() else None


def is_ranked(table: pd.DataFrame) -> pd.Series:
    """Return which rows have a rank."""
    return table[[name for name in table.columns if name.startswith("rank_")]].notna().any(axis=1)


def is_comparable(table: pd.DataFrame) -> pd.Series:
    """Return which rows have a rank, and a speedup in the runtime that most of these were timed in."""
    return is_ranked(table) & table["speedup"].notna() & (table["runtime"] == _common_runtime(table))


def is_elsewhere(table: pd.DataFrame) -> pd.Series:
    """Return which rows have nothing against them, and a speedup in another runtime than those that compare.

    Where only times rank, they have no rank.
    """
    judged = (table["status"] == DONE) & (table["reason"].fillna("") == "")
    return judged & table["speedup"].notna() & (table["runtime"] != _common_runtime(table))


def _common_runtime(table: pd.DataFrame) -> str:
    """Return the runtime that most of the ranked rows were timed in; empty where none was timed."""
    counts = Counter(table["runtime"][is_ranked(table) & table["speedup"].notna()])
    return max(counts, key=lambda name: (counts[name], name), default="")


def _set_other_images_apart(own: Sequence[tuple[Row, Entry]]) -> None:
    """Give rows that were not judged on the same images as most of their track a reason not to be ranked."""
    judged = [(row, _judged_on(row, entry)) for row, entry in own if row["compares"]]
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
            row |= {"reason": words(key, common), "compares": False, "lacks": ""}


def _judged_on(row: Row, entry: Entry) -> tuple[Any, ...]:
    protocol = entry.result.metrics.protocol if entry.result and entry.result.metrics else ""
    return row["data"], protocol, tuple(entry.images.index)


def _images_in_words(key: tuple[Any, ...]) -> str:
    data, protocol, images = key
    return f"{text_tables.counted(len(images), 'image')} of {data} by {protocol} (from {images[0]})"


def rank(found: Sequence[Ranked], order: Order) -> None:
    """Set rank and lead by one order in rows that compare: of one track, with figures on the same images.

    Where the order takes times, rows of another runtime, or milliseconds of another machine, than most get no rank, and
    say so in `lacks`.
    """
    sign = 1 if order.lower_is_better else -1
    compared = on_one_clock(found, order)
    ranked = sorted((one for one in compared if _has(one[0], order)), key=lambda one: sign * one[0][order.column])
    for place, (row, _, _) in enumerate(ranked, 1):
        row[f"rank_{order.name}"] = place
    against = [contenders.contender(figures, images) for _, figures, images in ranked]
    for (row, _, _), lead in zip(ranked, leads(order.track, order.score, against), strict=False):
        low, high = lead.ci95 or (math.nan, math.nan)
        row |= {f"lead_{order.name}": lead.value, f"lead_low_{order.name}": low, f"lead_high_{order.name}": high}
        row[f"against_next_{order.name}"] = lead.words


def _has(row: Row, order: Order) -> bool:
    return math.isfinite(row.get(order.column, math.nan))
