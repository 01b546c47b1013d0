"""How a board stands: ranks, what is decided, who is not compared."""

import json

import pandas as pd
import pytest
from fixtures import boards
from fixtures.pirm2018 import SUPER_RESOLUTION

from aic_helpers.boards import folders, standings
from aic_helpers.boards.orders import orders_of
from aic_helpers.core.errors import InputError

A, _, C = orders_of(SUPER_RESOLUTION)
DB = [24.0, 28.0, 31.0]
SIMILAR = [0.95, 0.96, 0.97]


def add(board, name, gain_db=0.0, speedup=2.0, width=0.1, **how):
    return boards.add(
        board, name, [db + gain_db for db in DB], SIMILAR, speedup, (speedup - width, speedup + width), **how
    )


def of(board, *entries, **changed):
    return standings.standings(folders.open_board(boards.plan(board, *entries, **changed)))


def change(board, entry, part, **values):
    file = board / "super_resolution" / entry / "result.json"
    content = json.loads(file.read_text("utf-8"))
    content[part] |= values
    file.write_text(json.dumps(content), "utf-8")


def test_ranks_and_leads_by_hand(tmp_path):
    # Score A of Track A counts a dB four times and a speedup once. First is 0.5 dB ahead of second: 2, and as fast. The
    # images agree, so only the speeds are unsure: 0.1 each, 0.1414 together. Third is 0.02 dB behind: 0.08, less.
    entries = [add(tmp_path, "third", -0.02), add(tmp_path, "first", 0.5), add(tmp_path, "second")]
    table = of(tmp_path, *entries).table
    assert table["name"].tolist() == ["first", "second", "third"]
    assert table["rank_A"].tolist() == [1, 2, 3]
    assert table["against_next_A"].fillna("").tolist() == ["decided", "within noise", ""]
    assert table["lead_A"].tolist()[:2] == pytest.approx([2.0, 0.08])
    assert table["lead_low_A"].tolist()[:2] == pytest.approx([2 - 0.02**0.5, 0.08 - 0.02**0.5])
    assert table["lead_high_A"].tolist()[:2] == pytest.approx([2 + 0.02**0.5, 0.08 + 0.02**0.5])
    assert pd.isna(table["lead_A"].iloc[2])
    # Score B counts a dB once: 0.5 against 0.1414, decided; 0.02, within noise.
    assert table["against_next_B"].fillna("").tolist() == ["decided", "within noise", ""]


def test_each_score_has_its_own_ranks(tmp_path):
    # A slower, better one and a faster, worse one: 0.5 dB are 2.0 by A, 0.5 by B and 1.0 by C; 1 of speed is 1, 1, 1.5.
    table = of(tmp_path, add(tmp_path, "fine", 0.5, 2.0), add(tmp_path, "fast", 0.0, 3.0)).table.set_index("name")
    assert table.loc["fine", ["rank_A", "rank_B", "rank_C"]].tolist() == [1, 2, 2]
    assert standings.best(table.reset_index(), "super_resolution", A)["name"] == "fine"
    assert standings.best(table.reset_index(), "super_resolution", C)["name"] == "fast"
    assert standings.best(table.reset_index(), "enhancement", A) is None


def test_the_columns_have_their_types_even_where_there_is_nothing(tmp_path):
    for shown in (of(tmp_path / "none"), of(tmp_path / "one", add(tmp_path / "one", "net"), boards.named("later"))):
        assert {name: str(kind) for name, kind in shown.table.dtypes.items()} == standings.types(shown.tracks.values())
        assert len(shown.rules) == len(shown.table)


def test_who_breaks_a_rule_stands_below_unranked(tmp_path):
    boards.failed(tmp_path / "super_resolution" / "lost")
    entries = [boards.named("later"), boards.named("lost"), add(tmp_path, "heavy", 3.0, broken=("file size",))]
    table = of(tmp_path, *entries, add(tmp_path, "worse"), add(tmp_path, "better", 1.0)).table
    assert table["name"].tolist() == ["better", "worse", "heavy", "lost", "later"]
    assert table["rank_A"].tolist() == [1, 2, pd.NA, pd.NA, pd.NA]
    assert table["reason"].tolist() == [
        "",
        "",
        "breaks file size",
        "evaluate: the model didn't answer in 600 s",
        "not run yet",
    ]


def test_rules_are_a_matrix_in_the_same_order(tmp_path):
    shown = of(tmp_path, boards.named("later"), add(tmp_path, "heavy", broken=("file size",)), add(tmp_path, "net"))
    assert shown.table["name"].tolist() == ["net", "heavy", "later"]
    assert shown.rules["file size"].fillna("").tolist() == ["met", "BROKEN", ""]


def test_other_images_are_not_compared(tmp_path):
    entries = [add(tmp_path, name) for name in ("one", "two")]
    entries += [add(tmp_path, "three", 5.0, names=["x", "y", "z"]), add(tmp_path, "four", 5.0)]
    change(tmp_path, "four", "data", name="challenge")
    table = of(tmp_path, *entries).table.set_index("name")
    assert table["rank_A"].notna().tolist() == [True, True, False, False]
    assert table.loc["three", "reason"] == (
        "judged on 3 images of sample by pirm2018 (from x), most rows on 3 images of sample by pirm2018 "
        "(from photo 0): not compared"
    )
    assert table.loc["four", "reason"].startswith("judged on 3 images of challenge by pirm2018")


def test_another_limit_is_not_compared(tmp_path):
    entries = [add(tmp_path, name) for name in ("one", "two")]
    entries.append(boards.add(tmp_path, "short", DB[:2], SIMILAR[:2], 2.0))
    table = of(tmp_path, *entries).table.set_index("name")
    assert table.loc["short", "reason"].startswith("judged on 2 images of sample")


