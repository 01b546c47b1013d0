"""The reports of a training -> figure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure
from numpy.typing import NDArray

from aic_helpers.reporting.figure_style import BLUE, ORANGE, notice, styled
from aic_helpers.runs.comparison_figures import show_image
from aic_helpers.training.callbacks import Report


@styled
def training(history: Sequence[Report], input_psnr_db: float, beside: str) -> Figure:
    """Return the loss and the held-out PSNR over the steps; of a training for int8 that in floats beside it.

    Parameters
    ----------
    history : sequence of Report
    input_psnr_db : float
        The PSNR (dB) of the held-out inputs themselves, enlarged where the network enlarges them, to do better than;
        not drawn where it isn't finite.
    beside : str
        What that is, in words.
    """
    if not history:
        return notice("no report yet")
    figure = Figure(figsize=(9, 3.2), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = [report["step"] for report in history]
    left.plot(steps, [report["loss"] for report in history], "o-", color=BLUE, markersize=3, linewidth=1)
    left.set(xlabel="step", ylabel="loss", title="loss (mean since the last report)")
    in_floats = [report["held_out_float_psnr_db"] for report in history if "held_out_float_psnr_db" in report]
    if in_floats:
        right.plot(steps, in_floats, "--", color=BLUE, linewidth=1, label="in floats")
    label = "in int8" if in_floats else None
    psnr_db = [report["held_out_psnr_db"] for report in history]
    right.plot(steps, psnr_db, "o-", color=BLUE, markersize=3, linewidth=1, label=label)
    if in_floats:
        right.legend(loc="center right")
    if math.isfinite(input_psnr_db):
        right.axhline(input_psnr_db, color=ORANGE, linewidth=1.5)
        right.annotate(beside, (steps[-1], input_psnr_db), color=ORANGE, ha="right", va="bottom")
    right.set(xlabel="step", ylabel="PSNR (dB)", title="held-out patches")
    return figure


@styled
def patches(inputs: NDArray, targets: NDArray) -> Figure:
    """Return patches in two rows: inputs above, their targets below; both (count, height, width, 3) in [0, 1]."""
    figure = Figure(figsize=(10, 3.6), dpi=110, layout="constrained")
    rows = figure.subplots(2, len(inputs), squeeze=False)
    for axes, images, name in zip(rows, (inputs, targets), ("input", "target"), strict=True):
        for panel, image in zip(axes, images, strict=True):
            show_image(panel, image, name)
    return figure
