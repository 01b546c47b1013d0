"""Which choice of a protocol makes two figures differ."""

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from aic_helpers.data.colour_spaces import luma
from aic_helpers.data.datasets import open_dataset, read_pair
from aic_helpers.data.images import as_uint8, write_png
from aic_helpers.evaluation import protocol_tables
from aic_helpers.evaluation.per_image import evaluate, summarise
from aic_helpers.evaluation.protocol_comparisons import explain, one_at_a_time
from aic_helpers.tracks.catalogue import TRACKS

CLASSIC = TRACKS["classic_x2"]


def enlarged(image):
    """A model: each pixel four times, a little darker, and some values outside."""
    return np.repeat(np.repeat(image, 2, axis=0), 2, axis=1) * np.float32(0.97) - np.float32(0.01)


@pytest.fixture
def dataset(tmp_path):
    rng = np.random.default_rng(7)
    for name in ("a", "b"):
        write_png(tmp_path / "HR" / f"{name}.png", rng.integers(0, 256, (64, 80, 3), np.uint8))
    return open_dataset(tmp_path, CLASSIC)


@pytest.fixture
def frame(dataset):
    return explain(enlarged, dataset)


def test_the_tracks_own_figures_are_those_of_evaluate(dataset, frame):
    own = frame[frame["own"] & (frame["of"] == "model")]
    measured = summarise(evaluate(lambda images: np.stack([*map(enlarged, images)]), dataset), CLASSIC.protocol)
    assert len(own) == 1
    assert own["psnr_db"].item() == pytest.approx(measured["psnr_db"], abs=1e-9)
    assert own["ssim"].item() == pytest.approx(measured["ssim"], abs=1e-9)


def test_a_figure_by_another_protocol_is_a_second_implementations(dataset, frame):
    pairs = [read_pair(dataset, pair) for pair in dataset.pairs]
    expected = np.mean(
        [
            peak_signal_noise_ratio(
                luma(as_uint8(pair.target))[16:-16, 16:-16], luma(as_uint8(enlarged(pair.input)))[16:-16, 16:-16]
            )
            for pair in pairs
        ]
    )
    choices = {"of": "model", "inputs": "matlab_bicubic", "colour": "Y, rounded", "output": "rounded to 8 bits"}
    found = frame[(frame[list(choices)] == choices).all(axis=1) & (frame["border_px"] == 16)]
    assert found["psnr_db"].item() == pytest.approx(expected, abs=1e-9)


def test_every_combination_is_there_once(frame):
    assert len(frame) == 2 * 2 * 3 * 2 * 3  # model and input, two ways to reduce, colours, roundings, borders
    assert not frame.duplicated(["of", "inputs", "colour", "output", "border_px"]).any()


def test_one_choice_at_a_time(frame):
    table = one_at_a_time(frame)
    assert list(table["choice"]) == ["", "inputs", "colour", "colour", "output", "border_px", "border_px"]
    own, colour = table.iloc[0], table.iloc[2]
    assert colour["psnr_difference_db"] == colour["psnr_db"] - own["psnr_db"] != 0


def test_the_lines_name_each_choice_and_mark_the_tracks_own(frame):
    lines = protocol_tables.lines(frame)
    assert lines[0] == "One choice at a time, the track's own first; the model:"
    own = next(line for line in lines if line.startswith("small photos made by MATLAB's bicubic, Y, rounded to 8 bits"))
    assert "border 2 px" in own
    assert any(line.startswith("colour: RGB") for line in lines)
    assert sum(line.count(" *") for line in lines if not line.startswith("PSNR in dB")) == 2
    assert "-" in next(line for line in lines if line.startswith("colour: RGB")).split()[-1]  # too small for MS-SSIM


def test_a_track_of_photos_of_their_own_has_no_choice_of_inputs(tmp_path):
    rng = np.random.default_rng(8)
    for folder in ("input", "target"):
        write_png(tmp_path / folder / "a.png", rng.integers(0, 256, (48, 48, 3), np.uint8))
    frame = explain(lambda image: image, open_dataset(tmp_path, TRACKS["enhancement"]))
    assert set(frame["inputs"]) == {"given"}
    assert set(frame["border_px"]) == {0, 16}
    own = frame[frame["own"]].iloc[0]
    assert (own["colour"], own["output"], own["border_px"]) == ("RGB", "as it is", 0)


@pytest.mark.parametrize("track", ["super_resolution", "enhancement"])
def test_the_tracks_own_ms_ssim_is_that_of_evaluate(tmp_path, track):
    """By its definition, of an output that leaves [0, 1]."""
    rng = np.random.default_rng(9)
    folders = {"super_resolution": ["HR"], "enhancement": ["input", "target"]}[track]
    for folder in folders:
        write_png(tmp_path / folder / "a.png", rng.integers(0, 256, (512, 512, 3), np.uint8))
    data = open_dataset(tmp_path, TRACKS[track])

    def model(image):
        return image * np.float32(1.2) - np.float32(0.1)

    frame = explain(model, data)
    own = frame[frame["own"] & (frame["of"] == "model")]
    measured = summarise(evaluate(lambda images: np.stack([*map(model, images)]), data), TRACKS[track].protocol)
    assert own["ms_ssim"].item() == pytest.approx(measured["ms_ssim"], abs=1e-7)
