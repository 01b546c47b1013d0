"""Run folders -> the plots of their report; a plot that can't be drawn becomes a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from aic_helpers.reporting import text_tables
from aic_helpers.reporting.captioned_plots import Plot, drawn
from aic_helpers.runs import run_plots
from aic_helpers.runs.run_folders import RunFolder
from aic_helpers.tracks import published_results
from aic_helpers.tracks.definitions import Track


def of_run(run: RunFolder, number: int) -> list[Plot]:
    """Return the plots of one run, without its place among others; `number` tells its ids from other runs'."""
    return [_spread(run, number), _timing(run, number), _memory(run, number), _growth(run, number)]


def _absent(run: RunFolder, table: str, otherwise: str) -> str:
    """Return why there is nothing to draw of a table; empty where there is."""
    return run.problems.get(table) or (otherwise if run.tables[table].empty else "")


def _spread(run: RunFolder, number: int) -> Plot:
    title, images, columns = "Spread over the images", run.tables["images"], run.track.protocol.columns
    if missing := _absent(run, "images", "There are no figures of single images: aic evaluate makes them."):
        return Plot(title, missing=missing)

    def alt() -> str:
        low, high = images["psnr_db"].min(), images["psnr_db"].max()
        metrics = " and ".join(run.track.protocol.words)
        return f"{metrics} of {text_tables.counted(len(images), 'image')}; PSNR from {low:.2f} to {high:.2f} dB"

    caption = "Each dot is an image. The line is the mean, the grey band its 95 % interval."
    return drawn(title, caption, alt, lambda: run_plots.image_scores(images, columns, narrow=True), f"spread-{number}")


def _timing(run: RunFolder, number: int) -> Plot:
    title, samples = "Timing samples", run.tables["timing"]
    failed = run.result.profile and run.result.profile.failed
    otherwise = f"No timed runs: {failed}." if failed else "Time was not measured: aic profile does."
    if missing := _absent(run, "timing", otherwise):
        return Plot(title, missing=missing)

    def alt() -> str:
        medians = samples.groupby("role")["time_ms"].median()
        words = ", ".join(f"{role} {median:.1f} ms" for role, median in medians.items())
        return f"Time of {text_tables.counted(len(samples), 'run')}; medians: {words}"

    caption = "Each timed run; baseline and model ran in turn. Dashed: the medians. The axis does not start at 0."
    return drawn(title, caption, alt, lambda: run_plots.timing(samples, narrow=True), f"timing-{number}")


def _memory(run: RunFolder, number: int) -> Plot:
    title, profile = "Memory", run.result.profile
    if profile is None or profile.model_rss_mib is None:
        why = profile.failed if profile and profile.failed else "aic profile does"
        return Plot(title, missing=f"Memory was not measured: {why}.")

    def alt() -> str:
        return f"Peak memory {profile.peak_rss_mib:.0f} MiB beside the limit"

    size = f"{profile.width_px}x{profile.height_px}"
    caption = f"Peak resident memory of a process that runs one image of {size}, beside the rule's limit."
    return drawn(
        title,
        caption,
        alt,
        lambda: run_plots.memory(profile, run.track.rules.max_ram_mib, narrow=True),
        f"memory-{number}",
    )


def _growth(run: RunFolder, number: int) -> Plot:
    title, table = "Time and memory over resolution", run.tables["growth"]
    otherwise = "Growth was not measured: the notebook 03_profile does, with growth = True."
    if missing := _absent(run, "growth", otherwise):
        return Plot(title, missing=missing)

    def alt() -> str:
        low, high = table["megapixels"].min(), table["megapixels"].max()
        return f"Time and memory from {low:.2g} to {high:.2g} megapixels, on logarithmic axes"

    caption = (
        "Each point in a process of its own, on logarithmic axes: a cost proportional to the pixels climbs 1 for 1."
    )
    return drawn(title, caption, alt, lambda: run_plots.growth(table, narrow=True), f"growth-{number}")


def speed_and_quality(runs: Sequence[tuple[int, RunFolder]]) -> list[Plot]:
    """Return quality over speed: a plot for each track and set of images, since others don't compare.

    Parameters
    ----------
    runs : sequence of (int, RunFolder)
        Each with the number that it has in the report.
    """
    groups: dict[tuple[str, str, Any], list[dict[str, Any]]] = {}
    tracks, lacking = {}, []
    for number, run in runs:
        metrics, data = run.result.metrics, run.result.data
        version = f"{run.track.name} {run.track.content}"  # of a file that was changed there may be two
        key = (version, text_tables.data_words(data.name, data.note), metrics and metrics.images)
        point = _point(run, str(number) if len(runs) > 1 else "")
        tracks[version] = run.track
        if point:
            groups.setdefault(key, []).append(point)
        else:
            lacking.append((str(number), run.track))
    found = [
        _group(place, tracks[version], data, images, points)
        for place, ((version, data, images), points) in enumerate(groups.items())
    ]
    return found + ([_lack(lacking, many=len(runs) > 1)] if lacking else [])


def _lack(lacking: Sequence[tuple[str, Track]], *, many: bool) -> Plot:
    """Return what is said of the runs that have no place in a plot of quality over speed."""
    metrics = dict.fromkeys(word for _, track in lacking for word in track.protocol.words)
    why = f"it takes {', '.join(metrics)} and a speedup, all finite."
    if many:
        numbers = ", ".join(number for number, _ in lacking)
        return Plot("Not in a plot of speed against quality", missing=f"No. {numbers}: {why}")
    return Plot("Speed against quality", missing=f"This run has no place in a plot of speed against quality: {why}")


def _point(run: RunFolder, label: str) -> dict[str, Any] | None:
    metrics, profile = run.result.metrics, run.result.profile
    figures = {"speedup": profile} | dict.fromkeys(run.track.protocol.columns, metrics)
    point = {name: getattr(part, name, None) for name, part in figures.items()}
    if not all(value is not None and math.isfinite(value) for value in point.values()):
        return None
    intervals = {f"{name}_ci95": getattr(part, f"{name}_ci95") for name, part in figures.items()}
    return {"label": label, **point, **intervals}


def _group(place: int, track: Track, data: str, images: int | None, points: list[dict[str, Any]]) -> Plot:
    rows = published_results.RESULTS.get(track.name, ())
    results = pd.DataFrame(
        [
            {"speedup": published_results.BASELINE_MS / row.time_ms, "psnr_db": row.psnr_db, "ms_ssim": row.ms_ssim}
            for row in rows
        ]
    )
    reference = "No published results of this track are kept here."
    if rows:
        reference = (
            "Grey squares: the final results that PIRM 2018 published, on its hidden test images and another machine; "
            "they show what was reached, and don't compare with these figures point by point."
        )
    numbers = " The numbers are those of the table." if points[0]["label"] else ""
    caption = (
        f"On {text_tables.counted(images or 0, 'image')} of {data}. Up and to the right is better. The crosses are "
        f"95 % intervals; the stairs join what nothing beats in both (the Pareto front){_dotted(track)}.{numbers} "
        f"{reference}"
    )
    called = f"Track\N{NO-BREAK SPACE}{track.letter}" if track.letter else track.title
    return drawn(
        f"Speed against quality, {called}",
        caption,
        lambda: "; ".join(f"speedup {one['speedup']:.2f} at {one['psnr_db']:.2f} dB" for one in points),
        lambda: run_plots.speed_and_quality(pd.DataFrame(points), results, track),
        f"front-{place}",
    )


def _dotted(track: Track) -> str:
    return f"; dotted: from {track.speedup_cap:g} times on, more speed scores no more" if track.speedup_cap else ""
