from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import math
from pathlib import Path

import keras
import numpy as np
import pytest
from fixtures.pirm2018 import ENHANCEMENT, SUPER_RESOLUTION
from PIL import Image as PillowImage
from PIL import ImageFilter

from aic_helpers.core.errors import InputError
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data import images as data_images
from aic_helpers.data import manifests
from aic_helpers.data.datasets import SAMPLE
from aic_helpers.data.images import write_png
from aic_helpers.models import conversion, networks, sources
from aic_helpers.runtimes import frozen_models
from aic_helpers.tracks.catalogue import find_track
from aic_helpers.training import callbacks, initializers, plans, trainer
from aic_helpers.training.losses import LOSSES
from aic_helpers.training.plans import Plan

pytestmark = pytest.mark.tensorflow

CLASSIC_X2 = find_track("classic_x2")

TINY = Plan(steps=30, batch=4, patch_px=16, margin_px=2, reports=3, loss="l2", learning_rate=3e-3)


def tiny(images: networks.Tensor) -> networks.Tensor:
    features = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(images)
    return images + keras.layers.Conv2D(3, 3, padding="same", kernel_initializer="zeros")(features)


def tiny_x2(images: networks.Tensor) -> networks.Tensor:
    missing = keras.layers.Conv2D(12, 3, padding="same", kernel_initializer="zeros")(images)
    return keras.ops.depth_to_space(missing + keras.ops.tile(images, (1, 1, 1, 4)), 2)


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
    told: list[tuple[int, int | None, str]] = []
    trained = trainer.train(
        tiny,
        track,
        photos,
        dataclasses.replace(TINY, steps=150),
        progress=lambda *state: told.append(state),
    )
    reports = trained.history
    assert [report["step"] for report in reports] == [50, 100, 150]
    assert [step for step, _, _ in told] == list(range(1, 151))
    assert told[0] == (1, 150, "2 photos, 150 steps")
    figures = f"loss {reports[0]['loss']:.5f}, held-out PSNR {reports[0]['held_out_psnr_db']:.2f} dB"
    assert {words for step, _, words in told if 50 <= step < 100} == {f"step 50: {figures}"}
    assert reports[-1]["loss"] < reports[0]["loss"]
    assert trained.recipe["held_out_psnr_db"] > trained.recipe["held_out_input_psnr_db"]


def test_a_network_for_small_photos_learns_more_than_bicubic_enlargement(photos: list[Path]) -> None:
    plan = dataclasses.replace(TINY, steps=300)
    trained = trainer.train(tiny_x2, CLASSIC_X2, photos, plan)
    assert trained.recipe["held_out_psnr_db"] > trained.recipe["held_out_input_psnr_db"] + 0.3
    assert (trained.recipe["track"], trained.recipe["patch_px"]) == ("classic_x2", 16)
    inputs, targets = trainer.sample_patches(CLASSIC_X2, photos, plan)
    assert (inputs.shape, targets.shape) == ((6, 8, 8, 3), (6, 16, 16, 3))


@pytest.mark.parametrize(("network", "times"), [("fast_sr_x4", 4), ("fsrcnn_x3", 3)])
def test_weights_of_a_network_for_small_photos_convert_to_one_that_enlarges(
    network: str, times: int, photos: list[Path], tmp_path: Path
) -> None:
    plan = dataclasses.replace(plans.plan_for(network, "small"), steps=1, reports=1, batch=1, patch_px=24)
    trained = trainer.train(networks.NETWORKS[network], find_track(f"classic_x{times}"), photos, plan)
    weights = trainer.save(trained, tmp_path, network)
    source = sources.resolve(f"{sources.NETWORKS}:{network}", weights)
    report = conversion.convert(source, tmp_path / "model.pb", enlarges=times)
    assert report["parity"]["max_abs"] < 1e-5
    image = np.random.default_rng(0).random((1, 13, 9, 3), dtype=np.float32)
    output = frozen_models.load(tmp_path / "model.pb")(image)
    assert output.shape == (1, 13 * times, 9 * times, 3)
    np.testing.assert_allclose(output, trained.model(image), atol=1e-5)


