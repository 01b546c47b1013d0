"""What the commands print."""

import pytest
from fixtures import run_folders
from fixtures.pirm2018 import SUPER_RESOLUTION
from fixtures.run_folders import typed

from aic_helpers.reporting import text_tables
from aic_helpers.runs import result_tables
from aic_helpers.runs.schema import Metrics, Model, Profile, Requirement, Result
from aic_helpers.tracks.catalogue import made

RULE = {"name": "size", "passed": True, "limit": "1 MB", "found": "0.5 MB", "evidence": "-", "remedy": None}
BROKEN = {**RULE, "passed": False, "found": "2 MB", "evidence": "model.pb has 2 MB", "remedy": "shrink it"}
UNJUDGED = {**RULE, "name": "time", "passed": None, "found": "not judged"}
ADVICE = {**RULE, "name": "range", "passed": None, "found": "1 % outside"}

METRICS = {"psnr_db": 31.138, "psnr_db_ci95": [26.1, 35.8], "ms_ssim": 0.96931, "ms_ssim_ci95": None, "images": 7}
PROFILE = {
    "width_px": 1280,
    "height_px": 720,
    "threads": 2,
    "time_ms": 302.2,
    "baseline_time_ms": 300.2,
    "speedup": 1.0,
    "speedup_ci95": [0.989, 1.007],
    "gflop_per_s": 422.0,
    "roofline": {"gflop_per_s": 439.0},
    "peak_rss_mib": 1024.4,
    "runtime_rss_mib": 618.0,
    "model_rss_mib": 406.4,
    "failed": None,
    "repetitions": 16,
    "stop_reason": "interval",
    "notes": ["Something to know."],
}


def test_figures_have_their_interval_where_there_is_one():
    expected = [("PSNR", "31.14 dB (26.10 to 35.80)"), ("MS-SSIM", "0.9693"), ("images", "7")]
    assert result_tables.metrics_rows(typed(Metrics, METRICS), SUPER_RESOLUTION) == expected


def test_identical_images_have_a_psnr_in_a_word():
    assert result_tables.metrics_rows(
        typed(Metrics, {**METRICS, "psnr_db": "inf", "psnr_db_ci95": None}), SUPER_RESOLUTION
    )[0] == (
        "PSNR",
        "inf dB",
    )


def test_failed_metrics_say_why():
    assert result_tables.metrics_rows(typed(Metrics, {"failed": "1 of 7 images; 0: NaN"}), SUPER_RESOLUTION) == [
        ("PSNR, MS-SSIM", "failed on 1 of 7 images; 0: NaN")
    ]


def test_doubts_stand_below_the_figures():
    doubts = [{"kind": "range", "text": "it gives 0..255"}, {"kind": "identity", "text": "it returns its input"}]
    rows = result_tables.metrics_rows(typed(Metrics, {**METRICS, "doubts": doubts}), SUPER_RESOLUTION)
    assert rows[3:] == [("doubt", "it gives 0..255"), ("doubt", "it returns its input")]


def test_a_profile_in_rows():
    assert result_tables.profile_rows(typed(Profile, PROFILE), SUPER_RESOLUTION) == [
        ("time", "302.2 ms at 1280x720, 2 threads"),
        ("baseline", "300.2 ms"),
        ("speedup", "1.000 (0.989 to 1.007)"),
        ("throughput", "422 GFLOP/s of 439 in a large matrix product here"),
        ("RAM", "1024 MiB (618 runtime + 406 model; limit 3584)"),
    ]


def test_a_profile_that_failed_says_why_and_has_no_figures():
    names = ("time_ms", "baseline_time_ms", "speedup", "speedup_ci95", "peak_rss_mib", "model_rss_mib", "gflop_per_s")
    failed = typed(Profile, {**PROFILE, **dict.fromkeys(names), "failed": "it died of SIGABRT"})
    rows = dict(result_tables.profile_rows(failed, SUPER_RESOLUTION))
    assert rows.pop("failed") == "it died of SIGABRT"
    assert set(rows.values()) == {"not measured"}
    assert result_tables.profile_notes(failed) == []


def test_no_profile_is_said_in_words():
    assert result_tables.profile_rows(None, SUPER_RESOLUTION) == [("speedup", "not measured"), ("RAM", "not measured")]
    assert result_tables.profile_notes(None) == []


ONNX = {"name": "net", "sha256": "0", "kind": "onnx", "opset": 17, "ir_version": 8, "producer": "pytorch 2.13.0"}


def test_an_onnx_says_what_it_is():
    known = ONNX | {"input_dtype": "float16", "output_dtype": "float32", "parity": {"state": "frozen already"}}
    rows = dict(result_tables.model_rows(typed(Model, known)))
    words = "opset 17, IR version 8, written by pytorch 2.13.0; takes float16, gives float32"
    assert (rows["ONNX"], rows["against its source"]) == (words, "is an .onnx already")
    rows = dict(result_tables.model_rows(typed(Model, ONNX | {"kind": "torch", "producer": ""})))
    assert rows["ONNX"] == "opset 17, IR version 8"


