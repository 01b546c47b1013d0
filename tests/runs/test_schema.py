"""`result.json` in types: what a step wrote always reads, and nothing of it gets lost."""

import json
import math

import pytest
from fixtures import run_folders

from aic_helpers.runs import result_tables, results, run_settings, schema
from aic_helpers.runs.schema import Metrics, Model, Profile, Requirement

INTERVALS = [([1, 2.5], (1.0, 2.5)), ([1], None), ([None, 2], None), ([1, "inf"], None), ("12", None), (None, None)]


@pytest.mark.parametrize(
    ("value", "figure"),
    [
        (28.5, 28.5),
        (28, 28.0),
        ("inf", math.inf),
        ("-inf", -math.inf),
        (math.inf, math.inf),
        *((nothing, None) for nothing in (None, True, "fast", [2], {}, 10**400, -(10**30))),
    ],
)
def test_a_figure_is_a_number_or_none(value, figure):
    assert Metrics.model_validate({"psnr_db": value}).psnr_db == figure


@pytest.mark.parametrize(
    ("value", "count"), [(5, 5), (5.0, 5), (1.5, None), ("5", None), (True, None), (math.nan, None)]
)
def test_a_count_is_a_whole_number_or_none(value, count):
    assert Metrics.model_validate({"images": value}).images == count


@pytest.mark.parametrize(("value", "interval"), INTERVALS)
def test_an_interval_has_two_finite_ends(value, interval):
    assert Metrics.model_validate({"psnr_db_ci95": value}).psnr_db_ci95 == interval


def test_what_older_runs_lack_is_nothing():
    model = Model.model_validate({"name": "net", "sha256": "0", "parity": None})
    assert (model.bytes, model.source, model.parity.max_abs, model.parity.by_size) == (None, "", None, {})
    profile = run_folders.typed(Profile, {"roofline": None, "notes": None, "environment_variables": None})
    assert (profile.roofline.gflop_per_s, profile.notes, profile.environment_variables) == (None, [], {})
    assert (profile.failed, profile.width_px) == ("", None)
    rule = run_folders.typed(Requirement, {"name": 3, "passed": 1})
    assert (rule.name, rule.passed, rule.remedy) == ("", None, "")


FIXED = {"sha256": "0", "bytes": 1_200_000, "input_shape": [1, 720, 1280, 3]}


def test_a_file_of_one_size_has_a_size():
    assert Model.model_validate({"name": "net", "sha256": "0", "fixed": FIXED}).fixed.size == (1280, 720)


@pytest.mark.parametrize(
    "value",
    [
        *({}, {"a": 1}, [], 3, None),
        *(FIXED | {"bytes": value} for value in (True, -1, 10**400, "5")),
        *(FIXED | {"input_shape": value} for value in (None, [1, 2, 3], [1, None, 2, 3], "1234")),
    ],
)
def test_a_file_of_one_size_of_another_form_is_none(value):
    model = Model.model_validate({"name": "net", "sha256": "0", "kind": "litert", "fixed": value})
    assert model.fixed is None
    assert "file of one size" not in dict(result_tables.model_rows(model))


@pytest.mark.parametrize("value", [False, True, 0, 1.5, [], {}, None])
def test_a_text_of_another_kind_is_none_so_that_nothing_fails_by_it(value):
    assert Metrics.model_validate({"failed": value}).failed == ""


def test_metrics_without_anything_are_none(tmp_path):
    assert schema.as_result(run_folders.result() | {"metrics": {}}, tmp_path).metrics is None


def test_a_part_is_not_changed_by_hand():
    with pytest.raises(ValueError, match="frozen"):
        Metrics().psnr_db = 30.0


def test_keys_of_another_version_survive_a_read_and_a_write_in_their_places(tmp_path):
    (tmp_path / "net.pb").write_bytes(b"net")
    settings = run_settings.settle("super_resolution", str(tmp_path / "net.pb"), out=str(tmp_path / "run"))
    content = run_folders.result() | {"keys": {}, "later": [1]}
    content["metrics"] = {"later": {"a": 1.0}, **content["metrics"], "ms_ssim": 1, "psnr_db": "inf"}
    folder = run_folders.write(settings.folder, content)
    assert results.read(folder).metrics.psnr_db == math.inf
    results.write_part(settings, "requirements", content["requirements"])
    written = json.loads((folder / "result.json").read_text("utf-8"))
    assert list(written) == [*content]
    for part in ("data", "model", "metrics", "profile", "requirements", "later"):
        assert json.dumps(written[part]) == json.dumps(content[part])


@pytest.mark.parametrize(("images", "shown"), [("all", True), ("two", False)])
def test_precisions_of_other_images_than_the_metrics_are_not_shown(tmp_path, images, shown):
    made = {"metrics": images, "precisions": "all"}
    keys = {part: {"made_from": {"data": data}, "files": {}} for part, data in made.items()}
    content = run_folders.result() | {"precisions": {"by_precision": {"float32": {"psnr_db": 28.5}}}, "keys": keys}
    result = schema.as_result(content, tmp_path)
    assert (result.precisions_beside is not None) == shown
    assert ("LiteRT" in dict(result_tables.run_rows(result))) == shown
    other = schema.as_result(content | {"metrics": None}, tmp_path)
    assert other.precisions_beside == other.precisions


def test_a_whole_result_reads_in_types(tmp_path):
    result = schema.as_result(run_folders.result(), tmp_path)
    assert (result.model_sha256, result.profile.width_px, result.scores["A"].ci95) == ("0" * 64, 1280, (8.0, 16.0))
    assert [rule.passed for rule in result.requirements] == [True, False, None, None]
    assert result.raw == run_folders.result()