@pytest.mark.parametrize(
    ("network", "track", "message"),
    [
        ("tiny_x2", "A", "a network for super_resolution, whose output is as large as the input, found tiny_x2, whose"),
        ("tiny", "classic_x2", "is 2 times the input's size, found tiny, whose output is as large as the input: name"),
        ("tiny_x2", "classic_x4", "4 times the input's size, found tiny_x2, whose output is 2 times the input's size"),
    ],
)
def test_a_network_of_another_scale_than_the_track(network: str, track: str, message: str, photos: list[Path]) -> None:
    with pytest.raises(InputError, match=message):
        trainer.train(globals()[network], find_track(track), photos, TINY)


def test_patches_that_cannot_be_reduced(photos: list[Path]) -> None:
    expected = "a patch_px that is a multiple of 3, the scale of classic_x3, found 16: change it"
    for ask in (trainer.check_photos, trainer.sample_patches):
        with pytest.raises(InputError, match=expected):
            ask(find_track("classic_x3"), photos, TINY)


@pytest.mark.parametrize("loss", LOSSES)
def test_each_loss_falls(loss: str, photos: list[Path]) -> None:
    plan = dataclasses.replace(TINY, loss=loss, steps=60)
    history = trainer.train(tiny, ENHANCEMENT, photos, plan).history
    assert history[-1]["loss"] < history[0]["loss"]


def test_the_same_seed_trains_the_same_network(photos: list[Path]) -> None:
    runs = [trainer.train(tiny, SUPER_RESOLUTION, photos, TINY).model.get_weights() for _ in range(2)]
    for first, second in zip(*runs, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-5)
    other = trainer.train(tiny, SUPER_RESOLUTION, photos, dataclasses.replace(TINY, seed=1)).model.get_weights()
    assert np.abs(other[0] - runs[0][0]).max() > 0.01


def test_saved_weights_load_into_the_network_and_the_recipe_says_how(photos: list[Path], tmp_path: Path) -> None:
    trained = trainer.train(tiny, ENHANCEMENT, photos, TINY)
    weights = trainer.save(trained, tmp_path / "out", "mine", validation={"psnr_db": 30.0})
    assert {path.name for path in weights.parent.iterdir()} == {"mine.weights.h5", "mine.json"}
    again = networks.build(tiny)
    again.load_weights(weights)
    image = np.random.default_rng(0).random((1, 20, 24, 3), dtype=np.float32)
    np.testing.assert_array_equal(again(image), trained.model(image))
    recipe = json.loads((tmp_path / "out" / "mine.json").read_text("utf-8"))
    assert recipe["network"] == "tiny"
    assert recipe["track"] == "enhancement"
    assert recipe["photos"] == ["0.png", "1.png"]
    assert recipe["photos_sha256"] == trainer.photos_sha256(photos[::-1])
    assert (recipe["steps"], recipe["loss"], recipe["seed"]) == (30, "l2", 2018)
    assert recipe["history"] == trained.history
    assert [report["step"] for report in recipe["history"]][-1] == 30
    assert recipe["validation"] == {"psnr_db": 30.0}


def test_a_photo_too_small_for_the_patches(tmp_path: Path) -> None:
    path = write_png(tmp_path / "small.png", np.zeros((64, 100, 3), dtype=np.uint8))
    with pytest.raises(InputError, match=rf"a photo of at least 128x64 px, found 100x64 in {path}: use larger photos"):
        trainer.train(tiny, SUPER_RESOLUTION, [path], Plan(steps=20))


def test_a_loss_that_is_no_longer_finite(photos: list[Path]) -> None:
    with pytest.raises(InputError, match=r"NaN or infinity by step 10 \(no weights\): lower the learning rate"):
        trainer.train(untrainable, SUPER_RESOLUTION, photos, TINY)


def test_when_the_loss_is_lost_the_last_good_weights_are_kept(photos: list[Path], tmp_path: Path) -> None:
    def spoil(step: int, total: int | None, words: str) -> None:
        if step == 20:
            raise Killed

    with pytest.raises(Killed):
        trainer.train(tiny, SUPER_RESOLUTION, photos, TINY, folder=tmp_path, progress=spoil)
    file = tmp_path / "progress.npz"
    kept = dict(np.load(file))
    np.savez(file, **{name: values * np.nan if name == "weight_0" else values for name, values in kept.items()})
    with pytest.raises(
        trainer.NotFiniteError, match=r"by step 30 \(the weights of step [12]0 are the last good"
    ) as caught:
        trainer.train(tiny, SUPER_RESOLUTION, photos, TINY, folder=tmp_path)
    assert caught.value.trained is not None
    assert np.isfinite(caught.value.trained.model.get_weights()[0]).all()


