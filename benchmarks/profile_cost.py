"""How long a whole profile takes (all rules included), beside the timing step of the original challenge's scripts.

The original is rebuilt from its description: one process imports TensorFlow, loads baseline and model, runs both on
the four HD photos, and averages the last two readings in whole milliseconds. Ours is split into what the interval
needs (warm-up and timed runs, which go on until it is narrow enough), everything else, and the rules.

    AIC_CHALLENGE_DATA=../shared/challenge .venv/bin/python benchmarks/profile_cost.py [MODEL ...]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from aic_helpers.data.datasets import open_dataset
from aic_helpers.models import conversion, sources
from aic_helpers.profiling import profiler, requirements
from aic_helpers.tracks.catalogue import TRACKS
from aic_helpers.tracks.definitions import Track

MODELS = {
    "div2k_srcnn": "super_resolution",
    "div2k_resnet_6_16": "super_resolution",
    "div2k_vgg19_vdsr": "super_resolution",
    "dped_srcnn": "enhancement",
    "dped_resnet_8_32": "enhancement",
    "dped_resnet_12_64": "enhancement",
}

ORIGINAL = """
import sys, time
import numpy as np
import tensorflow as tf
from PIL import Image
tf.compat.v1.disable_eager_execution()
photos = [np.float32(Image.open(path).convert("RGB"))[None] / 255 for path in sys.argv[3:]]
for path in sys.argv[1:3]:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        graph = tf.compat.v1.GraphDef()
        graph.ParseFromString(open(path, "rb").read())
        tf.import_graph_def(graph, name="")
        readings = []
        for photo in photos:
            start = time.time()
            session.run("output:0", {"input:0": photo})
            readings.append(int((time.time() - start) * 1000))
        print(sum(readings[-2:]) / 2)
"""


def main(names: list[str]) -> None:
    """Print a row for each model, and their sum."""
    print(f"{'model':18} {'original':>9} {'ours':>8} = {'interval':>8} + {'rest':>7} + {'rules':>7}")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            rows.append(seconds(name, TRACKS[MODELS[name]], Path(folder) / f"{name}.pb"))
            print(line(name, rows[-1]), flush=True)
    total = tuple(map(sum, zip(*rows, strict=True)))
    print(line("together", total))
    original_s, _, rest_s, rules_s = total
    print(f"without what the interval needs, ours takes {(rest_s + rules_s) / original_s:.2f} of the original's time")


def seconds(name: str, track: Track, frozen: Path) -> tuple[float, float, float, float]:
    """Return what took how long: the original, and of ours warm-up and timed runs, everything else, the rules."""
    conversion.convert(sources.resolve(name, None), frozen)
    baseline, photos = sources.baseline_pb(track), open_dataset("challenge", track=track).hd
    start_s = time.monotonic()
    subprocess.run([sys.executable, "-c", ORIGINAL, baseline, frozen, *photos], check=True, capture_output=True)
    original_s = time.monotonic() - start_s
    result = profiler.profile(frozen, baseline, image=photos[0]).result
    start_s = time.monotonic()
    requirements.check(frozen, profile=result, photo=photos[0])
    interval_s = result["warm_up_s"] + result["timed_s"]
    return original_s, interval_s, result["seconds"] - interval_s, time.monotonic() - start_s


def line(name: str, took: tuple[float, ...]) -> str:
    """Return a row of the table."""
    original_s, interval_s, rest_s, rules_s = took
    ours_s = interval_s + rest_s + rules_s
    return f"{name:18} {original_s:7.1f} s {ours_s:6.1f} s = {interval_s:6.1f} s + {rest_s:5.1f} s + {rules_s:5.1f} s"


if __name__ == "__main__":
    main(sys.argv[1:] or list(MODELS))
