"""The table of a board's track -> figures: quality over speed, and the ranks by a score."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from aic_helpers.boards.orders import Order
from aic_helpers.boards.standings import is_comparable, is_elsewhere
from aic_helpers.reporting import label_layout
from aic_helpers.reporting.figure_style import (
    BLUE,
    GREY,
    GRID,
    INK,
    ORANGE,
    QUALITIES,
    WIDTH_IN,
    notice,
    plain_ticks,
    short,
    styled,
)
from aic_helpers.reporting.pareto_fronts import pareto_front
from aic_helpers.tracks.definitions import TITLES, Track
from aic_helpers.tracks.significance import DECIDED

MANY = 15
"""Up to this many models each has its own name and intervals in `pareto`."""

TOP = 3
"""Of more models, how many by each score are named beside the Pareto front."""

NAMED_RANKS = 20
"""Up to this many models have a line of their own in `ranks`."""

LONG = 10_000
"""From here on the numbers of a score take so much room that an axis has few of them."""

TIGHT = 0.1
"""Height of the lines after those, as a share of theirs."""


@styled
def pareto(table: pd.DataFrame, quality: str, track: Track, *, narrow: bool = False) -> Figure:
    """Return quality over speedup, with the Pareto front as a stair and 95 % intervals.

    Of up to `MANY` models each is named and has its intervals; of more, those on the front and the `TOP` by each score
    are named, the speedups keep their intervals, and one bar shows how wide the median interval of quality is.

    Parameters
    ----------
    table : DataFrame
        Rows of one track, from `aic_helpers.boards.standings.standings`. Ranked rows are dots; those that were timed in
        another runtime are hollow dots, those that break a rule hollow squares. Hollow ones are no part of the front.
    quality : str
        One of the track's metrics: ``psnr_db``, ``ssim`` or ``ms_ssim``.
    track : Track
    narrow : bool
        For a page that is read on a phone too.
    """
    table = table.dropna(subset=["speedup", quality])
    full, hollow = table[is_comparable(table)], table[is_elsewhere(table)]
    judged, broken = pd.concat([full, hollow]), table[table["rules_broken"].fillna("") != ""]
    drawn = pd.concat([judged, broken])
    if drawn.empty:
        return notice("no model with quality and speedup")
    figure, axes = _axes(4.2, narrow)
    front = pareto_front(full, "speedup", quality)
    _intervals(axes, judged, quality)
    axes.plot(broken["speedup"], broken[quality], "s", color=GREY, fillstyle="none", markersize=4.5)
    for rows, fill in ((full, "full"), (hollow, "none")):
        axes.plot(rows["speedup"], rows[quality], "o", color=BLUE, fillstyle=fill, markersize=4.5)
    axes.step(front["speedup"], front[quality], where="pre", color=BLUE, linewidth=1.2)
    axes.plot(front["speedup"], front[quality], "o", color=ORANGE, markersize=5.5)
    _speed_axis(axes, drawn["speedup"], track)
    axes.set_ylabel(QUALITIES[quality])
    if not narrow:  # the page has titles of its own
        axes.set_title(f"{TITLES[quality]} over speedup", pad=20)
    first = _to_name(judged, front)
    ordered = pd.concat([first, drawn.drop(first.index)])
    named = ordered if len(drawn) <= MANY else first
    points = np.vstack([ordered[["speedup", quality]].to_numpy(dtype=float), _along(front, quality)])
    label_layout.place(figure, points, [short(name) for name in named["name"]])
    return figure


@styled
def ranks(table: pd.DataFrame, order: Order, *, narrow: bool = False) -> Figure:
    """Return the ranked rows of a track by one order, the best on top, with the 95 % interval of each.

    Neighbours within noise share a band; where a band ends, the rank is decided. After the first `NAMED_RANKS` lines
    the others stand closer, without names.

    Parameters
    ----------
    table : DataFrame
        Rows of one track, from `aic_helpers.boards.standings.standings`.
    order : Order
    narrow : bool
    """
    rank, column = f"rank_{order.name}", order.column
    ranked = table[table[rank].notna()].sort_values(rank)
    if ranked.empty:
        return notice(f"no model is ranked by {order.title}")
    places = np.arange(len(ranked) + 1, dtype=float)
    places = np.where(places > NAMED_RANKS, NAMED_RANKS + (places - NAMED_RANKS) * TIGHT, places)
    figure, axes = _axes(1.1 + 0.22 * places[-1], narrow)
    middles = (places[:-1] + places[1:]) / 2
    _bands(axes, ranked[f"against_next_{order.name}"], places)
    axes.hlines(middles, ranked[f"{column}_low"], ranked[f"{column}_high"], color=BLUE, linewidth=1, alpha=0.5)
    axes.plot(ranked[column], middles, "o", color=BLUE, markersize=4 if len(ranked) <= NAMED_RANKS else 3)
    axes.set_ylim(places[-1], 0)
    names = [
        f"{short(name)}\N{EN SPACE}{place}"
        for name, place in zip(ranked["name"][:NAMED_RANKS], ranked[rank], strict=False)
    ]
    ticks = list(middles[:NAMED_RANKS])
    if len(ranked) > NAMED_RANKS:
        ticks.append((NAMED_RANKS + places[-1]) / 2)
        names.append(f"the other {len(ranked) - NAMED_RANKS}")
    axes.set_yticks(ticks, names)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(QUALITIES.get(column, order.title))
    if ranked[column].abs().max() >= LONG:
        axes.xaxis.set_major_locator(MaxNLocator(4))
    if order.lower_is_better:
        axes.invert_xaxis()  # the best on the right, as with all others
    if not narrow:
        axes.set_title(f"Ranks by {order.title}")
    return figure


def _axes(height_in: float, narrow: bool) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH_IN[narrow], height_in), dpi=110, layout="constrained")
    return figure, figure.subplots()


def _to_name(ranked: pd.DataFrame, front: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are named first: the front, then the best by each order."""
    orders = [name for name in ranked.columns if name.startswith("rank_")]
    top = ranked[(ranked[orders].fillna(TOP + 1) <= TOP).any(axis=1)]
    return pd.concat([front, top.drop(front.index, errors="ignore")])


