"""What a model is worth in each precision: its quality beside float32, image by image, its times in turn, its memory.

Quality is that of the files of any size, times are those of the files of one size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core import machine
from aic_helpers.core.errors import InputError
from aic_helpers.core.progress_types import Progress
from aic_helpers.core.statistics import mean_ci95, median_ci95
from aic_helpers.data.datasets import Dataset, read_pair
from aic_helpers.evaluation.isolated import Evaluator
from aic_helpers.evaluation.per_image import chosen, summarise
from aic_helpers.litert.integer_verdict import verdict
from aic_helpers.litert.structures import read
from aic_helpers.profiling.network_pairs import Conditions
from aic_helpers.profiling.profiler import WARM_UPS, input_image
from aic_helpers.profiling.timing import Limits, PairedTiming, frame, time_in_turn
from aic_helpers.quantization.exporting import Export
from aic_helpers.quantization.precisions import FLOAT32 as FLOAT32_PRECISION
from aic_helpers.quantization.precisions import INT8
from aic_helpers.runtimes import litert_targets
from aic_helpers.runtimes.model_workers import ModelFailure, ModelWorker

if TYPE_CHECKING:
    import pandas as pd

FLOAT32 = FLOAT32_PRECISION.name

TENSORFLOW = "tensorflow"
"""What the frozen model that all precisions were made from is called among them."""

MAX_RUN_S = 10.0
"""For one image in another precision than float32. 16-bit convolutions have no fast kernels on a PC: SRCNN takes half a
minute in int16x8, 0.3 s in float32."""

MAX_QUALITY_S = 300.0
"""For all validation images in a precision that wasn't timed, by the time of the first: these may be far smaller than
what is timed."""

Figures = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """What was measured.

    Attributes
    ----------
    result : dict
        ``by_precision``, what `measure` says of each; and what they share: ``width_px``, ``height_px``, ``threads``,
        ``machine``, ``repetitions``, ``stop_reason`` and ``tensorflow_time_ms``.
    images : DataFrame
        The rows of `aic_helpers.evaluation.per_image.evaluate`, with the ``precision`` first.
    samples : DataFrame
        One row a timed run, in the order in which they ran: ``pair``, ``role``, ``start_s``, ``time_ms``.
    """

    result: dict[str, Any]
    images: pd.DataFrame
    samples: pd.DataFrame


def measure(
    frozen: Path,
    export: Export,
    dataset: Dataset,
    conditions: Conditions,
    limits: Limits | None = None,
    *,
    limit: int | None = None,
    photo: Path | None = None,
    progress: Progress | None = None,
) -> Measured:
    """Measure a model in its precisions.

    Parameters
    ----------
    frozen : Path
        The `.pb` file that they were made from.
    export : Export
        Its `.tflite` files, ``float32`` among them.
    dataset : Dataset
        Its validation images judge the quality, by its track's protocol.
    conditions : Conditions
        Of the times and the memory; the fixed files are of their size.
    limits : Limits, optional
        When the timed runs stop.
    limit : int, optional
        Only the first so many validation images.
    photo : Path, optional
        What is timed; see `aic_helpers.profiling.profiler.profile`.
    progress : callable, optional

    Returns
    -------
    Measured
        Of each precision: the means of the track's metrics with their intervals; ``loss``, by metric what it has more
        than float32 (below 0 where quantising costs quality) as ``value`` and ``ci95``, image by image; ``bytes`` of
        the fixed file, ``time_ms`` and its 5 and 95 % of the runs, ``over_float32`` and ``over_tensorflow``, how many
        times as fast, as ``value`` and ``ci95``; ``peak_rss_mib``; ``verdict``, what the file computes in;
        ``reason``, why there is no file; and ``failed``, which figures are missing, and why. A precision that isn't
        timed, because one image takes longer than `MAX_RUN_S`, is judged all the same where that takes no longer
        than `MAX_QUALITY_S`.

    Raises
    ------
    InputError
        There is no float32 to hold the others against.
    """
    tell = progress or (lambda done, total, text: None)
    made = {one.precision: one for one in export.exported}
    free = {name: one.free for name, one in made.items() if one.free}
    fixed = {name: one.fixed for name, one in made.items() if one.fixed}
    if FLOAT32 not in fixed:
        raise InputError("a float32 file to hold others against", made[FLOAT32].reason or "none", "mend the network")
    networks = {FLOAT32: fixed[FLOAT32], TENSORFLOW: frozen, **fixed}
    timed, memory, failed = _timed(networks, conditions, limits, photo, tell)
    unjudged = _unjudged({name: free[name] for name in failed if name in free}, dataset, limit, conditions, tell)
    free = {name: path for name, path in free.items() if name not in unjudged}
    images = assessed(free, dataset, limit, tell) if FLOAT32 in free else None
    result = {}
    for name, one in made.items():
        quality = _quality(images, name, dataset) if images is not None and name in free else {}
        result[name] = {"reason": one.reason or "", **quality}
        if path := fixed.get(name):
            sizes = {"bytes": path.stat().st_size, "peak_rss_mib": memory.get(name)}
            result[name] |= {**sizes, **_times(timed, name), "verdict": _verdict(path, name, conditions)}
            result[name]["failed"] = _lacking(failed.get(name), quality.get("failed") or unjudged.get(name))
    shared: Figures = {"width_px": conditions.width_px, "height_px": conditions.height_px}
    shared |= {"threads": conditions.threads, "machine": machine.identity(), **_around(timed)}
    shared |= {"tensorflow_time_ms": _median_ms(timed, TENSORFLOW), "export": export.report}
    return Measured({"by_precision": result, **shared}, _table(images), frame(timed.samples))


def _lacking(time: str | None, quality: str | None) -> str | None:
    """Return why figures are missing, by what is missing; None where none is."""
    told = [f"no {what}: {why}" for what, why in (("time and memory", time), ("quality", quality)) if why]
    return "; ".join(told) or None


def _verdict(path: Path, precision: str, conditions: Conditions) -> Figures:
    """Return what a file computes in, in what it isn't what it is called, and which operators each target takes."""
    found = verdict(read(path))
    targets = litert_targets.ask(path, width_px=conditions.width_px, height_px=conditions.height_px)
    told = [target.in_words for target in targets]
    problems = found.objections(precision, "uint8" if precision == INT8.name else None)
    return {"computes": found.in_words, "problems": problems, "targets": told}


