"""DataFrame -> figure.

Every function returns a `matplotlib.figure.Figure` of its own, outside pyplot: nothing is shown twice and
nothing is left open. Colours are Okabe and Ito's, which people of every colour vision can tell apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from aic_helpers.evaluation import score_output
from aic_helpers.images import Floats
from aic_helpers.intervals import mean_ci95
from aic_helpers.tracks import MAX_RAM_MIB, Track

BLUE, ORANGE, GREY, INK = "#0072B2", "#D55E00", "#9A9A9A", "#222222"

STYLE: Any = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "legend.frameon": False,
    "figure.facecolor": "white",
}

NAMED_ROWS = 30
"""Up to this many images each gets a row with its name; more become a curve."""

DETAIL_PX = (140, 210)
"""Height and width of the detail that is shown of a photo larger than twice that."""

P = ParamSpec("P")


def _styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with mpl.rc_context(STYLE):
            return draw(*args, **kwargs)

    return drawn


@_styled
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


@dataclass(frozen=True)
class Comparison:
    """One validation image: what went in, what came out, and what it should have been; floats (height, width, 3)."""

    title: str
    input: Floats
    output: Floats
    target: Floats


@_styled
def beside_targets(track: Track, comparisons: Sequence[Comparison]) -> Figure:
    """Return a row for each image: input, output and target, with PSNR and MS-SSIM against the target.

    A photo is shown whole once, small, and then in a detail: the place where the input is furthest from the
    target. The figures under the panels are those of the whole image, by the track's protocol.
    """
    if not comparisons:
        return _notice("no image has finite figures")
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
    named = {"input": comparison.input, "output": comparison.output, "target": comparison.target}
    large = _is_large(comparison.target)
    panels = list(np.atleast_1d(fold.subplots(1, 3 + large)))
    top, left = _detail(comparison) if large else (0, 0)
    rows, columns = DETAIL_PX if large else comparison.target.shape[:2]
    if large:
        overview = panels.pop(0)
        _show(overview, comparison.target, "whole target; the box is shown beside")
        overview.add_patch(Rectangle((left, top), columns, rows, fill=False, edgecolor=ORANGE, linewidth=1.5))
    for panel, (name, image) in zip(panels, named.items(), strict=True):
        caption = "target" if name == "target" else f"{name}: {_figures(track, comparison.target, image)}"
        _show(panel, image[top : top + rows, left : left + columns], caption)


def _detail(comparison: Comparison) -> tuple[int, int]:
    """Return top and left of the detail in which the input is furthest from the target."""
    error = np.square(comparison.input - comparison.target).sum(axis=2, dtype=np.float64)
    total = np.pad(error.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    rows, columns = DETAIL_PX
    boxes = total[rows:, columns:] - total[:-rows, columns:] - total[rows:, :-columns] + total[:-rows, :-columns]
    top, left = np.unravel_index(int(boxes.argmax()), boxes.shape)
    return int(top), int(left)


def _figures(track: Track, target: Floats, image: Floats) -> str:
    """Return an image's PSNR and MS-SSIM in words."""
    figures = score_output(target, image, track)
    return f"{figures['psnr_db']:.2f} dB, {figures['ms_ssim']:.4f}"


def _show(axes: Axes, image: NDArray, caption: str) -> None:
    axes.imshow(np.clip(np.nan_to_num(image), 0, 1), interpolation="antialiased")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.set_xlabel(caption, fontsize=9)


@_styled
def timing(samples: pd.DataFrame) -> Figure:
    """Return the timed runs of baseline and model in the order in which they ran, with their medians.

    Parameters
    ----------
    samples : DataFrame
        From `aic_helpers.profiling.profile`: columns `role` (baseline or model), `start_s`, `time_ms`.
    """
    if samples.empty:
        return _notice("no timed runs")
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


def _notice(text: str) -> Figure:
    """Return a small figure that says why there is nothing to see."""
    figure = Figure(figsize=(9, 0.5), dpi=110)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.text(0.01, 0.5, text, va="center")
    return figure


@_styled
def memory(profile: dict[str, Any] | None) -> Figure:
    """Return the peak resident memory, split into the runtime's share and the model's, beside the rule's limit.

    Parameters
    ----------
    profile : dict
        The `profile` part of a result; it may be missing, or have failed.
    """
    if not profile or profile["model_rss_mib"] is None:
        return _notice("memory: not measured")
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
