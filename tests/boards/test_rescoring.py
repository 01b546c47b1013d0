"""The runs of a board by another track's formulas."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from fixtures import boards

from aic_helpers.boards import folders, reports, standings, tables
from aic_helpers.core.errors import InputError
from aic_helpers.tracks.catalogue import TRACKS, made

CLASSIC, ESR = TRACKS["classic_x4"], TRACKS["ntire_esr_2026"]

SIMILAR = [0.95, 0.96, 0.97]

LIGHT = {
    "title": "As light as it gets",
    "task": {"scale": 4, "input": "enlarged", "reduced_by": "pillow_bicubic"},
    "protocol": {"border_px": 16, "round_output": False, "metrics": ["psnr"]},
    "formulas": {"worth": "psnr - parameters / 100000"},
    "scores": {"worth": "higher"},
}


def light(folder, **changed):
    """Write a track's file by which a dB weighs as much as 100 000 parameters; return its path."""
    content = LIGHT | changed
    lines = [f"title = {json.dumps(content.pop('title'))}"]
    for part, keys in content.items():
        lines += [f"[{part}]", *(f"{name} = {json.dumps(value)}" for name, value in keys.items())]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "light.toml").write_text("\n".join(lines))
    return str(folder / "light.toml")


def pirm(board, name, gain_db=0.0, parameters=69_249):
    psnr_db = [db + gain_db for db in boards.DB]
    entry = boards.add(board, name, psnr_db, SIMILAR, 2.0)
    change(board / "super_resolution" / name, "model", parameters=parameters)
    return entry


def change(run, part, **values):
    content = json.loads((run / "result.json").read_text("utf-8"))
    content[part] |= values
    (run / "result.json").write_text(json.dumps(content), "utf-8")


def shown_by(board, by):
    return standings.shown_by(folders.open_board(board), by)


@pytest.fixture
def board(tmp_path):
    """`good` leads by score A, `small` where parameters count."""
    folder = tmp_path / "board"
    return boards.plan(folder, pirm(folder, "good", 0.5, 500_000), pirm(folder, "small"))


def test_the_winner_changes_with_the_formula(board, tmp_path):
    shown, by = shown_by(board, light(tmp_path))
    assert by == "light.worth"
    table = shown.table.set_index("name")
    assert table["rank_A"].to_dict() == {"good": 1, "small": 2}
    assert table["rank_light.worth"].to_dict() == {"good": 2, "small": 1}
    # 0.5 dB less for 430 751 parameters fewer.
    assert table.loc["small", "lead_light.worth"] == pytest.approx(4.30751 - 0.5)
    assert tables.winners(shown, "super_resolution") == (
        "The winner changes with the formula: first is good by score A, score B, score C; small by light score worth."
    )


def test_a_table_by_another_track(board, tmp_path):
    lines = tables.track_lines(*shown_by(board, light(tmp_path))[:1], "super_resolution", "light.worth")
    assert lines[0] == "Track A: super-resolution, by light score worth"
    assert lines[1].split()[:6] == ["rank", "model", "light", "score", "worth", "to"]
    assert [line.split()[:2] for line in lines[2:4]] == [["1", "small"], ["2", "good"]]
    assert lines[-4:][0] == "ranks by each"
    assert lines[-3].split("  ")[0] == "model"
    assert lines[-2].split() == ["good", "1", "decided", "1", "decided", "1", "decided", "2"]
    assert lines[-1].split() == ["small", "2", "2", "2", "1", "decided"]


def test_the_same_winner_is_said_too(board, tmp_path):
    shown, _ = shown_by(board, "B")
    assert shown.also is None
    assert (
        tables.winners(shown, "super_resolution")
        == "The winner is the same by each formula: good by score A, score B, score C."
    )
    assert "ranks by each" not in tables.track_lines(shown, "super_resolution")


def test_a_winner_within_noise_is_said_to_be_so(tmp_path):
    # By score A 0.02 dB are 0.08, and the speeds are unsure by 0.14; parameters are known.
    board = boards.plan(tmp_path, pirm(tmp_path, "one", 0.02), pirm(tmp_path, "two", parameters=9_000))
    shown, _ = shown_by(board, light(tmp_path / "files"))
    assert tables.winners(shown, "super_resolution") == (
        "The winner changes with the formula: first is one by score A (within noise), score B (within noise), "
        "score C (within noise); two by light score worth."
    )


