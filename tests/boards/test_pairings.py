"""Which runs are opened side by side where a model of a board is chosen."""

import shutil

import pytest
from fixtures import boards
from fixtures.pirm2018 import SUPER_RESOLUTION

from aic_helpers.boards import folders, pairings, standings
from aic_helpers.core.errors import InputError
from aic_helpers.data.datasets import open_dataset

DB, SIMILAR = [24.0, 28.0, 31.0], [0.95, 0.96, 0.97]


@pytest.fixture
def board(tmp_path):
    """`good` leads by A, `fast` by B and C; `heavy` breaks a rule; `lost` failed; `later` wasn't run."""
    boards.failed(tmp_path / "super_resolution" / "lost", "no answer")
    names = [pair.name for pair in open_dataset("sample", SUPER_RESOLUTION).pairs][:3]
    made = {"good": (0.0, 2.0, ()), "fast": (-0.5, 3.0, ()), "heavy": (-3.0, 1.5, ("file size",))}
    entries = []
    for name, (gain_db, speedup, broken) in made.items():
        psnr_db = [DB[0] + gain_db, DB[1] + gain_db, DB[2] + 2 * gain_db]
        entries.append(boards.add(tmp_path, name, psnr_db, SIMILAR, speedup, broken=broken, names=names))
        boards.give_model(tmp_path / "super_resolution" / name)
    return boards.plan(tmp_path, *entries, boards.named("lost"), boards.named("later"))


def pair(board, name, by="A"):
    shown = standings.standings(folders.open_board(board))
    (row,) = shown.table.index[shown.table["name"] == name]
    return pairings.pair(shown, row, shown.order("super_resolution", by))


def names(pairing):
    return [folder.name for folder in pairing.folders]


@pytest.mark.parametrize(
    ("chosen", "by", "shown", "words"),
    [
        ("fast", "A", ["good", "fast"], "fast beside good, the leader by score A."),
        ("good", "A", ["good", "fast"], "good beside fast, the next by score A."),
        ("good", "C", ["fast", "good"], "good beside fast, the leader by score C."),
        ("heavy", "C", ["fast", "heavy"], "heavy beside fast, the leader by score C."),
    ],
)
def test_the_leader_stands_beside_the_chosen_and_the_next_beside_the_leader(board, chosen, by, shown, words):
    pairing = pair(board, chosen, by)
    assert (names(pairing), pairing.words) == (shown, words)
    assert all(folder.parent == board / "super_resolution" for folder in pairing.folders)


def test_a_single_model_stands_beside_the_baseline(tmp_path):
    entry = boards.add(tmp_path, "alone", DB, SIMILAR, 2.0)
    boards.give_model(tmp_path / "super_resolution" / "alone")
    pairing = pair(boards.plan(tmp_path, entry), "alone")
    assert (names(pairing), pairing.words, pairing.image) == (["alone"], "alone beside the baseline.", "")


def test_it_begins_with_the_image_on_which_they_differ_most(board):
    third = open_dataset("sample", SUPER_RESOLUTION).pairs[2].name
    assert pair(board, "fast").image == third


def test_an_image_that_is_gone_is_not_begun_with(tmp_path):
    entries = [boards.add(tmp_path, name, DB, SIMILAR, speedup) for name, speedup in (("one", 2.0), ("two", 3.0))]
    for name in ("one", "two"):
        boards.give_model(tmp_path / "super_resolution" / name)
    assert pair(boards.plan(tmp_path, *entries), "one").image == ""


def test_data_and_limit_are_those_of_its_run(board):
    pairing = pair(board, "fast")
    assert (pairing.data, pairing.limit) == ("sample", 0)


@pytest.mark.parametrize(
    ("chosen", "line"),
    [
        (
            "lost",
            "expected a run of lost, found evaluate: no answer: choose another model, or run it again",
        ),
        ("later", "expected a run of later, found not run yet: choose another model, or run it again"),
    ],
)
def test_a_model_without_a_run_is_told(board, chosen, line):
    with pytest.raises(InputError) as error:
        pair(board, chosen)
    assert str(error.value) == line


def test_a_run_that_went_meanwhile_is_told(board):
    shown = standings.standings(folders.open_board(board))
    shutil.rmtree(board / "super_resolution" / "fast")
    (row,) = shown.table.index[shown.table["name"] == "fast"]
    with pytest.raises(InputError, match="super_resolution/fast"):
        pairings.pair(shown, row, shown.order("super_resolution"))


def test_a_run_without_its_model_is_told(board):
    folder = board / "super_resolution" / "fast"
    (folder / "model.pb").unlink()
    with pytest.raises(InputError, match=f"expected model.pb in the run folder {folder}, found nothing"):
        pair(board, "fast")


def test_where_the_leader_is_gone_the_baseline_stands_beside_it(board):
    (board / "super_resolution" / "good" / "model.pb").write_bytes(b"another")
    pairing = pair(board, "fast")
    assert names(pairing) == ["fast"]
    assert pairing.words.startswith(
        "fast beside the baseline, since the leader by score A, good, can't be shown: expected the model of "
    )


def test_data_that_is_gone_is_told(board):
    file = board / "super_resolution" / "fast" / "result.json"
    file.write_text(file.read_text("utf-8").replace('"name": "sample"', '"name": "/no/such/folder"'), "utf-8")
    with pytest.raises(InputError, match="/no/such/folder"):
        pair(board, "fast")
