"""The peak memory of a model, as the profile reads it and as `/usr/bin/time -v` does of a process that does the same.

    AIC_CHALLENGE_DATA=../shared/challenge .venv/bin/python benchmarks/memory_second_opinion.py [MODEL ...]

Both read the models in turn, and the profile once more after the last, which is the one that takes the longest.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from aic_helpers.models import conversion, sources
from aic_helpers.profiling import profiler, timing
from aic_helpers.tracks.catalogue import TRACKS

MODELS = ("div2k_resnet_6_16", "div2k_srcnn", "dped_resnet_12_64", "div2k_vgg19_vdsr")

FEW = timing.Limits(interval=1.0, time_budget_s=60.0)
"""The memory is read at the first image; the timed runs after it are of no interest here."""

WORK = """
import importlib.util, sys
import numpy as np
spec = importlib.util.find_spec("tensorflow")
sys.modules["tensorflow"] = importlib.util.module_from_spec(spec)
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.python.client.session import Session
from tensorflow.python.framework import importer, ops
definition = GraphDef()
definition.ParseFromString(open(sys.argv[1], "rb").read())
with ops.Graph().as_default() as graph:
    importer.import_graph_def(definition, name="")
image = np.random.default_rng(0).random((1, 720, 1280, 3), np.float32)
Session(graph=graph).run("output:0", {"input:0": image})
"""
"""The part of TensorFlow that the profile's process imports, by hand."""


def main(names: list[str]) -> None:
    """Print a row a reading."""
    with tempfile.TemporaryDirectory() as folder:
        frozen = {name: Path(folder) / f"{name}.pb" for name in names}
        for name, path in frozen.items():
            conversion.convert(sources.resolve(name, None), path)
        for name, path in frozen.items():
            print(f"{name:18} /usr/bin/time -v {second_opinion_mib(path):7.1f} MiB", flush=True)
            show(name, path)
        for name, path in frozen.items():
            show(f"{name} again", path)


def show(name: str, path: Path) -> None:
    """Print what the profile reads."""
    result = profiler.profile(path, sources.baseline_pb(TRACKS["super_resolution"]), limits=FEW).result
    parts = f"{result['runtime_rss_mib']:.1f} runtime ({result['runtime_file_mib']:.1f} files)"
    print(f"{name:24} profile {result['peak_rss_mib']:7.1f} MiB = {parts} + {result['model_rss_mib']:.1f}", flush=True)


def second_opinion_mib(path: Path) -> float:
    """Return what the system's own time command says of a fresh process."""
    command = ["/usr/bin/time", "-f", "%M", sys.executable, "-P", "-c", WORK, str(path)]
    return int(subprocess.run(command, capture_output=True, check=True, text=True).stderr.split()[-1]) / 1024


if __name__ == "__main__":
    main(sys.argv[1:] or list(MODELS))