def test_what_runs_lack_of_another_track_is_said(board, tmp_path):
    shown, by = shown_by(board, "ntire_esr_2026")
    assert by == "ntire_esr_2026.score"
    assert shown.table["rank_A"].tolist() == [1, 2]
    assert shown.table["rank_ntire_esr_2026.score"].isna().all()
    # The number of parameters is the same whatever the size.
    assert shown.table["rank_ntire_esr_2026.params"].tolist() == [2, 1]
    told = dict(tables.lacking_rows(shown, "super_resolution"))
    assert told == {
        "good, small": "no ntire_esr_2026 score: timed at 1280x720, not at 480x320; operations not counted; "
        "no ntire_esr_2026 score runtime: timed at 1280x720, not at 480x320; "
        "no ntire_esr_2026 score flops: operations not counted"
    }


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"protocol": {"metrics": ["psnr"]}}, "PSNR by the protocol pirm2018, not RGB, border 0 px, rounded, PSNR"),
        (
            {"task": {"scale": 4, "input": "small", "reduced_by": "matlab_bicubic"}},
            "PSNR of photos made smaller 4 times by pillow_bicubic",
        ),
        (
            {"task": {"scale": 2, "input": "small", "reduced_by": "pillow_bicubic"}},
            "PSNR of photos made smaller 4 times",
        ),
    ],
)
def test_metrics_of_another_kind_are_none(board, tmp_path, changes, why):
    shown, _ = shown_by(board, light(tmp_path, **changes))
    assert shown.table["rank_light.worth"].isna().all()
    ((names, told),) = tables.lacking_rows(shown, "super_resolution")
    assert names == "good, small"
    assert told.startswith(f"no light score worth: {why}")


def test_rows_that_break_a_rule_or_were_judged_on_other_images_stay_out(tmp_path):
    entries = [pirm(tmp_path, name) for name in ("one", "two", "heavy", "other")]
    for rule in (run := json.loads((tmp_path / "super_resolution/heavy/result.json").read_text()))["requirements"]:
        rule["passed"] = False if rule["name"] == "file size" else rule["passed"]
    (tmp_path / "super_resolution/heavy/result.json").write_text(json.dumps(run))
    change(tmp_path / "super_resolution" / "other", "data", name="challenge")
    shown, _ = shown_by(boards.plan(tmp_path, *entries), light(tmp_path / "files"))
    ranked = shown.table.set_index("name")["rank_light.worth"].notna()
    assert ranked.to_dict() == {"one": True, "two": True, "heavy": False, "other": False}


def test_runs_without_times_are_ranked_by_formulas_that_take_none(tmp_path):
    entry = pirm(tmp_path, "net")
    file = tmp_path / "super_resolution" / "net" / "result.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"profile": None, "scores": None}))
    shown, _ = shown_by(boards.plan(tmp_path, entry), light(tmp_path / "files"))
    row = shown.table.iloc[0]
    assert "time was not measured" in row["reason"]
    assert row["rank_light.worth"] == 1


RATIO = {
    "title": "By SPAN's time",
    "task": {"scale": 4, "input": "small", "reduced_by": "matlab_bicubic"},
    "protocol": {"colour": "y", "border_px": 4, "metrics": ["psnr", "ssim"]},
    "measured": {"size": [320, 180]},
    "baseline": {"model": "span_x4"},
    "formulas": {"slow": "time_ms / baseline_time_ms", "fast": "speedup"},
    "scores": {"slow": "lower", "fast": "higher"},
}


@pytest.fixture
def timed(tmp_path):
    """Three networks on classic_x4, timed beside fsrcnn_x4; one of them is span_x4."""
    span = {"origin": {"pretrained": "span_x4", "path": "", "function": "", "checkpoint": ""}}
    entries = [boards.of_track(tmp_path, CLASSIC, "span_x4", speedup=0.5, width=0.01, model=span)]
    entries += [boards.of_track(tmp_path, CLASSIC, name, speedup=speedup) for name, speedup in (("a", 2.0), ("b", 1.0))]
    return boards.plan(tmp_path, *entries)


