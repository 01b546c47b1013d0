"""A board -> one HTML file: sortable tables, plots, the rules one by one, and the runs or links to their reports."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pandas as pd
from matplotlib.figure import Figure

from aic_helpers.boards import plots as board_plots
from aic_helpers.boards import shared_examples, tables, track_tables
from aic_helpers.boards.orders import Order
from aic_helpers.boards.shared_examples import Contender
from aic_helpers.boards.standings import Standings, is_comparable, is_elsewhere, is_ranked, ordered
from aic_helpers.boards.track_tables import TrackTable
from aic_helpers.core import safe_files
from aic_helpers.reporting import html_pages, text_tables
from aic_helpers.reporting.captioned_plots import Plot, drawn
from aic_helpers.reporting.pareto_fronts import pareto_front
from aic_helpers.reporting.text_tables import Row
from aic_helpers.reporting.viewer_pages import Viewer
from aic_helpers.runs import reports
from aic_helpers.runs.reports import Section
from aic_helpers.runs.run_folders import RunFolder
from aic_helpers.tracks.definitions import TITLES, Track

REPORT = "report.html"

EMBEDDED_RUNS = 12
"""Up to this many runs stand in the page themselves; more are links to their own reports."""

OPEN_ROWS = 25
"""Up to this many rows the matrix of rules is unfolded."""

HOLLOW = "Hollow dots were timed in another runtime than the others, and are no part of the front."

Embedded = dict[Path, tuple[RunFolder, Section]]
"""The runs that stand in the page, by their folders."""

WORDS = {"met": "met", "BROKEN": "broken"}
"""The class of a verdict's colours; others are open."""


@dataclass(frozen=True)
class Chapter:
    """What the report says of one track. `matrix` has a row for each model: its name, and the verdict on each rule."""

    title: str
    best: list[Row]
    winners: str
    lacking: list[Row]
    viewer: Viewer | None
    table: TrackTable
    pareto: list[Plot]
    ranks: list[Plot]
    rules: list[str]
    matrix: list[tuple[str, list[Row]]]
    unfolded: bool


def publish(shown: Standings, by: str = "") -> list[Row]:
    """Write the tables and the report of a board into its folder; return each with where it is, or why it isn't."""
    return [*tables.write_tables(shown), ("report", text_tables.typed(write_report(shown, by)))]


def write_report(shown: Standings, by: str = "") -> Path:
    """Write `report.html` into the board's folder, and return its path; `by` is what sorts its tables at first.

    Everything comes from the board's folder; no model runs.
    """
    board = shown.board
    known = {board.folder / entry.folder: entry.result for entry in board.entries if entry.result and not entry.problem}
    told = reports.sections(list(known), known)[0] if len(known) <= EMBEDDED_RUNS else []
    embedded = {run.folder: (run, section) for run, section in told}
    page = html_pages.page(
        "board.html.j2",
        viewer=bool(told),
        standings=True,
        about=[*tables.board_rows(board)[1:], ("models", tables.summary(shown))],
        name=board.name,
        notes=shown.notes,
        chapters=[_chapter(shown, track, by, embedded) for track in shown.tracks.values()],
        sections=[section for _, section in told],
        words=WORDS,
        many=True,
        published=[],
    )
    safe_files.write_text(board.folder / REPORT, page)
    return board.folder / REPORT


def _chapter(shown: Standings, track: Track, by: str, embedded: Embedded) -> Chapter:
    orders = shown.orders(track.name)
    own = ordered(shown.table, track.name, shown.order(track.name, by))
    rules = shown.rules.loc[own.index].dropna(axis=1, how="all")
    links = {folder: _link(shown, folder, embedded) for folder in own["folder"]}
    return Chapter(
        title=track.title,
        best=tables.best_rows(shown, track.name),
        winners=tables.winners(shown, track.name),
        lacking=tables.lacking_rows(shown, track.name),
        viewer=shared_examples.viewer(track, _contenders(shown, own, embedded)),
        table=track_tables.track_table(shown, track.name, by, links),
        pareto=[_pareto(own, track, quality) for quality in track.protocol.columns],
        ranks=[_ranks(own, track, order) for order in _with_ranks(own, orders)],
        rules=list(rules.columns),
        matrix=[(row["name"], _verdicts(rules.loc[place])) for place, row in own.iterrows()],
        unfolded=len(own) <= OPEN_ROWS,
    )


