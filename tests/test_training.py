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
from aic_helpers.losses import LOSSES
from aic_helpers.places import PROJECT
from aic_helpers.plans import Plan
from aic_helpers.tracks import ENHANCEMENT, SUPER_RESOLUTION

TINY = Plan(steps=30, batch=4, patch_px=16, margin_px=2, reports=3, loss="l2", learning_rate=3e-3)


def tiny(images: networks.Tensor) -> networks.Tensor:
    features = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(images)
    return images + keras.layers.Conv2D(3, 3, padding="same", kernel_initializer="zeros")(features)


class Killed(BaseException):
    """What ends a training from outside, in these tests."""


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
    trained = training.train(
        tiny,
        track,
        photos,
        dataclasses.replace(TINY, steps=150),
        progress=lambda step, report: reports.append(report) if report else None,
    )
    assert [report["step"] for report in reports] == [50, 100, 150]
    assert reports == trained.history
    assert reports[-1]["loss"] < reports[0]["loss"]
    assert trained.recipe["held_out_psnr_db"] > trained.recipe["held_out_input_psnr_db"]


@pytest.mark.parametrize("loss", LOSSES)
def test_each_loss_falls(loss: str, photos: list[Path]) -> None:
    plan = dataclasses.replace(TINY, loss=loss, steps=60)
    history = training.train(tiny, ENHANCEMENT, photos, plan).history
    assert history[-1]["loss"] < history[0]["loss"]


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
    with pytest.raises(InputError, match=r"NaN or infinity by step 10 \(no weights\): lower the learning rate"):
        training.train(untrainable, SUPER_RESOLUTION, photos, TINY)


def test_when_the_loss_is_lost_the_last_good_weights_are_kept(photos: list[Path], tmp_path: Path) -> None:
    def spoil(step: int, report: dict[str, float] | None) -> None:
        if step == 20:
            raise Killed

    with pytest.raises(Killed):
        training.train(tiny, SUPER_RESOLUTION, photos, TINY, folder=tmp_path, progress=spoil)
    file = tmp_path / "progress.npz"
    kept = dict(np.load(file))
    np.savez(file, **{name: values * np.nan if name == "weight_0" else values for name, values in kept.items()})
    with pytest.raises(
        training.NotFiniteError, match=r"by step 30 \(the weights of step [12]0 are the last good"
    ) as caught:
        training.train(tiny, SUPER_RESOLUTION, photos, TINY, folder=tmp_path)
    assert caught.value.trained is not None
    assert np.isfinite(caught.value.trained.model.get_weights()[0]).all()


def test_a_training_that_was_killed_ends_where_an_unbroken_one_ends(photos: list[Path], tmp_path: Path) -> None:
    def kill(step: int, report: dict[str, float] | None) -> None:
        if step == 25:
            raise Killed

    with pytest.raises(Killed):
        training.train(tiny, SUPER_RESOLUTION, photos, TINY, folder=tmp_path, progress=kill)
    told: list[dict[str, float]] = []
    resumed = training.train(
        tiny,
        SUPER_RESOLUTION,
        photos,
        TINY,
        folder=tmp_path,
        progress=lambda step, report: told.append(report) if report else None,
    )
    unbroken = training.train(tiny, SUPER_RESOLUTION, photos, TINY)
    assert [report["step"] for report in told] == [10, 20, 30]
    for first, second in zip(resumed.model.get_weights(), unbroken.model.get_weights(), strict=True):
        np.testing.assert_allclose(first, second, atol=1e-6)
    again = training.train(tiny, SUPER_RESOLUTION, photos, TINY, folder=tmp_path)
    np.testing.assert_array_equal(again.model.get_weights()[0], resumed.model.get_weights()[0])


def test_the_progress_of_another_plan_is_refused(photos: list[Path], tmp_path: Path) -> None:
    training.train(tiny, SUPER_RESOLUTION, photos, TINY, folder=tmp_path)
    with pytest.raises(InputError, match=r"expected the progress of this very plan in .*: name another folder"):
        training.train(tiny, SUPER_RESOLUTION, photos, dataclasses.replace(TINY, seed=1), folder=tmp_path)


def test_without_anything_better_it_stops_early_and_keeps_the_best(photos: list[Path]) -> None:
    plan = dataclasses.replace(TINY, steps=100, reports=10, patience=2, learning_rate=0.9)
    trained = training.train(tiny, SUPER_RESOLUTION, photos, plan)
    best = max(trained.history, key=lambda report: report["held_out_psnr_db"])
    assert trained.recipe["kept_step"] == best["step"]
    assert trained.recipe["steps_done"] == best["step"] + 20 < 100


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss": "l3"}, "expected a loss: l1, l2, charbonnier, charbonnier_ssim, found l3"),
        ({"batch": 0}, "expected a batch and patches of 1 or more, .*, found batch 0"),
        ({"learning_rate": 0.0}, "a learning rate in .0, 1."),
        ({"scales": ()}, "scales above 0, at most 1, found ()"),
        ({"scales": (1.5,)}, "scales above 0, at most 1"),
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
