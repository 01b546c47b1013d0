"""A track of a board -> the table of its models that a page and a notebook show, and its markup."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from aic_helpers.boards import tables
from aic_helpers.boards.entry_rows import SCORES
from aic_helpers.boards.standings import Standings, ordered
from aic_helpers.reporting import html_pages
from aic_helpers.reporting.figure_style import QUALITIES
from aic_helpers.runs.run_plots import pareto_front
from aic_helpers.tracks.catalogue import TRACKS
from aic_helpers.tracks.TODO import SPEEDUP_CAP

RANKED, BROKEN, APART = "ranked", "broken", "apart"
"""Kinds of rows: in the ranks; out of them for a rule; out of them for another reason."""

LESS_IS_BETTER = ("time_ms", "peak_rss_mib")


@dataclass(frozen=True)
class Column:
    """A column of figures. `first` is how a first click sorts: the best on top."""

    key: str
    title: str
    unit: str
    first: str


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
    kind : {"ranked", "broken", "apart"}
    front : str
        The qualities in whose Pareto front it is, with spaces between.
    ranks : list of (str, str, str)
        By score: its letter, the rank, and whether that is decided.
    verdict : (str, str, str)
        On the rules: in words, the class of its colours, and what it is sorted by.
    """

    row: int
    name: str
    link: str
    kind: str
    front: str
    ranks: list[tuple[str, str, str]]
    cells: list[Cell]
    verdict: tuple[str, str, str]
    remark: str
    machine: str


@dataclass(frozen=True)
class TrackTable:
    """The models of a track in the order of the score `by`; from a speedup of `cap` on, more scores no more."""

    title: str
    by: str
    scores: tuple[str, ...]
    cap: float
    columns: list[Column]
    lines: list[Line]


def track_table(shown: Standings, track: str, by: str, links: Mapping[str, str] | None = None) -> TrackTable:
    """Return the table of a track.

    Parameters
    ----------
    shown : Standings
    track : str
    by : {"A", "B", "C"}
        The score that sorts it at first.
    links : mapping of str to str, optional
        Where the reports of runs are, by their folders.
    """
    own = ordered(shown.table, track, by)
    columns = tables.shown_figures(own)
    fronts = {quality: set(_front(own, quality)) for quality in QUALITIES}
    several = own["machine"].replace("", pd.NA).nunique() > 1
    lines = [
        Line(
            row=place,
            name=row["name"],
            link=(links or {}).get(row["folder"], ""),
            kind=_kind(row),
            front=" ".join(quality for quality, places in fronts.items() if place in places),
            ranks=[(score, _text(row[f"rank_{score}"]), _text(row[f"against_next_{score}"])) for score in SCORES],
            cells=[_cell(row, column) for column in columns],
            verdict=_verdict(row),
            remark=tables.remarks(row),
            machine=row["machine"] if several else "",
        )
        for place, row in own.iterrows()
    ]
    return TrackTable(TRACKS[track].title, by, SCORES, SPEEDUP_CAP, [_column(name) for name in columns], lines)


def markup(table: TrackTable) -> str:
    """Return a table as HTML, everything in it escaped."""
    return html_pages.macro("standings.html.j2", "standings", table)


def _front(own: pd.DataFrame, quality: str) -> pd.Index:
    return pareto_front(own[own["rank_A"].notna()], "speedup", quality).index


def _column(name: str) -> Column:
    title, _, unit = tables.FIGURES[name]
    return Column(name, title, unit.strip(), "ascending" if name in LESS_IS_BETTER else "descending")


def _kind(row: pd.Series) -> str:
    if not pd.isna(row["rank_A"]):
        return RANKED
    return BROKEN if row["rules_broken"] else APART


def _verdict(row: pd.Series) -> tuple[str, str, str]:
    if pd.isna(row["rules_met"]):
        return "not checked", "open", "1"
    return ("NOT MET", "broken", "2") if row["rules_broken"] else ("met", "met", "0")


def _cell(row: pd.Series, column: str) -> Cell:
    value, interval = tables.figure(row, column)
    ends = (_exact(row.get(f"{column}_{end}")) for end in ("low", "high"))
    return Cell(value.removesuffix(tables.FIGURES[column][2]), interval, _exact(row[column]), *ends)


def _exact(number: float | None) -> str:
    return "" if number is None or math.isnan(number) else repr(float(number))


def _text(value: object) -> str:
    return "" if pd.isna(value) else str(value)
