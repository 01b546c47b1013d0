"""What a part is made from: whatever changes a figure changes its key, and nothing else does."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aic_helpers.core import machine, safe_files
from aic_helpers.data.images import write_png
from aic_helpers.models import sources
from aic_helpers.models.adapters import Adapters
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


def precise(tmp_path, precision="int8"):
    """Return the key, by the track, of a function with weights of one's own in a precision."""
    (tmp_path / "net.py").write_text("def net(images): ...")
    (tmp_path / "net.weights.h5").write_bytes(b"weights")
    source = sources.resolve(f"{tmp_path}/net.py:net", tmp_path / "net.weights.h5", {"precision": precision})
    return lambda track: cache_keys.model_key(source, track)


def test_whatever_changes_an_export_changes_the_key_of_a_network_in_a_precision(tmp_path, monkeypatch):
    track = find_track("enhancement")
    key, known = precise(tmp_path), []

    def changed(track=track):
        """Return what of the key is other than before."""
        known.append(safe_files.strict(key(track)))
        return {name for name in known[-1] if known[0].get(name) != known[-1][name]}

    assert changed() == changed() == set()
    other = safe_files.strict(precise(tmp_path, "int16x8")(track))
    assert {name for name in other if other[name] != known[0][name]} == {"source"}
    recipe = tmp_path / "net.json"
    recipe.write_text('{"ranges": {"conv1": [0, 1.5]}}')
    assert changed() == {"learned_ranges"}
    recipe.unlink()
    measured = track.measured.model_copy(update={"size": (640, 480)})
    assert changed(track.model_copy(update={"measured": measured})) >= {"size"}
    task = track.task.model_copy(update={"reduced_by": "pillow_bicubic"})
    assert changed(track.model_copy(update={"task": task})) == {"task"}
    photo = tmp_path / "photo.png"
    write_png(photo, np.zeros((8, 8, 3)))
    with monkeypatch.context() as patch:
        patch.setattr("aic_helpers.data.datasets.training_photos", lambda: [photo])
        assert changed() == {"calibration"}
    monkeypatch.setattr(cache_keys, "code", lambda *modules: modules)
    assert changed() == {"code", "export_code"}
    assert known[-1]["export_code"] == ["quantization.exporting"]


def test_a_float_network_has_no_key_of_an_export(settings):
    key = cache_keys.model_key(settings.source, settings.track)
    assert {"calibration", "export_code", "ai-edge-litert"}.isdisjoint(key)


def test_an_onnx_hangs_on_the_versions_of_what_reads_and_runs_it(settings, tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"net")
    other = replace(settings, source=sources.resolve(str(tmp_path / "net.onnx")))
    for key in (cache_keys.model_key(other.source, other.track), cache_keys.metrics_key(other, "0")):
        assert {"onnx", "onnxruntime"} < set(key)
        assert {"tensorflow", "keras"}.isdisjoint(key)


def test_what_an_interpreter_makes_hangs_on_its_packages_where_it_is_at_hand(settings, tmp_path, monkeypatch):
    """As long as the run folder has all, it needs no interpreter."""
    monkeypatch.setenv("AIC_PYTHON", str(tmp_path / "python"))
    (tmp_path / "net.py").write_text("import torch")
    mine = replace(settings, source=sources.resolve(f"{tmp_path}/net.py:net"), folder=tmp_path / "torch")
    model = {"name": "net", "sha256": "0"}

    def key(*versions):
        (tmp_path / "python").write_text(f"#!/bin/sh\necho aic-python 3 12 {' '.join(versions)}\n")
        (tmp_path / "python").chmod(0o755)
        return cache_keys.model_key(mine.source, mine.track)

    first = key("2.12.0", "-", "-", "-", "-")
    assert first["interpreter"] == {"python": "3.12", "torch": "2.12.0"}
    mine.folder.mkdir()
    results.write_part(mine, "model", model, first)
    assert stale(mine, "model", first) is None
    for versions in (("2.13.0", "-", "-", "-", "-"), ("2.12.0", "1.20.0", "0.5.4", "-", "-")):
        assert stale(mine, "model", key(*versions)) == "changed since: the packages of the interpreter"
    (tmp_path / "python").unlink()
    assert stale(mine, "model", cache_keys.model_key(mine.source, mine.track)) is None
    (tmp_path / "net.onnx").touch()
    precise = sources.resolve(str(tmp_path / "net.onnx"), adapt={"precision": "int8"})
    key("-", "1.20.0", "-", "-", "1.29.0")
    found = cache_keys.model_key(precise, mine.track)["interpreter"]
    assert found == {"python": "3.12", "onnx": "1.20.0", "onnx2tf": "1.29.0"}


