"""A model's precisions -> figures: quality over time with the Pareto front, and what each loses."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from aic_helpers.reporting import label_layout
from aic_helpers.reporting.figure_style import BLUE, GREY, ORANGE, QUALITIES, WIDTH_IN, notice, styled
from aic_helpers.reporting.pareto_fronts import pareto_front


@styled
def quality_over_time(table: pd.DataFrame, column: str, *, narrow: bool = False) -> Figure:
    """Return the quality of each precision over its time in LiteRT; those that none beats in both are orange.

    Parameters
    ----------
    table : DataFrame
        Of `aic_helpers.precisions.tables.frame`.
    column : str
        One of the track's metrics.
    narrow : bool
        For a page that is read on a phone too.
    """
    drawn = table.dropna(subset=["time_ms", column])
    if drawn.empty:
        return notice("no precision with quality and time")
    figure, axes = _axes(3.4, narrow)
    front = pareto_front(drawn.assign(speed=1 / drawn["time_ms"]), "speed", column)
    axes.step(front["time_ms"], front[column], where="post", color=BLUE, linewidth=1.2)
    axes.plot(drawn["time_ms"], drawn[column], "o", color=BLUE, markersize=5)
    axes.plot(front["time_ms"], front[column], "o", color=ORANGE, markersize=6)
    axes.set_xlim(0, float(drawn["time_ms"].max()) * 1.12)
    axes.margins(y=0.15)
    axes.set_xlabel("time in LiteRT here (ms)")
    axes.set_ylabel(QUALITIES[column])
    label_layout.place(figure, drawn[["time_ms", column]].to_numpy(dtype=float), [*drawn["precision"]])
    return figure


@styled
def losses(images: pd.DataFrame, column: str, *, narrow: bool = False) -> Figure:
    """Return what each precision has less, or more, than float32 on each image; a dot an image, a bar the mean.

    Parameters
    ----------
    images : DataFrame
        Of `aic_helpers.precisions.measuring.Measured`: ``precision``, ``image`` and the metrics.
    column : str
    narrow : bool
    """
    by_image = images.pivot(index="image", columns="precision", values=column)
    names = [name for name in dict.fromkeys(images["precision"]) if name != "float32"]
    if not names or by_image.get("float32") is None:
        return notice("no precision beside float32")
    figure, axes = _axes(0.9 + 0.42 * len(names), narrow)
    for place, name in enumerate(names):
        values = (by_image[name] - by_image["float32"]).to_numpy(dtype=float)
        axes.plot(values, np.full(len(values), place), "o", color=BLUE, markersize=5, alpha=0.6)
        axes.plot([np.nanmean(values)] * 2, [place - 0.25, place + 0.25], color=ORANGE, linewidth=2)
    axes.axvline(0, color=GREY, linewidth=1)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel(f"{QUALITIES[column]} beside float32")
    return figure


def _axes(height_in: float, narrow: bool) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH_IN[narrow], height_in), dpi=110, layout="constrained")
    return figure, figure.subplots()
