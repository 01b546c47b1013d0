"""The layer at fault: planted faults are named, with what does it; a sound network has none."""

import json
from dataclasses import replace

import numpy as np
import pytest
from fixtures import in_process, planted_networks, small_networks
from fixtures.browsing import HOSTILE

from aic_helpers.core.errors import InputError
from aic_helpers.precisions import plots
from aic_helpers.quantization import calibration, export_processes, layer_losses, layer_processes
from aic_helpers.quantization.layer_losses import Diagnosis, LayerLoss
from aic_helpers.quantization.layer_processes import Judged
from aic_helpers.tracks.catalogue import find_track

TRACK = find_track("super_resolution")


def judged(noise, difference_db=-1.0, reason=""):
    return Judged(reason, 1000.0, noise, (30.0 + difference_db,), (30.0,))


def layer(name="conv1", noise=1.0, weights=0.9, kept_db=-0.1):
    return LayerLoss(
        name, ("CONV_2D",), judged(noise), judged(0.1, kept_db), judged(weights), (-1.0, 2.0), (0.1, 0.2, 0.5)
    )


def diagnosis(*layers, whole=None):
    return Diagnosis(whole or judged(1.2, -3.0), layers, 4, (64, 48))


def test_figures_of_what_was_judged():
    found = Judged("", 100.0, 1.0, (29.0, 31.0), (30.0, 30.5))
    assert found.snr_db == pytest.approx(20.0)
    assert found.difference_db == pytest.approx(-0.25)
    assert Judged("", 100.0, 0.0).snr_db == np.inf
    assert np.isnan(Judged("no").difference_db)


def test_the_sentence_names_a_layer_and_its_weights_or_its_activations():
    by_weights = diagnosis(layer(), layer("conv2", 0.1))
    assert by_weights.sentence() == (
        "int8 has -3.00 dB beside float32, and conv1 (CONV_2D) is at fault: quantised alone it has -1.00 dB, and its"
        " weights do it. With it alone in floats int8 has -0.10 dB."
    )
    by_activations = diagnosis(layer(weights=0.1), layer("conv2", 0.1))
    assert "its activations do it" in by_activations.sentence()


def test_the_sentence_of_a_loss_that_nobody_makes_alone():
    many = diagnosis(*(layer(f"conv{index}", 0.3) for index in range(4)))
    assert many.sentence() == (
        "int8 has -3.00 dB beside float32, and no single layer is at fault: most of the error is of conv0 (25%),"
        " conv1 (25%), conv2 (25%)."
    )


def test_the_sentence_of_no_loss_and_of_no_int8():
    assert diagnosis(layer(), whole=judged(1.2, -0.04)).sentence() == (
        "int8 has -0.04 dB beside float32: no layer is at fault."
    )
    nothing = diagnosis(layer(), whole=Judged("EXP has no form in 8-bit whole numbers"))
    assert nothing.sentence() == "int8 can't be judged: EXP has no form in 8-bit whole numbers."
    assert nothing.worst == []


def test_the_table_has_a_dash_where_there_is_nothing():
    bare = LayerLoss("pad", ("MIRROR_PAD",), Judged("LiteRT doesn't run it"), judged(0.1, -0.5), None, None, None)
    told = layer_losses.lines(diagnosis(layer(), bare))
    words = [" ".join(line.split()) for line in told]
    assert words[0] == "layer operators alone SNR error of its weights all but it activations weights"
    assert words[1] == "conv1 CONV_2D -1.00 dB 30.0 dB 83.3% 90% -0.10 dB -1 to 2 0.1 to 0.5"
    assert words[2] == "pad MIRROR_PAD - - - - -0.50 dB - -"


def test_json_has_no_infinity():
    exact = replace(layer(), alone=Judged("", 1.0, 0.0, (30.0,), (30.0,)))
    written = json.loads(json.dumps(layer_losses.report(diagnosis(exact)), allow_nan=False))
    assert written["layers"][0]["alone"] == {"psnr_difference_db": 0.0, "snr_db": None, "reason": ""}
    assert written["sentence"].startswith("int8 has -3.00 dB")


