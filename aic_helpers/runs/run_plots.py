"""DataFrame -> figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aic_helpers.core.statistics import mean_ci95
from aic_helpers.evaluation.per_image import BOUNDS
from aic_helpers.reporting.figure_style import BLUE, GREY, INK, ORANGE, notice, plain_ticks, short, styled
from aic_helpers.reporting.pareto_fronts import pareto_front
from aic_helpers.runs.schema import Profile
from aic_helpers.tracks.definitions import TITLES, Track

NAMED_ROWS = 30
"""Up to this many images each gets a row with its name; more become a curve."""


NARROW_IN = 4.6
"""Width of a narrow figure, whose panels stand below each other: for a page that is read on a phone too."""


def _panels(height_in: float, count: int, narrow: bool) -> tuple[Figure, list[Axes]]:
    """Return a figure of panels of one height."""
    size = (NARROW_IN, height_in * count) if narrow else (9, height_in)
    figure = Figure(figsize=size, dpi=110, layout="constrained")
    panels = figure.subplots(*((count, 1) if narrow else (1, count)), squeeze=False)
    return figure, list(panels.flat)


@styled
def image_scores(images: pd.DataFrame, columns: Sequence[str], *, narrow: bool = False) -> Figure:
    """Return the metrics of each image, with their mean and its 95 % interval.

    Parameters
    ----------
    images : DataFrame
        From `aic_helpers.evaluation.per_image.evaluate`: `image` and the metrics.
    columns : sequence of str
        The metrics: see `aic_helpers.tracks.definitions.Protocol.columns`.
    """
    named = len(images) <= NAMED_ROWS
    height = 1.3 + 0.28 * len(images) if named else 3.4
    figure, panels = _panels(height, len(columns), narrow)
    for axes, column in zip(panels, columns, strict=True):
        if named:
            _named_dots(axes, images, column, names=narrow or axes is panels[0])
        else:
            _sorted_curve(axes, images, column)
        if narrow:
            axes.set_title(axes.get_title(loc="left").replace(" (", "\n("))
    return figure


def _label(column: str) -> str:
    return TITLES[column] + (" (dB)" if column == "psnr_db" else "")


def _named_dots(axes: Axes, images: pd.DataFrame, column: str, *, names: bool) -> None:
    """One row an image, the best by PSNR on top, in both panels alike."""
    ordered = images.sort_values("psnr_db", na_position="first").reset_index(drop=True)
    mean, interval = _mean(axes, ordered[column], column)
    if interval:
        axes.axvspan(*interval, color=GREY, alpha=0.25, linewidth=0)
    if mean is not None:
        axes.axvline(mean, color=INK, linewidth=1)
    axes.plot(ordered[column], ordered.index, "o", color=BLUE, markersize=7)
    axes.set_yticks(ordered.index, [short(str(image)) if names else "" for image in ordered["image"]])
    axes.set_ylim(-0.6, len(ordered) - 0.4)
    axes.margins(x=0.12)
    axes.set_xlabel(_label(column))


def _sorted_curve(axes: Axes, images: pd.DataFrame, column: str) -> None:
    """The images from worst to best, as a curve of dots."""
    values = np.sort(images[column].dropna())
    mean, interval = _mean(axes, images[column], column)
    if interval:
        axes.axhspan(*interval, color=GREY, alpha=0.3, linewidth=0)
    if mean is not None:
        axes.axhline(mean, color=INK, linewidth=1)
    axes.plot(np.arange(1, len(values) + 1), values, ".", color=BLUE, markersize=4)
    axes.set_xlabel(f"images, worst to best (of {len(images)})")
    axes.set_ylabel(_label(column))


def _mean(axes: Axes, values: pd.Series, column: str) -> tuple[float | None, tuple[float, float] | None]:
    """Write mean and interval above the panel, and return them; None where a value is not finite."""
    digits = 2 if column == "psnr_db" else 4
    lost = int((~np.isfinite(values.astype(float))).sum())
    if lost or values.empty:
        axes.set_title(f"no mean: {lost} of {len(values)} images without a finite value")
        return None, None
    mean, interval = float(values.mean()), mean_ci95(values.to_numpy(dtype=float), bounds=BOUNDS[column])
    span = f" (95 %: {interval[0]:.{digits}f} to {interval[1]:.{digits}f})" if interval else ""
    axes.set_title(f"{TITLES[column]}: mean {mean:.{digits}f}{span}")
    return mean, interval


@styled
def timing(samples: pd.DataFrame, *, narrow: bool = False) -> Figure:
    """Return the timed runs of baseline and model in the order in which they ran, with their medians.

    Parameters
    ----------
    samples : DataFrame
        From `aic_helpers.profiling.profiler.profile`: columns `role` (baseline or model), `start_s`, `time_ms`.
    narrow : bool
        The medians stand above the panel, not beside it.
    """
    if samples.empty:
        return notice("no timed runs")
    figure, (axes,) = _panels(3.6, 1, narrow)
    marks = {"baseline": (ORANGE, "s", -1), "model": (BLUE, "o", 1)}
    medians = samples.groupby("role")["time_ms"].median()
    for role, (colour, marker, side) in marks.items():
        own = samples[samples["role"] == role].sort_values("start_s")
        if own.empty:
            continue
        label = f"{role}: median {medians[role]:.1f} ms"
        axes.plot(own["start_s"], own["time_ms"], marker=marker, color=colour, markersize=5, linewidth=0.6, label=label)
        axes.axhline(medians[role], color=colour, linewidth=1, linestyle="--")
        if not narrow:
            above = side * (medians.get("model", 0) - medians.get("baseline", 0)) >= 0
            place, bound = (1.01, medians[role]), ("axes fraction", "data")
            axes.annotate(label, place, xycoords=bound, color=colour, va="bottom" if above else "top")
    axes.margins(y=0.15)
    axes.set_xlabel("start of the run (s after the first)")
    axes.set_ylabel("time (ms)")
    if narrow:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0)
    else:
        axes.set_title("each timed run; the two networks ran in turn (the axis does not start at 0)")
    return figure


@styled
def growth(table: pd.DataFrame, *, narrow: bool = False) -> Figure:
    """Return how time and the model's memory grow with the pixels processed, on logarithmic axes.

    Parameters
    ----------
    table : DataFrame
        From `aic_helpers.profiling.scaling.growth`: columns `varied`, `megapixels`, `time_ms`, `model_rss_mib`.
    narrow : bool
    """
    if table.empty:
        return notice("growth: not measured")
    figure, axes_list = _panels(3.6, 2, narrow)
    panels = zip(axes_list, ("time_ms", "model_rss_mib"), ("time (ms)", "memory of the model (MiB)"), strict=True)
    for axes, column, label in panels:
        for varied, colour, marker in (("resolution", BLUE, "o"), ("batch", ORANGE, "s")):
            own = table[table["varied"] == varied]
            axes.plot(
                own["megapixels"], own[column], marker=marker, color=colour, linewidth=1, label=f"larger {varied}"
            )
        axes.set(xscale="log", yscale="log", xlabel="megapixels at once", ylabel=label)
        for axis, values in ((axes.xaxis, table["megapixels"]), (axes.yaxis, table[column])):
            plain_ticks(axis, values)
    figure.axes[0].legend()
    return figure


@styled
def memory(profile: Profile | None, limit_mib: float | None, *, narrow: bool = False) -> Figure:
    """Return the peak resident memory, split into the runtime's share and the model's, beside the rule's limit.

    Parameters
    ----------
    profile : Profile
        The `profile` part of a result; it may be missing, or have failed.
    limit_mib : float or None
        Of the track's rule, where it has one.
    """
    if not profile or profile.runtime_rss_mib is None or profile.model_rss_mib is None or profile.peak_rss_mib is None:
        return notice("memory: not measured")
    runtime, model, peak = profile.runtime_rss_mib, profile.model_rss_mib, profile.peak_rss_mib
    figure, (axes,) = _panels(1.7, 1, narrow)
    axes.barh([0], [runtime], color=GREY, height=0.5)
    axes.barh([0], [model], left=[runtime], color=BLUE, height=0.5)
    if limit_mib:
        axes.axvline(limit_mib, color=ORANGE, linewidth=1.5)
        axes.annotate(
            f"limit {limit_mib:.0f}",
            (limit_mib, 0.5),
            color=ORANGE,
            ha="right",
            va="top",
            xytext=(-4, 0),
            textcoords="offset points",
        )
    axes.set_yticks([])
    axes.set_ylim(-0.5, 0.5)
    axes.set_xlim(0, max(limit_mib or 0, peak) * 1.05)
    axes.set_xlabel("resident memory (MiB)")
    words = f"peak {peak:.0f} MiB:", f"runtime {runtime:.0f} (grey) + model {model:.0f} (blue)"
    axes.set_title(("\n" if narrow else " ").join(words))
    return figure


@styled
def speed_and_quality(points: pd.DataFrame, published: pd.DataFrame, track: Track) -> Figure:
    """Return quality over speedup, with the Pareto fronts of the runs and of published results; narrow.

    Parameters
    ----------
    points : DataFrame
        Runs on the same images: ``label``, ``speedup``, the track's metrics, and of these ``speedup_ci95`` and so on
        (pairs, or None).
    published : DataFrame
        ``speedup`` and the metrics; may be empty.
    track : Track
    """
    columns, cap = track.protocol.columns, track.speedup_cap
    figure, panels = _panels(3.2, len(columns), narrow=True)
    for axes, column in zip(panels, columns, strict=True):
        if len(published):
            _front(axes, published, column, GREY, "s", "published in 2018")
        _front(axes, points, column, BLUE, "o", "this report" if points["label"].any() else "this model")
        for _, point in points.iterrows():
            _interval(axes, point, column)
            axes.annotate(point["label"], (point["speedup"], point[column]), (6, 5), textcoords="offset points")
        if cap:
            axes.axvline(cap, color=GREY, linewidth=1, linestyle=":")
        axes.set(xscale="log", xlabel="speedup over the baseline", ylabel=_label(column))
        axes.margins(0.15)
        ends = [end for ci95 in points["speedup_ci95"] if ci95 for end in ci95]
        speeds = pd.Series(sorted([*axes.get_xlim(), *ends, 0.5, (cap or 1) * 1.2]))
        axes.set_xlim(speeds.min() / 1.05, speeds.max() * 1.05)
        plain_ticks(axes.xaxis, speeds)
    panels[0].legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0, ncols=2)
    return figure


def _front(axes: Axes, points: pd.DataFrame, column: str, colour: str, marker: str, label: str) -> None:
    """Draw the points, and a stair through those that no other beats in both speed and quality."""
    axes.plot(points["speedup"], points[column], marker, color=colour, markersize=6, label=label)
    front = pareto_front(points, "speedup", column)
    axes.step(front["speedup"], front[column], where="pre", color=colour, linewidth=1)


def _interval(axes: Axes, point: pd.Series, column: str) -> None:
    """Draw a run's 95 % intervals of speed and quality as a cross."""
    if point["speedup_ci95"]:
        axes.plot(point["speedup_ci95"], [point[column]] * 2, color=BLUE, linewidth=1, alpha=0.6)
    if point[f"{column}_ci95"]:
        axes.plot([point["speedup"]] * 2, point[f"{column}_ci95"], color=BLUE, linewidth=1, alpha=0.6)
