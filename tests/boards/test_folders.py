"""A board folder -> its entries."""

import json
import os

import pytest
from fixtures import boards

from aic_helpers.boards import folders
from aic_helpers.core.errors import InputError
from aic_helpers.runs import results
from aic_helpers.tracks.catalogue import made

QUALITY = ([27.0, 29.0], [0.95, 0.97], 2.0)


def only(board):
    (entry,) = folders.open_board(board).entries
    return entry


def test_a_board_is_read(tmp_path):
    folder = boards.plan(tmp_path, boards.add(tmp_path, "net", *QUALITY), name="of\nnets", limit=5, profile=False)
    board = folders.open_board(folder)
    assert (board.folder, board.name, board.data, board.limit, board.profile) == (folder, "of nets", "sample", 5, False)
    (entry,) = board.entries
    assert (entry.name, entry.track, entry.folder) == ("net", "super_resolution", "super_resolution/net")
    assert entry.result.metrics.psnr_db == 28
    assert list(entry.images.index) == ["photo 0", "photo 1"]
    assert (entry.failure, entry.problem) == ("", "")


def test_an_entry_without_files_waits(tmp_path):
    entry = only(boards.plan(tmp_path, boards.named("later")))
    assert (entry.result, entry.failure, entry.problem, len(entry.images)) == (None, "", "", 0)


def test_images_come_in_the_order_of_their_names(tmp_path):
    folder = boards.plan(tmp_path, boards.add(tmp_path, "net", *QUALITY, names=["b", "NA"]))
    assert only(folder).images["psnr_db"].to_dict() == {"NA": 29.0, "b": 27.0}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("{", "expected JSON in {file}, found something else"),
        ("[" * 100_000, "expected JSON in {file}, found something else"),
        ("[1]", "a whole board of schema 1 in {file}, found [1]"),
        ('{"schema": 2}', "found 2 as schema"),
        ({"name": 3}, "found 3 as name"),
        ({"limit": "all"}, 'found "all" as limit'),
        ({"limit": True}, "found true as limit"),
        ({"profile": None}, "found null as profile"),
        ({"entries": {}}, "found {{}} as entries"),
        ({"entries": [7]}, "found 7 as entries[0]"),
        ({"entries": [boards.named("x"), {"name": "y", "track": "enhancement"}]}, "found nothing at entries[1].folder"),
        ({"entries": [boards.named("x", track="video")]}, 'found "video" as entries[0].track'),
    ],
)
def test_a_board_that_is_none_is_told_in_a_line(tmp_path, content, found):
    boards.plan(tmp_path)
    file = tmp_path / "board.json"
    whole = json.loads(file.read_text("utf-8"))
    file.write_text(content if isinstance(content, str) else json.dumps(whole | content), "utf-8")
    with pytest.raises(InputError) as error:
        folders.open_board(tmp_path)
    assert found.format(file=file) in str(error.value)
    assert str(error.value).endswith(": make one with: aic board run SPEC")


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "board.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(InputError, match=r"expected JSON in .*, found a file that isn't text in UTF-8: make"):
        folders.open_board(tmp_path)


def test_no_board_there(tmp_path):
    with pytest.raises(InputError, match=r"expected a board \(board.json\) at .*, found none in that folder: make"):
        folders.open_board(tmp_path)


def test_the_newest_board_is_the_default(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "boards_folder", lambda: tmp_path)
    with pytest.raises(InputError, match=r"expected a board in .*, found none: make one with: aic board run SPEC"):
        folders.open_board()
    for name, time_s in (("old", 100), ("new", 300), ("older", 50)):
        boards.plan(tmp_path / name, name=name)
        os.utime(tmp_path / name / "board.json", (time_s, time_s))
    assert folders.open_board().name == folders.board_or_runs().name == "new"