def test_the_int8_file_of_a_baseline_is_no_baseline_and_its_times_stay_in_their_runtime(timed):
    run = timed / "classic_x4" / "b"
    origin = {"pretrained": "span_x4", "path": "", "function": "", "checkpoint": ""}
    change(run, "model", origin=origin, kind="litert")
    change(run, "profile", runtime="litert")
    shown = standings.standings(folders.open_board(timed), made("ratio", RATIO))
    table = shown.table.set_index("name")
    assert table["score_ratio.fast"].dropna().to_dict() == pytest.approx({"span_x4": 1.0, "a": 4.0})
    assert "timed beside fsrcnn_x4, and span_x4 is no row of this board timed in LiteRT" in table.loc["b", "lacks"]
    shutil.rmtree(timed / "classic_x4" / "span_x4")  # the int8 file alone doesn't stand for it
    shown = standings.standings(folders.open_board(timed), made("ratio", RATIO))
    assert shown.table["score_ratio.fast"].isna().all()


def test_speedups_of_two_versions_of_a_runtime_make_no_ratio(timed):
    for name, version in (("span_x4", "2.20.0"), ("a", "2.21.0"), ("b", "2.20.0")):
        change(timed / "classic_x4" / name, "profile", runtime_version=version)
    table = standings.standings(folders.open_board(timed), made("ratio", RATIO)).table.set_index("name")
    assert table["score_ratio.fast"].dropna().to_dict() == pytest.approx({"span_x4": 1.0, "b": 2.0})


def test_speedups_over_a_baseline_that_is_a_row_are_ratios(timed):
    shown = standings.standings(folders.open_board(timed), made("ratio", RATIO))
    table = shown.table.set_index("name")
    assert table["score_ratio.fast"].to_dict() == pytest.approx({"span_x4": 1.0, "a": 4.0, "b": 2.0})
    assert table["score_ratio.slow"].to_dict() == pytest.approx({"span_x4": 1.0, "a": 0.25, "b": 0.5})
    assert table["rank_ratio.slow"].to_dict() == {"span_x4": 3, "a": 1, "b": 2}
    assert table.loc["span_x4", ["score_ratio.fast_low", "score_ratio.fast_high"]].tolist() == [1.0, 1.0]
    # As logarithms: 2.0 down to 1.9 and 0.5 up to 0.51 are 0.0513 and 0.0198, together 0.0550.
    low = np.exp(-np.hypot(np.log(2 / 1.9), np.log(0.51 / 0.5)))
    assert table.loc["a", "score_ratio.fast_low"] == pytest.approx(4.0 * low)
    assert table.loc["a", "against_next_ratio.slow"] == "decided"
    assert shown.notes[1] == (
        "Speedups over span_x4, the baseline of ratio and a row of this board, are ratios of both speedups over "
        "fsrcnn_x4."
    )


def test_without_the_baseline_among_the_rows_it_is_said(tmp_path):
    board = boards.plan(tmp_path, boards.of_track(tmp_path, CLASSIC, "a"))
    shown = standings.standings(folders.open_board(board), made("ratio", RATIO))
    ((_, why),) = tables.lacking_rows(shown, "classic_x4")
    assert why.endswith("timed beside fsrcnn_x4, and span_x4 is no row of this board timed in TensorFlow")


def test_a_track_that_is_timed_beside_the_same_needs_no_ratio(tmp_path):
    beside = made("beside", RATIO | {"baseline": {"model": "fsrcnn_x4"}})
    board = boards.plan(tmp_path, boards.of_track(tmp_path, CLASSIC, "a", speedup=2.0))
    table = standings.standings(folders.open_board(board), beside).table
    assert table.loc[0, ["score_beside.fast", "score_beside.fast_low"]].tolist() == pytest.approx([2.0, 1.9])


