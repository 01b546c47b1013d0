"""Run folders and `result.json`."""

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fixtures import run_folders
from fixtures.pirm2018 import ENHANCEMENT, SUPER_RESOLUTION

from aic_helpers.core import safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data.images import write_png
from aic_helpers.runs import cache_keys, results, run_settings, schema
from aic_helpers.runs.run_folders import printable_result

MODEL = {"name": "net", "source": "net.pb", "sha256": "0" * 64, "bytes": 3, "parameters": 1, "gmacs_720p": 0.1}
METRICS = {"psnr_db": 30.0, "psnr_db_ci95": (29.0, 31.0), "ms_ssim": 0.97, "ms_ssim_ci95": (0.96, 0.98), "images": 5}
HD = {**run_folders.empty(schema.Profile), "width_px": 1280, "height_px": 720}
PROFILE = {**HD, "time_ms": 10.0, "baseline_time_ms": 20.0, "speedup": 2.0, "speedup_ci95": [1.9, 2.1]}


@pytest.fixture
def net(tmp_path):
    path = tmp_path / "net.pb"
    path.write_bytes(b"net")
    return path


@pytest.fixture
def settings(tmp_path, net):
    return run_settings.settle("super_resolution", str(net), out=str(tmp_path / "run"))


def complete(settings):
    for part, value in (("model", MODEL), ("metrics", METRICS), ("profile", PROFILE), ("requirements", [])):
        result = results.write_part(settings, part, value)
    results.write_table(settings, "images", pd.DataFrame({"image": ["0"]}))
    results.write_table(settings, "timing", pd.DataFrame({"time_ms": [1.0]}))
    return result


def test_a_result_has_every_key_of_the_schema_from_the_first_part_on(settings):
    result = results.write_part(settings, "model", MODEL)
    keys = {
        "schema",
        "track",
        "protocol",
        "data",
        "model",
        "metrics",
        "profile",
        "requirements",
        "scores",
        "environment",
        "keys",
    }
    assert set(result.raw) == keys
    assert (result.raw["schema"], result.track, result.protocol) == (1, "super_resolution", "pirm2018")
    assert {result.raw[part] for part in ("metrics", "profile", "requirements", "scores")} == {None}
    assert (result.metrics, result.profile, result.requirements, result.scores) == (None, None, [], {})
    assert (result.data.name, result.data.note) == ("sample", "")
    assert {"python", "tensorflow", "numpy", "cpu", "cores", "created_utc"} <= set(result.environment.raw)
    assert results.read(settings.folder) == result


def test_scores_follow_from_metrics_and_profile(settings):
    scores = complete(settings).scores
    assert scores["A"].value == pytest.approx(4 * 3.5 + 100 * 0.03 + 2)
    assert scores["A"].ci95 == pytest.approx([4 * 2.5 + 100 * 0.02 + 1.9, 4 * 4.5 + 100 * 0.04 + 2.1])


def test_there_are_no_scores_from_a_speedup_at_another_size(settings):
    complete(settings)
    result = results.write_part(settings, "profile", {**PROFILE, "width_px": 640})
    assert result.scores == {}


@pytest.mark.parametrize(
    "metrics", [{**METRICS, "psnr_db": None, "ms_ssim": None}, {**METRICS, "psnr_db": math.inf}], ids=["failed", "inf"]
)
def test_no_scores_where_a_figure_is_not_finite(settings, metrics):
    results.write_part(settings, "profile", PROFILE)
    assert results.write_part(settings, "metrics", metrics).scores == {}


def test_another_frozen_model_clears_what_was_found_on_the_one_before(settings):
    complete(settings)
    result = results.write_part(settings, "model", {**MODEL, "sha256": "1" * 64})
    assert (result.metrics, result.profile, result.requirements, result.scores) == (None, None, [], {})
    assert not (settings.folder / "images.csv").exists()
    assert not (settings.folder / "timing.csv").exists()


def test_the_same_frozen_model_keeps_what_was_found_on_it(settings):
    before = complete(settings)
    after = results.write_part(settings, "model", MODEL)
    assert after.scores == before.scores
    assert results.read_table(settings, "images").to_dict("list") == {"image": ["0"]}


