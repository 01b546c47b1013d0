"""A board of small submissions that is killed outright again and again, and one that isn't: the same table?

    .venv/bin/python benchmarks/board_kills.py [SUBMISSIONS [KILLS]]

By default 200 submissions, some of them bad, and 20 kills at random moments. About a quarter of an hour.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from aic_helpers.boards import journals
from aic_helpers.core import quiet_tensorflow
from aic_helpers.runs import results

BOARD = """
limit = 12
profile = false
reports = false
tracks = ["enhancement"]
models = ["nets/*.pb"]
"""


def main(submissions: int, kills: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_nets(folder / "nets", submissions)
        (folder / "board.toml").write_text(BOARD)
        started_s = time.monotonic()
        start(folder, "unbroken").wait()
        whole_s = time.monotonic() - started_s
        print(f"unbroken: {whole_s:.0f} s for {submissions} submissions", flush=True)
        again = sum(killed(folder, random.Random(number).uniform(0.02, 0.2) * whole_s) for number in range(kills))
        again += finished(folder)
        same = (folder / "unbroken" / "board.csv").read_bytes() == (folder / "killed" / "board.csv").read_bytes()
        print(f"{kills} kills; units begun again after they had been recorded: {again}; same table: {same}")


def write_nets(folder: Path, count: int) -> None:
    """Write networks of one convolution; of every fifty one returns NaN and one ends its process."""
    quiet_tensorflow.import_tensorflow()
    import tensorflow as tf

    folder.mkdir()
    rng = np.random.default_rng(2018)
    for number in range(count):
        kernel = rng.normal(0, 0.02, (3, 3, 3, 3)).astype(np.float32)
        kernel[1, 1] += np.eye(3, dtype=np.float32)
        with tf.Graph().as_default() as graph:
            images = tf.compat.v1.placeholder(tf.float32, (None, None, None, 3), name="input")
            output = tf.nn.conv2d(images, kernel, 1, "SAME")
            output = output * np.float32(np.nan) if number % 50 == 7 else output
            with tf.control_dependencies([tf.raw_ops.Abort()] if number % 50 == 13 else []):
                tf.identity(output, name="output")
        (folder / f"net_{number:03}.pb").write_bytes(graph.as_graph_def().SerializeToString())


def start(folder: Path, out: str) -> subprocess.Popen[bytes]:
    call = [Path(sys.executable).with_name("aic"), "board", "run", folder / "board.toml", "--out", folder / out]
    return subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def killed(folder: Path, after_s: float) -> int:
    """Go on with the board, kill it after some seconds; return how many units began that were recorded before."""
    before, lines = recorded(folder / "killed"), len(journals.lines(folder / "killed"))
    process = start(folder, "killed")
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return begun_again(folder, before, lines)


def finished(folder: Path) -> int:
    """Go on with the board to its end; return as `killed` does."""
    before, lines = recorded(folder / "killed"), len(journals.lines(folder / "killed"))
    print(f"recorded before the last call: {len(before)}", flush=True)
    start(folder, "killed").wait()
    return begun_again(folder, before, lines)


def begun_again(folder: Path, before: set[str], lines: int) -> int:
    since = journals.lines(folder / "killed")[lines:]
    return len(before & {line["unit"] for line in since if line["event"] == "begun"})


def recorded(folder: Path) -> set[str]:
    runs = [path.parent for path in folder.glob("*/*/result.json")]
    return {f"{run.parent.name}/{run.name}" for run in runs if results.read(run).raw["requirements"] is not None}


if __name__ == "__main__":
    main(*[int(argument) for argument in sys.argv[1:]] or (200, 20))
