"""DataFrame -> figure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from aic_helpers.figures import BLUE, GREY, INK, ORANGE, notice, styled
from aic_helpers.intervals import mean_ci95
from aic_helpers.tracks import MAX_RAM_MIB

NAMED_ROWS = 30
"""Up to this many images each gets a row with its name; more become a curve."""


@styled
def image_scores(images: pd.DataFrame) -> Figure:
    """Return PSNR and MS-SSIM of each image, with their mean and its 95 % interval.

    Parameters
    ----------
    images : DataFrame
        From `aic_helpers.evaluation.evaluate`: columns `image`, `psnr_db`, `ms_ssim`.
    """
    named = len(images) <= NAMED_ROWS
    height = 1.3 + 0.28 * len(images) if named else 3.4
    figure = Figure(figsize=(9, height), dpi=110, layout="constrained")
    draw = _named_dots if named else _sorted_curve
    for axes, column, label in zip(
        figure.subplots(1, 2), ("psnr_db", "ms_ssim"), ("PSNR (dB)", "MS-SSIM"), strict=True
    ):
        draw(axes, images, column, label)
    return figure


def _named_dots(axes: Axes, images: pd.DataFrame, column: str, label: str) -> None:
    """One row an image, the best by PSNR on top, in both panels alike."""
    ordered = images.sort_values("psnr_db", na_position="first").reset_index(drop=True)
    mean, interval = _mean(axes, ordered[column], label)
    if interval:
        axes.axvspan(*interval, color=GREY, alpha=0.25, linewidth=0)
    if mean is not None:
        axes.axvline(mean, color=INK, linewidth=1)
    axes.plot(ordered[column], ordered.index, "o", color=BLUE, markersize=7)
    axes.set_yticks(ordered.index, ordered["image"].astype(str) if column == "psnr_db" else [""] * len(ordered))
    axes.set_ylim(-0.6, len(ordered) - 0.4)
    axes.margins(x=0.12)
    axes.set_xlabel(label)


def _sorted_curve(axes: Axes, images: pd.DataFrame, column: str, label: str) -> None:
    """The images from worst to best, as a curve of dots."""
    values = np.sort(images[column].dropna())
    mean, interval = _mean(axes, images[column], label)
    if interval:
        axes.axhspan(*interval, color=GREY, alpha=0.3, linewidth=0)
    if mean is not None:
        axes.axhline(mean, color=INK, linewidth=1)
    axes.plot(np.arange(1, len(values) + 1), values, ".", color=BLUE, markersize=4)
    axes.set_xlabel(f"images, worst to best (of {len(images)})")
    axes.set_ylabel(label)


def _mean(axes: Axes, values: pd.Series, label: str) -> tuple[float | None, tuple[float, float] | None]:
    """Write mean and interval above the panel, and return them; None where a value is not finite."""
    digits = 2 if "dB" in label else 4
    lost = int((~np.isfinite(values.astype(float))).sum())
    if lost or values.empty:
        axes.set_title(f"no mean: {lost} of {len(values)} images without a finite value")
        return None, None
    mean, interval = float(values.mean()), mean_ci95(values.to_numpy(dtype=float))
    span = f" (95 %: {interval[0]:.{digits}f} to {interval[1]:.{digits}f})" if interval else ""
    axes.set_title(f"{label.split()[0]}: mean {mean:.{digits}f}{span}")
    return mean, interval


@styled
def timing(samples: pd.DataFrame) -> Figure:
    """Return the timed runs of baseline and model in the order in which they ran, with their medians.

    Parameters
    ----------
    samples : DataFrame
        From `aic_helpers.profiling.profile`: columns `role` (baseline or model), `start_s`, `time_ms`.
    """
    if samples.empty:
        return notice("no timed runs")
    figure = Figure(figsize=(9, 3.6), dpi=110, layout="constrained")
    axes = figure.subplots()
    marks = {"baseline": (ORANGE, "s", -1), "model": (BLUE, "o", 1)}
    medians = samples.groupby("role")["time_ms"].median()
    for role, (colour, marker, side) in marks.items():
        own = samples[samples["role"] == role].sort_values("start_s")
        if own.empty:
            continue
        axes.plot(own["start_s"], own["time_ms"], marker=marker, color=colour, markersize=5, linewidth=0.6)
        axes.axhline(medians[role], color=colour, linewidth=1, linestyle="--")
        above = side * (medians.get("model", 0) - medians.get("baseline", 0)) >= 0
        axes.annotate(
            f"{role}: median {medians[role]:.1f} ms",
            (1.01, medians[role]),
            xycoords=("axes fraction", "data"),
            color=colour,
            va="bottom" if above else "top",
        )
    axes.margins(y=0.15)
    axes.set_xlabel("start of the run (s after the first)")
    axes.set_ylabel("time (ms)")
    axes.set_title("each timed run; the two networks ran in turn (the axis does not start at 0)")
    return figure


@styled
def growth(table: pd.DataFrame) -> Figure:
    """Return how time and the model's memory grow with the pixels processed, on logarithmic axes.

    Parameters
    ----------
    table : DataFrame
        From `aic_helpers.growth.growth`: columns `varied`, `megapixels`, `time_ms`, `model_rss_mib`.
    """
    if table.empty:
        return notice("growth: not measured")
    figure = Figure(figsize=(9, 3.6), dpi=110, layout="constrained")
    panels = zip(
        figure.subplots(1, 2), ("time_ms", "model_rss_mib"), ("time (ms)", "memory of the model (MiB)"), strict=True
    )
    for axes, column, label in panels:
        for varied, colour, marker in (("resolution", BLUE, "o"), ("batch", ORANGE, "s")):
            own = table[table["varied"] == varied]
            axes.plot(
                own["megapixels"], own[column], marker=marker, color=colour, linewidth=1, label=f"larger {varied}"
            )
        axes.set(xscale="log", yscale="log", xlabel="megapixels at once", ylabel=label)
        for axis, values in ((axes.xaxis, table["megapixels"]), (axes.yaxis, table[column])):
            _plain_ticks(axis, values)
    figure.axes[0].legend()
    return figure


def _plain_ticks(axis: Any, values: pd.Series) -> None:
    """Label a logarithmic axis with 1, 2, 5, 10, 20, ... as plain numbers."""
    exponents = range(-3, 7)
    steps = [step * 10.0**exponent for exponent in exponents for step in (1, 2, 5)]
    axis.set_major_locator(FixedLocator([tick for tick in steps if values.min() * 0.6 <= tick <= values.max() * 1.7]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g}"))


@styled
def memory(profile: dict[str, Any] | None) -> Figure:
    """Return the peak resident memory, split into the runtime's share and the model's, beside the rule's limit.

    Parameters
    ----------
    profile : dict
        The `profile` part of a result; it may be missing, or have failed.
    """
    if not profile or profile["model_rss_mib"] is None:
        return notice("memory: not measured")
    figure = Figure(figsize=(9, 1.7), dpi=110, layout="constrained")
    axes = figure.subplots()
    runtime, model = profile["runtime_rss_mib"], profile["model_rss_mib"]
    axes.barh([0], [runtime], color=GREY, height=0.5)
    axes.barh([0], [model], left=[runtime], color=BLUE, height=0.5)
    axes.axvline(MAX_RAM_MIB, color=ORANGE, linewidth=1.5)
    axes.annotate(
        f"limit {MAX_RAM_MIB:.0f}",
        (MAX_RAM_MIB, 0.5),
        color=ORANGE,
        ha="right",
        va="top",
        xytext=(-4, 0),
        textcoords="offset points",
    )
    axes.set_yticks([])
    axes.set_ylim(-0.5, 0.5)
    axes.set_xlim(0, max(MAX_RAM_MIB, profile["peak_rss_mib"]) * 1.05)
    axes.set_xlabel("resident memory (MiB)")
    axes.set_title(f"peak {profile['peak_rss_mib']:.0f} MiB: runtime {runtime:.0f} (grey) + model {model:.0f} (blue)")
    return figure
