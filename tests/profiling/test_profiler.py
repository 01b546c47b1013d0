"""Profiles of small models in real child processes, and of the challenge's SRCNN. No wall-clock time is asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from fixtures import hostile_models, in_process, processes
from PIL import Image

from aic_helpers.core.errors import InputError
from aic_helpers.profiling import network_pairs, profiler, timing
from aic_helpers.runtimes import model_workers

pytestmark = pytest.mark.tensorflow

SMALL = network_pairs.Conditions(width_px=64, height_px=48)
FEW = timing.Limits().shortest
CAP_MIB = 1000.0
"""Well above what TensorFlow takes by itself (about 620 MiB), well below what the greedy models ask for."""

READER = """
import resource, subprocess, sys
subprocess.run([sys.executable, *sys.argv[1:]], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""
"""What ``/usr/bin/time -v`` does: a small process that reads the peak of the one that it started."""

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


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let baseline and model run in this process."""
    monkeypatch.setattr(model_workers, "Worker", in_process.Worker)


@pytest.fixture(scope="module")
def freeze(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("models")
    return lambda name: hostile_models.freeze(getattr(hostile_models, name), folder / f"{name}.pb")


def assert_no_child_left() -> None:
    _, alive = psutil.wait_procs(processes.below(), timeout=10)
    assert [process.cmdline() for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


def test_a_profile_says_what_was_measured_and_how(freeze: Callable[[str], Path]) -> None:
    told: list[tuple[int, int | None, str]] = []
    model = freeze("good")
    profile = profiler.profile(model, model, SMALL, FEW, progress=lambda *state: told.append(state))
    result = profile.result
    json.dumps(result, allow_nan=False)
    assert (result["failed"], result["failure"], result["repetitions"], result["batch"]) == (None, None, 4, 1)
    assert (result["width_px"], result["height_px"], result["device"]) == (64, 48, "cpu")
    assert result["stop_reason"] in ("interval", "repetitions")
    assert result["time_ms_p5"] <= result["time_ms"] <= result["time_ms_p95"]
    assert result["speedup_ci95"][0] <= result["speedup"] <= result["speedup_ci95"][1]
    assert result["peak_rss_mib"] == pytest.approx(result["runtime_rss_mib"] + result["model_rss_mib"])
    assert result["environment_variables"]["TF_NUM_INTRAOP_THREADS"] == str(result["threads"])
    assert result["gmacs"] == pytest.approx(64 * 48 * 3 * 27 / 1e9)
    assert 0 < result["gflop_per_s"] < result["roofline"]["gflop_per_s"]
    assert result["roofline"]["gb_per_s"] > 0
    assert "Memory of a GPU was not measured: nothing ran on one." in result["notes"]
    assert told[0] == (0, None, "loading baseline and model")
    assert told[-1] == (4, 4, "timing in turn")
    assert_no_child_left()

    samples = profile.samples
    roles = samples["role"].str[0].str.cat()
    assert roles == "bmmb" * 2
    assert samples["start_s"].is_monotonic_increasing
    for name, role in (("time_ms", "model"), ("baseline_time_ms", "baseline")):
        assert result[name] == pytest.approx(samples.loc[samples["role"] == role, "time_ms"].median())


STOPPED = {
    "grows": ("memory", "at 64x48: "),
    "asks_for_8_gb": ("memory", "at 64x48: an allocation above the cap of 1000 MiB was refused (RLIMIT_DATA 1512 MiB)"),
    "loops": ("timeout", "at 64x48: no reply within 4 s"),
    "aborts": ("signal", "at 64x48: it died of SIGABRT"),
}
FAILED = {
    "smaller": ("shape", "the output is (1, 46, 62, 3) where the input is (1, 48, 64, 3)"),
    "always_nan": ("not finite", "100.00% of the output's values are NaN or infinite"),
    "strings": ("dtype", "the output is of strings, expected float32"),
    "fails_when_it_runs": ("raised", "at 64x48: InvalidArgumentError: "),
}


def assert_says_why(profile: profiler.Profile, kind: str, reason: str) -> None:
    result = profile.result
    assert result["failure"]["kind"] == kind
    assert result["failed"].startswith(reason)
    assert "\n" not in result["failed"]
    assert [result[key] for key in ("time_ms", "speedup", "speedup_ci95", "repetitions")] == [None] * 4
    assert result["gmacs"] is not None
    assert list(profile.samples.columns) == ["pair", "role", "start_s", "time_ms"]
    assert len(profile.samples) == 0
    json.dumps(result, allow_nan=False)


@pytest.mark.parametrize("name", STOPPED)
def test_a_model_is_stopped_within_its_limit(name: str, freeze: Callable[[str], Path]) -> None:
    kind, reason = STOPPED[name]
    model, baseline = freeze(name), freeze("good")
    # TensorFlow tries for ten seconds to get memory that it was refused.
    timeout_s = 4.0 if name == "loops" else 60.0
    capped = replace(SMALL, max_rss_mib=CAP_MIB, run_timeout_s=timeout_s)
    profile = profiler.profile(model, baseline, capped, FEW)
    assert_says_why(profile, kind, reason)
    failure = profile.result["failure"]
    assert (failure["mechanism"] in ("watchdog", "RLIMIT_DATA")) == (kind == "memory")
    assert (failure["mib"] or CAP_MIB) >= CAP_MIB
    assert_no_child_left()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", FAILED)
def test_a_model_that_fails_gives_a_profile_that_says_why(name: str, freeze: Callable[[str], Path]) -> None:
    kind, reason = FAILED[name]
    profile = profiler.profile(freeze(name), freeze("good"), SMALL, FEW)
    assert_says_why(profile, kind, reason)
    # Shape and values are looked at after the memory was read.
    assert (profile.result["peak_rss_mib"] is None) == (kind == "raised")


@pytest.mark.usefixtures("here")
def test_a_baseline_that_fails_is_an_input_error(freeze: Callable[[str], Path]) -> None:
    with pytest.raises(InputError, match=r"expected a baseline that runs .*InvalidArgument.*: mend the baseline"):
        profiler.profile(freeze("good"), freeze("fails_when_it_runs"), SMALL, FEW)


def test_a_baseline_that_wants_too_much_memory_is_stopped(
    freeze: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    available = psutil.virtual_memory()._replace(available=int(CAP_MIB / network_pairs.BASELINE_SHARE * 2**20))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: available)
    with pytest.raises(InputError, match=r"a baseline that runs .*above the cap of 1000 MiB.*: take a smaller size"):
        profiler.profile(freeze("good"), freeze("grows"), SMALL, FEW)
    assert_no_child_left()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"threads": 0}, "expected 1 to .* threads"),
        ({"threads": 4096}, "found 4096: leave it out to use all"),
        ({"width_px": 15}, "expected an image of 16 to 8192 px on each side, found 15x48"),
        ({"height_px": 9000}, "found 64x9000"),
        ({"device": "tpu"}, "expected the device cpu or gpu, found tpu"),
        ({"device": ""}, "expected the device cpu or gpu, found '': take one"),
        ({"run_timeout_s": 0}, "a time limit above 0"),
        ({"max_rss_mib": -1}, "a cap on memory above 0"),
    ],
)
def test_conditions_out_of_range_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(SMALL, **arguments)


def test_a_photo_that_is_not_there_is_refused(freeze: Callable[[str], Path]) -> None:
    with pytest.raises(InputError, match=r"an image at none\.png"):
        profiler.profile(freeze("good"), freeze("good"), SMALL, FEW, image="none.png")


@pytest.mark.usefixtures("here")
def test_a_gpu_that_is_not_there_is_said_plainly(freeze: Callable[[str], Path]) -> None:
    tf = pytest.importorskip("tensorflow")
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("a GPU is here")
    with pytest.raises(InputError, match="expected a GPU, found none that TensorFlow can use"):
        profiler.profile(freeze("good"), freeze("good"), replace(SMALL, device="gpu"), FEW)


@pytest.mark.usefixtures("here")
def test_not_a_frozen_model_is_the_callers_mistake(freeze: Callable[[str], Path], tmp_path: Path) -> None:
    file = tmp_path / "model.pb"
    file.write_bytes(freeze("good").read_bytes()[:-20])
    with pytest.raises(InputError, match="expected a"):
        profiler.profile(file, freeze("good"), SMALL, FEW)
    with pytest.raises(InputError, match="expected a baseline at"):
        profiler.profile(freeze("good"), tmp_path / "none.pb", SMALL, FEW)


def test_the_input_is_the_photo_in_the_size_wanted_or_the_same_noise(tmp_path: Path) -> None:
    photo = np.full((40, 60, 3), (255, 0, 51), np.uint8)
    Image.fromarray(photo).save(tmp_path / "photo.png")
    image = profiler.input_image(tmp_path / "photo.png", 33, 20)
    assert (image.shape, image.dtype) == ((20, 33, 3), np.float32)
    assert image[3, 5] == pytest.approx([1, 0, 0.2])
    assert np.array_equal(profiler.input_image(None, 33, 20), profiler.input_image(None, 33, 20))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps VmHWM")
def test_peak_agrees_with_an_independent_reading_of_the_same_work(challenge: Path) -> None:
    srcnn = challenge / "models_pretrained" / "div2k_srcnn.pb"
    command = [sys.executable, "-c", READER, "-c", WORK, str(srcnn)]
    independent_mib = float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    result = profiler.profile(srcnn, srcnn, limits=timing.Limits(interval=1.0)).result
    assert result["memory_method"] == "VmHWM, read by the process itself"
    assert result["peak_rss_mib"] == pytest.approx(independent_mib, rel=0.05)
    assert result["baseline_peak_rss_mib"] == pytest.approx(independent_mib, rel=0.05)
    assert result["gmacs"] == pytest.approx(63.73, abs=0.01)