def _table(images: pd.DataFrame | None) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame() if images is None else images


def assessed(free: Mapping[str, Path], dataset: Dataset, limit: int | None, tell: Progress) -> pd.DataFrame:
    """Return the figures of each validation image in each precision."""
    import pandas as pd

    tables = []
    for precision, path in free.items():
        with Evaluator(dataset, limit=limit) as evaluator:
            table = evaluator.assess(path, progress=partial(_of, precision, tell))
        table.insert(0, "precision", precision)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _unjudged(
    free: Mapping[str, Path], dataset: Dataset, limit: int | None, conditions: Conditions, tell: Progress
) -> dict[str, str]:
    """Return why these precisions, which weren't timed, can't be judged on all images either, by their first."""
    found: dict[str, str] = {}
    for name, path in free.items():
        tell(0, None, f"trying {name} on a validation image")
        try:
            taken_s = _first_image_s(path, dataset, conditions)
        except ModelFailure as failure:
            found[name] = f"the first validation image: {failure}"
            continue
        count = len(chosen(dataset, limit))
        if taken_s * count > MAX_QUALITY_S:
            found[name] = f"{count} images would take about {taken_s * count:.0f} s, more than {MAX_QUALITY_S:.0f}"
    return found


def _first_image_s(path: Path, dataset: Dataset, conditions: Conditions) -> float:
    """Return what a file takes for the first validation image, in s."""
    with _worker(path, conditions, MAX_RUN_S) as worker:
        worker.load()
        worker.give(read_pair(dataset, dataset.pairs[0]).input[None])
        return worker.run().time_ms / 1e3


def _of(precision: str, tell: Progress, done: int, total: int | None, what: str) -> None:
    tell(done, total, f"{precision}: {what}")


