"""One network in TensorFlow, ONNX Runtime and LiteRT: the same quality, each beside the baseline in its own runtime."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures import small_networks

from aic_helpers.data.images import write_png
from aic_helpers.models.sources import PRETRAINED
from aic_helpers.onnx_export import exporting as onnx_exporting
from aic_helpers.profiling.network_pairs import Conditions
from aic_helpers.profiling.timing import Limits
from aic_helpers.quantization import exporting
from aic_helpers.runs import run_settings, steps
from aic_helpers.tracks.catalogue import find_track

pytestmark = pytest.mark.tensorflow

SMALL = Conditions(64, 48, 1)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The runs of one network's three files, by runtime."""
    folder = tmp_path_factory.mktemp("three")
    random = np.random.default_rng(3)
    for number in range(2):
        target = random.random((32, 40, 3)) * 0.8
        write_png(folder / "data" / "target" / f"{number}.png", target)
        write_png(folder / "data" / "input" / f"{number}.png", target * 0.9 + 0.05)
    frozen = small_networks.frozen(folder / "net.pb", small_networks.residual)
    onnx_exporting.export(frozen, folder / "net.onnx")
    track = find_track("enhancement")
    (litert,) = exporting.export(frozen, track, folder / "litert", ["float32"], size=(64, 48)).exported
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIC_CACHE", str(folder / "cache"))
        found = [
            run(folder, "net.pb"),
            run(folder, "net.onnx"),
            run(folder, f"litert/{litert.free.name}", fixed=str(litert.fixed)),
        ]
    return {result.profile.runtime: result for result in found}


def run(folder, model, **adapt):
    out = folder / "runs" / model.replace("/", "-")
    settings = run_settings.settle(
        "enhancement", str(folder / model), data=str(folder / "data"), out=str(out), adapt=adapt
    )
    return steps.profile(settings, SMALL, Limits().shortest, steps.evaluate(settings))


def test_each_was_run_by_its_own(results):
    assert {*results} == {"tensorflow-light", "onnxruntime", "litert"}


def test_quality_is_the_same(results):
    psnr_db = [result.metrics.psnr_db for result in results.values()]
    assert max(psnr_db) - min(psnr_db) < 1e-3
    parameters = {runtime: result.model.parameters for runtime, result in results.items()}
    assert parameters["onnxruntime"] == parameters["tensorflow-light"] == 9 * 3 * 48 * 2
    assert parameters["litert"] == 9 * 3 * 48 * 2 + 48 + 3  # it writes zeros as biases
    assert len({result.model.macs for result in results.values()}) == 1


def test_each_has_a_speedup_beside_a_baseline(results):
    for result in results.values():
        assert result.profile.speedup > 0
        assert result.profile.baseline_time_ms > 0


def test_the_baseline_is_of_the_models_runtime(tmp_path, results):
    for name, suffix in (("net.onnx", ".onnx"), ("net.pb", ".pb")):
        (tmp_path / name).write_bytes(b"")
        settings = run_settings.settle("enhancement", str(tmp_path / name), out=str(tmp_path / "run"))
        assert steps.baseline_file(settings, SMALL) == PRETRAINED / f"sample_enhancement_srcnn{suffix}"