@pytest.mark.parametrize("name", [*HOSTILE, "\x1b[2Jconv\n"])
def test_any_name_stands_in_one_line(name):
    found = diagnosis(layer(name), layer("b", 0.2))
    told = layer_losses.lines(found)
    assert len(told) == 5
    assert all(line.isprintable() for line in [*told, found.sentence()])


@pytest.mark.parametrize("name", HOSTILE)
def test_the_plot_takes_any_name(name):
    figure = plots.layers(diagnosis(layer(name), layer("b", 0.2)))
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(labels) == 2
    figure.canvas.draw()


def test_the_plot_splits_a_bar_into_weights_and_activations():
    figure = plots.layers(diagnosis(layer(weights=0.75)))
    of_weights, rest = (patch.get_width() for patch in figure.axes[0].patches)
    assert (of_weights, rest) == pytest.approx((-0.75, -0.25))


def test_the_plot_of_nothing_says_so():
    figure = plots.layers(diagnosis(whole=Judged("no")))
    assert figure.axes[0].texts[0].get_text() == "no layer that loses in int8"


@pytest.fixture
def found(tmp_path, monkeypatch):
    """Diagnose a planted network in this process."""
    for module in (export_processes, layer_processes):
        monkeypatch.setattr(module, "Worker", in_process.Worker)

    photos = calibration.settle(planted_networks.photos(tmp_path / "photos"), 2)

    def diagnosed(network):
        file = small_networks.frozen(tmp_path / "net.pb", network)
        with layer_processes.shown(file, TRACK, photos, "net") as process:
            return layer_losses.diagnose(process, photos)

    return diagnosed


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("network", "culprit"),
    [(planted_networks.of_wide_weights, "weights"), (planted_networks.of_wide_activations, "activations")],
)
def test_a_planted_layer_is_named(network, culprit, found):
    diagnosis = found(network)
    assert diagnosis.whole.difference_db < -10
    assert diagnosis.worst[0].layer == "middle"
    assert "middle (CONV_2D) is at fault" in diagnosis.sentence()
    assert f"its {culprit} do it" in diagnosis.sentence()
    # what it makes is read by the next layer, which quantises it where it is in whole numbers itself
    assert (diagnosis.worst[0].kept.difference_db > -1) == (culprit == "weights")


@pytest.mark.tensorflow
def test_a_sound_network_has_no_layer_at_fault(found):
    diagnosis = found(planted_networks.sound)
    assert [layer.layer for layer in diagnosis.layers] == ["first", "middle", "Identity"]
    assert diagnosis.whole.difference_db > -0.5
    assert diagnosis.layers[0].activations[0] == 0.0
    assert diagnosis.layers[2].activations == (0.0, 1.0)
    assert diagnosis.layers[0].channels[::2] == (0.0, 1.0)


@pytest.mark.tensorflow
def test_photos_too_small_are_named(tmp_path, found):
    photos = calibration.settle(small_networks.photos(tmp_path / "small", size=(32, 32)), 2)
    file = small_networks.frozen(tmp_path / "net.pb", planted_networks.sound)
    with (
        pytest.raises(InputError, match="photos of at least 64x64 px to calibrate on, found 32x32"),
        layer_processes.shown(file, TRACK, photos, "net"),
    ):
        pass


@pytest.mark.tensorflow
def test_ranges_stay_what_they_were_when_they_were_first_asked_for(tmp_path, monkeypatch):
    for module in (export_processes, layer_processes):
        monkeypatch.setattr(module, "Worker", in_process.Worker)
    photos = calibration.settle(planted_networks.photos(tmp_path / "photos"), 2)
    file = small_networks.frozen(tmp_path / "net.pb", planted_networks.sound)
    with layer_processes.shown(file, TRACK, photos, "net") as process:
        first = process.find("few")
        width_px, height_px = process.size
        process.see(np.full((1, height_px, width_px, 3), 4.0, np.float32), rounds=False)
        assert process.find("few") == first
        assert process.find("more") != first
