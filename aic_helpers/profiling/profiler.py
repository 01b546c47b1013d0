"""Time and memory of a frozen model, in child processes, in turn with the baseline.

Each of the two networks has a fresh process. Its first image gives the memory: until then that process has done
nothing but load the network. Warm-up runs follow, and then timed runs in turn with the other.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core import machine
from aic_helpers.core.errors import require_file
from aic_helpers.core.progress_types import Progress
from aic_helpers.core.statistics import median_ci95
from aic_helpers.data import images
from aic_helpers.graphs.tensorflow_runtime import WHOLE
from aic_helpers.profiling import timing
from aic_helpers.profiling.network_pairs import Conditions, Network, started
from aic_helpers.runtimes.model_workers import ModelFailure

if TYPE_CHECKING:
    from pandas import DataFrame

WARM_UPS = 2
"""Runs before the timed ones, the first image included: TensorFlow optimises the graph, and its pools grow.

In CPU time the first run of SRCNN took 0.84 s, the second 0.67 s, all others 0.63 to 0.65 s; those of resnet_12_64
6.5 s, 4.3 s, and 4.3 s.
"""

TIMES = ("time_ms", "time_ms_p5", "time_ms_p95", "baseline_time_ms", "baseline_time_ms_p5", "baseline_time_ms_p95")
RATIO = ("speedup", "speedup_ci95", "repetitions", "stop_reason", "warm_up_s", "timed_s", "load", "roofline")
MEMORY = (
    "runtime",
    "runtime_version",
    "provider",
    "peak_rss_mib",
    "runtime_rss_mib",
    "runtime_file_mib",
    "model_rss_mib",
    "memory_method",
    "baseline_peak_rss_mib",
    "gpu_peak_mib",
)
FIGURES = (*TIMES, *RATIO, *MEMORY, "failed", "failure")
"""Keys of the result that are None until they are measured."""


@dataclass(frozen=True)
class Profile:
    """What was measured.

    Attributes
    ----------
    result : dict
        The ``profile`` part of `result.json`.
    samples : DataFrame
        One row a timed run, in the order in which they ran: ``pair``, ``role``, ``start_s``, ``time_ms``.
    """

    result: dict[str, Any]
    samples: DataFrame


def profile(
    model: str | Path,
    baseline: str | Path,
    conditions: Conditions | None = None,
    limits: timing.Limits | None = None,
    *,
    image: str | Path | None = None,
    progress: Progress | None = None,
) -> Profile:
    """Measure time and memory of a frozen model beside its track's baseline.

    Parameters
    ----------
    model, baseline : path
        Two `.pb` files; they may be the same.
    conditions : Conditions, optional
        Size, threads, device and caps; by default those of PIRM 2018, on all cores.
    limits : Limits, optional
        When the timed runs stop: see `aic_helpers.profiling.timing.Limits`.
    image : path, optional
        A photo, resized to the size of the conditions if it has another; noise with a fixed seed where none is given.
    progress : callable, optional
        Called with (repetitions done, their limit or None, what is being done).

    Returns
    -------
    Profile
        Its result holds what could be measured. Where the model raised, died, hung, wanted more memory than
        the cap, or gave an output of another size, of strings or with values that aren't finite, the figures are None,
        ``failed`` says why in one line, and ``failure`` holds ``kind``, ``mechanism`` and ``mib``.

    Raises
    ------
    InputError
        Files that aren't frozen models, an argument out of range, no such device, or a baseline that doesn't run.
    """
    started_s = time.monotonic()
    conditions, limits = conditions or Conditions(), limits or timing.Limits()
    model, baseline = require_file(Path(model), "a frozen model"), require_file(Path(baseline), "a baseline")
    pixels = input_image(Path(image) if image else None, conditions.width_px, conditions.height_px)
    with started(baseline, model, conditions) as pair:
        result, samples = _measure(*pair, pixels[None], limits, progress or (lambda done, total, text: None))
    return Profile(_settings(conditions) | result | {"seconds": time.monotonic() - started_s}, timing.frame(samples))


def input_image(path: Path | None, width_px: int, height_px: int) -> NDArray[np.float32]:
    """Return the photo of a path in the size wanted, or noise with a fixed seed; float32, (height, width, 3)."""
    if path is None:
        return np.random.default_rng(2018).random((height_px, width_px, 3), dtype=np.float32)
    return images.as_float(images.read_in_size(path, width_px, height_px))


def _settings(conditions: Conditions) -> dict[str, Any]:
    return {
        "width_px": conditions.width_px,
        "height_px": conditions.height_px,
        "batch": 1,
        "threads": conditions.threads,
        "inter_op_threads": conditions.threads,
        "device": conditions.device,
        "machine": machine.identity(),
        "warm_up_runs": WARM_UPS,
        "max_rss_mib": conditions.max_rss_mib,
        "run_timeout_s": conditions.run_timeout_s,
        "environment_variables": machine.timing_settings(conditions.threads, conditions.device),
    }


def _measure(
    baseline: Network, model: Network, pixels: NDArray[np.float32], limits: timing.Limits, progress: Progress
) -> tuple[dict[str, Any], list[timing.Sample]]:
    """Return the result, and the samples (none where the model failed)."""
    result: dict[str, Any] = dict.fromkeys(FIGURES)
    samples: list[timing.Sample] = []
    progress(0, None, "loading baseline and model")
    before = _OtherLoad(baseline, model)
    baseline.loaded(pixels)
    try:
        result |= _memory(model, pixels, progress)
        model.check_output()
        result["baseline_peak_rss_mib"] = baseline.worker.peak_rss_mib(baseline.run())[0]
        timed, around = _time(baseline, model, before, limits, progress)
        samples = timed.samples
        result |= around | _times(timed) | {"roofline": baseline.roofline()}
    except ModelFailure as failed:
        failure = {"kind": failed.kind, "mechanism": failed.mechanism, "mib": failed.mib}
        result |= {"failed": str(failed), "failure": failure}
    result |= _cost(baseline, model, result["time_ms"])
    return result | {"notes": _notes(result)}, samples


def _memory(model: Network, pixels: NDArray[np.float32], progress: Progress) -> dict[str, Any]:
    """Load the model, process one image, and return the peak, split into the runtime's share and the model's."""
    loaded = model.loaded(pixels)
    progress(0, None, "measuring the memory of one image")
    first = model.run()
    peak_mib, method = model.worker.peak_rss_mib(first)
    return {
        "runtime": loaded.runtime,
        "runtime_version": loaded.runtime_version,
        "provider": loaded.provider,
        "peak_rss_mib": peak_mib,
        "runtime_rss_mib": loaded.rss_mib,
        "runtime_file_mib": loaded.file_mib,
        "model_rss_mib": peak_mib - loaded.rss_mib,
        "memory_method": method,
        "gpu_peak_mib": first.gpu_peak_mib,
    }


class _OtherLoad(machine.OtherLoad):
    """What all but this process and the two networks' does, from here on; and the system's own average until here."""

    def __init__(self, baseline: Network, model: Network) -> None:
        self.average_1_min = machine.load_average()
        super().__init__([baseline.worker.pid, model.worker.pid])


def _time(
    baseline: Network, model: Network, before: _OtherLoad, limits: timing.Limits, progress: Progress
) -> tuple[timing.PairedTiming, dict[str, Any]]:
    """Return the timed runs, and what goes on around them: the warm-up, the other load."""
    progress(0, None, "warming up")
    started_s = time.monotonic()
    for _ in range(WARM_UPS - 1):
        baseline.run()
        model.run()
    warm_up_s = time.monotonic() - started_s
    cores_before, during = before.cores(), _OtherLoad(baseline, model)
    timed = timing.time_in_turn(
        {"baseline": baseline.time_ms, "model": model.time_ms},
        limits,
        progress=lambda done: progress(done, limits.max_repetitions, "timing in turn"),
    )
    timed_s = time.monotonic() - started_s - warm_up_s
    load = {
        "average_1_min": before.average_1_min,
        "other_cores_before": cores_before,
        "other_cores_during": during.cores(),
        "cores": machine.usable_cores(),
    }
    return timed, {"warm_up_s": warm_up_s, "timed_s": timed_s, "load": load}


def _times(timed: timing.PairedTiming) -> dict[str, Any]:
    ratios = timed.ratios()
    result: dict[str, Any] = {
        "speedup": float(np.median(ratios)),
        "speedup_ci95": median_ci95(ratios),
        "repetitions": len(ratios),
        "stop_reason": timed.stop_reason,
    }
    for name, role in (("time_ms", "model"), ("baseline_time_ms", "baseline")):
        low, median, high = np.percentile(timed.times_ms(role), [5, 50, 95])
        result |= {name: float(median), f"{name}_p5": float(low), f"{name}_p95": float(high)}
    return result


def _cost(baseline: Network, model: Network, time_ms: float | None) -> dict[str, Any]:
    """Return the static cost. The baseline's process works it out: the model's may be gone."""
    cost = baseline.cost_of(model.worker.path)
    gmacs = cost["gmacs"]
    gflops = 2 * gmacs / (time_ms / 1000) if gmacs is not None and time_ms else None
    return {**cost, "gflop_per_s": gflops}


def _notes(result: dict[str, Any]) -> list[str]:
    """Return what a reader of the figures must know, in sentences."""
    notes = machine.load_notes(result["load"]) if result["load"] else []
    repetitions = result["repetitions"]
    if repetitions is not None and repetitions < timing.MIN_PAIRS:
        notes.append(f"The time budget left only {repetitions} repetitions; the interval says little.")
    if result["not_counted"]:
        left = "gmacs leaves out" if result["gmacs"] is not None else "gmacs isn't known, without"
        notes.append(f"{left} what these operations do: {', '.join(result['not_counted'])}.")
    if result["gpu_peak_mib"] is None:
        if result["runtime"] == WHOLE:
            notes.append("The RAM holds all of TensorFlow: some 240 MiB more than that of models that ran without.")
        notes.append("Memory of a GPU was not measured: nothing ran on one.")
    return notes