def _along(front: pd.DataFrame, quality: str) -> np.ndarray:
    """Return points along the stair of a front, so that labels keep off it."""
    corners = list(zip(front["speedup"], front[quality], strict=True))
    found = [np.empty((0, 2))]
    for (x, y), (next_x, next_y) in itertools.pairwise(corners):
        found.append(np.stack([np.full(8, x), np.linspace(y, next_y, 8)], axis=1))
        found.append(np.stack([np.geomspace(x, next_x, 12), np.full(12, next_y)], axis=1))
    return np.vstack(found)


def _intervals(axes: Axes, ranked: pd.DataFrame, quality: str) -> None:
    """Draw 95 % intervals; of many models, one bar for all intervals of quality, which are much alike."""
    axes.hlines(ranked[quality], ranked["speedup_low"], ranked["speedup_high"], color=BLUE, linewidth=1, alpha=0.5)
    low, high = ranked[f"{quality}_low"], ranked[f"{quality}_high"]
    if len(ranked) <= MANY:
        axes.vlines(ranked["speedup"], low, high, color=BLUE, linewidth=1, alpha=0.5)
    elif (high - low).notna().any():
        half, middle = float((high - low).median()) / 2, float(ranked[quality].median())
        across = axes.get_yaxis_transform()
        axes.plot([0.02, 0.02], [middle - half, middle + half], color=GREY, linewidth=1.5, transform=across)


def _speed_axis(axes: Axes, speedups: pd.Series, track: Track) -> None:
    """Make the axis of speed logarithmic, with the baseline and the end of what scores on it, where it ends."""
    cap = track.speedup_cap
    low, high = min(speedups.min(), 1.0), max(speedups.max(), cap or 1.0)
    margin = max((high / low) ** 0.08, 1.02)
    axes.set(xscale="log", xlabel="speedup over the baseline", xlim=(low / margin, high * margin))
    plain_ticks(axes.xaxis, pd.Series([low / margin, high * margin]))
    beside = (track.baseline.model and track.baseline.name) or track.timed_beside
    for place, style, words in ((1.0, "-", beside), *([(cap, "--", "score stops rising")] if cap else [])):
        axes.axvline(place, color=GREY, linewidth=1, linestyle=style, zorder=0)
        axes.annotate(
            words,
            (place, 1),
            (0, 3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            fontsize=8,
            ha="center",
            color=INK,
        )


def _bands(axes: Axes, against_next: pd.Series, places: np.ndarray) -> None:
    """Shade every second group of neighbours that are within noise, and draw a line where one ends."""
    groups = np.cumsum([previous == DECIDED for previous in against_next.shift().fillna("")])
    for group in range(1, groups.max() + 1, 2):
        own = np.flatnonzero(groups == group)
        axes.axhspan(places[own[0]], places[own[-1] + 1], color=GRID, alpha=0.6, linewidth=0, zorder=0)
    axes.hlines(
        places[1:-1][groups[1:] != groups[:-1]], 0, 1, GREY, linewidth=0.8, transform=axes.get_yaxis_transform()
    )