def test_what_is_timed_of_a_network_in_a_precision_is_in_its_key(settings):
    precise = replace(settings, source=replace(settings.source, adapt=Adapters(precision="int8")))
    precise.model_file.write_bytes(b"of any size")

    def key():
        return cache_keys.profile_key(precise, "0", Conditions(), Limits())

    free = key()
    assert (free["runtime"], free["fixed"]) == ("litert", safe_files.sha256(precise.model_file))
    (precise.folder / sources.FIXED_FILE).write_bytes(b"of one size")
    assert key() == free | {"fixed": safe_files.sha256(precise.folder / sources.FIXED_FILE)}
    assert cache_keys.profile_key(settings, "0", Conditions(), Limits())["fixed"] is None


def test_whatever_changes_the_figures_of_precisions_changes_their_key(settings, tmp_path):
    (tmp_path / "export.json").write_text("{}")

    def key(precisions=("float32", "int8"), conditions=Conditions(), limits=Limits(), settings=settings):  # noqa: B008
        return cache_keys.precisions_key(settings, "0", precisions, conditions, limits, tmp_path)

    before = key()
    changed = lambda now: {name for name in {**before, **now} if before.get(name) != now.get(name)}  # noqa: E731
    assert changed(key()) == set()
    assert changed(key(precisions=("float32",))) == {"precisions"}
    assert changed(key(conditions=Conditions(width_px=640))) == {"width_px"}
    assert changed(key(limits=Limits(interval=0.1))) == {"interval"}
    assert changed(key(settings=replace(settings, limit=1))) == {"limit", "data"}
    (tmp_path / "export.json").write_text("[]")
    assert changed(key()) == {"export"}


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


def timed(settings, tmp_path, name):
    """Return the key of a network's times beside the track's baseline in its own runtime."""
    (tmp_path / name).write_bytes(b"net")
    other = replace(settings, source=sources.resolve(str(tmp_path / name)))
    return lambda **track: cache_keys.profile_key(replace(other, **track), "0", Conditions(), Limits())["baseline"]


def test_times_hang_on_the_very_file_that_they_were_measured_beside(settings, tmp_path, monkeypatch):
    frozen, onnx = timed(settings, tmp_path, "net.pb"), timed(settings, tmp_path, "net.onnx")
    before = frozen(), onnx(), timed(settings, tmp_path, "net.tflite")()
    assert before[1] == safe_files.sha256(sources.PRETRAINED / "sample_enhancement_srcnn.onnx")
    assert len({*before}) == 3
    shutil.copytree(sources.PRETRAINED, tmp_path / "shipped")
    for module in ("models.sources", "onnx_export.baselines"):
        monkeypatch.setattr(f"aic_helpers.{module}.PRETRAINED", tmp_path / "shipped")
    assert (frozen(), onnx()) == before[:2]
    with (tmp_path / "shipped" / "sample_enhancement_srcnn.onnx").open("ab") as file:
        file.write(b" ")
    assert frozen() == before[0]
    assert onnx() == safe_files.sha256(Path(file.name)) != before[1]


def test_a_baseline_of_ones_own_hangs_on_what_makes_it(settings, tmp_path, monkeypatch):
    """Nothing is made to know it."""
    (tmp_path / "own.pb").write_bytes(b"own")
    track, key = settings.track.beside(tmp_path / "own.pb"), timed(settings, tmp_path, "net.onnx")
    found = [key(track=track)]
    for module in ("onnx_export.baselines", "quantization.baselines"):
        monkeypatch.setattr(f"aic_helpers.{module}.version", lambda name: f"another {name}")
    found.append(key(track=track))
    (tmp_path / "own.pb").write_bytes(b"another")
    found.append(key(track=track))
    assert len({*found}) == 3


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
