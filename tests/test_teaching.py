"""What a person asks for becomes a training in a folder."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image as PillowImage

from aic_helpers import curves, networks, plans, teaching, training
from aic_helpers.errors import InputError
from aic_helpers.images import write_png


def tiny(images: networks.Tensor) -> networks.Tensor:
    return images + keras.layers.Conv2D(3, 3, padding="same", kernel_initializer="zeros")(images)


@pytest.fixture(autouse=True)
def _tiny_is_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(networks.NETWORKS, "tiny", tiny)
    small = plans.Plan(steps=20, batch=2, patch_px=16, margin_px=2, reports=2)
    monkeypatch.setitem(plans.OWN_PLANS, "tiny super_resolution", small)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    picture = PillowImage.fromarray(noise).resize((128, 96), PillowImage.Resampling.NEAREST)
    return write_png(tmp_path_factory.mktemp("photos") / "0.png", np.asarray(picture)).parent


def test_a_lesson_leaves_weights_recipe_curve_and_progress(photos: Path, tmp_path: Path) -> None:
    lesson = teaching.settle("tiny", "", str(photos), None, {"loss": "l1", "batch": None}, str(tmp_path / "out"))
    assert (lesson.plan.loss, lesson.plan.batch, lesson.track.name) == ("l1", 2, "super_resolution")
    steps: list[int] = []
    trained = teaching.learn(lesson, progress=lambda step, report: steps.append(step))
    assert steps == list(range(1, 21))
    names = {path.name for path in lesson.folder.iterdir()}
    assert names == {"tiny.weights.h5", "tiny.json", "training.png", "progress.npz"}
    recipe = json.loads((lesson.folder / "tiny.json").read_text("utf-8"))
    assert {"cpu", "cores", "created_utc"} == set(recipe["machine"])
    rows = dict(teaching.summary_rows(lesson, trained))
    assert rows["steps"].startswith("20 of 20 in ")
    assert rows["next"].endswith(f"networks.py:tiny --checkpoint {lesson.folder}/tiny.weights.h5")


def test_minutes_become_steps_once_and_a_training_that_goes_on_keeps_them(photos: Path, tmp_path: Path) -> None:
    wanted = {"photos": str(photos), "out": str(tmp_path), "minutes": 0.001}
    lesson = teaching.settle("tiny", **wanted)
    assert lesson.plan.steps >= 1
    teaching.learn(lesson)
    assert teaching.settle("tiny", **{**wanted, "minutes": 99.0}).plan == lesson.plan


def test_when_the_loss_is_lost_the_last_good_weights_are_written(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = teaching.settle("tiny", "", str(photos), None, {}, str(tmp_path))
    good = teaching.learn(lesson)
    (tmp_path / "tiny.weights.h5").unlink()

    def lose(*_: object, **__: object) -> None:
        raise training.NotFiniteError(20, good)

    monkeypatch.setattr(training, "train", lose)
    with pytest.raises(InputError, match="expected a finite loss, found NaN or infinity by step 20"):
        teaching.learn(lesson)
    assert (tmp_path / "tiny.weights.h5").is_file()


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"network": "tinny"}, r"expected a network \(srcnn, .*\), found tinny: did you mean tiny\?"),
        ({"track": "sharpen"}, "expected a track"),
        ({"photos": "/nowhere"}, "expected a folder of images at /nowhere"),
        ({"changes": {"loss": "l3"}}, "expected a loss: l1"),
        ({"steps": 0}, "steps that are a multiple of the reports, found 0 steps"),
        ({"minutes": -1.0}, "more than 0 minutes, found -1"),
    ],
)
def test_what_cannot_be_settled(wanted: dict, message: str, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        teaching.settle(**{"network": "tiny", "photos": str(photos), "out": str(tmp_path), **wanted})


def test_any_number_of_steps_gets_reports_that_divide_it() -> None:
    plan = plans.Plan(steps=100, reports=20)
    assert [plans.of_steps(plan, steps).reports for steps in (100, 30, 7, 23)] == [20, 15, 7, 1]


def test_the_curve_shows_each_report_beside_doing_nothing() -> None:
    history = [
        {"step": 10, "loss": 0.5, "held_out_psnr_db": 28.0},
        {"step": 20, "loss": 0.25, "held_out_psnr_db": 30.0},
    ]
    left, right = curves.training(history, 27.0).axes
    assert left.lines[0].get_xydata().tolist() == [[10, 0.5], [20, 0.25]]
    assert right.lines[0].get_xydata().tolist() == [[10, 28], [20, 30]]
    assert right.lines[1].get_ydata() == [27.0, 27.0]
