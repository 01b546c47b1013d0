"""Labels beside points that overlap neither each other nor a point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from numpy.typing import NDArray

from aic_helpers.reporting.figure_style import GREY, INK

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in pixels of the figure."""

DISTANCES_PT = (5, 12, 22, 36)
"""From a point to its label; from the second on, a line joins them."""

MARKER_PT = 3.5
"""From a point's middle to its edge."""

SIDES = ((1, 1), (-1, 1), (1, -1), (-1, -1), (0, 1), (0, -1), (1, 0), (-1, 0))
"""Where a label may stand: right or left of its point, above or below."""


def place(figure: Figure, points: NDArray[np.floating], texts: Sequence[str], *, size_pt: float = 8) -> list[str]:
    """Label points of a figure of one panel, the first points first; return the texts that found no room.

    Call it when everything else is drawn and the limits of the axes are set.

    Parameters
    ----------
    figure : Figure
    points : ndarray, shape (n, 2)
        In the units of the axes. All of them are kept free.
    texts : sequence of str
        For the first points; the others have none.
    """
    figure.draw_without_rendering()  # so that the layout is settled and places are known in pixels
    axes, pixel = figure.axes[0], figure.dpi / 72
    bounds = axes.get_window_extent()
    frame = (bounds.x0, bounds.y0, bounds.x1, bounds.y1)
    centres = axes.transData.transform(points)
    radius = MARKER_PT * pixel
    taken = np.hstack([centres - radius, centres + radius])
    left_out = []
    for point, (x, y), text in zip(points, centres, texts, strict=False):
        label = axes.annotate(text, tuple(point), (0, 0), textcoords="offset points", fontsize=size_pt, color=INK)
        label.set_in_layout(False)
        extent = label.get_window_extent()
        free = (
            found for found in _places(x, y, extent.width, extent.height, pixel) if _is_free(found[1], taken, frame)
        )
        chosen = next(free, None)
        if chosen is None:
            left_out.append(text)
            label.remove()
            continue
        distance_pt, box = chosen
        taken = np.vstack([taken, box])
        label.set_position(((box[0] - x) / pixel, (box[1] - y) / pixel))
        if distance_pt > DISTANCES_PT[0]:
            _join(axes, label, point)
    return left_out


def _places(x: float, y: float, width: float, height: float, pixel: float) -> Iterator[tuple[float, Box]]:
    """Yield where a label of that size may stand, the nearest places first."""
    for distance_pt in DISTANCES_PT:
        for right, up in SIDES:
            reach = distance_pt * pixel * (0.7 if right and up else 1)
            left = x + right * reach - (0 if right > 0 else width if right < 0 else width / 2)
            bottom = y + up * reach - (0 if up > 0 else height if up < 0 else height / 2)
            yield distance_pt, (left, bottom, left + width, bottom + height)


def _is_free(box: Box, taken: NDArray[np.floating], frame: Box) -> bool:
    inside = box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]
    beside = (taken[:, :2] >= box[2:]) | (taken[:, 2:] <= box[:2])
    return inside and bool(beside.any(axis=1).all())


def _join(axes: Axes, label: Annotation, point: NDArray[np.floating]) -> None:
    """Draw a thin line from a label to its point."""
    line = axes.annotate(
        "",
        tuple(point),
        label.get_position(),
        textcoords="offset points",
        arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3},
    )
    line.set_in_layout(False)