def test_a_training_that_was_killed_ends_where_an_unbroken_one_ends(photos: list[Path], tmp_path: Path) -> None:
    def kill(step: int, total: int | None, words: str) -> None:
        if step == 25:
            raise Killed

    with pytest.raises(Killed):
        trainer.train(tiny, SUPER_RESOLUTION, photos, TINY, folder=tmp_path, progress=kill)
    told: list[str] = []
    resumed = trainer.train(
        tiny,
        SUPER_RESOLUTION,
        photos,
        TINY,
        folder=tmp_path,
        progress=lambda step, total, words: told.append(words),
    )
    unbroken = trainer.train(tiny, SUPER_RESOLUTION, photos, TINY)
    assert [words.partition(":")[0] for words in dict.fromkeys(told)] == ["step 10", "step 20", "step 30"]
    for first, second in zip(resumed.model.get_weights(), unbroken.model.get_weights(), strict=True):
        np.testing.assert_allclose(first, second, atol=1e-6)
    again = trainer.train(tiny, SUPER_RESOLUTION, photos, TINY, folder=tmp_path)
    np.testing.assert_array_equal(again.model.get_weights()[0], resumed.model.get_weights()[0])


def test_the_progress_of_another_plan_is_refused(photos: list[Path], tmp_path: Path) -> None:
    trainer.train(tiny, SUPER_RESOLUTION, photos, TINY, folder=tmp_path)
    other = dataclasses.replace(TINY, seed=1, batch=3)
    found = rf"found one with batch {TINY.batch} \(here 3\), seed 2018 \(here 1\): give the same again, name another"
    with pytest.raises(InputError, match=rf"expected the progress of this very plan in .*, {found}"):
        trainer.train(tiny, SUPER_RESOLUTION, photos, other, folder=tmp_path)
    with pytest.raises(InputError, match="found one with other photos: give the same"):
        trainer.train(tiny, SUPER_RESOLUTION, photos[:1], TINY, folder=tmp_path)


def test_without_anything_better_it_stops_early_and_keeps_the_best(photos: list[Path]) -> None:
    plan = dataclasses.replace(TINY, steps=100, reports=10, patience=2, learning_rate=0.9)
    trained = trainer.train(tiny, SUPER_RESOLUTION, photos, plan)
    best = max(trained.history, key=lambda report: report["held_out_psnr_db"])
    assert trained.recipe["kept_step"] == best["step"]
    assert trained.recipe["steps_done"] == best["step"] + 20 < 100


def test_of_reports_that_are_about_as_good_the_last_is_kept() -> None:
    learner = networks.build(tiny)
    callback = callbacks.TrainingCallback(TINY, {"photos": []}, None, None, 0.0)
    callback.set_model(learner)
    for number, psnr_db in enumerate((30.0, 29.995, 29.98)):
        learner.set_weights([np.full_like(values, number) for values in learner.get_weights()])
        logs = {"loss": 0.1, "val_loss": 0.1, "val_square_error": 10 ** (-psnr_db / 10)}
        callback.on_epoch_end(number, logs)
    trained = callback.trained(keras.models.clone_model(learner))
    assert trained.recipe["kept_step"] == 20
    assert trained.recipe["held_out_psnr_db"] == pytest.approx(29.995)
    assert all((values == 1).all() for values in trained.model.get_weights())


def test_the_patches_shown_are_checked_as_those_learned_from(tmp_path: Path) -> None:
    path = write_png(tmp_path / "small.png", np.zeros((64, 100, 3), dtype=np.uint8))
    with pytest.raises(InputError, match="a photo of at least 128x64 px, found 100x64"):
        trainer.sample_patches(SUPER_RESOLUTION, [path], Plan(steps=20))


