from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data import phone_camera
from aic_helpers.data.images import Rgb8, as_float
from aic_helpers.data.phone_camera import OLD_PHONE, draw_camera, photograph


def plain(level: int, size: tuple[int, int] = (64, 96)) -> Rgb8:
    return np.full((*size, 3), level, dtype=np.uint8)


def shot_of(target: Rgb8, seed: int = 0) -> Rgb8:
    return photograph(target, np.random.default_rng(seed))


def test_a_shot_has_the_size_and_type_of_its_target() -> None:
    shot = shot_of(plain(128, (37, 53)))
    assert shot.shape == (37, 53, 3)
    assert shot.dtype == np.uint8


def test_the_same_seed_takes_the_same_shot_and_another_seed_another() -> None:
    target = plain(128)
    np.testing.assert_array_equal(shot_of(target), shot_of(target))
    assert (shot_of(target) != shot_of(target, seed=1)).any()


def test_black_is_lifted_and_white_comes_out_lower_and_yellow_green() -> None:
    assert shot_of(plain(0)).mean() / 255 == pytest.approx(OLD_PHONE.black, abs=0.02)
    red, green, blue = shot_of(plain(255)).mean(axis=(0, 1)) / 255
    assert blue < red < green <= OLD_PHONE.white + 0.005


def test_a_grey_comes_out_where_the_documented_steps_put_it() -> None:
    still = replace(OLD_PHONE, exposure_ev=(0, 0), blur_sigma_px=(1e-9, 1e-9))
    light = ((128 / 255 + 0.055) / 1.055) ** 2.4 * np.array([0.92, 1.0, 0.8])
    expected = 0.04 + 0.86 * (1.055 * light ** (1 / 2.4) - 0.055) ** 1.2
    shot = photograph(plain(128), np.random.default_rng(0), still)
    np.testing.assert_allclose(shot.mean(axis=(0, 1)) / 255, expected, atol=0.006)


def test_noise_grows_with_light(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phone_camera, "_through_jpeg", lambda image, quality: image)
    light = [phone_camera._linear((as_float(shot_of(plain(level))) - 0.04) / 0.86) for level in (60, 200)]
    assert light[1].std(axis=(0, 1)).min() > 1.5 * light[0].std(axis=(0, 1)).max()


def test_nothing_is_moved() -> None:
    target = plain(40)
    target[20:40, 30:60] = 220
    edges = np.abs(np.diff(shot_of(target)[..., 1].astype(int), axis=1)).sum(axis=0)
    assert sorted(int(column) for column in np.argsort(edges)[-2:]) == [29, 59]


def test_the_sample_data_states_the_numbers_of_the_simulation() -> None:
    text = (PROJECT / "data" / "sample" / "README.md").read_text("utf-8")
    for numbers in (
        "{} to {} px".format(*OLD_PHONE.blur_sigma_px),
        "{} to {} EV".format(*OLD_PHONE.exposure_ev),
        "{:.2f}, {:.2f}, {:.2f}".format(*OLD_PHONE.colours.sum(axis=1)),
        "variance 3e-4 x + 4e-6",
        f"power {OLD_PHONE.contrast}, then black at {OLD_PHONE.black:.2f} and white at {OLD_PHONE.white:.2f}",
        "quality {} to {}".format(*OLD_PHONE.jpeg_quality),
    ):
        assert numbers in text
    assert (OLD_PHONE.light_noise, OLD_PHONE.read_noise) == (3e-4, 4e-6)


def test_drawn_cameras_lie_around_the_old_phone() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_camera(rng) for _ in range(400)]
    for name in ("light_noise", "read_noise", "black", "white", "contrast"):
        values = [getattr(camera, name) for camera in drawn]
        assert min(values) < getattr(OLD_PHONE, name) < max(values)
    for name in ("blur_sigma_px", "exposure_ev", "jpeg_quality"):
        lows, highs = zip(*(getattr(camera, name) for camera in drawn), strict=True)
        low, high = getattr(OLD_PHONE, name)
        assert min(lows) < low < high < max(highs)
    whites = np.array([camera.colours.sum(axis=1) for camera in drawn])
    assert (whites.min(axis=0) < OLD_PHONE.colours.sum(axis=1)).all()
    assert (whites.max(axis=0) > 1).all()


def test_another_camera_takes_another_shot() -> None:
    one, other = (draw_camera(np.random.default_rng(seed)) for seed in (1, 2))
    shots = [photograph(plain(128), np.random.default_rng(0), camera).mean(axis=(0, 1)) for camera in (one, other)]
    assert np.abs(shots[0] - shots[1]).max() > 4