def test_a_report_on_what_was_there_before_goes(settings):
    complete(settings)
    (settings.folder / "report.html").write_text("before")
    results.write_part(settings, "requirements", [])
    assert not (settings.folder / "report.html").exists()


def test_the_checkpoint_that_was_given_is_kept_and_a_pretrained_model_s_own_is_not(settings, tmp_path):
    (tmp_path / "net.py").write_text("def net(images): ...")
    (tmp_path / "weights.index").write_bytes(b"")
    (tmp_path / "weights.data-00000-of-00001").write_bytes(b"")
    call = {"out": str(settings.folder)}
    given = run_settings.settle("super_resolution", f"{tmp_path}/net.py:net", f"{tmp_path}/weights", **call)
    assert results.write_part(given, "model", MODEL).model.checkpoint == f"{tmp_path}/weights"
    sample = run_settings.settle("super_resolution", **call)
    assert results.write_part(sample, "model", MODEL).raw["model"]["checkpoint"] is None


def test_other_data_clears_the_figures_but_not_the_model(settings, tmp_path, net):
    complete(settings)
    write_png(tmp_path / "photos" / "super_resolution" / "targets" / "0.png", np.zeros((8, 8, 3), np.uint8))
    other = run_settings.settle("super_resolution", str(net), data=str(tmp_path / "photos"), out=str(settings.folder))
    result = results.write_part(other, "metrics", METRICS)
    assert result.model.sha256 == MODEL["sha256"]
    assert result.profile is None
    assert result.data.name == str(tmp_path / "photos")


def test_json_is_strict(settings):
    value = {
        "nan": math.nan,
        "inf": math.inf,
        "below": np.float32(-np.inf),
        "numpy": np.int64(3),
        "array": np.array([1.0, np.nan]),
        "pair": (1, 2),
        "path": PROJECT / "x",
    }
    results.write_part(settings, "metrics", value)

    def refuse(token):
        raise AssertionError(token)

    text = (settings.folder / "result.json").read_text("utf-8")
    read = json.loads(text, parse_constant=refuse)["metrics"]
    assert read == {
        "nan": None,
        "inf": "inf",
        "below": "-inf",
        "numpy": 3,
        "array": [1.0, None],
        "pair": [1, 2],
        "path": str(PROJECT / "x"),
    }


def test_a_failed_write_leaves_the_file_before_and_nothing_else(settings, monkeypatch):
    before = complete(settings)
    files = sorted(settings.folder.iterdir())

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="no space left"):
        results.write_part(settings, "metrics", METRICS)
    assert results.read(settings.folder) == before
    assert sorted(settings.folder.iterdir()) == files


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ("metrics", METRICS | {"psnr_db": 99.0}),
        ("profile", PROFILE | {"speedup": 9.0}),
        ("requirements", [{"name": "size", "passed": True}]),
        ("scores", {"A": {"value": 99.0, "ci95": None}}),
        ("data", {"name": "challenge", "note": ""}),
        ("environment", {"cpu": "a faster one"}),
    ],
)
def test_what_was_changed_by_hand_is_noted(settings, part, changed):
    keyed(settings)
    assert results.read(settings.folder).altered == ()
    file = settings.folder / "result.json"
    content = json.loads(file.read_text())
    whole = {**content[part], **changed} if isinstance(changed, dict) else [run_folders.RESULT["requirements"][0]]
    file.write_text(json.dumps(content | {part: whole}))
    result = results.read(settings.folder)
    assert result.altered == (part,)
    assert printable_result(result).altered == (part,)
    with pytest.raises(InputError, match=f"found {part} changed since: make it anew with aic run"):
        results.require_as_written(result, settings.folder)
    results.require_as_written(result, settings.folder, ["model"])


def keyed(settings):
    """A whole result, each part with its key."""
    for part, value in (("model", MODEL), ("metrics", METRICS), ("profile", PROFILE), ("requirements", [])):
        if part == "metrics":
            results.write_table(settings, "images", pd.DataFrame({"image": ["0"]}))
        results.write_part(settings, part, value, {})


def test_a_result_in_another_order_and_form_is_as_it_was_written(settings):
    keyed(settings)
    file = settings.folder / "result.json"
    file.write_text(json.dumps(json.loads(file.read_text()), sort_keys=True, ensure_ascii=False), "utf-8-sig")
    assert results.read(settings.folder).altered == ()


