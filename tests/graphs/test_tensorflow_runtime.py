"""The light runtime gives what the whole of TensorFlow gives, and gives way to it where anything is not as expected."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fixtures import hostile_models

from aic_helpers.graphs import tensorflow_runtime
from aic_helpers.models import conversion, sources
from aic_helpers.processes import fork_server
from aic_helpers.runtimes.model_workers import ModelFailure, ModelWorker
from aic_helpers.tracks.catalogue import TRACKS

pytestmark = pytest.mark.tensorflow

tf = hostile_models.tf

SIX = (
    "div2k_srcnn",
    "div2k_vgg19_vdsr",
    "div2k_resnet_6_16",
    "dped_srcnn",
    "dped_resnet_8_32",
    "dped_resnet_12_64",
)

OUTPUTS = """
import hashlib, sys
import numpy as np
from aic_helpers.core import quiet_tensorflow
from aic_helpers.runtimes import frozen_models
if sys.argv[1] == "light":
    quiet_tensorflow.make_light()
for file in sys.argv[2:]:
    model = frozen_models.load(file, threads=2)
    random = np.random.default_rng(4)
    for shape in ((1, 100, 100, 3), (4, 64, 96, 3), (1, 61, 93, 3)):
        output = model(random.random(shape, np.float32))
        print(file, shape, output.dtype, output.shape, hashlib.sha256(output.tobytes()).hexdigest())
print(model.runtime, file=sys.stderr)
"""

DIFFERENT = """
import sys
from importlib.abc import MetaPathFinder

class Missing(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "tensorflow.python.client.session" and type(sys.modules["tensorflow"]).__name__ == "_Light":
            raise ImportError("no module of that name any more")

sys.meta_path.insert(0, Missing())
"""
"""As `sitecustomize.py`: a TensorFlow with other inner modules, for this process and all below it."""


def python(code: str, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(call, capture_output=True, text=True, env={**os.environ, **variables})


def bits(files: list[Path]) -> list[list[str]]:
    """Return what both runtimes give, as hashes, having seen that each was the one it should be."""
    found = []
    for way, name in (("light", tensorflow_runtime.LIGHT), ("whole", tensorflow_runtime.WHOLE)):
        done = python(OUTPUTS, way, *files)
        assert done.stderr.strip() == name
        found.append(done.stdout.splitlines())
    return found


def test_both_runtimes_give_the_same_bits_for_the_baselines() -> None:
    baselines = sorted({sources.baseline_pb(track) for track in TRACKS.values()})
    assert len(baselines) == 6
    light, whole = bits(baselines)
    assert len(light) == 18
    assert light == whole


@pytest.mark.usefixtures("challenge")
def test_both_runtimes_give_the_same_bits_for_the_challenges_networks(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.pb" for name in SIX]
    for file in files:
        conversion.convert(file.stem, file)
    light, whole = bits(files)
    assert len(light) == 18
    assert light == whole


def test_a_light_process_has_all_of_tensorflow_once_it_is_asked_for() -> None:
    code = """
import sys
from aic_helpers.graphs import tensorflow_runtime
tensorflow_runtime.preload()
print(tensorflow_runtime.name())
import tensorflow as tf
assert tensorflow_runtime.name() == "tensorflow-light"
print(int(tf.constant(20) + 22), tensorflow_runtime.name())
from tensorflow import keras
print(keras.layers.Conv2D(1, 1)(tf.zeros((1, 2, 3, 4))).shape)
"""
    found = python(code)
    assert (found.stdout, found.stderr) == ("tensorflow-light\n42 tensorflow\n(1, 2, 3, 1)\n", "")


def test_a_tensorflow_with_other_inner_modules_is_imported_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(DIFFERENT)
    call = [Path(sys.executable).with_name("aic"), "evaluate", "--track", "enhancement", "--limit", "2", "--json"]
    monkeypatch.delenv(fork_server.VARIABLE, raising=False)
    ways = {}
    for name, path in (("light", ""), ("whole", str(tmp_path))):
        environment = {**os.environ, "PYTHONPATH": path, "AIC_CACHE": str(tmp_path / "cache" / name)}
        done = subprocess.run([*call, "--out", tmp_path / name], capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        ways[name] = json.loads(done.stdout), [line for line in done.stderr.splitlines() if "aic: " in line]
    (light, said), (whole, told) = ways["light"], ways["whole"]
    assert (light.pop("runtime"), whole.pop("runtime")) == ("tensorflow-light", "tensorflow")
    assert light == whole
    reason = "aic: TensorFlow's inner modules are not as expected (ImportError: no module of that name any more)"
    assert told == [*said, f"{reason}: all of TensorFlow is imported"]


def test_a_graph_that_the_inner_modules_cannot_load_is_loaded_by_the_whole(tmp_path: Path) -> None:
    file = hostile_models.freeze(hostile_models.good, tmp_path / "model.pb")
    code = """
import sys
from aic_helpers.core import quiet_tensorflow
from aic_helpers.graphs import tensorflow_runtime
from aic_helpers.runtimes import frozen_models
quiet_tensorflow.make_light()
import tensorflow.python.client.session as session
def other(*arguments, **named):
    raise TypeError("Session takes other arguments")
whole = session.Session
session.Session = other
runtime = tensorflow_runtime.runtime()
session.Session = whole
print(frozen_models.load(sys.argv[1]).runtime_note)
"""
    found = python(code, file)
    assert found.stdout.strip() == (
        "TensorFlow's inner modules can't load model.pb (TypeError: Session takes other arguments): "
        "all of TensorFlow is imported"
    )


def test_a_graph_that_calls_python_is_told_as_the_whole_tells_it(tmp_path: Path) -> None:
    def calls_python(images: object) -> object:
        return tf.numpy_function(np.copy, [images], tf.float32)

    file = hostile_models.freeze(calls_python, tmp_path / "model.pb")
    with ModelWorker(file) as worker:
        loaded = worker.load()
        assert loaded.runtime == tensorflow_runtime.WHOLE
        with pytest.raises(ModelFailure, match="Could not find callback with key=pyfunc"):
            worker.output_of(np.zeros((1, 8, 8, 3), np.float32))


def test_a_worker_says_which_runtime_it_has(tmp_path: Path) -> None:
    with ModelWorker(hostile_models.freeze(hostile_models.good, tmp_path / "model.pb"), threads=1) as worker:
        loaded = worker.load()
    assert (loaded.runtime, loaded.runtime_note) == (tensorflow_runtime.LIGHT, None)
