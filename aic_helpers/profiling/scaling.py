"""How time and memory of a frozen model grow with the resolution and with the batch."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aic_helpers.core import machine
from aic_helpers.core.errors import InputError, require_file
from aic_helpers.core.limits import HD_HEIGHT_PX, HD_WIDTH_PX, MAX_RAM_MIB
from aic_helpers.core.progress_types import Progress
from aic_helpers.profiling.profiler import input_image
from aic_helpers.runtimes.model_workers import ModelFailure, ModelWorker

if TYPE_CHECKING:
    from pandas import DataFrame

HEIGHTS_PX = (180, 360, 540, 720, 1080, 1440)
"""At 16:9: from a thumbnail to four times HD."""

BATCHES = (1, 2, 4)
BATCH_HEIGHT_PX = 360
WARM_UPS = 2


@dataclass(frozen=True)
class Growth:
    """How cost grows.

    Attributes
    ----------
    table : DataFrame
        One row a point, each in a process of its own and measured once: ``varied`` (``resolution`` or ``batch``),
        ``width_px``, ``height_px``, ``batch``, ``megapixels`` (of the whole batch), ``time_ms`` (median),
        ``peak_rss_mib``, ``model_rss_mib`` (without the runtime's share), and ``failed`` (None, or why there are
        no figures).
    exponents : dict
        By ``varied``: ``time`` and ``memory``, each the power of the megapixels that it grows with, fitted to the
        logarithms, or None with less than three points. 1 is proportional.
    """

    table: DataFrame
    exponents: dict[str, dict[str, float | None]]


def growth(
    model: str | Path,
    *,
    profile: Mapping[str, Any] | None = None,
    heights_px: Sequence[int] = HEIGHTS_PX,
    batches: Sequence[int] = BATCHES,
    image: str | Path | None = None,
    threads: int | None = None,
    repetitions: int = 3,
    run_timeout_s: float = 120.0,
    max_rss_mib: float | None = MAX_RAM_MIB,
    progress: Progress | None = None,
) -> Growth:
    """Measure time and memory over a range of sizes, and over a range of batches at 640x360.

    Parameters
    ----------
    model : path
        A `.pb` file. One with a fixed batch of 1 processes the images of a batch one by one.
    profile : dict, optional
        The result of `aic_helpers.profile` for this model: what it measured here, on as many threads, isn't measured
        again.
    heights_px, batches : sequence of int
        Widths follow at 16:9.
    image : path, optional
        A photo, resized; noise where none is given.
    threads : int, optional
        By default the cores that this process may use.
    repetitions : int
        Timed runs a point, after two to warm up.
    run_timeout_s, max_rss_mib
        A point that takes more is a row that says so; the larger ones after it are left out.
    progress : callable, optional
        Called with (points done, of how many, what is being done).
    """
    model = require_file(Path(model), "a frozen model")
    if repetitions < 1 or not heights_px or min(*heights_px, *batches, 16) < 1:
        raise InputError(
            "heights, batches and repetitions above 0", f"{heights_px}, {batches}, {repetitions}", "give more"
        )
    threads = machine.usable_cores() if threads is None else threads
    points = [("resolution", height_px, 1) for height_px in sorted(heights_px)]
    points += [("batch", BATCH_HEIGHT_PX, batch) for batch in sorted(batches)]
    figures = _of_profile(profile, threads) if profile else {}
    rows: list[dict[str, Any]] = []
    for done, (varied, height_px, batch) in enumerate(points):
        if rows and rows[-1]["varied"] == varied and rows[-1]["failed"]:
            continue
        width_px = round(height_px * HD_WIDTH_PX / HD_HEIGHT_PX)
        if progress:
            progress(done, len(points), f"{batch} x {width_px}x{height_px}")
        point = (width_px, height_px, batch)
        if point not in figures:
            pixels = np.repeat(input_image(Path(image) if image else None, width_px, height_px)[None], batch, axis=0)
            figures[point] = _point(model, pixels, threads, repetitions, run_timeout_s, max_rss_mib)
        row = {"varied": varied, "width_px": width_px, "height_px": height_px, "batch": batch}
        row["megapixels"] = width_px * height_px * batch / 1e6
        rows.append(row | figures[point])
    return Growth(_frame(rows), {varied: _exponents(rows, varied) for varied in ("resolution", "batch")})


def _of_profile(profile: Mapping[str, Any], threads: int) -> dict[tuple[int, int, int], dict[str, Any]]:
    """Return what a profile measured by width, height and batch; nothing where that was on something else."""
    wanted = {"threads": threads, "device": "cpu", "machine": machine.identity(), "failed": None}
    wanted["environment_variables"] = machine.timing_settings(threads, "cpu")
    if any(profile.get(name) != value for name, value in wanted.items()):
        return {}
    figures = {name: profile[name] for name in ("time_ms", "peak_rss_mib", "model_rss_mib", "failed")}
    return {(profile["width_px"], profile["height_px"], profile["batch"]): figures}


def _point(
    model: Path, pixels: np.ndarray, threads: int, repetitions: int, run_timeout_s: float, max_rss_mib: float | None
) -> dict[str, Any]:
    with ModelWorker(model, threads=threads, max_rss_mib=max_rss_mib, run_timeout_s=run_timeout_s) as worker:
        try:
            runtime_mib = worker.load().rss_mib
            worker.give(pixels)
            peak_mib, _ = worker.peak_rss_mib(worker.run())
            runs = [worker.run() for _ in range(WARM_UPS - 1 + repetitions)]
        except ModelFailure as failure:
            return dict.fromkeys(("time_ms", "peak_rss_mib", "model_rss_mib")) | {"failed": str(failure)}
    time_ms = statistics.median(run.time_ms for run in runs[-repetitions:])
    memory = {"peak_rss_mib": peak_mib, "model_rss_mib": peak_mib - runtime_mib}
    return {"time_ms": time_ms, **memory, "failed": None}


def _exponents(rows: list[dict[str, Any]], varied: str) -> dict[str, float | None]:
    measured = [row for row in rows if row["varied"] == varied and not row["failed"]]
    return {
        "time": fit_exponent([(row["megapixels"], row["time_ms"]) for row in measured]),
        "memory": fit_exponent([(row["megapixels"], row["model_rss_mib"]) for row in measured]),
    }


def fit_exponent(points: Sequence[tuple[float, float]]) -> float | None:
    """Return b of y = a x^b by least squares over the logarithms; None with less than three points above 0."""
    positive = [(x, y) for x, y in points if x > 0 and y > 0]
    if len(positive) < 3:
        return None
    x, y = np.log(np.asarray(positive)).T
    return float(np.polyfit(x, y, 1)[0])


def _frame(rows: list[dict[str, Any]]) -> DataFrame:
    import pandas as pd

    return pd.DataFrame(rows)
