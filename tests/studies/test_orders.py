"""Who sees what when: everything once, balanced, at random, the same from the same seed."""

from collections import Counter
from itertools import combinations, pairwise

import pytest

from aic_helpers.studies.orders import orders

PHOTOS = [f"p{number}" for number in range(6)]
MODELS = ["a", "b", "c", "d"]


def drawn(*, pairs=False, raters=12, photos_each=4, repeats=3, seed=5):
    training = [(("p0", "a"), ("p0", "b"))] if pairs else [(("p0", "a"),), (("p0", "d"),)]
    return orders(
        PHOTOS,
        MODELS,
        pairs=pairs,
        raters=raters,
        photos_each=photos_each,
        training=training,
        repeats=repeats,
        seed=seed,
    )


def counted(sitting):
    return [one for one in sitting if one.role == "counted"]


def test_a_rater_sees_every_model_of_a_photo_once_or_not_at_all():
    for sitting in drawn():
        seen = Counter(one.pictures[0] for one in counted(sitting))
        photos = {photo for photo, _ in seen}
        assert seen == Counter({(photo, model): 1 for photo in photos for model in MODELS})
        assert len(photos) == 4


def test_every_photo_has_as_many_raters():
    seen = Counter(one.pictures[0][0] for sitting in drawn() for one in counted(sitting))
    assert set(seen.values()) == {12 * 4 * len(MODELS) // 6}


def test_practice_comes_first_and_is_alike_for_all():
    for sitting in drawn():
        assert [one.role for one in sitting[:3]] == ["training", "training", "counted"]
        assert [one.pictures for one in sitting[:2]] == [(("p0", "a"),), (("p0", "d"),)]


def test_repeats_show_again_what_came_in_the_first_half():
    for sitting in drawn():
        own = [one for one in sitting if one.role != "training"]
        repeats = [place for place, one in enumerate(own) if one.role == "repeat"]
        assert len(repeats) == 3
        for place in repeats:
            first = next(index for index, one in enumerate(own) if one.pictures == own[place].pictures)
            assert own[first].role == "counted"
            assert first < len(counted(sitting)) // 2 <= place


def test_no_photo_twice_in_a_row():
    for sitting in drawn(repeats=0):
        assert all(one.pictures[0][0] != after.pictures[0][0] for one, after in pairwise(counted(sitting)))


def test_one_photo_alone_is_shown_all_the_same():
    (sitting,) = drawn(raters=1, photos_each=1, repeats=0)
    assert len(counted(sitting)) == len(MODELS)


def test_codes_say_nothing_and_never_come_twice():
    codes = [one.code for sitting in drawn() for one in sitting]
    assert len(set(codes)) == len(codes)
    assert {len(code) for code in codes} == {12}


def test_pairs_are_all_shown_and_each_model_comes_first_as_often():
    first = Counter()
    for sitting in drawn(pairs=True):
        for photo in {one.pictures[0][0] for one in counted(sitting)}:
            own = [{model for _, model in one.pictures} for one in counted(sitting) if one.pictures[0][0] == photo]
            assert sorted(map(sorted, own)) == [list(pair) for pair in combinations(MODELS, 2)]
        first.update((one.pictures[0][1], frozenset(m for _, m in one.pictures)) for one in counted(sitting))
    for pair in combinations(MODELS, 2):
        assert first[pair[0], frozenset(pair)] == first[pair[1], frozenset(pair)]


def test_a_repeated_pair_is_the_other_way_round():
    for sitting in drawn(pairs=True):
        shown = {one.pictures for one in counted(sitting)}
        for one in sitting:
            assert one.role != "repeat" or one.pictures[::-1] in shown


def test_the_seed_decides():
    assert drawn(seed=5) == drawn(seed=5)
    assert [one.pictures for one in drawn(seed=5)[0]] != [one.pictures for one in drawn(seed=6)[0]]


def test_no_model_is_always_first_for_a_rater():
    for sitting in drawn(pairs=True, photos_each=6):
        for pair in combinations(MODELS, 2):
            own = [one.pictures[0][1] for one in counted(sitting) if {model for _, model in one.pictures} == {*pair}]
            assert Counter(own) == Counter({pair[0]: 3, pair[1]: 3})


@pytest.mark.parametrize("pairs", [False, True])
def test_raters_see_other_orders(pairs):
    first, second = drawn(pairs=pairs, photos_each=6, raters=2)
    assert [one.pictures for one in first] != [one.pictures for one in second]
