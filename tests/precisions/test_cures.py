"""Cures: what costs nothing comes first, training photos choose, and `export.json` says what was done."""

import json

import numpy as np
import pytest
from fixtures import in_process, planted_networks, small_networks

from aic_helpers.data.datasets import open_dataset
from aic_helpers.evaluation import isolated
from aic_helpers.litert.structures import read
from aic_helpers.precisions import cures
from aic_helpers.precisions.cures import Cure, Trial
from aic_helpers.quantization import calibration, export_processes, exporting, layer_processes
from aic_helpers.quantization.calibration import Calibration
from aic_helpers.quantization.layer_processes import Judged
from aic_helpers.runtimes.litert_models import LitertModel
from aic_helpers.tracks.catalogue import find_track

TRACK = find_track("super_resolution")
PLAIN = Calibration((), 32)


def trial(difference_db, reason="", **cure):
    return Trial(Cure(PLAIN, **cure), Judged(reason, 1.0, 0.1, (30.0 + difference_db,), (30.0,)))


def test_words():
    assert Cure(PLAIN).words == "nothing"
    whole = Cure(PLAIN, "99.9 % of the values", True, ("conv1", "conv2"))
    assert whole.words == "weights rounded by photos, ranges of 99.9 % of the values, conv1, conv2 in floats"


def test_a_cure_that_brings_little_isnt_taken():
    trials = [trial(-1.0), trial(-0.97, rounded=True), trial(-0.5, float_layers=("a",))]
    trials.append(trial(-0.49, float_layers=("b",)))
    assert cures._best(trials) is trials[2]


def test_fewer_layers_in_floats_are_better_where_no_quality_is_lost():
    trials = [trial(-3.0), trial(-0.5, float_layers=("a", "b")), trial(-0.52, float_layers=("b",))]
    assert cures._best(trials) is trials[2]
    trials[2] = trial(-0.6, float_layers=("b",))
    assert cures._best(trials) is trials[1]


def test_any_cure_is_better_than_none_where_int8_cant_be_had():
    trials = [Trial(Cure(PLAIN), Judged("EXP has no form")), trial(-3.0, float_layers=("exp",))]
    assert cures._best(trials) is trials[1]
    told = cures.Cured(None, trials, trials[1], {"plain": None, "cured": None}).sentence()
    without = "int8 has -3.00 dB beside float32 on training photos, none without (EXP has no form)."
    assert told.startswith(f"Exp in floats: {without}")


def test_a_network_that_no_cure_brings_to_int8_says_why():
    trials = [
        Trial(Cure(PLAIN), Judged("EXP has no form")),
        Trial(Cure(PLAIN, rounded=True), Judged("EXP has no form")),
    ]
    assert cures._best(trials) is trials[0]
    found = cures.Cured(None, trials, trials[0], {"plain": None, "cured": None})
    assert found.sentence() == "int8 can't be cured: EXP has no form."


@pytest.fixture
def cured(tmp_path, monkeypatch):
    """Export a planted network in this process, and cure it."""
    for module in (export_processes, layer_processes, isolated):
        monkeypatch.setattr(module, "Worker", in_process.Worker)
    found = calibration.settle(planted_networks.photos(tmp_path / "photos"), 2)
    judging = planted_networks.photos(tmp_path / "judging" / "HR", size=(208, 208))

    def made(network, shape=(None, None, None, 3)):
        file = small_networks.frozen(tmp_path / "net.pb", network, shape)
        around = {"calibration": found, "size": (96, 80)}
        plain = exporting.export(file, TRACK, tmp_path / "out", cures.NEEDED, **around)
        with layer_processes.shown(file, TRACK, found, "net") as process:
            return cures.cure(plain, process, file, TRACK, found, open_dataset(judging.parent, TRACK))

    return made


def types(file):
    return {tensor.dtype for tensor in read(file).tensors if not tensor.is_constant}


@pytest.mark.tensorflow
def test_rounding_is_enough_for_sums_lost_by_rounding(cured):
    found = cured(planted_networks.of_rounded_sums)
    assert found.trials[0].judged.difference_db < -1
    assert found.chosen.cure.rounded
    assert not found.chosen.cure.float_layers
    assert found.chosen.judged.difference_db > -0.5
    assert found.validation["cured"]["value"] > found.validation["plain"]["value"] + 1
    part = json.loads((found.export.folder / "export.json").read_text("utf-8"))["precisions"]["int8"]
    assert part["rounded_weights"] is True
    assert part["cure"]["words"] == found.chosen.cure.words
    assert part["cure"]["validation"]["cured"]["value"] == found.validation["cured"]["value"]
    assert part["proof"]["differences"] == []
    for file in (found.export.folder / part[form]["file"] for form in ("fixed", "free")):
        assert types(file) == {"int8", "uint8"}
    assert exporting.read_export(found.export.folder).report["precisions"]["int8"] == part


@pytest.mark.tensorflow
@pytest.mark.parametrize("network", [planted_networks.of_wide_weights, planted_networks.of_wide_activations])
def test_layers_go_to_floats_where_nothing_else_does(network, cured):
    found = cured(network)
    assert "middle" in found.chosen.cure.float_layers
    assert found.trials[0].judged.difference_db < -10
    assert found.chosen.judged.difference_db > -1
    assert found.validation["cured"]["value"] > -1
    assert "no longer computes in whole numbers alone" in found.sentence()
    part = found.export.report["precisions"]["int8"]
    assert "middle" in part["keep_float"]
    assert part["fixed"]["float_operators"] == ["CONV_2D"]
    photo = np.full((1, 80, 96, 3), 0.5, np.float32)
    assert np.abs(LitertModel(found.export.folder / part["fixed"]["file"])(photo) - 0.5)[:, 8:-8, 8:-8].max() < 0.05


@pytest.mark.tensorflow
def test_a_network_that_loses_nothing_stays_as_it_is(cured):
    found = cured(planted_networks.sound)
    assert found.chosen is found.trials[0]
    assert "no cure brings it 0.05 dB more" in found.sentence()
    assert found.validation["cured"] == found.validation["plain"]
    assert found.export.report["precisions"]["int8"]["rounded_weights"] is False
    assert len(found.trials) == 8
    assert cures.lines(found)[0].split("  ")[0] == "cure"


@pytest.mark.tensorflow
def test_a_network_of_one_size_isnt_judged_on_validation_photos(cured):
    found = cured(planted_networks.of_rounded_sums, (1, 80, 96, 3))
    assert found.chosen.cure.rounded
    assert found.validation == {"plain": None, "cured": None}
    assert (
        cures.lines(found)[-1]
        == "It was not measured on validation photos: there is no file of any size, or it fails on one."
    )
