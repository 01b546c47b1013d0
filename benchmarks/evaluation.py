"""Evaluation beside what it can't do without, inference; the whole command beside the original's; and its memory.

    AIC_CHALLENGE_DATA=../shared/challenge .venv-bench/bin/python benchmarks/evaluation.py [ROUNDS]

On the challenge's 400 pairs of 100x100 with its SRCNN. Leave the machine alone meanwhile: about ten minutes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import side_by_side
from PIL import Image

from aic_helpers.core import quiet_tensorflow
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data.datasets import open_dataset, read_pair
from aic_helpers.evaluation.per_image import evaluate
from aic_helpers.models import conversion
from aic_helpers.processes.process_limits import ProcessTree
from aic_helpers.runtimes import frozen_models
from aic_helpers.tracks.catalogue import TRACKS

BATCHES = (1, 8, 16, 26, 50, 100)
ROUNDS, WHOLE_ROUNDS = 5, 3
COUNTS = (5, 100)


FLOOR = """
import sys
import numpy as np
from aic_helpers.core import quiet_tensorflow
from aic_helpers.runtimes import frozen_models
quiet_tensorflow.make_light()
model = frozen_models.load(sys.argv[1])
for batch in np.array_split(np.load(sys.argv[2]), int(sys.argv[3])):
    model(batch)
"""
"""A process that does nothing but import what it needs of TensorFlow and run a frozen model."""


def main(rounds: int) -> None:
    if "AIC_CHALLENGE_DATA" not in os.environ:
        sys.exit("expected AIC_CHALLENGE_DATA, found none: set it to the challenge's data")
    challenge = Path(os.environ["AIC_CHALLENGE_DATA"])
    dataset = open_dataset("challenge", TRACKS["enhancement"])
    with tempfile.TemporaryDirectory() as folder:
        model_pb = Path(folder) / "model.pb"
        conversion.convert("dped_srcnn", model_pb)
        inputs = Path(folder) / "inputs.npy"
        np.save(inputs, np.stack([read_pair(dataset, pair).input for pair in dataset.pairs]))
        floor = [sys.executable, "-c", FLOOR, model_pb, inputs, "16"]
        parts = [speed(model_pb, inputs, dataset, rounds), whole(challenge, Path(folder), floor), memory(Path(folder))]
    side_by_side.write("evaluation", "Evaluation", parts, ("tensorflow", "numpy", "numba", "pillow"))


def speed(model_pb: Path, inputs: Path, dataset: object, rounds: int) -> str:
    """Compare evaluation with pure inference, both in this process."""
    quiet_tensorflow.import_tensorflow()
    model = frozen_models.load(model_pb)
    pairs = np.load(inputs)

    def infer(batch: int) -> Callable[[], object]:
        return lambda: [model(pairs[start : start + batch]) for start in range(0, len(pairs), batch)]

    tried = side_by_side.time_in_turn({str(batch): infer(batch) for batch in BATCHES}, 2)
    best = min(tried, key=lambda batch: np.median(tried[batch]))
    runs = {"inference": infer(int(best)), "evaluation": lambda: evaluate(model, dataset)}
    times = side_by_side.time_in_turn(runs, rounds)
    ratio = side_by_side.ratio(times["evaluation"], times["inference"])
    rows = [[name, side_by_side.spread(times[name])] for name in runs]
    verdict = "passed" if ratio.value <= 1.15 else "missed"
    words = f"Evaluation over inference at its best batch size ({best}): {ratio}; goal at most 1.15: {verdict}."
    return f"{side_by_side.table(['400 pairs of 100x100', 'ms, median (5 to 95 %)'], rows)}\n\n{words}"


def whole(challenge: Path, folder: Path, floor: list[object]) -> str:
    """Compare whole processes: `aic evaluate` of a checkpoint with the original's conversion and PSNR/SSIM step.

    Cold it converts the checkpoint as the original does, warm it takes the model from the cache. Beside them stands
    what no process can do without that runs the network in TensorFlow.
    """
    pairs = [str(challenge / "dped" / "patches" / name) for name in ("iphone", "canon")]
    original = [Path(__file__).with_name("original_evaluation.py"), challenge / "models_pretrained" / "dped_srcnn"]
    ours = [Path(sys.executable).with_name("aic"), "evaluate", "--track", "enhancement", "--model", "dped_srcnn"]
    ours += ["--data", "challenge", "--out", folder / "run"]
    environment = {**os.environ, "AIC_CACHE": str(folder / "cache")}
    quiet_run = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True, "env": environment}

    def evaluated(*forgotten: str) -> None:
        for name in ("run", *forgotten):
            shutil.rmtree(folder / name, ignore_errors=True)
        subprocess.run(ours, **quiet_run)

    runs = {
        "the original's steps": lambda: subprocess.run([sys.executable, *original, *pairs], **quiet_run),
        "aic evaluate, cold": lambda: evaluated("cache"),
        "aic evaluate, warm": evaluated,
        "import what it takes of TensorFlow, and infer": lambda: subprocess.run(floor, **quiet_run),
    }
    times = side_by_side.time_in_turn(runs, WHOLE_ROUNDS)
    theirs, *ours_ms = times.values()
    cold, warm, bound = (side_by_side.ratio(theirs, mine) for mine in ours_ms)
    rows = [[name, side_by_side.spread(times[name])] for name in runs]
    words = (
        f"The original's time over ours: cold {cold}, goal {cold.against(1.5)}; warm {warm}, goal {warm.against(2.0)}. "
    )
    words += f"Over the last row alone: {bound}."
    return f"{side_by_side.table(['whole process', 'ms, median (5 to 95 %)'], rows)}\n\n{words}"


def memory(folder: Path) -> str:
    """Compare the peak of all processes of an evaluation of a hundred 2K photos with that of five."""
    peaks = {count: peak_mib(folder / str(count), count) for count in COUNTS}
    rows = [[f"{count} photos of 2040x1356", f"{peak:.0f}"] for count, peak in peaks.items()]
    few, many = peaks.values()
    verdict = "passed" if many <= 1.5 * few else "missed"
    words = f"A hundred over five: {many / few:.2f}; goal at most 1.5: {verdict}. The network is `fast_sr`."
    return f"{side_by_side.table(['evaluated', 'peak of all processes, MiB'], rows)}\n\n{words}"


def peak_mib(folder: Path, count: int) -> float:
    photo = Image.open(min((PROJECT / "data" / "sample" / "training").iterdir())).resize((2040, 1356))
    (folder / "HR").mkdir(parents=True)
    for number in range(count):
        photo.rotate(number).save(folder / "HR" / f"{number}.jpg", quality=95)
    call = ["evaluate", "--track", "super_resolution", "--model", "fast_sr", "--data", folder, "--out", folder / "run"]
    aic = Path(sys.executable).with_name("aic")
    process = subprocess.Popen([aic, *call], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    tree, peak = ProcessTree(process.pid), 0.0
    while process.poll() is None:
        peak = max(peak, tree.rss_mib())
        time.sleep(0.02)
    return peak


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
