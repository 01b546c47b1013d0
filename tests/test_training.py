from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageFilter

from aic_helpers import networks, training
from aic_helpers.errors import InputError
from aic_helpers.images import write_png
from aic_helpers.places import PROJECT
from aic_helpers.tracks import ENHANCEMENT, SUPER_RESOLUTION
from aic_helpers.training import Plan

TINY = Plan(steps=30, batch=4, patch_px=16, margin_px=2, reports=3, loss="l2", learning_rate=3e-3)


def tiny(images: networks.Tensor) -> networks.Tensor:
    features = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(images)
    return images + keras.layers.Conv2D(3, 3, padding="same", kernel_initializer="zeros")(features)


def untrainable(images: networks.Tensor) -> networks.Tensor:
    return keras.layers.Conv2D(3, 1, bias_initializer=keras.initializers.Constant(math.nan))(images)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two photos with edges and texture."""
    folder = tmp_path_factory.mktemp("photos")
    paths = []
    for seed in range(2):
        noise = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
        picture = PillowImage.fromarray(noise).resize((128, 96), PillowImage.Resampling.NEAREST)
        paths.append(write_png(folder / f"{seed}.png", np.asarray(picture.filter(ImageFilter.GaussianBlur(0.5)))))
    return paths


@pytest.mark.parametrize("track", [SUPER_RESOLUTION, ENHANCEMENT], ids=lambda track: track.name)
def test_training_lowers_the_loss_and_beats_the_input(track, photos: list[Path]) -> None:
    reports: list[dict[str, float]] = []
    trained = training.train(tiny, track, photos, dataclasses.replace(TINY, steps=150), progress=reports.append)
    assert [report["step"] for report in reports] == [50, 100, 150]
    assert reports == trained.history
    assert reports[-1]["loss"] < reports[0]["loss"]
    assert trained.recipe["held_out_psnr_db"] > trained.recipe["held_out_input_psnr_db"]


@pytest.mark.parametrize("loss", training.LOSSES)
def test_each_loss_falls(loss: str, photos: list[Path]) -> None:
    plan = dataclasses.replace(TINY, loss=loss, steps=60)
    history = training.train(tiny, ENHANCEMENT, photos, plan).history
    assert history[-1]["loss"] < history[0]["loss"]


def test_losses_by_hand() -> None:
    target, output = np.zeros((1, 2)), np.array([[0.0, 0.2]])
    assert float(training.LOSSES["l1"](target, output)) == pytest.approx(0.1)
    assert float(training.LOSSES["l2"](target, output)) == pytest.approx(0.02)
    expected = (math.sqrt(1e-6) + math.sqrt(0.04 + 1e-6)) / 2
    assert float(training.LOSSES["charbonnier"](target, output)) == pytest.approx(expected)


def test_the_same_seed_trains_the_same_network(photos: list[Path]) -> None:
    runs = [training.train(tiny, SUPER_RESOLUTION, photos, TINY).model.get_weights() for _ in range(2)]
    for first, second in zip(*runs, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-5)
    other = training.train(tiny, SUPER_RESOLUTION, photos, dataclasses.replace(TINY, seed=1)).model.get_weights()
    assert np.abs(other[0] - runs[0][0]).max() > 0.01


def test_saved_weights_load_into_the_network_and_the_recipe_says_how(photos: list[Path], tmp_path: Path) -> None:
    trained = training.train(tiny, ENHANCEMENT, photos, TINY)
    weights = training.save(trained, tmp_path / "out", "mine", validation={"psnr_db": 30.0})
    assert {path.name for path in weights.parent.iterdir()} == {"mine.weights.h5", "mine.json"}
    again = networks.build(tiny)
    again.load_weights(weights)
    image = np.random.default_rng(0).random((1, 20, 24, 3), dtype=np.float32)
    np.testing.assert_array_equal(again(image), trained.model(image))
    recipe = json.loads((tmp_path / "out" / "mine.json").read_text("utf-8"))
    assert recipe["network"] == "tiny"
    assert recipe["track"] == "enhancement"
    assert recipe["photos"] == ["0.png", "1.png"]
    assert recipe["photos_sha256"] == training.photos_sha256(photos[::-1])
    assert (recipe["steps"], recipe["loss"], recipe["seed"]) == (30, "l2", 2018)
    assert recipe["validation"] == {"psnr_db": 30.0}


def test_a_photo_too_small_for_the_patches(tmp_path: Path) -> None:
    path = write_png(tmp_path / "small.png", np.zeros((64, 100, 3), dtype=np.uint8))
    with pytest.raises(InputError, match=rf"a photo of at least 128x64 px, found 100x64 in {path}: use larger photos"):
        training.train(tiny, SUPER_RESOLUTION, [path], Plan(steps=20))


def test_a_loss_that_is_no_longer_finite(photos: list[Path]) -> None:
    with pytest.raises(InputError, match="expected a finite loss, found nan by step 10: lower the learning rate"):
        training.train(untrainable, SUPER_RESOLUTION, photos, TINY)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss": "l3"}, "expected a loss: l1, l2, charbonnier, found l3"),
        ({"steps": 110}, "steps that are a multiple of the reports, found 110 steps and 20 reports"),
        ({"steps": 0}, "steps that are a multiple of the reports, found 0 steps and 20 reports"),
        ({"patch_px": 16}, "wider than both their margins .px., found patch_px 16 and margin_px 8"),
    ],
)
def test_plans_that_cannot_be(changes: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        dataclasses.replace(Plan(steps=100), **changes)


@pytest.mark.parametrize("name", ["sample_sr_srcnn", "sample_enhancement_srcnn"])
def test_sample_weights_were_trained_on_the_sample_training_photos_alone(name: str) -> None:
    recipe = json.loads((PROJECT / "models_pretrained" / f"{name}.json").read_text("utf-8"))
    photos = sorted((PROJECT / "data" / "sample" / "training").iterdir())
    assert recipe["photos"] == [path.name for path in photos]
    assert recipe["photos_sha256"] == training.photos_sha256(photos)
