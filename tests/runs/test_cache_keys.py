"""What a part is made from: whatever changes a figure changes its key, and nothing else does."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from aic_helpers.core import machine, safe_files
from aic_helpers.data.images import write_png
from aic_helpers.models import sources
from aic_helpers.profiling.network_pairs import Conditions
from aic_helpers.profiling.timing import Limits
from aic_helpers.runs import cache_keys, results, run_settings
from aic_helpers.tracks.catalogue import find_track

METRICS = {"psnr_db": 30.0, "ms_ssim": 0.9}


@pytest.fixture
def settings(tmp_path):
    """A run of a `.pb` on two pairs of Track B, with a model in its folder."""
    for kind in ("inputs", "targets"):
        for number in range(2):
            write_png(tmp_path / "data" / "enhancement" / kind / f"{number}.png", np.full((16, 16, 3), number / 2))
    write_png(tmp_path / "data" / "hd" / "0.png", np.zeros((16, 16, 3)))
    (tmp_path / "net.pb").write_bytes(b"net")
    settings = run_settings.settle(
        "enhancement", str(tmp_path / "net.pb"), data=str(tmp_path / "data"), out=str(tmp_path / "run")
    )
    settings.folder.mkdir()
    settings.model_file.write_bytes(b"net")
    model = {"name": "net", "sha256": safe_files.sha256(settings.model_file)}
    results.write_part(settings, "model", model, cache_keys.model_key(settings.source, settings.track))
    (settings.folder / "images.csv").write_text("image\n0\n1\n")
    results.write_part(settings, "metrics", METRICS, cache_keys.metrics_key(settings, model["sha256"]))
    result = results.read(settings.folder)
    results.write_part(settings, "requirements", [], cache_keys.requirements_key(settings, result))
    return settings


def standing(settings, profile=False):
    return cache_keys.standing(settings, results.find(settings.folder), profile=profile)


def stale(settings, part, key):
    return cache_keys.stale(results.find(settings.folder), settings.folder, part, key)


def test_what_nothing_has_changed_holds(settings):
    assert standing(settings) == {"model": None, "metrics": None, "requirements": None}


def test_a_part_that_was_never_made_is_no_change(settings):
    assert standing(settings, profile=True)["profile"] == cache_keys.NOTHING_YET
    assert stale(replace(settings, folder=settings.folder / "other"), "model", {}) == cache_keys.NOTHING_YET


def test_a_changed_image_is_noticed(settings):
    write_png(settings.dataset.root / "enhancement" / "targets" / "1.png", np.ones((16, 16, 3)))
    assert standing(settings)["metrics"] == "changed since: the validation images"


def test_another_limit_is_noticed(settings):
    assert standing(replace(settings, limit=1))["metrics"] == "changed since: the validation images, limit"


def test_a_renamed_image_is_noticed(settings):
    for kind in ("inputs", "targets"):
        folder = settings.dataset.root / "enhancement" / kind
        (folder / "1.png").rename(folder / "2.png")
    again = run_settings.settle(
        "enhancement", settings.source.typed, data=settings.dataset.name, out=str(settings.folder)
    )
    assert standing(again)["metrics"] == "changed since: the validation images"


def test_another_protocol_is_noticed(settings):
    protocol = settings.track.protocol.model_copy(update={"border_px": 4})
    changed = replace(settings, track=settings.track.model_copy(update={"protocol": protocol}))
    assert standing(changed)["metrics"] == "changed since: protocol"


def test_another_task_is_noticed(settings):
    task = settings.track.task.model_copy(update={"reduced_by": "pillow_bicubic"})
    changed = replace(settings, track=settings.track.model_copy(update={"task": task}))
    assert standing(changed)["metrics"] == "changed since: task"


def test_another_size_is_noticed(settings):
    measured = settings.track.measured.model_copy(update={"size": (640, 480)})
    changed = replace(settings, track=settings.track.model_copy(update={"measured": measured}))
    assert standing(changed)["requirements"] == "changed since: size"


def test_other_rules_are_noticed(settings):
    rules = settings.track.rules.model_copy(update={"max_file_mb": 1.0})
    changed = replace(settings, track=settings.track.model_copy(update={"rules": rules}))
    assert standing(changed)["requirements"] == "changed since: rules"


def test_a_changed_source_is_noticed(settings):
    settings.source.path.write_bytes(b"other")
    assert standing(settings) == {"model": "changed since: the model's files"}


def test_a_damaged_model_is_noticed(settings):
    settings.model_file.write_bytes(b"ne")
    assert standing(settings) == {"model": "model.pb is damaged or missing"}


def test_a_damaged_file_of_one_size_is_noticed(settings):
    """Of a network that LiteRT runs: it is what is timed."""
    fixed = settings.folder / sources.FIXED_FILE
    fixed.write_bytes(b"net of one size")
    known = {"sha256": safe_files.sha256(fixed), "bytes": 15, "input_shape": [1, 720, 1280, 3]}
    model = {"name": "net", "sha256": safe_files.sha256(settings.model_file), "fixed": known}
    key = cache_keys.model_key(settings.source, settings.track)
    assert results.has_model(settings.folder, results.write_part(settings, "model", model, key))
    fixed.write_bytes(b"another's")
    assert not results.has_model(settings.folder, results.find(settings.folder))
    assert standing(settings) == {"model": "model_fixed.tflite is damaged or missing"}


def test_a_damaged_table_is_noticed(settings):
    (settings.folder / "images.csv").write_text("image\n0\n")
    assert standing(settings)["metrics"] == "images.csv is damaged or missing"


def test_changed_code_and_versions_are_noticed(settings, monkeypatch):
    monkeypatch.setattr(cache_keys, "code", lambda *modules: "other")
    assert standing(settings) == {"model": "changed since: the workbench's code"}
    monkeypatch.undo()
    monkeypatch.setattr(cache_keys, "version", lambda name: "0" if name == "numba" else cache_keys.version_of[name])
    monkeypatch.setattr(cache_keys, "version_of", VERSIONS, raising=False)
    assert standing(settings)["metrics"] == "changed since: numba"


VERSIONS = cache_keys._versions("tensorflow", "keras", "tf-keras", "tf-slim", "numpy", "pillow")


def test_times_hold_on_the_same_machine_with_the_same_settings_only(settings, monkeypatch):
    sha256 = safe_files.sha256(settings.model_file)

    def key(conditions=Conditions(), limits=Limits()):  # noqa: B008 (frozen)
        return cache_keys.profile_key(settings, sha256, conditions, limits)

    here = key()
    results.write_part(settings, "profile", run_profile(), here)
    assert stale(settings, "profile", key()) is None
    assert stale(settings, "profile", key(Conditions(threads=1))) in (None, "changed since: threads")
    assert stale(settings, "profile", key(Conditions(width_px=640))) == "changed since: width_px"
    assert stale(settings, "profile", key(limits=Limits(interval=0.1))) == "changed since: interval"
    for name in set(machine.SETTINGS) - {"CUDA_VISIBLE_DEVICES", *machine.THREADS}:
        with monkeypatch.context() as patch:
            patch.setenv(name, "another")
            assert stale(settings, "profile", key()) == f"changed since: {name}"
    monkeypatch.setattr("aic_helpers.core.machine.identity", lambda: {"cpu": "another", "cores": 2, "host": "there"})
    assert stale(settings, "profile", key()) == "changed since: the machine"


@pytest.mark.parametrize("name", machine.ARITHMETIC)
def test_what_computes_a_graph_otherwise_is_noticed(settings, monkeypatch, name):
    monkeypatch.setenv(name, "another")
    assert standing(settings) == {
        "model": None,
        "metrics": f"changed since: {name}",
        "requirements": f"changed since: {name}",
    }


def run_profile():
    from fixtures import run_folders

    return run_folders.result()["profile"]


def test_rules_are_judged_again_after_other_metrics(settings):
    key = cache_keys.metrics_key(settings, safe_files.sha256(settings.model_file))
    results.write_part(settings, "metrics", METRICS | {"psnr_db": 31.0}, key)
    assert standing(settings)["requirements"] == cache_keys.NOTHING_YET


@pytest.mark.parametrize("kept", [{"metrics": 3}, {"metrics": {"made_from": {}}}])
def test_keys_of_another_form_count_as_none(settings, kept):
    file = settings.folder / "result.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"keys": kept}))
    assert stale(settings, "metrics", {}) == cache_keys.NOTHING_YET


def test_a_changed_file_of_ones_own_track_is_noticed(settings, tmp_path):
    file = tmp_path / "mine.toml"
    text = 'title = "Mine"\n[formulas]\nS = "2 * parameters"\n[scores]\nS = "lower"\n'
    file.write_text(text)
    mine = replace(settings, track=find_track(file), folder=tmp_path / "run of mine")
    shutil.copytree(settings.folder, mine.folder, ignore=shutil.ignore_patterns("result.json"))
    model = {"name": "net", "sha256": safe_files.sha256(mine.model_file), "parameters": 1}
    results.write_part(mine, "model", model, cache_keys.model_key(mine.source, mine.track))
    assert standing(mine)["model"] is None
    file.write_text(text.replace("2 *", "3 *"))
    changed = replace(mine, track=find_track(file))
    assert standing(changed) == {"model": "changed since: the track's file"}
    assert (
        results.write_part(changed, "model", model, cache_keys.model_key(changed.source, changed.track)).raw["scores"][
            "S"
        ]["value"]
        == 3
    )
