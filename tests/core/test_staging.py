"""Work beside a folder's files."""

import subprocess
import sys

import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.core.staging import staged


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_files_move_up_and_strangers_stay(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "old.csv").write_text("old")
    (tmp_path / "result.json").write_text("old")
    with staged(tmp_path, "result.json", replaces=("old.csv", "result.json")) as stage:
        (stage / "result.json").write_text("new")
        assert names(stage) == ["result.json"]
    assert names(tmp_path) == ["notes.txt", "result.json"]


def fail_in(folder, error, replaces=("result.json",)):
    with staged(folder, "result.json", replaces=replaces) as stage:
        (stage / "result.json").write_text("half")
        raise error


def test_a_failure_leaves_everything_as_it_was(tmp_path):
    (tmp_path / "result.json").write_text("before")
    with pytest.raises(KeyboardInterrupt):
        fail_in(tmp_path, KeyboardInterrupt())
    assert names(tmp_path) == ["result.json"]
    assert (tmp_path / "result.json").read_text() == "before"


def test_a_failure_takes_away_the_folders_that_were_made(tmp_path):
    with pytest.raises(ValueError, match="x"):
        fail_in(tmp_path / "a" / "b", ValueError("x"))
    assert names(tmp_path) == []


def move_up(folder, *files):
    with staged(folder, "result.json") as stage:
        for name in files:
            (stage / name).write_text("new")


def test_the_last_file_moves_last(tmp_path):
    (tmp_path / "z.csv").mkdir()  # a folder in the way: moving the file there fails
    with pytest.raises(OSError, match=r"z\.csv"):
        move_up(tmp_path, "result.json", "z.csv")
    assert names(tmp_path) == ["z.csv"]


def test_a_folder_may_start_with_what_is_there(tmp_path):
    (tmp_path / "model.pb").write_text("model")
    with staged(tmp_path, "result.json", start_with=("model.pb", "result.json")) as stage:
        assert names(stage) == ["model.pb"]


def test_files_of_a_persons_own_are_refused(tmp_path):
    (tmp_path / "images.csv").write_text("mine")
    with pytest.raises(InputError, match=r"found images\.csv without a result\.json: name another folder"):
        fail_in(tmp_path, ValueError("not reached"), replaces=("images.csv", "result.json"))
    assert names(tmp_path) == ["images.csv"]


def test_what_a_killed_process_left_is_removed_and_its_files_are_ours(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    (tmp_path / f".partial-{ended.pid}-x").mkdir()
    (tmp_path / "images.csv").write_text("moved already")
    with staged(tmp_path, "result.json", replaces=("images.csv", "result.json")) as stage:
        (stage / "result.json").write_text("new")
    assert names(tmp_path) == ["result.json"]


def test_until_a_run_ends_well_what_a_killed_process_left_vouches_for_its_files(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    (tmp_path / f".partial-{ended.pid}-x").mkdir()
    (tmp_path / "images.csv").write_text("moved already")
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            fail_in(tmp_path, KeyboardInterrupt(), replaces=("images.csv", "result.json"))
    with staged(tmp_path, "result.json", replaces=("images.csv", "result.json")) as stage:
        (stage / "result.json").write_text("new")
    assert names(tmp_path) == ["result.json"]


def test_in_an_owned_folder_no_file_is_a_strangers(tmp_path):
    (tmp_path / "images.csv").write_text("ours")
    with staged(tmp_path, "result.json", replaces=("images.csv", "result.json"), owned=True) as stage:
        (stage / "result.json").write_text("new")
    assert names(tmp_path) == ["result.json"]


def test_two_processes_do_not_work_in_one_folder(tmp_path):
    code = (
        "import sys; from pathlib import Path; from aic_helpers.core.staging import staged\n"
        "with staged(Path(sys.argv[1]), 'result.json'): print('at work', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "at work\n"
        with pytest.raises(InputError, match=r"expected a folder that no other command works in .*, found one at work"):
            fail_in(tmp_path, ValueError("not reached"))
        other.communicate()
    with pytest.raises(ValueError, match="reached"):
        fail_in(tmp_path, ValueError("reached"))
