"""Formulas that use one another, what a score of them needs, mistakes in a set of them, and ranks of rows."""

import math

import numpy as np
import pytest
from fixtures.browsing import HOSTILE

from aic_helpers.core.errors import InputError
from aic_helpers.tracks.score_sets import MAX_FORMULAS, ranks, read_scores

KNOWN = ("psnr_db", "lpips", "time_ms", "baseline_time_ms")
TEXTS = {
    "total": "2**quality * ratio**0.2",
    "quality": "psnr_db / 10 - lpips",
    "ratio": "baseline_time_ms / time_ms",
    "cost": "1 / ratio",
}
QUANTITIES = {"psnr_db": 30.0, "lpips": 1.0, "time_ms": 5.0, "baseline_time_ms": 5.0}


@pytest.fixture
def scores():
    return read_scores(TEXTS, {"total": "higher", "cost": "lower"}, known=KNOWN)


def test_a_score_uses_formulas_that_stand_before_or_after_it(scores):
    assert scores.value("total", QUANTITIES) == 4
    assert dict(scores.better) == {"total": "higher", "cost": "lower"}
    assert list(scores.better) == ["total", "cost"]


def test_samples_are_carried_through_all_formulas(scores):
    samples = {**QUANTITIES, "lpips": np.array([1.0, 2.0, math.nan]), "time_ms": np.array([5.0, 5.0, 5.0])}
    np.testing.assert_array_equal(scores.value("total", samples), [4, 2, math.nan])


def test_a_score_needs_what_its_formulas_need_and_no_more(scores):
    assert set(scores.needs("total")) == set(KNOWN)
    assert scores.needs("cost") == ("baseline_time_ms", "time_ms")
    assert scores.value("cost", {"time_ms": 10.0, "baseline_time_ms": 5.0}) == 2


def test_a_score_with_a_missing_quantity_has_no_value(scores):
    known = {"psnr_db": 30.0, "time_ms": 5.0, "baseline_time_ms": None}
    assert scores.missing("total", known) == ("lpips", "baseline_time_ms")
    assert scores.missing("total", QUANTITIES) == ()
    with pytest.raises(InputError) as caught:
        scores.value("total", known)
    assert str(caught.value) == (
        "expected lpips, baseline_time_ms for formulas.total ('2**quality * ratio**0.2'), found no such quantity: "
        "without all of its quantities a formula has no value"
    )


def test_a_quantity_that_has_a_formulas_name_is_not_read(scores):
    assert scores.value("total", {**QUANTITIES, "quality": 100.0}) == 4


def test_what_a_formula_lacks_is_told_with_its_name(scores):
    with pytest.raises(InputError) as caught:
        scores.value("total", {**QUANTITIES, "time_ms": 0.0})
    assert str(caught.value) == (
        "expected a finite result of / at character 18 of formulas.ratio ('baseline_time_ms / time_ms'), "
        "found none from 5 and 0: check the formula and its quantities"
    )


def test_each_formula_is_computed_once():
    """Doubled 90 times over by names; written out it would be 2**90 terms."""
    texts = {f"x{n}": f"x{n - 1} + x{n - 1}" for n in range(90, 0, -1)} | {"x0": "psnr_db"}
    scores = read_scores(texts, {"x90": "higher"}, known=KNOWN)
    assert scores.value("x90", {"psnr_db": 1.0}) == 2.0**90


def test_an_unknown_score(scores):
    with pytest.raises(InputError) as caught:
        scores.value("totl", QUANTITIES)
    assert str(caught.value) == "expected a score (total, cost), found 'totl': did you mean total?"


@pytest.mark.parametrize(
    ("texts", "better", "line"),
    [
        (
            {"a": "b + 1", "b": "2 * c", "c": "a"},
            {},
            "expected formulas that don't use one another in a circle, found a -> b -> c -> a: take one of them out",
        ),
        ({"a": "a + 1"}, {}, "found a -> a: take one of them out of it"),
        (
            {"total": "2 * qualty", "quality": "psnr_db"},
            {},
            "found 'qualty' at character 5 of formulas.total ('2 * qualty'): did you mean quality?",
        ),
        ({"total": "psnr"}, {}, "found 'psnr' at character 1 of formulas.total ('psnr'): did you mean psnr_db?"),
        ({"total": "1 +"}, {}, "found the end at character 4 of formulas.total ('1 +'): put one before it"),
        ({"exp": "1"}, {}, "found formulas.exp, and exp is a function already: use another name"),
        (
            {"lpips": "1"},
            {},
            "expected a name of its own for each quantity and formula, found formulas.lpips, and lpips is a quantity",
        ),
        (
            {"sub-track": "1"},
            {},
            "expected names in formulas (at most 40 letters, digits or _, first a letter, and no word of",
        ),
        ({"lambda": "1"}, {}, "of Python's own), found 'lambda': use another name"),
        ({"": "1"}, {}, "found 'nothing': use another name"),
        (
            {"total": "1"},
            {"totl": "higher"},
            "expected a formula of each score, as formulas.totl, found scores.totl: did you mean total?",
        ),
        ({"total": "1"}, {"total": "up"}, "expected higher or lower as scores.total, found 'up': say which values"),
        ({f"x{n}": "1" for n in range(MAX_FORMULAS + 1)}, {}, "expected at most 100 formulas, found 101: use fewer"),
    ],
)
def test_mistakes(texts, better, line):
    with pytest.raises(InputError) as caught:
        read_scores(texts, better, known=KNOWN)
    assert line in str(caught.value)


@pytest.mark.parametrize("text", HOSTILE)
def test_strangers_texts_stand_in_one_printable_line(text):
    for texts, better in (({text: "1"}, {}), ({"total": text}, {}), ({"total": "1"}, {text: "higher"})):
        with pytest.raises(InputError) as caught:
            read_scores(texts, better, known=KNOWN)
        assert str(caught.value).isprintable()


def test_equal_rows_share_a_rank_and_none_has_a_rank_without_a_value():
    assert ranks([3.0, 1.0, 1.0, 7.0], "lower").tolist() == [3, 1, 1, 4]
    assert ranks([3.0, 1.0, 1.0, 7.0], "higher").tolist() == [2, 3, 3, 1]
    np.testing.assert_array_equal(ranks([2.0, math.nan, 1.0, math.inf], "lower"), [2, math.nan, 1, math.nan])
    np.testing.assert_array_equal(ranks([2.0, math.inf, 1.0], "higher"), [1, math.nan, 2])


def test_rows_are_ranked_in_each_sample():
    assert ranks([[1.0, 5.0], [2.0, 4.0], [3.0, 3.0]], "lower").tolist() == [[1, 3], [2, 2], [3, 1]]


def test_a_score_by_ranks_lacks_them_where_there_is_no_table():
    scores = read_scores(
        {"sum": "rank_psnr_db + rank_time_ms"}, {"sum": "lower"}, known=("rank_psnr_db", "rank_time_ms")
    )
    assert scores.missing("sum", QUANTITIES) == ("rank_psnr_db", "rank_time_ms")
    table = {"rank_psnr_db": ranks([30.0, 31.0], "higher"), "rank_time_ms": ranks([5.0, 9.0], "lower")}
    assert scores.value("sum", table).tolist() == [3, 3]
