"""How a board stands, in words."""

import importlib.util
import json
from dataclasses import replace

import pandas as pd
import pytest
from fixtures import boards
from fixtures.pirm2018 import ENHANCEMENT, SUPER_RESOLUTION

from aic_helpers.boards import folders, standings, tables

SHIPPED = (SUPER_RESOLUTION, ENHANCEMENT)
DB, SIMILAR = [24.0, 28.0, 31.0], [0.95, 0.96, 0.97]


def add(board, name, gain_db=0.0, **how):
    return boards.add(board, name, [db + gain_db for db in DB], SIMILAR, 2.0, **how)


@pytest.fixture
def shown(tmp_path):
    boards.failed(tmp_path / "super_resolution" / "lost", "no answer", "convert")
    entries = [add(tmp_path, "second"), add(tmp_path, "heavy", broken=("file size",)), add(tmp_path, "first", 0.5)]
    entries += [boards.named("lost"), boards.named("later", "enhancement")]
    return standings.standings(folders.open_board(boards.plan(tmp_path, *entries, limit=3)))


def test_a_track_as_lines(shown):
    lines = tables.track_lines(shown, "super_resolution", "A")
    assert lines[0] == "Track A: super-resolution, by score A"
    assert lines[1].split("  ")[0] == "rank"
    columns = ["rank", "model", "score A", "to the next", "PSNR", "MS-SSIM", "speedup", "time", "RAM"]
    assert [word.strip() for word in lines[1].split("  ") if word] == columns
    assert lines[2].startswith("1     first   10.67 (")
    assert "decided      28.17 dB  0.9600   2.000    150.2 ms  1023 MiB" in lines[2]
    assert lines[3].startswith("2     second")
    assert lines[4].startswith("      heavy")
    assert lines[5] == "best by score A: first with 10.67, 2.00 (1.86 to 2.14) ahead of the next: decided"
    assert lines[8:] == [
        "The winner is the same by each formula: first by score A, score B, score C.",
        "not ranked: heavy: done, breaks file size",
        "not ranked: lost: failed, convert: no answer",
    ]


def test_doubts_stand_below_a_track_and_among_the_remarks(shown):
    shown.table.loc[shown.table["name"] == "first", "doubts"] = "it returns its input"
    assert tables.track_lines(shown, "super_resolution", "A")[-1] == "doubtful: first: it returns its input"
    remarks = tables.frame(shown, "super_resolution", "A").set_index("model")["remarks"]
    assert (remarks["first"], remarks["second"]) == ("it returns its input", "")


def test_a_track_without_ranks_or_entries(shown):
    assert tables.track_lines(shown, "enhancement", "B") == [
        "Track B: photo enhancement, by score B",
        "not ranked: later: waiting, not run yet",
    ]
    assert tables.lines(shown, [], "A") == []


def test_columns_that_no_row_has_are_left_out_and_why_nothing_is_ranked_is_said_once(tmp_path):
    for name in ("one", "other"):
        add(tmp_path, name)
        path = tmp_path / "super_resolution" / name / "result.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"profile": None}))
    board = boards.plan(tmp_path, boards.named("one"), boards.named("other"))
    _, head, *rows, why = tables.track_lines(standings.standings(folders.open_board(board)), "super_resolution")
    assert head.split() == ["model", "PSNR", "MS-SSIM"]
    assert [row.split() for row in rows] == [[name, "27.67", "dB", "0.9600"] for name in ("one", "other")]
    assert why.startswith("nothing is ranked: done, no scores: they need PSNR, MS-SSIM and the speedup at 1280x720")


def test_a_board_in_short(shown):
    assert tables.board_rows(shown.board)[:2] == [
        ("board", "a board"),
        ("data", "sample, the first 3 images at most"),
    ]
    assert tables.summary(shown) == "5: 3 done, 1 failed, 1 waiting"


def test_a_board_whose_times_were_cut_short_says_so(tmp_path):
    board = folders.open_board(boards.plan(tmp_path, until="decided"))
    words = "taken until ranks are decided: 4 pairs of each, more where a rank hangs on them"
    assert tables.board_rows(board)[2] == ("times", words)


