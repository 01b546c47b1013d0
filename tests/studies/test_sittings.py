"""A rater's way through a study, and what is refused on it with nothing changed."""

import pytest
from fixtures import small_studies

from aic_helpers.studies.sittings import RefusedError, sitting


@pytest.fixture
def study(tmp_path):
    return small_studies.make(tmp_path / "study")


@pytest.fixture
def own(study):
    return sitting(study.folder, study.plan, study.store, small_studies.token("r1"))


def refused(status, message, action, *arguments):
    with pytest.raises(RefusedError, match=message) as caught:
        action(*arguments)
    assert caught.value.status == status


def test_a_whole_sitting(own, study):
    """One of practice, then 8 pictures and a repeat; the votes in the store are those given."""
    given = []
    while (due := own.due()) is not None:
        assert (due.number, due.count) == ((1, 1) if due.practice else (len(given), 9))
        given.append((due.showing.code, 1 + len(given) % 5))
        own.vote(*given[-1], 900)
    assert [(vote.code, vote.answer) for vote in study.store.votes()] == given
    assert [code for code, _ in given] == [one.code for one in study.plan.raters["r1"]]


def test_what_comes_next_is_told_to_be_loaded_ahead(own):
    assert own.due().following.code == own.showings[1].code


def test_back_by_one(own):
    assert not own.due().can_go_back
    code = own.due().showing.code
    own.vote(code, 2)
    assert own.due().can_go_back
    own.back(own.due().showing.code)
    assert (own.due().showing.code, own.due().given, own.due().can_go_back) == (code, 2, False)
    own.vote(code, 5)
    assert own.due().showing.code == own.showings[1].code


def test_back_from_the_end(own, study):
    for one in own.showings:
        own.vote(one.code, 3)
    assert own.due() is None
    own.back("")
    assert own.due().showing == own.showings[-1]


def test_nobodys_token(study):
    refused(404, "expected the link of an invitation", sitting, study.folder, study.plan, study.store, "guess")


@pytest.mark.parametrize("answer", [0, 6, "3.0", "", None, "five", "3 ", [3], "\u0663"])
def test_an_answer_that_there_is_not(own, study, answer):
    refused(422, "expected an answer of 1, 2, 3, 4, 5, found", own.vote, own.due().showing.code, answer)
    assert study.store.votes() == []


def test_the_same_vote_twice(own, study):
    code = own.due().showing.code
    own.vote(code, 4)
    refused(409, "found one that came before", own.vote, code, 4)
    assert len(study.store.votes()) == 1


def test_a_vote_for_what_comes_later(own, study):
    refused(409, "expected an answer to what is due", own.vote, own.showings[3].code, 4)
    assert study.store.votes() == []


def test_a_vote_for_another_raters_picture_or_none(own, study):
    for code in (study.plan.raters["r2"][0].code, "0" * 12, "", "../plan.json"):
        refused(404, "expected a picture of your part of this study", own.vote, code, 4)
    assert study.store.votes() == []


def test_a_closed_study(own, study):
    code = own.due().showing.code
    study.store.set_closed(True)
    refused(410, "found a closed one", own.vote, code, 4)
    refused(410, "found a closed one", own.begin)
    assert study.store.votes() == []


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (1500, 1500),
        ("1500", 1500),
        ("-1", None),
        ("1e3", None),
        ("9" * 40, None),
        (None, None),
        ("", None),
        ("86400001", None),
    ],
)
def test_how_long_one_looked(own, study, said, kept):
    own.vote(own.due().showing.code, 3, said)
    assert study.store.votes()[0].viewed_ms == kept


def test_the_window_is_digits_and_nothing_else(own, study):
    own.begin("390x844@3<script>" + "9" * 100)
    assert study.store.windows() == {"r1": ("390x844@3" + "9" * 100)[:40]}


def test_pictures(own, study):
    one = own.showings[2]
    assert own.picture(one.code, 0).name == study.plan.pictures[one.pictures[0]]
    refused(404, "found number 1", own.picture, one.code, 1)
    refused(404, "expected a picture of your part", own.picture, study.plan.raters["r2"][0].code, 0)