def test_the_report_has_both(board, tmp_path):
    shown, by = shown_by(board, light(tmp_path))
    page = reports.write_report(shown, by).read_text("utf-8")
    assert "The winner changes with the formula: first is good by score A" in page
    assert "Best by light score worth: " in page
    assert 'data-by="3"' in page
    assert "light gives its formulas alone: the rules are those of each model&#39;s own track." in page


def test_by_its_own_track_nothing_is_doubled(board):
    shown, by = shown_by(board, "super_resolution")
    assert (by, [order.name for order in shown.orders("super_resolution")]) == ("super_resolution.A", ["A", "B", "C"])


def test_a_changed_file_of_the_boards_own_track_is_told_apart(tmp_path):
    was = {"title": "Small", "constants": {"k": 1e6}, "formulas": {"worth": "psnr - parameters / k"}}
    own = made("mine", was | {"scores": {"worth": "higher"}})
    entries = [boards.of_track(tmp_path, own, "net"), boards.of_track(tmp_path, own, "big", 1.0)]
    change(tmp_path / "mine" / "big", "model", parameters=500_000)
    boards.plan(tmp_path, *entries, track_files={"mine": own.content})
    file = tmp_path / "files" / "mine.toml"
    file.parent.mkdir()
    text = 'title = "Small"\n[formulas]\nworth = "psnr - parameters / k"\n[scores]\nworth = "higher"\n[constants]\n'
    file.write_text(text + "k = 1e6")
    shown, by = shown_by(tmp_path, str(file))
    assert (by, [order.name for order in shown.orders("mine")]) == ("mine.worth", ["worth"])
    file.write_text(text + "k = 1e5")
    shown, by = shown_by(tmp_path, str(file))
    assert by == "mine (file).worth"
    assert [order.title for order in shown.orders("mine")] == ["score worth", "mine (file) score worth"]
    table = shown.table.set_index("name")
    assert table["rank_worth"].to_dict() == {"big": 1, "net": 2}
    assert table[f"rank_{by}"].to_dict() == {"big": 2, "net": 1}
    assert "mine (file) score worth" in reports.write_report(shown, by).read_text("utf-8")


def test_speedups_of_each_track_are_over_the_baseline_among_its_own_rows(timed, tmp_path):
    others = [one for one in json.loads((timed / "board.json").read_text())["entries"] if one["name"] != "span_x4"]
    span = {"origin": {"pretrained": "span_x4", "path": "", "function": "", "checkpoint": ""}}
    elsewhere = boards.of_track(tmp_path, TRACKS["super_resolution"], "span_x4", speedup=0.5, model=span)
    boards.plan(tmp_path, *others, elsewhere)
    shown = standings.standings(folders.open_board(tmp_path), made("ratio", RATIO))
    assert shown.table.set_index("name").loc["a", "rank_ratio.fast"] is pd.NA
    assert not any("the baseline of ratio and a row of this board" in note for note in shown.notes)


@pytest.mark.parametrize(
    ("by", "line"),
    [
        ("D", "expected what the models are ranked by (A, B, C), or the name or file of another track, found 'D'"),
        ("ntire_esr_2206", "did you mean ntire_esr_2026?"),
        ("ntire_esr_2026.time", "expected a score of ntire_esr_2026 (ntire_esr_2026.score, "),
        ("classic_x4", "expected a track with a score that a run can have, found classic_x4, which has none"),
        ("ntire_rtsr_2023_x3", "whose score needs psnr_bicubic"),
        ("no/such.toml", "expected a track's file"),
    ],
)
def test_mistakes_are_one_line(board, by, line):
    with pytest.raises(InputError) as error:
        shown_by(board, by)
    assert line in str(error.value)
    assert "\n" not in str(error.value)


def test_pirms_own_scores_on_another_board(tmp_path):
    board = boards.plan(tmp_path, boards.of_track(tmp_path, CLASSIC, "net"))
    shown, by = shown_by(board, "super_resolution")
    assert by == "super_resolution.A"
    ((_, why),) = tables.lacking_rows(shown, "classic_x4")
    assert why.startswith("no super_resolution score A, super_resolution score B, super_resolution score C: ")
    assert f"PSNR and MS-SSIM of photos made smaller 4 times by {CLASSIC.task.reduced_by}" in why
    assert ESR.name not in why
