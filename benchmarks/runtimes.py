"""One network in TensorFlow, LiteRT and ONNX Runtime, in turn on the same photo, beside what the machine can do.

    python benchmarks/runtimes.py [ROUNDS]

Files are made in runs/runtimes where they aren't there. A few minutes with 20 rounds, the default; leave the machine
alone meanwhile. The table goes to benchmarks/results/runtimes.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from side_by_side import ratio, spread, table, time_in_turn, write

from aic_helpers.core import machine
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data.images import read_rgb
from aic_helpers.graphs.static_cost import static_cost
from aic_helpers.models import conversion
from aic_helpers.models.trials import batch_of
from aic_helpers.onnx_export import exporting as onnx_exporting
from aic_helpers.quantization import exporting
from aic_helpers.runtimes import frozen_models
from aic_helpers.runtimes.formats import FORMATS, format_of
from aic_helpers.runtimes.model_workers import ModelWorker
from aic_helpers.tracks.catalogue import TRACKS

TRACK = TRACKS["super_resolution"]
NETWORKS = ("sample_sr_srcnn", "fast_sr")
PACKAGES = ("tensorflow", "ai-edge-litert", "onnxruntime", "tf2onnx", "numpy")
HEAD = ("network", "runtime", "ms (5 to 95 %)", "times as fast as TensorFlow (95 %)", "GFLOP/s", "of the product's")


def main(rounds: int) -> None:
    """Time each network in the runtimes in turn and write the table."""
    folder = PROJECT / "runs" / "runtimes"
    with ModelWorker(_frozen(NETWORKS[0], folder), threads=machine.usable_cores()) as worker:
        limits = worker.roofline(machine.usable_cores())
    rows = [row for name in NETWORKS for row in _rows(name, folder, rounds, limits["gflop_per_s"])]
    width_px, height_px = TRACK.measured.size
    words = (
        f"A photo of {width_px}x{height_px}, {machine.usable_cores()} threads, {rounds} rounds in turn, each runtime "
        f"in a process of its own. The machine's own limits in the same minutes: {limits['gflop_per_s']:.0f} GFLOP/s "
        f"(TensorFlow's product of two large matrices) and {limits['gb_per_s']:.1f} GB/s (a copy in memory). A "
        "multiplication and its addition are two operations."
    )
    write("runtimes", "One network in three runtimes", [words, table(HEAD, rows)], PACKAGES)


def _rows(name: str, folder: Path, rounds: int, limit_gflop_s: float) -> list[list[str]]:
    frozen = _frozen(name, folder)
    width_px, height_px = TRACK.measured.size
    gmacs = static_cost(frozen_models.read_graph(frozen), width_px=width_px, height_px=height_px)["gmacs"]
    times_ms = _times_ms(_files(frozen, folder), rounds)
    first = times_ms[FORMATS[0].words]
    rows = []
    for words, found in times_ms.items():
        gflop_s = 2 * gmacs / (sorted(found)[len(found) // 2] / 1000)
        beside = "1" if found is first else str(ratio(first, found))
        rows.append([name, words, spread(found), beside, f"{gflop_s:.0f}", f"{100 * gflop_s / limit_gflop_s:.0f} %"])
    return rows


def _times_ms(files: list[Path], rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds of the network alone in each runtime, as its own process takes them."""
    photo = batch_of(read_rgb(conversion.photo()), TRACK.measured.size)
    own: dict[str, list[float]] = {}
    with ExitStack() as stack:
        runs: dict[str, Callable[[], Any]] = {}
        for file in files:
            worker = stack.enter_context(ModelWorker(file, threads=machine.usable_cores()))
            worker.load()
            worker.give(photo)
            words = format_of(file).words
            own[words] = []
            runs[words] = partial(_run, worker, own[words])
        time_in_turn(runs, rounds)
    return {words: found[1:] for words, found in own.items()}  # the first is untimed


def _run(worker: ModelWorker, times_ms: list[float]) -> None:
    times_ms.append(worker.run().time_ms)


def _frozen(name: str, folder: Path) -> Path:
    frozen = folder / name / f"{name}.pb"
    if not frozen.is_file():
        conversion.convert(name, frozen, enlarges=TRACK.enlarges)
    return frozen


def _files(frozen: Path, folder: Path) -> list[Path]:
    """Return a network's files of the three runtimes."""
    onnx = frozen.with_suffix(".onnx")
    if not onnx.is_file():
        onnx_exporting.export(frozen, onnx)
    (litert,) = exporting.export(frozen, TRACK, frozen.parent / "litert", ["float32"], name=frozen.stem).exported
    assert litert.fixed is not None
    return [frozen, litert.fixed, onnx]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