def test_a_changed_table_is_noted_and_a_missing_one_is_not(settings):
    keyed(settings)
    table = settings.folder / "images.csv"
    table.write_text("image\n1\n")
    assert results.read(settings.folder).altered == ("images.csv",)
    table.unlink()
    assert results.read(settings.folder).altered == ()


def test_a_run_folder_may_be_called_as_a_file_is(tmp_path, net):
    settings = run_settings.settle("super_resolution", str(net), out=str(tmp_path / "net.json"))
    results.write_part(settings, "model", MODEL)
    assert results.read(settings.folder).model_sha256 == results.read(settings.folder / "result.json").model_sha256


def test_names_of_images_stay_texts(settings):
    settings.folder.mkdir()
    images = ["NA", "null", "nan", "007", "1e5", "true", "None", "caf\u00e9"]
    results.write_table(settings, "images", pd.DataFrame({"image": images, "psnr_db": 1.5, "failure": None}))
    table = results.read_table(settings, "images")
    assert table["image"].tolist() == images
    assert table["psnr_db"].tolist() == [1.5] * 8
    assert table["failure"].isna().all()


def test_an_unknown_part_is_refused(settings):
    with pytest.raises(
        ValueError, match="part must be one of model, metrics, profile, requirements, precisions, not 'metric'"
    ):
        results.write_part(settings, "metric", {})


def test_reading_no_result(tmp_path):
    with pytest.raises(InputError, match=r"expected a result at .*result\.json, found nothing: make one with: aic run"):
        results.read(tmp_path)


def test_reading_what_is_no_json(tmp_path):
    (tmp_path / "result.json").write_text('{"schema": 1')
    again = "make the run again"
    with pytest.raises(InputError, match=rf"expected JSON in .*result\.json, found something else .*: {again}"):
        results.read(tmp_path)


def test_a_staged_result_is_named_by_the_run_folder(tmp_path):
    stage = tmp_path / ".partial-x"
    stage.mkdir()
    for text in ("{", '{"schema": 1}', '{"schema": 2}'):
        (stage / "result.json").write_text(text)
        with pytest.raises(InputError) as error:
            results.read(stage)
        assert f" in {tmp_path / 'result.json'}, found " in str(error.value)


RULE = run_folders.empty(schema.Requirement)


@pytest.mark.parametrize(
    ("part", "value", "found"),
    [
        ("track", 3, "3 as track, not a text"),
        ("data", None, "null as data, not an object"),
        ("data", {"name": "sample"}, "nothing at data.note"),
        ("model", "net", '"net" as model, not an object'),
        ("model", {"name": "net"}, "nothing at model.sha256"),
        ("metrics", [1], "[1] as metrics, not an object"),
        ("profile", {"height_px": 720}, "nothing at profile.width_px"),
        ("requirements", {}, "{} as requirements, not a list"),
        ("requirements", [RULE, {"name": "size"}], "nothing at requirements[1].passed"),
        ("scores", {"A": 1.0}, "1.0 as scores.A, not an object"),
        ("environment", "here", '"here" as environment, not an object'),
    ],
)
def test_reading_a_part_of_another_form(settings, part, value, found):
    result = complete(settings)
    (settings.folder / "result.json").write_text(json.dumps(result.raw | {part: value}))
    with pytest.raises(InputError) as error:
        results.read(settings.folder)
    path = settings.folder / "result.json"
    assert str(error.value) == f"expected a whole result in {path}, found {found}: {schema.REMEDY}"


def test_reading_a_result_without_its_parts(tmp_path):
    (tmp_path / "result.json").write_text('{"schema": 1}')
    with pytest.raises(InputError, match=r"found nothing at track: make the run again"):
        results.read(tmp_path)


def test_reading_another_schema(tmp_path):
    (tmp_path / "result.json").write_text('{"schema": 2}')
    with pytest.raises(schema.OtherSchemaError, match=r"expected a result of schema 1 in .*, found schema 2: "):
        results.read(tmp_path)