def test_where_no_board_was_made_the_runs_are_one(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "runs_folder", lambda: tmp_path)
    empty = folders.board_or_runs()
    assert (empty.entries, empty.note.partition(":")[0]) == ([], "There is no board and no run yet")
    boards.add(tmp_path, "net", *QUALITY, track="enhancement")
    board = folders.board_or_runs()
    assert [(entry.name, entry.track) for entry in board.entries] == [("net", "enhancement")]
    assert board.note.startswith("No board was made yet, so these are the single runs: aic board run SPEC makes")


@pytest.mark.parametrize("folder", ["/etc", "../other", "super_resolution/../../x"])
def test_a_run_folder_outside_the_board_is_refused(tmp_path, folder):
    entry = only(boards.plan(tmp_path / "board", boards.named("x", folder=folder)))
    assert entry.problem == (
        f"expected a run folder inside the board, found {folder}: name it by a path relative to the board"
    )


def test_a_damaged_result_is_a_sentence(tmp_path):
    folder = boards.plan(tmp_path, boards.add(tmp_path, "net", *QUALITY))
    (folder / "super_resolution" / "net" / "result.json").write_text("{", "utf-8")
    assert only(folder).problem.startswith(
        f"expected JSON in {folder}/super_resolution/net/result.json, found something"
    )


def test_a_result_that_was_changed_is_a_sentence(tmp_path):
    folder = boards.plan(tmp_path, boards.add(tmp_path, "net", *QUALITY))
    file = folder / "super_resolution" / "net" / "result.json"
    key = {"made_from": {}, "files": {}, "sha256": results.part_sha256({"psnr_db": 99.0})}
    file.write_text(json.dumps(json.loads(file.read_text()) | {"keys": {"metrics": key}}))
    entry = only(folder)
    assert entry.result is None
    assert entry.problem == (
        f"expected a result as it was written in {file.parent}, found metrics changed since: make it anew with "
        "aic run (or aic evaluate, aic profile)"
    )


def test_a_result_of_the_other_track_is_a_sentence(tmp_path):
    boards.add(tmp_path, "net", *QUALITY, track="enhancement")
    entry = only(boards.plan(tmp_path, boards.named("net", folder="enhancement/net")))
    assert entry.problem == (
        "expected a result of track super_resolution, found one of enhancement: make the run again"
    )


def test_a_result_by_another_file_of_the_same_name_is_a_sentence(tmp_path):
    tracks = [made("mine", {"title": "Mine", "task": {"scale": scale, "input": "small"}}) for scale in (2, 3)]
    boards.of_track(tmp_path, tracks[0], "net")
    entry = only(boards.plan(tmp_path, boards.named("net", "mine"), track_files={"mine": tracks[1].content}))
    assert entry.problem == (
        "expected a result by what mine asks for, found one of another mine.toml: make the run again"
    )


def test_a_failure_is_its_stage_and_reason_in_a_line(tmp_path):
    boards.failed(tmp_path / "super_resolution" / "net", "no\nanswer\x00 in 600 s", "convert")
    assert only(boards.plan(tmp_path, boards.named("net"))).failure == "convert: no answer\ufffd in 600 s"


@pytest.mark.parametrize("content", ["{", "[]", '{"stage": "convert"}', '{"reason": 3}'])
def test_a_damaged_failure_is_a_failure_all_the_same(tmp_path, content):
    run = tmp_path / "super_resolution" / "net"
    boards.failed(run)
    (run / "failure.json").write_text(content, "utf-8")
    entry = only(boards.plan(tmp_path, boards.named("net")))
    assert entry.failure == "it failed, but failure.json doesn't say why: run it again"


@pytest.mark.parametrize("content", ["", "image,psnr_db\na,3\n", "\x00", "a,b\n1,2,3\n"])
def test_images_that_cannot_be_read_are_none(tmp_path, content):
    folder = boards.plan(tmp_path, boards.add(tmp_path, "net", *QUALITY))
    (folder / "super_resolution" / "net" / "images.csv").write_text(content, "utf-8")
    assert only(folder).images.empty


def test_a_name_too_long_for_a_folder_is_a_sentence(tmp_path):
    entry = only(boards.plan(tmp_path, boards.named("x", folder="x" * 5000)))
    assert entry.problem.startswith("the run folder can't be read (File name too long)")
