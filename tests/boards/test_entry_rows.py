"""One entry of a board -> its row."""

import json
import math

import pytest
from fixtures import boards
from fixtures.pirm2018 import SUPER_RESOLUTION

from aic_helpers.boards import entry_rows, folders, rescoring
from aic_helpers.boards.orders import orders_of

ORDERS = orders_of(SUPER_RESOLUTION)
QUALITY = ([27.0, 29.0], [0.95, 0.97], 2.0)


def row_of(entry):
    return entry_rows.row(entry, ORDERS, {"super_resolution": rescoring.figures(SUPER_RESOLUTION, entry)})


def row(folder, *changes, status=None):
    """Return the row of one whole run with parts of its result changed: (part, value) or (part, key, value)."""
    entry = boards.add(folder, "net", *QUALITY)
    file = folder / "super_resolution" / "net" / "result.json"
    content = json.loads(file.read_text("utf-8"))
    for part, *key, value in changes:
        if key:
            content[part][key[0]] = value
        else:
            content[part] = value
    file.write_text(json.dumps(content), "utf-8")
    (found,) = folders.open_board(boards.plan(folder, entry)).entries
    return row_of(found)


def test_a_whole_run_is_done_with_its_figures(tmp_path):
    found = row(tmp_path, ("environment", "host", "one"))
    assert (found["status"], found["reason"]) == ("done", "")
    assert (found["psnr_db"], found["ms_ssim"], found["speedup"]) == (28.0, pytest.approx(0.96), 2.0)
    assert (found["speedup_low"], found["speedup_high"]) == (1.9, 2.1)
    assert found["psnr_db_low"] < 28 < found["psnr_db_high"]
    # Track A, score A: 4 (28 - 26.5) + 100 (0.96 - 0.94) + 2
    assert found["score_A"] == pytest.approx(10.0)
    assert (found["time_ms"], found["peak_rss_mib"], found["gmacs_720p"]) == (150.25, 1023.0, 63.7)
    assert (found["bytes"], found["parameters"], found["images"], found["limit"]) == (281526, 69249, 2, None)
    assert (found["rules_met"], found["rules_broken"]) == (2, "")
    assert (found["machine"], found["data"]) == ("a processor, 2 cores, one", "sample")


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        (
            [("metrics", "failed", "2 of 5 images;\na: no output")],
            "failed",
            "the metrics failed: 2 of 5 images; a: no output",
        ),
        ([("profile", "failed", "no memory")], "failed", "the profile failed: no memory"),
        ([("requirements", None)], "waiting", "not finished: without requirements"),
        ([("metrics", None), ("requirements", None)], "waiting", "not finished: without metrics, requirements"),
        ([("scores", None), ("profile", None)], "done", "and time was not measured: aic profile"),
        ([("profile", "speedup", "inf")], "done", "no scores: they need PSNR, MS-SSIM and the speedup at 1280x720"),
        ([("metrics", "psnr_db", "inf")], "done", "and a figure is not finite"),
        ([("metrics", "ms_ssim", 97.2)], "done", "and there is no A: expected an MS-SSIM in [0, 1], found 97.2"),
        ([("metrics", "psnr_db", 29.0)], "done", "images.csv has a mean psnr_db of 28, result.json 29: make the run"),
        (
            [("metrics", "ms_ssim", None)],
            "done",
            "no scores: they need PSNR, MS-SSIM and the speedup at 1280x720, and there is no A: ms_ssim",
        ),
    ],
)
def test_why_a_row_has_no_rank(tmp_path, changes, status, reason):
    found = row(tmp_path, *changes)
    assert found["status"] == status
    assert reason in found["reason"]


def test_doubts_are_handed_on(tmp_path):
    doubts = [{"kind": "identity", "text": "it returns its input"}, {"kind": "repeat", "text": "not the same twice"}]
    found = row(tmp_path, ("metrics", "doubts", doubts))
    assert (found["doubts"], found["reason"]) == ("it returns its input; not the same twice", "")


def test_weights_that_only_their_order_placed_are_a_doubt_and_no_other_note_is(tmp_path):
    notes = ["network() was called without arguments", "weights by order: a, b could be exchanged"]
    assert row(tmp_path, ("model", "notes", notes))["doubts"] == "weights by order: a, b could be exchanged"


def test_a_broken_rule_is_named(tmp_path):
    entry = boards.add(tmp_path, "net", *QUALITY, broken=("file size", "any resolution"))
    (found,) = folders.open_board(boards.plan(tmp_path, entry)).entries
    assert row_of(found)["reason"] == "breaks file size, any resolution"
    assert row_of(found)["rules_broken"] == "file size; any resolution"
    assert entry_rows.verdicts(found) == {
        "file size": "BROKEN",
        "any resolution": "BROKEN",
        "values in [0, 1]": "advice",
        "parity with its source": "not judged",
    }


def test_a_run_without_single_images_has_no_rank(tmp_path):
    boards.add(tmp_path, "net", *QUALITY)
    (tmp_path / "super_resolution" / "net" / "images.csv").unlink()
    (found,) = folders.open_board(boards.plan(tmp_path, boards.named("net"))).entries
    assert row_of(found)["reason"] == "images.csv has no figures of single images: make the run again"


@pytest.mark.parametrize("value", ["fast", [2], True, None, {}, 10**400, -(10**30)])
def test_what_is_no_number_is_none(tmp_path, value):
    found = row(
        tmp_path,
        ("profile", "time_ms", value),
        ("profile", "speedup_ci95", value),
        ("model", "bytes", value),
        ("metrics", "psnr_db_ci95", [value, value]),
    )
    assert math.isnan(found["time_ms"])
    assert math.isnan(found["speedup_low"])
    assert math.isnan(found["psnr_db_low"])
    assert found["bytes"] is None


def test_a_problem_or_a_failure_is_the_reason(tmp_path):
    boards.failed(tmp_path / "super_resolution" / "net", "no answer", "convert")
    entries = [boards.named("net"), boards.named("far", folder="../x"), boards.named("later")]
    rows = [row_of(entry) for entry in folders.open_board(boards.plan(tmp_path, *entries)).entries]
    assert [one["status"] for one in rows] == ["failed", "failed", "waiting"]
    assert rows[0]["reason"] == "convert: no answer"
    assert rows[1]["reason"].startswith("expected a run folder inside the board, found ../x")
    assert rows[2]["reason"] == "not run yet"
    assert [one["rules_met"] for one in rows] == [None] * 3
