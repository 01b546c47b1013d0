"""Votes are neither lost nor doubled: order, crowds, closed studies, damaged files."""

import sqlite3
import threading

import pytest
from fixtures import small_studies

from aic_helpers.core.errors import InputError
from aic_helpers.studies.stores import CLOSED, TWICE, NotTakenError, Store


@pytest.fixture
def store(tmp_path):
    return Store.make(tmp_path / "votes.sqlite", "s", {"r1": "one", "r2": "two"})


def not_taken(why, action, *arguments):
    with pytest.raises(NotTakenError) as caught:
        action(*arguments)
    assert caught.value.why == why


def test_a_vote_is_there_when_it_was_taken(store, tmp_path):
    store.vote("r1", 0, "c0", 4, 1234)
    (vote,) = Store(tmp_path / "votes.sqlite", "s").votes()
    assert (vote.rater, vote.place, vote.code, vote.answer, vote.revision, vote.viewed_ms) == (
        "r1",
        0,
        "c0",
        4,
        0,
        1234,
    )
    assert store.state("r1").place == 1
    assert store.state("r2").place == 0


def test_only_what_is_due_is_taken(store):
    not_taken(TWICE, store.vote, "r1", 1, "c1", 3, None)
    store.vote("r1", 0, "c0", 4, None)
    not_taken(TWICE, store.vote, "r1", 0, "c0", 4, None)
    assert [vote.answer for vote in store.votes()] == [4]


def test_back_by_one_and_no_further(store):
    not_taken(TWICE, store.back, "r1", 0)
    for place in range(3):
        store.vote("r1", place, f"c{place}", 3, None)
    store.back("r1", 3)
    state = store.state("r1")
    assert (state.place, state.answered, state.given) == (2, 3, 3)
    not_taken(TWICE, store.back, "r1", 2)
    store.vote("r1", 2, "c2", 5, None)
    assert [(vote.place, vote.answer, vote.revision) for vote in store.votes()] == [(0, 3, 0), (1, 3, 0), (2, 5, 1)]
    assert store.state("r1").place == 3


def test_a_vote_that_one_goes_back_from_stands_until_there_is_another(store):
    store.vote("r1", 0, "c0", 2, None)
    store.back("r1", 1)
    assert [vote.answer for vote in store.votes()] == [2]


def test_a_closed_study_takes_nothing(store):
    store.vote("r1", 0, "c0", 2, None)
    store.set_closed(True)
    not_taken(CLOSED, store.vote, "r1", 1, "c1", 3, None)
    not_taken(CLOSED, store.back, "r1", 1)
    not_taken(CLOSED, store.begin, "r2", "1x1@1")
    assert len(store.votes()) == 1
    store.set_closed(False)
    store.vote("r1", 1, "c1", 3, None)


def test_tokens_are_kept_as_hashes_only(store, tmp_path):
    assert store.rater_of("two") == "r2"
    assert store.rater_of("three") is None
    assert b"two" not in (tmp_path / "votes.sqlite").read_bytes()


def test_the_file_is_its_owners_alone(store, tmp_path):
    assert (tmp_path / "votes.sqlite").stat().st_mode & 0o077 == 0


def test_who_begins_twice_began_once(store):
    store.begin("r1", "390x844@3")
    store.begin("r1", "1400x900@1")
    assert store.windows() == {"r1": "390x844@3"}


def test_a_deleted_rater_leaves_no_byte(store, tmp_path):
    store.vote("r1", 0, "a-code-of-theirs", 2, None)
    store.vote("r2", 0, "c0", 2, None)
    assert store.delete("r1") == 1
    assert [vote.rater for vote in store.votes()] == ["r2"]
    assert b"a-code-of-theirs" not in (tmp_path / "votes.sqlite").read_bytes()
    not_taken(TWICE, store.vote, "r1", 1, "c1", 2, None)


def test_the_same_vote_from_many_threads_is_taken_once(store):
    taken, refused = [], []
    start = threading.Barrier(12)

    def press(answer):
        start.wait()
        try:
            store.vote("r1", 0, "c0", answer, None)
            taken.append(answer)
        except NotTakenError as error:
            refused.append(error.why)

    threads = [threading.Thread(target=press, args=(1 + number % 5,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [vote.answer for vote in store.votes()] == taken
    assert (len(taken), refused) == (1, [TWICE] * 11)


def damaged(path):
    content = bytearray(path.read_bytes())
    content[100:4000] = b"\xff" * 3900
    path.write_bytes(content)


def newer(path):
    base = sqlite3.connect(path)
    base.execute("PRAGMA user_version = 9")
    base.commit()
    base.close()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.unlink(), r"^expected the votes of the study at .*, found nothing: bring back the file"),
        (lambda path: path.write_bytes(b"no base at all" * 100), r"found file is not a database: bring back the file"),
        (lambda path: path.write_bytes(b""), r"^expected votes of version 1 in .*, found 0: use the workbench"),
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), r"found database disk image is malformed"),
        (damaged, r"^expected the votes of a study in .*: bring back the file"),
        (newer, r"^expected votes of version 1 in .*, found 9: use the workbench"),
    ],
)
def test_a_store_that_cannot_be_used(store, tmp_path, spoil, message):
    path = tmp_path / "votes.sqlite"
    spoil(path)
    with pytest.raises(InputError, match=message):
        Store(path, "s").votes()


def test_another_studys_votes(store, tmp_path):
    with pytest.raises(InputError, match=r"^expected votes of this study in .*, found another study's"):
        Store(tmp_path / "votes.sqlite", "other")


def test_a_locked_store_is_told(store, tmp_path, monkeypatch):
    monkeypatch.setattr("aic_helpers.studies.stores.WAIT_S", 0.05)
    base = sqlite3.connect(tmp_path / "votes.sqlite")
    base.execute("BEGIN EXCLUSIVE")
    with pytest.raises(InputError, match=r"free within 0\.05 s, found database is locked: end what else works with it"):
        store.vote("r1", 0, "c0", 1, None)
    base.rollback()
    base.close()
    assert store.votes() == []


def test_a_store_is_made_once(store, tmp_path):
    with pytest.raises(FileExistsError):
        Store.make(tmp_path / "votes.sqlite", "s", {})


def test_progress(tmp_path):
    study = small_studies.make(tmp_path / "study")
    study.store.vote("r2", 0, study.plan.raters["r2"][0].code, 3, None)
    assert study.store.progress() == {"r1": 0, "r2": 1, "r3": 0}