def test_notes_stand_below(tmp_path):
    board = folders.of_runs(tmp_path)
    lines = tables.lines(standings.standings(board), ["super_resolution"], "A")
    assert lines == ["\nThere is no board and no run yet: aic board run SPEC makes a board, aic run a run."]


def test_milliseconds_of_several_machines_are_left_out(shown):
    own = shown.table[shown.table["status"] == "done"].copy()
    assert "time_ms" in [column.key for column in tables.columns(replace(shown, table=own), "super_resolution")]
    own.loc[own.index[0], "machine"] = "another"
    assert "time_ms" not in [column.key for column in tables.columns(replace(shown, table=own), "super_resolution")]


def test_a_figure_that_is_missing_is_empty(shown):
    lost = shown.table.set_index("name").loc["lost"]
    speedup, _, memory = tables.MEASURED
    assert tables.figure(lost, speedup) == ("", "")
    first = shown.table.set_index("name").loc["first"]
    assert tables.figure(first, speedup) == ("2.000", "1.900 to 2.100")
    assert tables.figure(first, memory) == ("1023 MiB", "")


def test_the_frame_tells_why_a_row_has_no_rank(shown):
    frame = tables.frame(shown, "super_resolution", "A")
    assert frame["rank"].tolist() == ["1", "2", "", ""]
    assert frame["remarks"].tolist() == ["", "", "done, breaks file size", "failed, convert: no answer"]
    assert tables.rules_frame(shown, "super_resolution").loc["heavy", "file size"] == "BROKEN"


def test_an_empty_track_is_an_empty_frame(tmp_path):
    empty = standings.standings(folders.of_runs(tmp_path))
    assert list(tables.frame(empty, "enhancement", "C").columns) == ["rank", "model", "score C", "remarks"]
    assert tables.rules_frame(empty, "enhancement").empty
    assert tables.best_rows(empty, "enhancement") == []


def test_a_dictionary_has_every_column_and_no_pandas(shown):
    found = tables.as_dict(shown, ["super_resolution"])
    assert [row["name"] for row in found["rows"]] == ["first", "second", "heavy", "lost"]
    assert set(found["rows"][0]) == set(shown.table.columns)
    assert found["rows"][0]["rank_A"] == 1
    assert found["rows"][3]["rank_A"] is None
    assert not any(value is pd.NA or value != value for row in found["rows"] for value in row.values())


def write(folder):
    return tables.write_tables(standings.standings(folders.open_board(folder)))


@pytest.fixture
def board(tmp_path):
    return boards.many(tmp_path / "board", 3, tracks=("super_resolution", "enhancement"))


def test_the_same_board_gives_the_same_bytes(board):
    write(board)
    first = (board / "board.csv").read_bytes()
    write(board)
    assert (board / "board.csv").read_bytes() == first
    assert b"\r" not in first
    table = pd.read_csv(board / "board.csv")
    assert list(table.columns) == list(standings.types(SHIPPED))
    assert len(table) == 10


def test_parquet_keeps_the_types(board):
    pytest.importorskip("pyarrow", reason='pip install "aic-workbench[parquet]"')
    rows = dict(write(board))
    assert rows["parquet"].endswith("board.parquet")
    table = pd.read_parquet(board / "board.parquet")
    pd.testing.assert_frame_equal(table, standings.standings(folders.open_board(board)).table, check_dtype=False)
    assert str(table["rank_A"].dtype) == "Int64"
    assert not list(board.glob(".*"))


def test_without_pyarrow_one_line_says_which_extra(board, monkeypatch):
    (board / "board.parquet").write_bytes(b"of an older board")
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pyarrow" else found(name))
    assert write(board)[1] == (
        "parquet",
        'not written; board.parquet needs pyarrow: pip install "aic-workbench[parquet]"',
    )
    assert not (board / "board.parquet").exists()


def test_names_with_commas_and_lines_stay_one_row(tmp_path):
    entry = boards.add(tmp_path, "net", [27.0, 28.0], [0.95, 0.96], 2.0) | {"name": 'a, "b"\nc'}
    write(boards.plan(tmp_path, entry))
    assert pd.read_csv(tmp_path / "board.csv")["name"].tolist() == ['a, "b" c']