def _quality(images: pd.DataFrame, precision: str, dataset: Dataset) -> Figures:
    """Return the means of one precision, and what it has more than float32 on the same images."""
    own, float32 = (images[images["precision"] == name].set_index("image") for name in (precision, FLOAT32))
    summary = summarise(own.reset_index(), dataset.track.protocol)
    columns = dataset.track.protocol.columns
    figures = {name: summary[name] for column in columns for name in (column, f"{column}_ci95")}
    losses = {column: difference(own[column] - float32[column]) for column in columns}
    return {**figures, "images": len(own), "loss": losses, "failed": summary.get("failed")}


def difference(values: pd.Series) -> Figures | None:
    return {"value": float(values.mean()), "ci95": mean_ci95(values)} if np.isfinite(values).all() else None


def _timed(
    networks: Mapping[str, Path], conditions: Conditions, limits: Limits | None, photo: Path | None, tell: Progress
) -> tuple[PairedTiming, dict[str, float], dict[str, str]]:
    """Return the times of networks in turn, what memory each took for one image, and why some have neither."""
    pixels = input_image(photo, conditions.width_px, conditions.height_px)[None]
    memory: dict[str, float] = {}
    failed: dict[str, str] = {}
    with ExitStack() as stack:
        running = {}
        for name, path in networks.items():
            tell(0, None, f"measuring the memory of {name}")
            longest_s = conditions.run_timeout_s if name in (FLOAT32, TENSORFLOW) else MAX_RUN_S
            worker = stack.enter_context(_worker(path, conditions, longest_s))
            try:
                memory[name] = _first_run(worker, pixels)
                running[name] = worker
            except ModelFailure as failure:
                failed[name] = f"an image of {conditions.width_px}x{conditions.height_px}: {failure}"
        return _in_turn(running, failed, limits or Limits(), tell), memory, failed


def _worker(path: Path, conditions: Conditions, run_timeout_s: float) -> ModelWorker:
    return ModelWorker(
        path,
        threads=conditions.threads,
        max_rss_mib=conditions.max_rss_mib,
        run_timeout_s=run_timeout_s,
        enlarges=conditions.enlarges,
    )


def _first_run(worker: ModelWorker, pixels: NDArray[np.float32]) -> float:
    """Return the peak of a fresh process that runs one image, in MiB."""
    worker.load()
    worker.give(pixels)
    peak_mib = worker.peak_rss_mib(worker.run())[0]
    worker.checked_output()
    return peak_mib


def _in_turn(
    running: Mapping[str, ModelWorker], failed: dict[str, str], limits: Limits, tell: Progress
) -> PairedTiming:
    """Return the times of networks in turn; where one fails, `failed` says why, and the others are timed anew."""
    runs = {name: partial(_run_ms, name, worker, failed) for name, worker in running.items() if name not in failed}
    if len(runs) < 2:
        return PairedTiming([], "repetitions")
    try:
        for run in runs.values():
            for _ in range(WARM_UPS - 1):
                run()
        words = f"timing {len(runs)} networks in turn"
        return time_in_turn(runs, limits, progress=lambda done: tell(done, limits.max_repetitions, words))
    except ModelFailure:
        return _in_turn(running, failed, limits, tell)


def _run_ms(name: str, worker: ModelWorker, failed: dict[str, str]) -> float:
    try:
        return worker.run().time_ms
    except ModelFailure as failure:
        failed[name] = str(failure)
        raise


def _times(timed: PairedTiming, name: str) -> Figures:
    """Return the times of one precision, and how many times as fast it is as float32 and as TensorFlow."""
    times_ms = timed.times_ms(name)
    if not times_ms:
        return {}
    low, median, high = (float(value) for value in np.percentile(times_ms, [5, 50, 95]))
    beside = {"over_float32": FLOAT32, "over_tensorflow": TENSORFLOW}
    ratios = {key: _ratio(timed.ratios(name, other)) for key, other in beside.items() if timed.times_ms(other)}
    return {"time_ms": median, "time_ms_p5": low, "time_ms_p95": high, **ratios}


def _ratio(ratios: Sequence[float]) -> Figures:
    return {"value": float(np.median(ratios)), "ci95": median_ci95([*ratios])}


def _median_ms(timed: PairedTiming, name: str) -> float | None:
    times_ms = timed.times_ms(name)
    return float(np.median(times_ms)) if times_ms else None


def _around(timed: PairedTiming) -> Figures:
    return {"repetitions": len({sample.pair for sample in timed.samples}), "stop_reason": timed.stop_reason}