@pytest.mark.parametrize(("text", "found"), [("[]", "no JSON object"), ("{}", "null as its schema")])
def test_what_names_no_schema_is_another_programs_and_stays(tmp_path, text, found):
    (tmp_path / "result.json").write_text(text)
    expected = rf"expected a whole result in .*, found {found}: name another folder, or remove the file$"
    for read in (results.read, results.set_damaged_aside):
        with pytest.raises(InputError, match=expected):
            read(tmp_path)
    assert (tmp_path / "result.json").read_text() == text


def test_settings_have_the_defaults_of_the_track(monkeypatch, net):
    monkeypatch.setattr("aic_helpers.models.sources.resolve", lambda model, checkpoint, adapt: named(model, net))
    settings = run_settings.settle("enhancement")
    assert settings.track is ENHANCEMENT
    assert settings.source.name == "sample_enhancement_srcnn"
    assert settings.folder == Path.cwd() / "runs" / "enhancement" / "sample_enhancement_srcnn"
    assert settings.limit is None


def named(model, path, track=None):
    from aic_helpers.models.sources import ModelSource

    return ModelSource("frozen", model, path, None, None, track, model)


@pytest.mark.parametrize(
    ("track", "remedy"), [("superresolution", "did you mean super_resolution?"), ("x", "aic track list names them")]
)
def test_an_unknown_track(track, remedy):
    with pytest.raises(InputError) as error:
        run_settings.settle(track)
    assert str(error.value) == f"expected the name of a track, or a .toml file, found {track!r}: {remedy}"


@pytest.mark.parametrize("limit", [-1, "3", 1.5, True])
def test_a_limit_that_is_none(limit):
    with pytest.raises(InputError, match=r"expected a limit of 0 \(all\) or more images, found .*: 0 stands for all"):
        run_settings.settle("super_resolution", limit=limit)


def test_a_model_of_the_other_track(monkeypatch, net):
    monkeypatch.setattr(
        "aic_helpers.models.sources.resolve", lambda model, checkpoint, adapt: named(model, net, "enhancement")
    )
    expected = (
        "expected a model of track super_resolution, found dped_srcnn, made for enhancement: use track enhancement"
    )
    with pytest.raises(InputError, match=expected):
        run_settings.settle("super_resolution", "dped_srcnn")


def test_a_run_folder_that_is_a_file(net):
    with pytest.raises(InputError, match=r"expected a folder for the run at .*net\.pb, found a file: "):
        run_settings.settle("super_resolution", str(net), out=str(net))


def test_a_name_that_is_no_file_name_makes_a_folder_all_the_same():
    source = named("a/b c", Path("net.pb"))
    assert run_settings.run_folder(SUPER_RESOLUTION, source).name == "a_b_c"


