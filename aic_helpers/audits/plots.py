"""An audit -> figures: ranks with what changes them, first images, operations over parameters."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from aic_helpers.audits import findings
from aic_helpers.audits.auditing import Audit
from aic_helpers.audits.published_tables import Values
from aic_helpers.audits.rank_decisions import Standing
from aic_helpers.reporting import label_layout
from aic_helpers.reporting.figure_style import BLUE, GREY, GRID, ORANGE, WIDTH_IN, plain_ticks, short, styled
from aic_helpers.tracks.significance import DECIDED

MOST_ROWS = 40
"""Rows of a table that have a line each; the others are left out."""

WIDE = 10
"""From this ratio of the largest to the smallest on, an axis is logarithmic."""


FAR_FROM_BEST = 100
"""Times the best score, or parts of it, beyond which a row isn't shown among the ranks."""


@styled
def ranks(audit: Audit, score: str) -> Figure:
    """Return the rows by a score, the best on top, with the 95 % interval of each, and the score without first images.

    Neighbours within noise share a band; a line is drawn where a rank is decided. Rows without a rank are squares.
    """
    found = audit.scores[score]
    standing, order = found.standing, shown_rows(found.standing)
    figure, axes = _lines(audit, order, [f"{standing.ranks[row]:.0f}" for row in order])
    _bands(axes, standing, order)
    for place, row in enumerate(order):
        if (interval := standing.ci95[row]) is not None:
            axes.hlines(place, *interval, color=BLUE, linewidth=1, alpha=0.5)
    named = {first.row for first in audit.first_images}
    for place, row in enumerate(order):
        if found.without_first is not None and row in named:
            axes.plot(found.without_first.values[row], place, "o", color=ORANGE, markersize=5)
    ranked = np.isfinite(standing.ranks[order])
    values, places = standing.values[order], np.arange(len(order))
    axes.plot(values[ranked], places[ranked], "o", color=BLUE, markersize=4)
    axes.plot(values[~ranked], places[~ranked], "s", color=GREY, fillstyle="none", markersize=4.5)
    _scale(axes, values)
    axes.set_xlabel(f"{score}, {standing.better} is better")
    return figure


@styled
def first_images(audit: Audit, of_set: str) -> Figure:
    """Return how long the first image of a set took each row (orange: far longer than the rest), and the others.

    The others are their median and a line from the shortest to the longest.
    """
    times_ms = audit.published.images[of_set]["time_ms"]
    order = audit.scores[audit.main].standing.order[:MOST_ROWS]
    named = {first.row for first in audit.first_images if first.of_set == of_set}
    figure, axes = _lines(audit, order, [""] * len(order))
    for place, row in enumerate(order):
        others = times_ms[row, 1:]
        axes.hlines(place, others.min(), others.max(), color=BLUE, linewidth=1, alpha=0.5)
        axes.plot(np.median(others), place, "o", color=BLUE, markersize=4)
        axes.plot(times_ms[row, 0], place, "D", color=ORANGE if row in named else GREY, markersize=4.5)
    _scale(axes, times_ms[order])
    axes.set_xlabel("time of an image (ms)")
    return figure


@styled
def operations(audit: Audit) -> Figure:
    """Return operations over parameters; the band is `findings.OFF` times their median ratio to both sides."""
    parameters, macs = audit.published.figures["parameters"] / 1e6, audit.published.figures["macs"] / 1e9
    known = np.isfinite(parameters) & np.isfinite(macs)
    odd = np.isin(np.arange(len(known)), findings.rows_of(audit.findings, findings.RATIO))
    figure = Figure(figsize=(WIDTH_IN[True], 3.6), dpi=110, layout="constrained")
    axes = figure.subplots()
    ends = np.array([parameters[known].min() / 1.5, parameters[known].max() * 1.5])
    middle = np.exp(np.median(np.log(macs[known & ~odd] / parameters[known & ~odd])))
    axes.fill_between(
        ends, ends * middle / findings.OFF, ends * middle * findings.OFF, color=GRID, alpha=0.6, linewidth=0
    )
    axes.plot(ends, ends * middle, color=GREY, linewidth=1)
    axes.plot(parameters[known & ~odd], macs[known & ~odd], "o", color=BLUE, markersize=4.5)
    axes.plot(parameters[known & odd], macs[known & odd], "o", color=ORANGE, markersize=5.5)
    axes.set(xscale="log", yscale="log", xlabel="parameters (M)", ylabel="operations (G)", xlim=ends)
    for axis, values in ((axes.xaxis, parameters[known]), (axes.yaxis, macs[known])):
        plain_ticks(axis, pd.Series([values.min(), values.max()]))
    first = np.flatnonzero(known)[np.argsort(~odd[known], kind="stable")]
    points = np.stack([parameters[first], macs[first]], axis=1)
    label_layout.place(figure, points, [short(audit.published.names[row]) for row in first[:MOST_ROWS]])
    return figure


def shown_rows(standing: Standing) -> list[int]:
    """Return the rows that `ranks` shows: those with a score that is not too far from the best to see the others."""
    values = standing.values
    order = [row for row in standing.order if np.isfinite(values[row])]
    if order and values[order].min() > 0:
        best = values[order[0]]
        order = [row for row in order if max(values[row] / best, best / values[row]) <= FAR_FROM_BEST]
    return order[:MOST_ROWS]


def _lines(audit: Audit, order: list[int], notes: list[str]) -> tuple[Figure, Axes]:
    """Return a figure with a line for each row, the first on top, its name and a note beside it."""
    figure = Figure(figsize=(WIDTH_IN[True], 1.1 + 0.22 * len(order)), dpi=110, layout="constrained")
    axes = figure.subplots()
    names = [short(audit.published.names[row]) for row in order]
    ticks = [
        f"{name}\N{EN SPACE}{note}" if note not in ("", "nan") else name
        for name, note in zip(names, notes, strict=True)
    ]
    axes.set_yticks(range(len(order)), ticks)
    axes.set_ylim(max(len(order), 1) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    return figure, axes


def _bands(axes: Axes, standing: Standing, order: list[int]) -> None:
    """Draw a line where a rank is decided, and shade every second group between two of them."""
    starts = [0] + [
        place + 1 for place, row in enumerate(order) if row in standing.leads and standing.leads[row].words == DECIDED
    ]
    edges = [start - 0.5 for start in starts]
    axes.hlines(edges[1:], 0, 1, GREY, linewidth=0.8, transform=axes.get_yaxis_transform())
    for low, high in zip(edges[1::2], [*edges, len(order) - 0.5][2::2], strict=False):
        axes.axhspan(low, high, color=GRID, alpha=0.6, linewidth=0, zorder=0)


def _scale(axes: Axes, values: Values) -> None:
    """Make the axis of lines logarithmic where the values need it."""
    if values.size and values.min() > 0 and (span := values.max() / values.min()) > WIDE:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if span < WIDE**2 else (1,)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g}"))
