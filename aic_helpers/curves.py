"""The reports of a training -> figure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from aic_helpers.figures import BLUE, ORANGE, notice, styled
from aic_helpers.keeper import Report


@styled
def training(history: Sequence[Report], input_psnr_db: float) -> Figure:
    """Return the loss and the held-out PSNR over the steps.

    Parameters
    ----------
    history : sequence of Report
    input_psnr_db : float
        The PSNR (dB) of the held-out inputs themselves, to do better than; not drawn where it isn't finite.
    """
    if not history:
        return notice("no report yet")
    figure = Figure(figsize=(9, 3.2), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = [report["step"] for report in history]
    left.plot(steps, [report["loss"] for report in history], "o-", color=BLUE, markersize=3, linewidth=1)
    left.set(xlabel="step", ylabel="loss", title="loss (mean since the last report)")
    right.plot(steps, [report["held_out_psnr_db"] for report in history], "o-", color=BLUE, markersize=3, linewidth=1)
    if math.isfinite(input_psnr_db):
        right.axhline(input_psnr_db, color=ORANGE, linewidth=1.5)
        right.annotate("doing nothing", (steps[-1], input_psnr_db), color=ORANGE, ha="right", va="bottom")
    right.set(xlabel="step", ylabel="PSNR (dB)", title="held-out patches")
    return figure
