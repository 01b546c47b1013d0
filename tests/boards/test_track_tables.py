"""The table of a track: order, figures with what they are sorted by, ranks by each score, reasons."""

import re

import pytest
from fixtures import boards
from fixtures.browsing import HOSTILE

from aic_helpers.boards import folders, standings, track_tables
from aic_helpers.tracks.catalogue import TRACKS

DB, SIMILAR = [24.0, 28.0, 31.0], [0.95, 0.96, 0.97]


def add(board, name, gain_db=0.0, speedup=2.0, **how):
    return boards.add(board, name, [db + gain_db for db in DB], SIMILAR, speedup, **how)


def table(folder, *entries, by="A", links=None, track="super_resolution"):
    shown = standings.standings(folders.open_board(boards.plan(folder, *entries)))
    return track_tables.track_table(shown, track, by, links)


@pytest.fixture
def mixed(tmp_path):
    """`good` leads by A, `fast` by B and C; `heavy` breaks a rule, `lost` failed."""
    boards.failed(tmp_path / "super_resolution" / "lost", "no answer")
    entries = [add(tmp_path, "fast", -0.5, 3.0), add(tmp_path, "good", 0.0, 2.0)]
    entries += [add(tmp_path, "heavy", 1.0, broken=("file size",)), boards.named("lost")]
    return [*entries, add(tmp_path, "other", track="enhancement")]


def test_rows_are_of_one_track_in_the_order_of_the_score(tmp_path, mixed):
    assert [line.name for line in table(tmp_path, *mixed).lines] == ["good", "fast", "heavy", "lost"]
    assert [line.name for line in table(tmp_path, *mixed, by="C").lines] == ["fast", "good", "heavy", "lost"]
    assert [line.name for line in table(tmp_path, *mixed, track="enhancement").lines] == ["other"]


def test_each_row_has_its_kind_its_verdict_and_why(tmp_path, mixed):
    lines = table(tmp_path, *mixed).lines
    assert [line.kind for line in lines] == ["ranked", "ranked", "broken", "apart"]
    assert [line.verdict[0] for line in lines] == ["met", "met", "NOT MET", "not checked"]
    assert [line.remark for line in lines] == ["", "", "done, breaks file size", "failed, evaluate: no answer"]


def test_ranks_stand_by_each_score_with_whether_they_are_decided(tmp_path, mixed):
    good, fast, heavy, _ = table(tmp_path, *mixed).lines
    assert [rank for rank, _ in good.ranks] == ["1", "2", "2"]
    assert good.ranks[0] == ("1", "decided")
    assert fast.ranks[0] == ("2", "")
    assert heavy.ranks == [("", "")] * 3


def test_figures_have_no_unit_and_can_be_sorted_exactly(tmp_path, mixed):
    made = table(tmp_path, *mixed)
    assert [(column.title, column.unit) for column in made.columns][3:] == [
        ("PSNR", "dB"),
        ("MS-SSIM", ""),
        ("speedup", ""),
        ("time", "ms"),
        ("RAM", "MiB"),
    ]
    psnr = made.lines[0].cells[3]
    assert (psnr.value, float(psnr.sort)) == ("27.67", pytest.approx(83 / 3))
    assert psnr.interval == f"{float(psnr.low):.2f} to {float(psnr.high):.2f}"
    assert {(cell.value, cell.sort, cell.low) for cell in made.lines[-1].cells} == {("", "", "")}


def test_less_time_and_memory_come_first(tmp_path, mixed):
    columns = table(tmp_path, *mixed).columns
    assert [column.key for column in columns if column.first == "ascending"] == ["time_ms", "peak_rss_mib"]


def test_the_front_is_of_ranked_models(tmp_path, mixed):
    made = table(tmp_path, *mixed, add(tmp_path, "beaten", -1.0, 1.5))
    fronts = {line.name: line.front for line in made.lines}
    assert fronts == {"good": "psnr_db", "fast": "psnr_db ms_ssim", "heavy": "", "lost": "", "beaten": ""}


def test_an_empty_track_is_a_head_alone(tmp_path):
    made = table(tmp_path)
    assert made.lines == []
    assert "<tbody>\n</tbody>" in track_tables.markup(made)
    assert made.title == TRACKS["super_resolution"].title


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_from_outside_are_escaped(tmp_path, text):
    boards.failed(tmp_path / "super_resolution" / "lost", text)
    entries = [add(tmp_path, "net") | {"name": text}, boards.named("lost")]
    markup = track_tables.markup(table(tmp_path, *entries, links={"super_resolution/net": "./x"}))
    tags = set(re.findall(r"<\s*/?([^\s>/]+)", markup))
    assert tags <= {"div", "table", "thead", "tbody", "tr", "th", "td", "span", "small", "a", "bdi"}
    assert not re.findall(r"<[^>]*\son\w+=(?![^\"]*\"[^>]*>)", markup)
