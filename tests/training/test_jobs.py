"""What a person asks for becomes a training in a folder."""

from __future__ import annotations

import dataclasses
import json
import math
import shlex
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image as PillowImage
from PIL import ImageOps

from aic_helpers.cli import train_commands
from aic_helpers.core import safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.core.progress_types import Progress
from aic_helpers.data.datasets import SAMPLE
from aic_helpers.data.images import write_png
from aic_helpers.models import networks, sources
from aic_helpers.training import callbacks, jobs, plans, trainer, training_plots

pytestmark = pytest.mark.tensorflow


def tiny(images: networks.Tensor) -> networks.Tensor:
    return images + keras.layers.Conv2D(3, 3, padding="same", kernel_initializer="zeros")(images)


@pytest.fixture(autouse=True)
def _tiny_is_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(networks.NETWORKS, "tiny", tiny)
    small = plans.Plan(steps=20, batch=2, patch_px=16, margin_px=2, reports=2)
    monkeypatch.setitem(plans.OWN_PLANS, "tiny enlarged", small)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    picture = PillowImage.fromarray(noise).resize((128, 96), PillowImage.Resampling.NEAREST)
    return write_png(tmp_path_factory.mktemp("photos") / "0.png", np.asarray(picture)).parent


def test_a_lesson_leaves_weights_recipe_curve_and_progress(photos: Path, tmp_path: Path) -> None:
    job = jobs.settle("tiny", "", str(photos), None, {"loss": "l1", "batch": None}, str(tmp_path / "out"))
    assert (job.plan.loss, job.plan.batch, job.track.name) == ("l1", 2, "super_resolution")
    steps: list[int] = []
    trained = jobs.learn(job, progress=lambda step, total, words: steps.append(step))
    assert steps == list(range(1, 21))
    names = {path.name for path in job.folder.iterdir()}
    assert names == {"tiny.weights.h5", "tiny.json", "training.png", "progress.npz", ".training.lock"}
    recipe = json.loads((job.folder / "tiny.json").read_text("utf-8"))
    assert {"cpu", "cores", "created_utc"} == set(recipe["machine"])
    rows = dict(jobs.summary_rows(job, trained))
    assert rows["steps"].startswith("20 of 20 in ")


def test_minutes_become_steps_once_and_a_training_that_goes_on_keeps_them(photos: Path, tmp_path: Path) -> None:
    wanted = {"photos": str(photos), "out": str(tmp_path), "minutes": 0.001}
    job = jobs.settle("tiny", **wanted)
    assert job.plan.steps >= 1
    jobs.learn(job)
    assert jobs.settle("tiny", **{**wanted, "minutes": 99.0}).plan == job.plan


def test_when_the_loss_is_lost_the_last_good_weights_are_written(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.settle("tiny", "", str(photos), None, {}, str(tmp_path))
    good = jobs.learn(job)
    (tmp_path / "tiny.weights.h5").unlink()

    def lose(*_: object, **__: object) -> None:
        raise trainer.NotFiniteError(20, good)

    monkeypatch.setattr(trainer, "train", lose)
    with pytest.raises(InputError, match="expected a finite loss, found NaN or infinity by step 20"):
        jobs.learn(job)
    assert (tmp_path / "tiny.weights.h5").is_file()


def test_a_training_goes_on_from_weights(photos: Path, tmp_path: Path) -> None:
    first = jobs.settle("tiny", "", str(photos), None, {}, str(tmp_path / "first"))
    trained = jobs.learn(first)
    weights = first.folder / "tiny.weights.h5"
    still = {"learning_rate": 1e-12}
    second = jobs.settle("tiny", "", str(photos), None, still, str(tmp_path / "second"), start=str(weights))
    after = jobs.learn(second)
    for kept, given in zip(after.model.get_weights(), trained.model.get_weights(), strict=True):
        np.testing.assert_allclose(kept, given, atol=1e-6)
    recipe = json.loads((second.folder / "tiny.json").read_text("utf-8"))
    assert (recipe["start"], recipe["start_sha256"]) == (weights.name, safe_files.sha256(weights))
    assert recipe["start_recipe"] == json.loads((first.folder / "tiny.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "other.weights.h5",
            r"expected weights of tiny in .*other.weights.h5, found the weights of another network, .*: give",
        ),
        ("tiny.ckpt", "expected weights of tiny in a .weights.h5 file, found .*tiny.ckpt: give what aic train wrote"),
        ("text.weights.h5", "found a file of another kind: give this network's own weights"),
        ("empty.weights.h5", "found an empty file: give this network's own weights"),
        ("torn.weights.h5", "found a truncated or damaged file: give this network's own weights"),
        ("zeros.weights.h5", "found a truncated or damaged file: give this network's own weights"),
    ],
)
def test_weights_that_are_not_this_network_s(name: str, message: str, photos: Path, tmp_path: Path) -> None:
    networks.build(networks.srcnn).save_weights(tmp_path / "other.weights.h5")
    whole = (tmp_path / "other.weights.h5").read_bytes()
    contents = {"tiny.ckpt": b"text", "text.weights.h5": b"text", "empty.weights.h5": b""}
    contents |= {"torn.weights.h5": whole[:5000], "zeros.weights.h5": whole[:600] + bytes(len(whole) - 600)}
    for file, content in contents.items():
        (tmp_path / file).write_bytes(content)
    out = tmp_path / "out"
    job = jobs.settle("tiny", "", str(photos), None, {}, str(out), start=str(tmp_path / name))
    with pytest.raises(InputError, match=message):
        jobs.learn(job)


