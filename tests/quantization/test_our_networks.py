"""The workbench's own networks in LiteRT: float32 gives what its source gives on real photos; what can be quantised."""

import re
from functools import cache

import numpy as np
import pytest

from aic_helpers.data import datasets
from aic_helpers.evaluation.metrics import psnr
from aic_helpers.litert.integer_verdict import verdict
from aic_helpers.litert.structures import read
from aic_helpers.models import conversion, networks, sources
from aic_helpers.quantization import calibration
from aic_helpers.quantization.exporting import export
from aic_helpers.runtimes import frozen_models
from aic_helpers.runtimes.litert_models import LitertModel
from aic_helpers.tracks.catalogue import find_track

pytestmark = pytest.mark.tensorflow

SIZE = (96, 64)

SQUARES = (
    r"^the squares of instance normalisation \(layer norm[23]\) go up to (?P<most>[\d.e+]+), "
    r"and a step of 8 bits is (?P<step>[\d.e+-]+)$"
)

NO_16_BITS = {
    "fast_sr": "TensorFlow doesn't quantise DEPTH_TO_SPACE (layer DepthToSpace) to 16 bits",
    "fsrcnn_x2": "TensorFlow doesn't quantise PRELU (layer extract_prelu, shrink_prelu, map1_prelu, ...) to 16 bits",
    "sample_enhancement_resnet_6_16": (
        "LiteRT doesn't run SQUARED_DIFFERENCE (layer norm2): "
        "SquaredDifference only supports FLOAT32 and INT32 now, got 7"
    ),
    "sample_sr_srcnn": None,
    "sample_sr_vgg_19": None,
    "span_x4": "TensorFlow doesn't quantise DEPTH_TO_SPACE (layer Identity) to 16 bits",
}


@cache
def calibrated():
    return calibration.settle(crops=1)


@pytest.mark.parametrize("name", NO_16_BITS)
def test_a_network_of_our_own(name, tmp_path, here):
    source = sources.resolve(name)
    track, frozen = find_track(source.track), tmp_path / "model.pb"
    conversion.convert(source, frozen, enlarges=track.enlarges)
    wanted = ["float32", "int8", "int16x8"]
    floats, whole, wide = export(frozen, track, tmp_path, wanted, calibration=calibrated(), size=SIZE).exported
    assert floats.report["proof"]["to_source"] < 1e-5
    dataset = datasets.open_dataset("sample", track)
    pair = datasets.read_pair(dataset, dataset.pairs[0])
    photo, target = pair.input[None, :81, :123], pair.target[: 81 * track.enlarges, : 123 * track.enlarges]
    outputs = [model(photo)[0] for model in (LitertModel(floats.free), frozen_models.load(frozen))]
    assert np.abs(outputs[0] - outputs[1]).max() < 1e-4
    figures_db = [psnr(target, output.clip(0, 1), data_range=1.0) for output in outputs]
    assert figures_db[0] == pytest.approx(figures_db[1], abs=1e-3)
    assert whole.free
    assert (verdict(read(whole.fixed)).precision, verdict(read(whole.fixed)).islands) == ("int8", ())
    assert wide.reason == NO_16_BITS[name]
    told = re.search(SQUARES, whole.report["fixed"]["squares"])
    assert bool(told) == ("resnet" in name)
    if told:
        assert float(told["step"]) == pytest.approx(float(told["most"]) / 255, rel=0.05)


@pytest.mark.parametrize("name", ["fast_sr", "fast_sr_x4", "fast_enhancement"])
def test_the_int8_files_that_come_along_lose_little(name):
    source = sources.resolve(name)
    track, files = find_track(source.track), sources.PRETRAINED
    network = networks.build(networks.NETWORKS[name])
    network.load_weights(source.checkpoint)
    int8 = LitertModel(files / f"{name}_int8_free.tflite")
    dataset = datasets.open_dataset("sample", track)
    pairs = [datasets.read_pair(dataset, pair) for pair in dataset.pairs[::3]]
    lost_db = []
    for pair in pairs:
        outputs = [np.asarray(model(pair.input[None]))[0].clip(0, 1) for model in (network, int8)]
        floats_db, int8_db = (psnr(pair.target, output, data_range=1.0) for output in outputs)
        lost_db.append(floats_db - int8_db)
    assert 0 < np.mean(lost_db) < 0.15
    fixed = read(files / f"{name}_int8.tflite")
    assert verdict(fixed).precision == "int8"
