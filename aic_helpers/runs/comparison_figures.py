"""Validation images -> figure: inputs and outputs beside their targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from aic_helpers.data.crops import largest_error
from aic_helpers.data.images import Floats
from aic_helpers.evaluation.protocols import score_output
from aic_helpers.reporting.figure_style import ORANGE, notice, styled
from aic_helpers.tracks.definitions import Track

DETAIL_PX = (140, 210)
"""Height and width of the detail that is shown of a photo larger than twice that."""


@dataclass(frozen=True)
class Comparison:
    """One validation image: what went in, at the output's size, what came out, and what it should have been.

    Floats, (height, width, 3).
    """

    title: str
    input: Floats
    output: Floats
    target: Floats


@styled
def beside_targets(track: Track, comparisons: Sequence[Comparison]) -> Figure:
    """Return a row for each image: input, output and target, with the track's metrics against the target.

    A photo is shown whole once, small, and then in a detail: the place where the input is furthest from the
    target. The figures under the panels are those of the whole image, by the track's protocol.
    """
    if not comparisons:
        return notice("no image has finite figures")
    height = sum(_row_height(row.target) for row in comparisons)
    figure = Figure(figsize=(10, height), dpi=110, layout="constrained")
    folds = figure.subfigures(
        len(comparisons), 1, squeeze=False, height_ratios=[_row_height(c.target) for c in comparisons]
    )
    for fold, comparison in zip(folds[:, 0], comparisons, strict=True):
        fold.suptitle(comparison.title, x=0.01, ha="left", fontsize=11)
        _comparison_row(fold, track, comparison)
    return figure


def _row_height(target: Floats) -> float:
    return 2.15 if _is_large(target) else 3.7


def _is_large(image: Floats) -> bool:
    return image.shape[0] > 2 * DETAIL_PX[0] and image.shape[1] > 2 * DETAIL_PX[1]


def _comparison_row(fold: Any, track: Track, comparison: Comparison) -> None:
    given = "input, enlarged" if track.enlarges > 1 else "input"
    named = {given: comparison.input, "output": comparison.output, "target": comparison.target}
    large = _is_large(comparison.target)
    panels = list(np.atleast_1d(fold.subplots(1, 3 + large)))
    top, left = largest_error(comparison.target, comparison.input, DETAIL_PX) if large else (0, 0)
    rows, columns = DETAIL_PX if large else comparison.target.shape[:2]
    if large:
        overview = panels.pop(0)
        show_image(overview, comparison.target, "whole target; the box is shown beside")
        overview.add_patch(Rectangle((left, top), columns, rows, fill=False, edgecolor=ORANGE, linewidth=1.5))
    for panel, (name, image) in zip(panels, named.items(), strict=True):
        caption = "target" if name == "target" else f"{name}: {_figures(track, comparison.target, image)}"
        show_image(panel, image[top : top + rows, left : left + columns], caption)


def _figures(track: Track, target: Floats, image: Floats) -> str:
    """Return an image's metrics in words."""
    figures = score_output(target, image, track.protocol)
    return ", ".join(
        f"{figures[name]:.2f} dB" if name == "psnr_db" else f"{figures[name]:.4f}" for name in track.protocol.columns
    )


def show_image(axes: Axes, image: NDArray, caption: str) -> None:
    axes.imshow(np.clip(np.nan_to_num(image), 0, 1), interpolation="antialiased")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.set_xlabel(caption, fontsize=9)
