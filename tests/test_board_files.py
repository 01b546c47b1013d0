"""The table of a board as files."""

import importlib.util

import pandas as pd
import pytest
from fixtures import boards

from aic_helpers.boards import folders, standings, tables


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
    assert list(table.columns) == list(standings.TYPES)
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
