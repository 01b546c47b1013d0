"""A track of a board -> the table of its models that a page and a notebook show, and its markup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from aic_helpers.boards import tables
from aic_helpers.boards.standings import Standings, is_comparable, is_elsewhere, is_ranked, ordered
from aic_helpers.boards.tables import METRICS
from aic_helpers.reporting import html_pages
from aic_helpers.reporting.figure_style import QUALITIES
from aic_helpers.reporting.pareto_fronts import pareto_front

RANKED, ELSEWHERE, BROKEN, APART = "ranked", "elsewhere", "broken", "apart"
"""Kinds of rows: in the ranks; timed in another runtime than most of these; out of them for a rule, and for another
reason."""


@dataclass(frozen=True)
class Column:
    """A column of figures.

    Attributes
    ----------
    first : str
        How a first click sorts: the best on top.
    order : str
        The place among what ranks, from "0"; empty for figures that don't.
    quality : str
        What an axis calls it; empty for what is no metric.
    """

    key: str
    title: str
    unit: str
    first: str
    order: str
    quality: str


@dataclass(frozen=True)
class Cell:
    """A figure: what is read, its interval, and the numbers as text; empty where there is none."""

    value: str
    interval: str
    sort: str
    low: str
    high: str


@dataclass(frozen=True)
class Line:
    """One model.

    Attributes
    ----------
    row : int
        Its place in the table of the standings.
    link : str
        Where its report is; empty where there is none.
    kind : {"ranked", "elsewhere", "broken", "apart"}
    front : str
        The qualities in whose Pareto front it is, with spaces between.
    ranks : list of (str, str)
        By each order: the rank, and whether that is decided.
    verdict : (str, str, str)
        On the rules: in words, the class of its colours, and what it is sorted by.
    runtime, machine : str
        What it was timed in and on; empty where that is the same for all.
    """

    row: int
    name: str
    link: str
    kind: str
    front: str
    ranks: list[tuple[str, str]]
    cells: list[Cell]
    verdict: tuple[str, str, str]
    remark: str
    runtime: str
    machine: str

    @property
    def is_ranked(self) -> bool:
        """Whether it has a rank."""
        return any(rank for rank, _ in self.ranks)


@dataclass(frozen=True)
class TrackTable:
    """The models of a track, in their order.

    Attributes
    ----------
    by : int
        The place in `orders` of what sorts it at first.
    orders : list of str
        What ranks, in short.
    cap : float or None
        From this speedup on, more scores no more.
    """

    title: str
    by: int
    orders: list[str]
    cap: float | None
    columns: list[Column]
    lines: list[Line]


def track_table(shown: Standings, track: str, by: str = "", links: Mapping[str, str] | None = None) -> TrackTable:
    """Return the table of a track.

    Parameters
    ----------
    shown : Standings
    track : str
    by : str
        What sorts it at first; by default the first that the track has.
    links : mapping of str to str, optional
        Where the reports of runs are, by their folders.
    """
    orders, order = shown.orders(track), shown.order(track, by)
    own = ordered(shown.table, track, order)
    columns = tables.columns(shown, track)
    fronts = {column.key: set(_front(own, column.key)) for column in columns if column.key in METRICS}
    several = own["machine"].replace("", pd.NA).nunique() > 1
    mixed = len(tables.runtimes(own)) > 1
    lines = [
        Line(
            row=place,
            name=row["name"],
            link=(links or {}).get(row["folder"], ""),
            kind=_kind(row, ranked, elsewhere),
            front=" ".join(quality for quality, places in fronts.items() if place in places),
            ranks=[(_text(row[f"rank_{one.name}"]), _text(row[f"against_next_{one.name}"])) for one in orders],
            cells=[_cell(row, column) for column in columns],
            verdict=_verdict(row),
            remark=tables.remarks(row),
            runtime=row["runtime"] if mixed and pd.notna(row["speedup"]) else "",
            machine=row["machine"] if several else "",
        )
        for (place, row), ranked, elsewhere in zip(own.iterrows(), is_ranked(own), is_elsewhere(own), strict=True)
    ]
    places = {one.column: str(place) for place, one in enumerate(orders)}
    heads = [_column(column, places.get(column.key, "")) for column in columns]
    chosen = shown.tracks[track]
    return TrackTable(
        chosen.title, orders.index(order), [one.short for one in orders], chosen.speedup_cap, heads, lines
    )


def markup(table: TrackTable) -> str:
    """Return a table as HTML, everything in it escaped."""
    return html_pages.macro("standings.html.j2", "standings", table)


def _front(own: pd.DataFrame, quality: str) -> pd.Index:
    return pareto_front(own[is_comparable(own)], "speedup", quality).index


def _column(column: tables.Column, order: str) -> Column:
    quality = QUALITIES.get(column.key, "")
    first = "ascending" if column.lower_is_better else "descending"
    return Column(column.key, column.title, column.unit, first, order, quality)


def _kind(row: pd.Series, ranked: bool, elsewhere: bool) -> str:
    if elsewhere:
        return ELSEWHERE
    if ranked:
        return RANKED
    return BROKEN if row["rules_broken"] else APART


def _verdict(row: pd.Series) -> tuple[str, str, str]:
    if pd.isna(row["rules_met"]):
        return "not checked", "open", "1"
    return ("NOT MET", "broken", "2") if row["rules_broken"] else ("met", "met", "0")


def _cell(row: pd.Series, column: tables.Column) -> Cell:
    value, interval = tables.figure(row, column)
    ends = (_exact(row.get(f"{column.key}_{end}")) for end in ("low", "high"))
    return Cell(value.removesuffix(f" {column.unit}"), interval, _exact(row[column.key]), *ends)


def _exact(number: float | None) -> str:
    return "" if number is None or pd.isna(number) else repr(float(number))


def _text(value: object) -> str:
    return "" if pd.isna(value) else str(value)