def test_in_mixed_precision_both_ends_and_all_weights_stay_float32(
    photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    learners = []

    def seen(model: keras.Model, precision: str) -> keras.Model:
        learners.append(initializers.centred(model, precision))
        return learners[-1]

    monkeypatch.setattr(trainer, "centred", seen)
    plan = dataclasses.replace(TINY, precision="mixed_bfloat16")
    trained = trainer.train(networks.fast_enhancement, SUPER_RESOLUTION, photos, plan)
    (learner,) = learners
    kinds = [layer.compute_dtype for layer in learner.layers if isinstance(layer, keras.layers.Conv2D)]
    assert kinds == ["float32", *["bfloat16"] * (len(kinds) - 2), "float32"]
    assert {weight.dtype for weight in learner.weights} == {"float32"}
    assert trained.history[-1]["loss"] < trained.history[0]["loss"]
    assert trained.recipe["precision"] == "mixed_bfloat16"
    image = np.random.default_rng(0).random((1, 16, 16, 3), dtype=np.float32)
    np.testing.assert_allclose(learner(image), trained.model(image), atol=0.02)


def planted(tmp_path: Path) -> Path:
    """Return weights of `faint`: all but the centre are less than half a step of int8, and together a sixth of it."""
    model = networks.build(faint)
    kernel = np.full((5, 5, 3, 3), 0.0025, np.float32)
    kernel[2, 2, range(3), range(3)] = 1 - 74 * 0.0025
    model.set_weights([kernel, np.zeros(3)])
    model.save_weights(tmp_path / "faint.weights.h5")
    return tmp_path / "faint.weights.h5"


def faint(images: networks.Tensor) -> networks.Tensor:
    return keras.layers.Conv2D(3, 5, padding="same", name="only")(images)


FOR_INT8 = dataclasses.replace(TINY, steps=60, quantized=True)


def test_training_for_int8_mends_a_network_whose_weights_rounding_destroys(photos: list[Path], tmp_path: Path) -> None:
    told: list[str] = []
    trained = trainer.train(
        faint,
        SUPER_RESOLUTION,
        photos,
        FOR_INT8,
        start=planted(tmp_path),
        progress=lambda step, total, words: told.append(words),
    )
    recipe, before = trained.recipe, trained.recipe["before"]
    assert before["held_out_float_psnr_db"] > before["held_out_psnr_db"] + 2
    assert recipe["held_out_psnr_db"] > before["held_out_psnr_db"] + 2
    assert abs(recipe["held_out_float_psnr_db"] - recipe["held_out_psnr_db"]) < 0.3
    assert trained.history[-1]["loss"] < trained.history[0]["loss"]
    figures = f"{before['held_out_psnr_db']:.2f} dB in int8, {before['held_out_float_psnr_db']:.2f} dB in floats"
    assert told[0] == f"2 photos, 60 steps; before the first held-out PSNR {figures}"
    best = max(trained.history, key=lambda report: report["held_out_psnr_db"])
    assert best["held_out_float_psnr_db"] == recipe["held_out_float_psnr_db"]
    assert recipe["ranges"] == {"input": (0, 1), "output": (0, 1)}
    assert json.loads(json.dumps(recipe))["quantized"] is True


def test_a_training_for_int8_that_was_killed_ends_where_an_unbroken_one_ends(
    photos: list[Path], tmp_path: Path
) -> None:
    def kill(step: int, total: int | None, words: str) -> None:
        if step == 25:
            raise Killed

    plan = dataclasses.replace(TINY, quantized=True, clip_percentile=99.0)
    with pytest.raises(Killed):
        trainer.train(tiny, SUPER_RESOLUTION, photos, plan, folder=tmp_path, progress=kill)
    resumed = trainer.train(tiny, SUPER_RESOLUTION, photos, plan, folder=tmp_path)
    unbroken = trainer.train(tiny, SUPER_RESOLUTION, photos, plan)
    assert len(resumed.history) == len(unbroken.history) == 3
    for first, second in zip(resumed.recipe["ranges"].values(), unbroken.recipe["ranges"].values(), strict=True):
        assert first == pytest.approx(second, abs=1e-5)
    for first, second in zip(resumed.model.get_weights(), unbroken.model.get_weights(), strict=True):
        np.testing.assert_allclose(first, second, atol=1e-5)


def outlying(images: networks.Tensor) -> networks.Tensor:
    features = keras.layers.Conv2D(4, 1, activation="relu", name="first")(images)
    return keras.layers.Conv2D(3, 1, name="last")(features)


def test_clipping_saves_what_few_large_outputs_take_from_the_others(photos: list[Path], tmp_path: Path) -> None:
    model = networks.build(outlying)
    colours = np.eye(3, 4, dtype=np.float32)
    colours[0, 3] = 2000  # a channel of bright reds that nothing uses takes the range, and so the steps, of all
    bias = np.array([0, 0, 0, -1800], np.float32)
    model.set_weights([colours[None, None], bias, np.eye(4, 3)[None, None], np.zeros(3)])
    model.save_weights(tmp_path / "outlying.weights.h5")
    start = tmp_path / "outlying.weights.h5"
    plans_by_percentile = {at: dataclasses.replace(FOR_INT8, clip_percentile=at) for at in (100.0, 90.0)}
    found = {
        at: trainer.train(outlying, SUPER_RESOLUTION, photos, plan, start=start).recipe
        for at, plan in plans_by_percentile.items()
    }
    assert found[100.0]["ranges"]["first"][1] > 50
    assert found[90.0]["ranges"]["first"][1] < 2
    assert found[90.0]["held_out_psnr_db"] > found[100.0]["held_out_psnr_db"] + 5
    assert abs(found[90.0]["held_out_psnr_db"] - found[90.0]["before"]["held_out_float_psnr_db"]) < 0.5


def test_a_network_that_cannot_be_trained_for_int8_is_one_line(photos: list[Path]) -> None:
    plan = dataclasses.replace(FOR_INT8, patch_px=16)
    with pytest.raises(InputError, match=r"found InstanceNormalization in norm2 of resnet_6_16: train it without"):
        trainer.train(networks.resnet_6_16, SUPER_RESOLUTION, photos, plan)


@pytest.fixture(scope="module")
def whole_progress(photos: list[Path], tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("whole")
    trainer.train(tiny, SUPER_RESOLUTION, photos, TINY, folder=folder)
    assert not list(folder.glob("*partial*"))
    assert callbacks.steps_planned(folder) == 30
    return (folder / "progress.npz").read_bytes()


def array_file(name: str) -> bytes:
    with io.BytesIO() as file:
        np.savez(file, **{name: np.asarray(3)})
        return file.getvalue()


def without(whole: bytes, name: str) -> bytes:
    with io.BytesIO() as file:
        np.savez(file, **{key: value for key, value in np.load(io.BytesIO(whole)).items() if key != name})
        return file.getvalue()


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        lambda whole: whole[: len(whole) // 2],
        lambda whole: b"not a training",
        lambda whole: array_file("other"),
        lambda whole: array_file("story"),
    ],
    ids=["empty", "cut off", "text", "other keys", "another story"],
)
def test_damaged_progress_is_one_line(damage, whole_progress: bytes, photos: list[Path], tmp_path: Path) -> None:
    file = tmp_path / "progress.npz"
    file.write_bytes(damage(whole_progress))
    message = rf"^expected a training's progress in {file}, found a damaged file: remove it to start anew$"
    with pytest.raises(InputError, match=message):
        callbacks.steps_planned(tmp_path)
    with pytest.raises(InputError, match=message):
        trainer.train(tiny, SUPER_RESOLUTION, photos, TINY, folder=tmp_path)


def test_progress_that_lacks_an_array_is_one_line(whole_progress: bytes, photos: list[Path], tmp_path: Path) -> None:
    (tmp_path / "progress.npz").write_bytes(without(whole_progress, "weight_1"))
    with pytest.raises(InputError, match="found a damaged file: remove it"):
        trainer.train(tiny, SUPER_RESOLUTION, photos, TINY, folder=tmp_path)


def test_a_second_training_in_a_folder_is_refused_until_the_first_ends(photos: list[Path], tmp_path: Path) -> None:
    refused: list[str] = []

    def another(step: int, total: int | None, words: str) -> None:
        if step == 1:
            with pytest.raises(InputError) as caught:
                trainer.train(tiny, SUPER_RESOLUTION, photos, TINY, folder=tmp_path)
            refused.append(str(caught.value))

    trainer.train(tiny, SUPER_RESOLUTION, photos, TINY, folder=tmp_path, progress=another)
    remedy = "wait until it ends, or name another folder"
    assert refused == [f"expected no other training at work in {tmp_path}, found one: {remedy}"]
    trainer.train(tiny, SUPER_RESOLUTION, photos, TINY, folder=tmp_path)


def test_a_folder_that_cannot_be_written_is_told_before_the_training(photos: list[Path], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"a folder at .*file/out that can be written, found Not a directory: name"):
        trainer.train(tiny, SUPER_RESOLUTION, photos, TINY, folder=tmp_path / "file" / "out")


def test_a_recipe_is_strict_json(tmp_path: Path) -> None:
    model = networks.build(tiny)
    trainer.save(callbacks.Trained(model, {"held_out_psnr_db": math.inf}, []), tmp_path, "mine", score=math.nan)
    text = (tmp_path / "mine.json").read_text("utf-8")

    def refuse(word: str) -> None:
        raise AssertionError(word)

    assert json.loads(text, parse_constant=refuse) == {"held_out_psnr_db": "inf", "history": [], "score": None}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss": "l3"}, "expected a loss: l1, l2, charbonnier, charbonnier_y, charbonnier_ssim, psnr, found"),
        ({"loss": ["l1"]}, "expected a loss: l1"),
        ({"batch": 0}, "^expected batch as a whole number from 1 to 1024, found 0: change batch$"),
        ({"batch": 1025}, "batch as a whole number from 1 to 1024, found 1025"),
        ({"patch_px": 2049}, "patch_px as a whole number from 1 to 2048, found 2049"),
        ({"patience": -1}, "patience as a whole number from 0 to 10000, found -1"),
        ({"seed": -1}, "seed as a whole number from 0 to 4294967295, found -1"),
        ({"seed": 2**32}, "seed as a whole number from 0 to 4294967295, found 4294967296"),
        ({"seed": "2018"}, "seed as a whole number .*, found '2018'"),
        ({"steps": True}, "steps as a whole number .*, found True"),
        ({"steps": 10_000_020}, "steps as a whole number from 1 to 10000000"),
        ({"learning_rate": 0.0}, "a learning_rate above 0 and below 1, found 0.0"),
        ({"learning_rate": math.nan}, "a learning_rate above 0 and below 1, found nan"),
        ({"learning_rate": "fast"}, "a learning_rate above 0 and below 1, found 'fast'"),
        ({"precision": "float16"}, "a precision: float32, mixed_bfloat16, found 'float16'"),
        ({"scales": ()}, "scales above 0, at most 1, found ()"),
        ({"scales": (1.5,)}, "scales above 0, at most 1"),
        ({"steps": 110}, "steps that are a multiple of the reports, found 110 steps and 20 reports"),
        ({"steps": 0}, "steps as a whole number from 1 to 10000000, found 0"),
        ({"patch_px": 16}, "wider than both their margins .px., found patch_px 16 and margin_px 8"),
    ],
)
def test_plans_that_cannot_be(changes: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        dataclasses.replace(Plan(steps=100), **changes)


OURS = [name for name, entry in sources.pretrained().items() if not entry.get("challenge")]


def sha256_of(digests: dict[str, str]) -> str:
    """Return what `trainer.photos_sha256` gives for photos of these names and SHA-256s, which need not be here."""
    lines = sorted(f"{name} {digest}\n" for name, digest in digests.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@pytest.mark.parametrize("name", OURS)
def test_our_weights_were_trained_on_photos_that_a_list_names(name: str) -> None:
    sample, large = (
        {path.name: manifests.digest(path, "sha256") for path in data_images.list_images(SAMPLE.parent / folder)}
        for folder in ("sample/training", "training_large")
    )
    listed = PROJECT / "data" / "training.toml"
    fetched = {entry.path: entry.digest for entry in manifests.read(listed).entries}
    known = {sha256_of(digests): set(digests) for digests in (sample, large, large | fetched)}
    recipe = json.loads((PROJECT / "models_pretrained" / f"{name}.json").read_text("utf-8"))
    if len(recipe["photos"]) > len(large):
        assert recipe["photos_manifest_sha256"] == manifests.digest(listed, "sha256")
    while recipe:
        assert set(recipe["photos"]) == known[recipe["photos_sha256"]]
        recipe = recipe.get("start_recipe")


@pytest.mark.parametrize("name", OURS)
def test_sample_weights_are_better_than_doing_nothing(name: str) -> None:
    recipe = json.loads((PROJECT / "models_pretrained" / f"{name}.json").read_text("utf-8"))
    assert recipe["validation"]["margin"]["psnr_db"] > 0.1


def test_sample_weights_are_small_together() -> None:
    files = [PROJECT / "models_pretrained" / f"{name}.weights.h5" for name in OURS]
    assert sum(file.stat().st_size for file in files) < 9_000_000