def test_a_damaged_recipe_beside_the_weights_is_told(photos: Path, tmp_path: Path) -> None:
    networks.build(tiny).save_weights(tmp_path / "mine.weights.h5")
    (tmp_path / "mine.json").write_text("{")
    start = str(tmp_path / "mine.weights.h5")
    job = jobs.settle("tiny", "", str(photos), None, {}, str(tmp_path / "out"), start=start)
    with pytest.raises(InputError, match=r"expected a recipe in .*mine.json, found no JSON: mend the file"):
        jobs.learn(job)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"network": "tinny"}, r"expected a network \(srcnn, .*\), found tinny: did you mean tiny\?"),
        ({"track": "sharpen"}, "expected the name of a track, or a .toml file, found .sharpen.: aic track list"),
        ({"photos": "/nowhere"}, "expected a folder of images at /nowhere"),
        ({"changes": {"loss": "l3"}}, "expected a loss: l1"),
        ({"network": 5}, r"expected a network \(.*\), found 5"),
        ({"steps": 0}, "steps as a whole number from 1 to 10000000, found 0"),
        ({"steps": "abc"}, "steps as a whole number from 1 to 10000000, found 'abc'"),
        ({"changes": {"seed": -1}}, "seed as a whole number from 0 to 4294967295, found -1"),
        ({"changes": {"patch_px": 65}}, "a photo of at least 130x65 px, found 128x96 in .*0.png.*: use larger photos"),
        (
            {"changes": {"quantized": True}},
            "weights of tiny for super_resolution to begin with, found none in models_pr",
        ),
        (
            {"changes": {"quantized": True, "precision": "mixed_bfloat16"}},
            "expected precision float32 with --quantised, found mixed_bfloat16: leave --precision out",
        ),
        (
            {"changes": {"quantized": True, "optimizer": "muon"}},
            "expected the optimizer adam with --quantised, found muon",
        ),
        ({"changes": {"optimizer": "sgd"}}, "expected an optimizer: adam, muon, found 'sgd': choose one of them"),
        ({"changes": {"candidates": 0}}, "expected candidates as a whole number from 1 to 64, found 0: change"),
        ({"changes": {"drawn_cameras": 1.5}}, "expected drawn_cameras as a share from 0 to 1, found 1.5: change it"),
        ({"changes": {"clip_percentile": 99.9}}, "expected --clip with --quantised, found --clip alone: add --quantis"),
        (
            {"changes": {"quantized": True, "clip_percentile": 50.0}},
            "expected a percentile to clip at above 50, at most 100, found 50.0: change it",
        ),
        (
            {"changes": {"quantized": True, "clip_percentile": math.nan}},
            "expected a percentile to clip at above 50, at most 100, found nan: change it",
        ),
        ({"changes": {"quantized": "yes"}}, "expected quantized as True or False, found 'yes': change it"),
        ({"minutes": -1.0}, "more than 0 minutes, at most 10080 .7 days., found -1.0"),
        ({"minutes": math.inf}, "more than 0 minutes, .*, found inf"),
        ({"minutes": math.nan}, "more than 0 minutes, .*, found nan"),
        ({"minutes": 10081}, "more than 0 minutes, .*, found 10081"),
        ({"minutes": "two"}, "more than 0 minutes, .*, found 'two'"),
        ({"start": "/nowhere"}, "expected weights of tiny at /nowhere, found nothing: check the path"),
        ({"out": __file__}, "a folder for the run at .*test_jobs.py, found a file: name another place with out"),
        ({"out": f"{__file__}/a/b"}, "a folder for the run at .*test_jobs.py, found a file: name another place"),
    ],
)
def test_what_cannot_be_settled(wanted: dict, message: str, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        jobs.settle(**{"network": "tiny", "photos": str(photos), "out": str(tmp_path), **wanted})


def test_any_number_of_steps_is_rounded_down_to_a_multiple_of_the_reports() -> None:
    plan = plans.Plan(steps=100, reports=20)
    made = [plans.of_steps(plan, steps) for steps in (101, 100, 20, 19, 1)]
    assert [(found.steps, found.reports) for found in made] == [(100, 20), (100, 20), (20, 20), (19, 19), (1, 1)]


def test_a_training_photo_that_is_nearly_a_validation_photo_is_told(
    photos: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    jobs.settle("tiny", "", str(photos), None, {}, str(tmp_path / "out"))
    assert caplog.messages == []
    own = tmp_path / "photos"
    shutil.copytree(photos, own)
    for name, taken in (("perched-osprey", "bird"), ("roman-colosseum", "rome")):
        with PillowImage.open(SAMPLE / "super_resolution" / "targets" / f"{name}.png") as target:
            ImageOps.mirror(target.resize((800, 450))).save(own / f"{taken}.jpg")
    jobs.settle("tiny", "", str(own), None, {}, str(tmp_path / "out"))
    assert caplog.messages == [
        "training photos that are nearly validation photos of the sample: bird.jpg (perched-osprey.png), "
        "rome.jpg (roman-colosseum.png); figures on it will be too good"
    ]


def test_a_network_is_trained_for_int8_from_its_own_weights_in_a_folder_of_its_own() -> None:
    job = jobs.settle("fast_sr", changes={"quantized": True}, steps=50)
    assert job.start == sources.PRETRAINED / "fast_sr.weights.h5"
    assert job.folder.name == "fast_sr_int8"
    assert (job.plan.quantized, job.plan.steps, job.plan.learning_rate, job.plan.loss) == (True, 50, 1e-4, "l2")
    assert job.plan.patch_px == plans.plan_for("fast_sr", "enlarged").patch_px
    assert not jobs.settle("fast_sr", changes={"quantized": None}).plan.quantized


def test_the_summary_of_a_training_for_int8_has_both_figures_and_those_before(photos: Path, tmp_path: Path) -> None:
    networks.build(tiny).save_weights(tmp_path / "mine.weights.h5")
    start, for_int8 = str(tmp_path / "mine.weights.h5"), {"quantized": True, "reports": 2}
    job = jobs.settle("tiny", "", str(photos), 20, for_int8, str(tmp_path / "out"), start=start)
    trained = jobs.learn(job)
    rows, recipe = dict(jobs.summary_rows(job, trained)), trained.recipe
    assert list(rows) == ["in int8", "in floats", "before", "steps", "weights", "next"]
    assert rows["in int8"].startswith(f"{recipe['held_out_psnr_db']:.2f} dB, ")
    assert rows["in floats"] == f"{recipe['held_out_float_psnr_db']:.2f} dB"
    assert rows["before"].endswith(" dB in floats")
    kept = json.loads((job.folder / "tiny.json").read_text("utf-8"))
    assert (len(kept["ranges"]), kept["ranges"]["output"]) == (3, [0, 1])


@pytest.fixture
def job(photos: Path, tmp_path: Path) -> jobs.TrainingJob:
    return jobs.settle("tiny", "", str(photos), None, {"loss": ""}, str(tmp_path / "it's mine"))


def trained_to(psnr_db: float, input_psnr_db: float) -> callbacks.Trained:
    recipe = {"held_out_psnr_db": psnr_db, "held_out_input_psnr_db": input_psnr_db}
    return callbacks.Trained(None, recipe | {"steps": 20, "steps_done": 20, "minutes": 1.0, "kept_step": 20}, [])


def test_the_command_that_goes_on_holds_for_any_folder(job: jobs.TrainingJob) -> None:
    words = shlex.split(dict(jobs.summary_rows(job, trained_to(30.0, 29.0)))["next"])
    assert words[:5] == ["aic", "run", "--track", "super_resolution", "--model"]
    assert words[5].endswith("networks.py:tiny")
    assert words[6:] == ["--checkpoint", f"{job.folder}/tiny.weights.h5"]


def test_after_a_training_for_int8_the_network_is_exported(job: jobs.TrainingJob) -> None:
    job = dataclasses.replace(job, plan=dataclasses.replace(job.plan, quantized=True))
    trained = trained_to(30.0, 29.0)
    before = {"held_out_psnr_db": 25.0, "held_out_float_psnr_db": 30.5}
    recipe = trained.recipe | {"held_out_float_psnr_db": 30.25, "before": before}
    rows = dict(jobs.summary_rows(job, dataclasses.replace(trained, recipe=recipe)))
    assert rows["in int8"] == "30.00 dB, +1.00 dB against doing nothing"
    assert (rows["in floats"], rows["before"]) == ("30.25 dB", "25.00 dB in int8, 30.50 dB in floats")
    assert shlex.split(rows["next"])[:4] == ["aic", "export", "--track", "super_resolution"]


@pytest.mark.parametrize(
    ("psnr_db", "words"),
    [
        (
            (28.0, 29.0),
            "--start with these weights, or more steps in another --out: so far it is worse than doing nothing",
        ),
        ((math.inf, math.inf), "other photos: the held-out patches of these leave no gain to measure"),
    ],
)
def test_a_network_that_gains_nothing_is_not_offered_to_run(
    psnr_db: tuple[float, float], words: str, job: jobs.TrainingJob
) -> None:
    rows = dict(jobs.summary_rows(job, trained_to(*psnr_db)))
    assert rows["next"] == words
    assert "nan" not in rows["held-out PSNR"]


@pytest.mark.parametrize(
    ("steps", "said"), [("105", ["100 steps in place of 105: a multiple of the 20 reports"]), ("100", [])]
)
def test_steps_that_are_rounded_down_are_told(
    steps: str,
    said: list[str],
    job: jobs.TrainingJob,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    job = dataclasses.replace(job, plan=plans.Plan(steps=100))
    monkeypatch.setattr(jobs, "settle", lambda *_, **__: job)
    monkeypatch.setattr(jobs, "learn", lambda *_, **__: trained_to(30.0, 29.0))
    with caplog.at_level("INFO", "aic_helpers"):
        assert CliRunner().invoke(train_commands.train, ["tiny", "--steps", steps]).exit_code == 0
    assert caplog.messages == said


@pytest.mark.parametrize("begun", [True, False])
def test_an_interrupted_command_says_that_it_can_go_on(
    begun: bool, job: jobs.TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(job: jobs.TrainingJob, progress: Progress) -> None:
        if begun:
            job.folder.mkdir(parents=True)
            (job.folder / "progress.npz").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs, "settle", lambda *_, **__: job)
    monkeypatch.setattr(jobs, "learn", interrupted)
    found = CliRunner().invoke(train_commands.train, ["tiny"])
    assert found.exit_code == 1  # click's own, for an interruption
    assert found.stderr.count("the same command goes on from the last report\n") == begun


def test_the_help_names_each_network_and_starts_with_a_sentence() -> None:
    text = CliRunner().invoke(train_commands.train, ["--help"]).stdout
    assert [name for name in networks.NETWORKS if name not in text] == ["tiny"]
    assert train_commands.train.get_short_help_str() == "Train a network on photos."


def test_the_curve_shows_each_report_beside_doing_nothing() -> None:
    history = [
        {"step": 10, "loss": 0.5, "held_out_psnr_db": 28.0},
        {"step": 20, "loss": 0.25, "held_out_psnr_db": 30.0},
    ]
    left, right = training_plots.training(history, 27.0, "bicubic").axes
    assert left.lines[0].get_xydata().tolist() == [[10, 0.5], [20, 0.25]]
    assert right.lines[0].get_xydata().tolist() == [[10, 28], [20, 30]]
    assert right.lines[1].get_ydata() == [27.0, 27.0]
    assert [text.get_text() for text in right.texts] == ["bicubic"]


def test_the_curve_of_a_training_for_int8_has_both_figures() -> None:
    history = [{"step": 10, "loss": 0.5, "held_out_psnr_db": 28.0, "held_out_float_psnr_db": 29.0}]
    right = training_plots.training(history, math.inf, "bicubic").axes[1]
    shown = {line.get_label(): line.get_xydata().tolist() for line in right.lines}
    assert shown == {"in floats": [[10, 29]], "in int8": [[10, 28]]}
    assert [text.get_text() for text in right.get_legend().get_texts()] == ["in floats", "in int8"]


def test_the_curve_leaves_out_a_line_that_is_nowhere() -> None:
    right = training_plots.training([{"step": 10, "loss": 0.5, "held_out_psnr_db": 28.0}], math.inf, "bicubic").axes[1]
    assert len(right.lines) == 1


def test_what_comes_out_goes_to_the_working_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert jobs.settle("tiny", "A").folder == tmp_path / "runs" / "training" / "super_resolution" / "tiny"


def test_a_network_for_small_photos_has_its_own_track_and_stands_beside_bicubic() -> None:
    job = jobs.settle("fsrcnn_x2", out="here")
    assert (job.track.name, job.beside, job.plan) == ("classic_x2", "bicubic", plans.plan_for("fsrcnn_x2", "small"))
    rows = dict(jobs.summary_rows(job, trained_to(28.0, 29.0)))
    assert rows["held-out PSNR"] == "28.00 dB, -1.00 dB against bicubic"
    assert rows["next"].endswith("worse than bicubic")
    assert dict(jobs.summary_rows(job, trained_to(29.0, 28.0)))["next"].startswith("aic run --track classic_x2 --model")