def _verdicts(rules: pd.Series) -> list[Row]:
    return [("" if pd.isna(word) else word, rule) for rule, word in rules.items()]


def _contenders(shown: Standings, own: pd.DataFrame, embedded: Embedded) -> list[Contender]:
    """Return the models whose runs stand in the page, the leader first."""
    folders = {row["name"]: (shown.board.folder / row["folder"]).absolute() for _, row in own.iterrows()}
    return [Contender(name, *embedded[folder]) for name, folder in folders.items() if folder in embedded]


def _link(shown: Standings, folder: str, embedded: Embedded) -> str:
    """Return where the report of a run is: in this page, in its folder, or nowhere."""
    run = shown.board.folder / folder
    if run.absolute() in embedded:
        return f"#run-{embedded[run.absolute()][1].number}"
    inside = any(entry.folder == folder and not entry.problem for entry in shown.board.entries)
    return f"./{quote(folder)}/{REPORT}" if inside and (run / REPORT).is_file() else ""


def _pareto(own: pd.DataFrame, track: Track, quality: str) -> Plot:
    title = f"{TITLES[quality]} over speedup"
    ranked = own[is_ranked(own)]
    if ranked.empty:
        return Plot(title, missing="No model of this track is ranked.")
    hollow = " " + HOLLOW if is_elsewhere(own).any() else ""

    def alt() -> str:
        front = pareto_front(ranked[is_comparable(ranked)], "speedup", quality)
        words = [f"{row['name']} at {row['speedup']:.2f}" for _, row in front.iterrows()]
        return f"{title} of {text_tables.counted(len(ranked), 'model')}; on the front: {', '.join(words[:12])}"

    intervals = "bars are 95 % intervals"
    if len(ranked) > board_plots.MANY:
        intervals = (
            "bars are 95 % intervals of the speedup; the grey one on the left is as long as the median interval "
        )
        intervals += "over the images, which is much alike for all since the images are"
    caption = (
        f"Up and to the right is better. Orange: what nothing beats in both (the Pareto front). Grey squares break a "
        f"rule.{hollow} The {intervals}. At 1: the baseline's speed{_capped(track)}."
    )
    return _drawn(title, caption, alt, lambda: board_plots.pareto(own, quality, track, narrow=True), track, quality)


def _capped(track: Track) -> str:
    return f"; dashed: from {track.speedup_cap:g} on, speed scores no more" if track.speedup_cap else ""


def _with_ranks(own: pd.DataFrame, orders: Sequence[Order]) -> list[Order]:
    """Return the orders by which a model is ranked; the first, which says so, where none is."""
    return [order for order in orders if own[f"rank_{order.name}"].notna().any()] or [*orders[:1]]


def _ranks(own: pd.DataFrame, track: Track, order: Order) -> Plot:
    title = f"Ranks by {order.title}"
    ranked = own[own[f"rank_{order.name}"].notna()].sort_values(f"rank_{order.name}")
    if ranked.empty:
        return Plot(title, missing="No model of this track is ranked.")

    def alt() -> str:
        column = tables.score_column(order)
        words = [f"{row['name']} {tables.figure(row, column)[0]}" for _, row in ranked.head(12).iterrows()]
        return f"{title} of {text_tables.counted(len(ranked), 'model')}, best first: {', '.join(words)}"

    caption = (
        "The bars are each model's own 95 % interval, most of which all models share since the images are the same. A "
        "line is drawn where a rank is decided by the paired difference; neighbours between two lines are within noise."
    )
    return _drawn(title, caption, alt, lambda: board_plots.ranks(own, order, narrow=True), track, f"ranks-{order.name}")


def _drawn(
    title: str, caption: str, alt: Callable[[], str], draw: Callable[[], Figure], track: Track, name: str
) -> Plot:
    """Return a plot whose name can begin ids: letters, digits and hyphens."""
    return drawn(title, caption, alt, draw, re.sub(r"[^A-Za-z0-9]+", "-", f"{track.letter or track.name}-{name}"))
