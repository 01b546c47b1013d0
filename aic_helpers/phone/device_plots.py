"""What was measured on a device, as a figure."""

from __future__ import annotations

import warnings
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aic_helpers.core.safe_files import replacing
from aic_helpers.phone.device_results import DeviceResult, Point
from aic_helpers.reporting.figure_style import BLUE, GREY, INK, ORANGE, notice, styled

WARM_KINDS = ("CPU", "GPU", "skin", "battery")
"""Of these the first that the device tells."""


@styled
def sustained(result: DeviceResult) -> Figure:
    """Return how long a run takes while the network runs without a pause, and how warm the device gets."""
    points = result.sustained
    if not points:
        return notice("Nothing ran without a pause: call aic phone run with --minutes 5.")
    kind = next((kind for kind in WARM_KINDS if all(kind in point.readings.temperatures_c for point in points)), None)
    figure = Figure(figsize=(8, 4.6 if kind else 3.2), dpi=110, layout="constrained")
    panels = figure.subplots(2 if kind else 1, 1, squeeze=False, sharex=True, height_ratios=[2, 1] if kind else [1])
    _times(panels[0, 0], points)
    panels[0, 0].set_title(f"{result.model.file}\n{result.device.words}")
    if kind:
        _temperatures(panels[1, 0], points, kind)
    panels[-1, 0].set_xlabel("seconds without a pause")
    return figure


def write(path: Path, result: DeviceResult) -> None:
    """Write the figure as a PNG file; a letter that its font lacks is a box."""
    with warnings.catch_warnings(), replacing(path, ending=".png") as partial:
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)
        sustained(result).savefig(partial)


def _times(axes: Axes, points: list[Point]) -> None:
    """Each stretch as a line from its beginning to its end."""
    for point in points:
        axes.hlines(point.time_ms, point.start_s, point.end_s, color=BLUE, linewidth=2.5)
    axes.axhline(points[0].time_ms, color=GREY, linewidth=1, linestyle="--")
    axes.annotate("at first", (1, points[0].time_ms), (2, 0), ("axes fraction", "data"), "offset points", color=INK)
    axes.set_ylim(0, 1.12 * max(point.time_ms for point in points))
    axes.set_ylabel("ms a run")


def _temperatures(axes: Axes, points: list[Point], kind: str) -> None:
    ends = [point.end_s for point in points]
    axes.plot(ends, [point.readings.temperatures_c[kind] for point in points], "o-", color=ORANGE, markersize=4)
    axes.set_ylabel(f"{kind}, °C")
