"""Photos to calibrate on: which, how large, as the track's networks get them, and never those that judge."""

import shutil

import numpy as np
import pytest
from fixtures import small_networks

from aic_helpers.core.errors import InputError
from aic_helpers.data import datasets
from aic_helpers.data.images import as_float, read_rgb
from aic_helpers.data.matlab_resizing import matlab_bicubic
from aic_helpers.quantization import calibration
from aic_helpers.quantization.calibration import Calibration
from aic_helpers.tracks.catalogue import find_track

SR, ENHANCEMENT, X4 = (find_track(name) for name in ("super_resolution", "enhancement", "classic_x4"))


def test_by_default_the_workbenchs_own_training_photos():
    assert list(calibration.settle().photos) == datasets.training_photos()


@pytest.mark.parametrize("track", [SR, ENHANCEMENT], ids=["super_resolution", "enhancement"])
def test_training_photos_judge_nothing(track):
    """The sample's own, on the sample's own."""
    assert calibration.settle(validation=datasets.open_dataset("sample", track)).photos


def test_a_validation_photo_is_refused_whatever_it_is_called(tmp_path):
    dataset = datasets.open_dataset("sample", SR)
    judge = dataset.pairs[1].target
    small_networks.photos(tmp_path)
    shutil.copy(judge, tmp_path / "mine.png")
    with pytest.raises(InputError) as refused:
        calibration.settle(tmp_path, validation=dataset)
    assert str(refused.value) == (
        f"expected photos to calibrate on that judge nothing, found {tmp_path}/mine.png, which is the validation photo "
        f"{judge.name}: take training photos"
    )


def test_the_inputs_of_pairs_judge_too(tmp_path):
    dataset = datasets.open_dataset("sample", ENHANCEMENT)
    shutil.copy(dataset.pairs[0].input, tmp_path)
    with pytest.raises(InputError, match="that judge nothing"):
        calibration.settle(tmp_path, validation=dataset)


def test_no_photos(tmp_path):
    line = f"expected images in {tmp_path}, found none: put PNG or JPEG files there"
    with pytest.raises(InputError, match=line):
        calibration.settle(tmp_path)


@pytest.mark.parametrize(
    ("figures", "line"),
    [
        ({"crops": 0}, "expected from 1 to 2000 crops to calibrate on, found 0: change their number"),
        ({"crops": 2.5}, "expected from 1 to 2000 crops to calibrate on, found 2.5: change their number"),
        ({"percentile": 50.0}, "expected a percentile from 90 to 100, found 50.0: take one near 99.99"),
        ({"percentile": float("nan")}, "expected a percentile from 90 to 100, found nan: take one near 99.99"),
    ],
)
def test_figures_out_of_range(figures, line):
    with pytest.raises(InputError) as refused:
        calibration.settle(**figures)
    assert str(refused.value) == line


@pytest.mark.parametrize(
    ("track", "size", "photo", "crop"),
    [
        (SR, (1280, 720), (1300, 800), (384, 256)),  # memory: all activations are kept
        (SR, (1280, 720), (200, 130), (192, 128)),  # no larger than the photo, on a grid of 16 px
        (X4, (320, 180), (800, 727), (192, 176)),  # a quarter of the photo
        (SR, (48, 32), (100, 100), (48, 32)),  # no larger than what is exported
    ],
)
def test_sizes_of_crops(tmp_path, track, size, photo, crop):
    photos = Calibration(tuple(small_networks.photos(tmp_path, 1, photo).iterdir()))
    assert calibration.crop_size(photos, track, size) == crop


def test_a_photo_that_is_too_small(tmp_path):
    small_networks.photos(tmp_path, 2, (300, 300))
    small_networks.photos(tmp_path / "..", 1, (255, 300))
    photos = Calibration((*sorted(tmp_path.glob("*.png")), tmp_path.parent / "photo0.png"))
    with pytest.raises(InputError) as refused:
        calibration.crop_size(photos, X4, (320, 180))
    assert str(refused.value) == (
        f"expected photos of at least 256x256 px to calibrate on, found 255x300 in {tmp_path.parent}/photo0.png: "
        "take it out, or use larger photos"
    )


def test_a_network_of_one_size_gets_crops_of_it(tmp_path):
    photos = Calibration(tuple(small_networks.photos(tmp_path, 1, (300, 200)).iterdir()))
    assert calibration.crop_size(photos, SR, (240, 160), (240, 160)) == (240, 160)
    with pytest.raises(InputError, match="photos of at least 304x160 px"):
        calibration.crop_size(photos, SR, (302, 160), (302, 160))


def test_crops_are_small_photos_of_their_targets(tmp_path):
    photos = calibration.settle(small_networks.photos(tmp_path, 2, (400, 380)), 3)
    crops = list(calibration.draw(photos, X4, (64, 80)))
    assert [crop.photo.name for crop in crops] == ["photo0.png", "photo1.png", "photo0.png"]
    for crop in crops:
        assert (crop.input.shape, crop.target.shape) == ((1, 80, 64, 3), (1, 320, 256, 3))
        whole = (crop.target[0] * 255).round().astype(np.uint8)
        assert (crop.input[0] == (matlab_bicubic(whole, (80, 64)) / np.float32(255))).all()


def test_crops_are_blurred_as_the_track_blurs(tmp_path):
    photos = calibration.settle(small_networks.photos(tmp_path, 1, (400, 380)), 1)
    (crop,) = calibration.draw(photos, SR, (65, 66))  # no multiple of the scale
    assert crop.input.shape == crop.target.shape == (1, 66, 65, 3)
    assert np.abs(np.diff(crop.input, axis=2)).max() < np.abs(np.diff(crop.target, axis=2)).max()


def test_crops_of_pairs_are_shots_of_the_simulated_camera(tmp_path):
    photos = calibration.settle(small_networks.photos(tmp_path, 1, (400, 380)), 1)
    (crop,) = calibration.draw(photos, ENHANCEMENT, (64, 64))
    assert not np.array_equal(crop.input, crop.target)
    assert 0.7 < np.corrcoef(crop.input.ravel(), crop.target.ravel())[0, 1] < 1


def test_the_seed_draws_the_places(tmp_path):
    folder = small_networks.photos(tmp_path, 1, (400, 380))
    places = [next(calibration.draw(calibration.settle(folder, seed=seed), SR, (64, 64))).target for seed in (1, 1, 2)]
    assert np.array_equal(places[0], places[1])
    assert not np.array_equal(places[0], places[2])
    photo = as_float(read_rgb(folder / "photo0.png"))
    tops, lefts = range(0, 317, 4), range(0, 337, 4)
    assert any((photo[y : y + 64, x : x + 64] == places[0][0]).all() for y in tops for x in lefts)