def test_unlike_machines_are_told_and_their_speedups_compared(tmp_path):
    shown = of(tmp_path, add(tmp_path, "one", 0.5), add(tmp_path, "two"))
    assert shown.notes == []
    change(tmp_path, "two", "environment", cpu="another", host="far")
    shown = of(tmp_path, boards.named("one"), boards.named("two"))
    assert shown.notes == [
        "Track A was timed on 2 machines (a processor, 2 cores; another, 2 cores, far): milliseconds don't compare, "
        "and are left out; the speedups do, each a ratio measured on one machine."
    ]
    assert shown.table["rank_A"].tolist() == [1, 2]


def test_ranks_by_times_are_of_one_runtime(tmp_path):
    for name in ("one", "two", "phone"):
        add(tmp_path, name)
    change(tmp_path, "phone", "profile", runtime="litert")
    shown = of(tmp_path, *map(boards.named, ("one", "two", "phone")))
    table = shown.table.set_index("name")
    assert table["runtime"].to_dict() == {"one": "TensorFlow", "two": "TensorFlow", "phone": "LiteRT"}
    assert table["rank_A"].isna().to_dict() == {"one": False, "two": False, "phone": True}
    words = "timed in another runtime than what is ranked, and it takes speedups"
    assert table.loc["phone", "lacks"] == f"no rank by score A, score B, score C: {words}"
    assert shown.notes == [
        "Track A was timed in LiteRT (phone) and TensorFlow (one, two): each speedup is over the baseline in the same "
        "runtime. Ranks that take times, and the Pareto front, are of TensorFlow alone."
    ]
    assert standings.is_elsewhere(table).to_dict() == {"one": False, "two": False, "phone": True}


def test_two_versions_of_a_runtime_are_two_clocks_and_told_apart_where_they_meet(tmp_path):
    for name in ("one", "two", "three"):
        add(tmp_path, name)
        change(tmp_path, name, "profile", runtime="onnxruntime", runtime_version="1.27.0")
    models = [*map(boards.named, ("one", "two", "three"))]
    shown = of(tmp_path, *models)
    assert (shown.table["runtime"].unique().tolist(), shown.notes) == (["ONNX Runtime"], [])
    change(tmp_path, "three", "profile", runtime="onnxruntime", runtime_version="1.26.0")
    shown = of(tmp_path, *models)
    table = shown.table.set_index("name")
    ours, other = "ONNX Runtime 1.27.0", "ONNX Runtime 1.26.0"
    assert table["runtime"].to_dict() == {"one": ours, "two": ours, "three": other}
    assert table["rank_A"].isna().to_dict() == {"one": False, "two": False, "three": True}
    assert "timed in another runtime than what is ranked" in table.loc["three", "lacks"]
    assert shown.notes == [
        f"Track A was timed in {other} (three) and {ours} (one, two): each speedup is over the baseline in the same "
        f"runtime. Ranks that take times, and the Pareto front, are of {ours} alone."
    ]
    change(tmp_path, "three", "profile", runtime="onnxruntime", runtime_version="")  # of before versions were kept
    assert of(tmp_path, *models).table["runtime"].unique().tolist() == ["ONNX Runtime"]


def test_a_row_that_was_not_timed_is_not_called_of_another_runtime(tmp_path):
    add(tmp_path, "one"), add(tmp_path, "untimed")
    file = tmp_path / "super_resolution" / "untimed" / "result.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"profile": None, "scores": None}))
    table = of(tmp_path, boards.named("one"), boards.named("untimed")).table.set_index("name")
    assert pd.isna(table.loc["untimed", "rank_A"])
    assert "another runtime" not in table.loc["untimed", "lacks"]


def test_models_that_were_timed_on_a_busy_machine_are_named(tmp_path):
    add(tmp_path, "one", 0.5), add(tmp_path, "two")
    change(tmp_path, "two", "profile", load={"other_cores_before": 1.5, "other_cores_during": 0.2, "cores": 2})
    (note,) = of(tmp_path, boards.named("one"), boards.named("two")).notes
    assert note.startswith("Track A: the machine was busy while it timed two. Milliseconds are longer than on an idle")


def test_tracks_are_ranked_apart(tmp_path):
    entries = [add(tmp_path, "b", track="enhancement"), add(tmp_path, "a"), add(tmp_path, "c", track="enhancement")]
    table = of(tmp_path, *entries).table
    assert table["track"].tolist() == ["super_resolution", "enhancement", "enhancement"]
    assert table["rank_A"].tolist() == [1, 1, 2]


def test_a_speedup_without_interval_decides_nothing(tmp_path):
    entries = [add(tmp_path, "one", 5.0), add(tmp_path, "two")]
    change(tmp_path, "two", "profile", speedup_ci95=None)
    assert of(tmp_path, *entries).table["against_next_A"].iloc[0] == "no interval"


def test_two_hundred_models(tmp_path):
    table = standings.standings(folders.open_board(boards.many(tmp_path, 200))).table
    ranked = table[table["rank_B"].notna()].sort_values("rank_B")
    assert len(table) == 202
    assert ranked["rank_B"].tolist() == list(range(1, len(ranked) + 1))
    assert ranked["score_B"].is_monotonic_decreasing
    assert set(ranked["against_next_B"].dropna()) == {"decided", "within noise"}


def test_a_score_of_another_name(tmp_path):
    shown = of(tmp_path, add(tmp_path, "net"))
    assert [standings.named_order(shown, name) for name in ("B", "")] == ["B", ""]
    with pytest.raises(InputError, match=r"expected what the models are ranked by \(A, B, C\), found 'D': name one"):
        standings.named_order(shown, "D")
