"""A model's precisions -> figures: quality over time with the Pareto front, what each loses, and by which layer."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from aic_helpers.quantization.layer_losses import Diagnosis
from aic_helpers.reporting import label_layout
from aic_helpers.reporting.figure_style import BLUE, GREY, INK, ORANGE, QUALITIES, WIDTH_IN, notice, short, styled
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


MOST_LAYERS = 40
"""Rows of a plot: of more layers those that make the largest errors."""


@styled
def layers(diagnosis: Diagnosis, *, narrow: bool = False) -> Figure:
    """Return what int8 costs by layer: a bar for each alone in int8, by whose error it is; a ring for all but it.

    Parameters
    ----------
    diagnosis : Diagnosis
    narrow : bool
    """
    worst = [layer.layer for layer in diagnosis.worst[:MOST_LAYERS]]
    rows = [layer for layer in diagnosis.layers if layer.layer in worst]
    if diagnosis.whole.reason or not rows:
        return notice("no layer that loses in int8")
    figure, axes = _axes(1.3 + 0.24 * len(rows), narrow)
    alone = np.minimum([layer.alone.difference_db for layer in rows], 0)
    of_weights = alone * [layer.weights_share for layer in rows]
    axes.barh(range(len(rows)), of_weights, color=ORANGE, height=0.6, label="alone in int8: its weights")
    rest = alone - of_weights
    axes.barh(range(len(rows)), rest, left=of_weights, color=BLUE, height=0.6, label="alone in int8: its activations")
    kept = [layer.kept.difference_db for layer in rows]
    axes.plot(kept, range(len(rows)), "o", color=INK, fillstyle="none", markersize=5, label="all but it in int8")
    axes.axvline(diagnosis.whole.difference_db, color=GREY, linewidth=1, linestyle="--", label="all in int8")
    axes.axvline(0, color=GREY, linewidth=1)
    axes.set_yticks(range(len(rows)), [short(layer.label) for layer in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel(f"{QUALITIES['psnr_db']} beside float32")
    figure.legend(loc="outside lower center", ncols=1 if narrow else 4, fontsize=8)
    return figure