@pytest.mark.parametrize(
    ("part", "value", "left"),
    [
        ("model", MODEL, []),
        ("metrics", METRICS, ["01_convert.ipynb"]),
        ("profile", PROFILE, ["01_convert.ipynb", "02_evaluate.ipynb"]),
        ("requirements", [], ["01_convert.ipynb", "02_evaluate.ipynb"]),
    ],
)
def test_what_shows_a_part_goes_when_that_is_made_anew(settings, part, value, left):
    complete(settings)
    for name in (*schema.NOTEBOOKS, "report.html"):
        (settings.folder / name).touch()
    results.write_part(settings, part, value)
    assert sorted(path.name for path in settings.folder.iterdir() if path.suffix in (".ipynb", ".html")) == left


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Note in one run folder what was made of a source; returns the settings, from what is typed."""
    monkeypatch.chdir(tmp_path)
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "net.py").write_text(f"def net(images): ...  # {folder}\ndef other(images): ...")
        (tmp_path / folder / "w.weights.h5").write_bytes(folder.encode())

    def settled(model, checkpoint="", track="super_resolution"):
        return run_settings.settle(track, model, checkpoint, out="run")

    results.write_part(settled("a/net.py:net", "a/w.weights.h5"), "model", MODEL)
    return settled


@pytest.mark.parametrize(
    ("model", "checkpoint", "track", "message"),
    [
        ("b/net.py:net", "a/w.weights.h5", "super_resolution", "a run of b/net.py:net with a/w.weights.h5 in run"),
        ("a/net.py:net", "b/w.weights.h5", "super_resolution", "a run of a/net.py:net with b/w.weights.h5 in run"),
        ("a/net.py:other", "a/w.weights.h5", "super_resolution", "a run of a/net.py:other with a/w.weights.h5 in run"),
        ("a/net.py:net", "", "super_resolution", "a run of a/net.py:net in run"),
        ("fast_sr", "", "super_resolution", "a run of fast_sr in run"),
        ("a/net.py:net", "a/w.weights.h5", "enhancement", "a run of enhancement in run"),
    ],
)
def test_the_folder_of_another_source_is_refused(made, model, checkpoint, track, message):
    found = "super_resolution" if track == "enhancement" else "a/net.py:net with a/w.weights.h5"
    settings = made(model, checkpoint, track)
    with pytest.raises(InputError) as error:
        results.require_own(settings, results.read(settings.folder))
    assert str(error.value) == f"expected {message}, found one of {found}: name another folder with --out"


def test_a_source_that_was_edited_or_moved_is_the_same(made, tmp_path):
    folder = tmp_path / "run"
    (tmp_path / "a" / "net.py").write_text("def net(images): return images")
    results.require_own(made("./a/net.py:net", "a/../a/w.weights.h5"), results.read(folder))
    settings = made("a/net.py:net", "a/w.weights.h5")
    results.write_part(settings, "model", MODEL)
    (tmp_path / "a").rename(tmp_path / "c")
    moved = made("c/net.py:net", "c/w.weights.h5")
    results.require_own(moved, results.read(folder))
    assert cache_keys.model_stale(moved, results.read(folder), {}) == cache_keys.NOTHING_YET
    (tmp_path / "c" / "net.py").write_text("def net(images): return 1 - images")
    with pytest.raises(InputError, match=r"found one of a/net\.py:net with a/w\.weights\.h5"):
        results.require_own(moved, results.read(folder))


def test_a_copy_of_a_source_that_is_still_there_is_another(made, tmp_path):
    shutil.copytree(tmp_path / "a", tmp_path / "copy")
    with pytest.raises(InputError, match=r"expected a run of copy/net\.py:net with copy/w\.weights\.h5"):
        results.require_own(made("copy/net.py:net", "copy/w.weights.h5"), results.read(tmp_path / "run"))


def test_an_older_result_is_known_by_what_was_typed(made, tmp_path):
    path = tmp_path / "run" / "result.json"
    old = json.loads(path.read_text())
    del old["model"]["origin"]
    path.write_text(json.dumps(old | {"model": old["model"] | {"source": "a/net.py:net"}}))
    results.require_own(made("a/net.py:net", "a/w.weights.h5"), results.read(path))
    with pytest.raises(InputError, match=r"a run of b/net\.py:net in run, found one of a/net\.py:net: name another"):
        results.require_own(made("b/net.py:net"), results.read(path))


def test_a_model_counts_as_converted_only_from_this_very_source(settings, net):
    assert results.converted(settings) is None
    settings.folder.mkdir()
    settings.model_file.write_bytes(b"frozen")
    results.write_part(settings, "model", MODEL)
    assert results.converted(settings) is None, "model.pb is not the file that the result speaks of"
    sha256 = safe_files.sha256(settings.model_file)
    results.write_part(settings, "model", {**MODEL, "sha256": sha256})
    assert results.converted(settings).model_sha256 == sha256
    net.write_bytes(b"other")
    assert results.converted(settings) is None, "the source has changed since"


@pytest.mark.parametrize("text", ["{", '{"schema": 1}', '{"schema": 1, "track": 3}'])
def test_a_damaged_result_is_set_aside_and_kept(tmp_path, caplog, text):
    (tmp_path / "result.json").write_text(text)
    results.set_damaged_aside(tmp_path)
    (kept,) = tmp_path.iterdir()
    assert kept.name.startswith("result.damaged-")
    assert kept.read_text() == text
    assert "the result is made anew (expected " in caplog.text
    assert f"the one that was there is kept as {kept.name}" in caplog.text


def test_a_whole_result_and_one_of_another_version_stay(settings):
    before = complete(settings)
    results.set_damaged_aside(settings.folder)
    assert results.read(settings.folder) == before
    (settings.folder / "result.json").write_text('{"schema": 2}')
    with pytest.raises(InputError, match="found schema 2"):
        results.set_damaged_aside(settings.folder)