def test_times_name_the_runtime_its_version_and_what_computes():
    timed = PROFILE | {"runtime": "onnxruntime", "runtime_version": "1.32.0", "provider": "CPUExecutionProvider"}
    rows = dict(result_tables.profile_rows(typed(Profile, timed), SUPER_RESOLUTION))
    assert rows["time"] == "302.2 ms at 1280x720, 2 threads, ONNX Runtime"
    assert rows["runtime"] == "ONNX Runtime 1.32.0, CPUExecutionProvider"
    older = dict(result_tables.profile_rows(typed(Profile, PROFILE), SUPER_RESOLUTION))
    assert "runtime" not in older


def test_the_notes_say_how_the_timed_runs_ended():
    assert result_tables.profile_notes(typed(Profile, PROFILE)) == [
        "16 runs of each; stopped by: interval.",
        "Something to know.",
    ]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([], "not checked"),
        ([RULE, ADVICE], "1 of 1 met"),
        ([RULE, BROKEN, UNJUDGED], "1 of 2 met; BROKEN: size; not judged: time"),
    ],
)
def test_requirements_in_short(rules, words):
    assert result_tables.requirements_in_short([typed(Requirement, rule) for rule in rules]) == words


def test_a_broken_rule_is_followed_by_its_evidence_and_what_to_do():
    assert result_tables.requirement_lines([typed(Requirement, rule) for rule in (RULE, BROKEN, ADVICE)]) == [
        "met     size   0.5 MB",
        "BROKEN  size   2 MB",
        "            evidence: model.pb has 2 MB",
        "            limit: 1 MB",
        "            -> shrink it",
        "advice  range  1 % outside",
    ]


def test_results_stand_side_by_side():
    table = text_tables.side_by_side([[("a", "1"), ("b", "two")], [("b", "2"), ("c", "3")]])
    assert table == "a  1    -\nb  two  2\nc  -    3"


def test_a_result_without_scores_says_what_they_need():
    expected = [("scores", "none: they need PSNR, MS-SSIM and the speedup at 1280x720")]
    assert result_tables.score_rows(scored(None), SUPER_RESOLUTION) == expected
    scores = {"A": {"value": 1.234, "ci95": [1, 2]}, "B": {"value": None, "ci95": None, "missing": "lpips"}}
    expected = [("score A", "1.23 (1.00 to 2.00)"), ("score B", "none: it lacks lpips")]
    assert result_tables.score_rows(scored(scores), SUPER_RESOLUTION) == expected


def test_a_score_of_constants_alone_needs_nothing():
    score = {"formulas": {"total": "1 / (a - a)"}, "scores": {"total": "higher"}}
    track = made("ours", {"title": "Ours", "constants": {"a": 1.0}, **score})
    assert result_tables.needs(track) == "they need no figure of a model"


def scored(scores):
    return typed(Result, run_folders.result() | {"scores": scores})


@pytest.mark.parametrize(
    ("kind", "parity", "words"),
    [
        ("frozen", {"max_abs": None, "by_size": {}}, "is frozen already"),
        ("frozen", {"state": "frozen already", "max_abs": None, "by_size": None}, "is frozen already"),
        ("saved_model", {"state": "not compared", "reason": "too large"}, "not compared: too large"),
        ("frozen", {"state": "compared", "max_abs": 0.25, "by_size": {}}, "differs by at most 2.5e-01"),
        ("function", {"max_abs": None, "by_size": {}}, "not measured"),
        ("function", "abc", "not measured"),
        ("keras", {"max_abs": 0.25, "by_size": {}}, "differs by at most 2.5e-01"),
    ],
)
def test_compared_frozen_already_and_not_compared_are_told_apart(kind, parity, words):
    model = typed(Model, {"kind": kind, "parity": parity})
    assert dict(result_tables.model_rows(model))["against its source"] == words


def test_a_profile_without_its_size_or_threads_says_none():
    profile = typed(Profile, {"time_ms": 71.3, "width_px": "abc", "height_px": 720, "threads": []})
    assert dict(result_tables.profile_rows(profile, SUPER_RESOLUTION))["time"] == "71.3 ms"


def test_what_to_know_of_how_a_model_was_made_stands_below_it():
    model = typed(Model, {"notes": ["weights by order: a, b could be exchanged, and no name in the file decides"]})
    assert result_tables.model_rows(model)[-1] == ("note", model.notes[0])
    assert not [label for label, _ in result_tables.model_rows(typed(Model, {"notes": 3})) if label == "note"]
