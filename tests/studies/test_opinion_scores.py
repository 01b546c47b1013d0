"""Opinion scores: cases done by hand, another program's figures, and studies whose truth is known."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from aic_helpers.core import statistics
from aic_helpers.core.errors import InputError
from aic_helpers.studies import opinion_scores, pair_comparison

TRUTH = {"best": 4.0, "good": 3.5, "fair": 3.0, "poor": 2.5, "worst": 2.0}
PHOTOS, RATERS = 8, 24


def study(seed: int, *, at_random: int = 0, truth: dict[str, float] | None = None) -> pd.DataFrame:
    """Return the votes of raters with a bias and a noise of their own; the last so many vote at random.

    A vote is the nearest grade to what was felt. Near the middle of the scale that changes no mean to speak of.
    """
    rng, truth = np.random.default_rng(seed), truth or TRUTH
    shape = (RATERS, len(truth), PHOTOS)
    photos = rng.normal(0, 0.3, PHOTOS)
    felt = np.array(list(truth.values()))[:, None] + photos - photos.mean()
    felt = felt + rng.normal(0, 0.3, (RATERS, 1, 1)) + rng.normal(0, 1, shape) * rng.uniform(0.4, 0.9, (RATERS, 1, 1))
    grades = np.clip(np.round(felt), 1, 5).astype(int)
    grades[RATERS - at_random :] = rng.integers(1, 6, (at_random, *shape[1:]))
    names = [[f"r{rater:02d}" for rater in range(RATERS)], list(truth), [f"p{photo}" for photo in range(PHOTOS)]]
    table = pd.MultiIndex.from_product(names, names=["rater", "model", "photo"]).to_frame(index=False)
    return table.assign(grade=grades.ravel())


def votes(*rows: tuple[str, str, str, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(opinion_scores.COLUMNS))


def test_mean_opinion_score_by_hand() -> None:
    """A rater's mean over photos, then the mean over raters: one who saw more photos counts no more."""
    found = opinion_scores.mean_opinion_scores(
        votes(("a", "1", "m", 4), ("a", "2", "m", 2), ("a", "3", "m", 3), ("b", "1", "m", 5), ("b", "1", "m", 4))
    )
    assert found.loc["m", "mos"] == (3.0 + 4.5) / 2
    assert found.loc["m", ["votes", "raters"]].tolist() == [5, 2]


def test_differences_by_hand() -> None:
    """Four raters of one mind: 2 of the 16 ways to flip signs have as large a mean, so p is near 1/8."""
    rows = [(rater, "1", model, grade) for rater in "abcd" for model, grade in (("x", 4), ("y", 2))]
    (found,) = opinion_scores.differences(votes(*rows)).to_dict("records")
    assert (found["first"], found["second"], found["difference"], found["raters"]) == ("x", "y", 2.0, 4)
    assert found["p"] == pytest.approx(0.125, abs=0.01)
    assert found["p_holm"] == found["p"]
    assert not found["decided"]


@pytest.mark.parametrize("raters", [2, 3, 5, 8, 24])
def test_intervals_over_raters_cover_the_truth_at_their_rate(raters: int) -> None:
    rng = np.random.default_rng(raters)
    found = [statistics.raters_ci95(rng.normal(3, 1, raters)) for _ in range(2000)]
    assert 0.935 <= np.mean([low <= 3 <= high for low, high in found]) <= 0.965


def test_agreement_says_nothing_where_all_grades_are_the_same() -> None:
    assert np.isnan(opinion_scores.agreement(votes(("a", "1", "m", 3), ("b", "1", "m", 3))))


def test_holm_by_hand() -> None:
    corrected = statistics.holm(np.array([0.04, 0.01, 0.03, 0.9]))
    assert corrected == pytest.approx([0.09, 0.04, 0.09, 0.9])


def test_alpha_by_hand() -> None:
    """Two raters on three pictures: within pairs (0 + 1 + 1) / 3 of squared difference, among all six 13.6 / 3."""
    rows = [("a", "1", "m", 1), ("b", "1", "m", 1), ("a", "2", "m", 3), ("b", "2", "m", 4)]
    rows += [("a", "3", "m", 5), ("b", "3", "m", 4)]
    grades = [1, 1, 3, 4, 5, 4]
    among = np.mean([(one - other) ** 2 for one, other in combinations(grades, 2)])
    assert opinion_scores.agreement(votes(*rows)) == pytest.approx(1 - (2 / 3) / among)


def test_rater_model_agrees_with_sureal() -> None:
    """Golden figures of sureal 0.9.0, `SubjectMLEModelProjectionSolver`, on these very votes, to six digits."""
    rng = np.random.default_rng(5)
    felt = rng.uniform(1.5, 4.5, 24) + rng.normal(0, 0.5, (10, 1))
    grades = np.clip(np.round(felt + rng.normal(0, 1, (10, 24)) * rng.uniform(0.6, 1.3, (10, 1))), 1, 5)
    rows = [(f"r{i}", f"p{j:02d}", "m", int(grades[i, j])) for i in range(10) for j in range(24)]
    found = opinion_scores.rater_model(votes(*rows))
    quality = [3.362007, 3.576334, 3.037454, 2.106457, 1.581736, 2.97812, 2.745201, 1.712157, 1.687651, 4.291077]
    quality += [3.222836, 2.113725, 2.656592, 4.228499, 3.912402, 3.578841, 3.145778, 2.676988, 2.897061, 1.528969]
    quality += [2.875407, 2.305404, 3.514932, 1.86437]
    bias = [0.058333, 0.475, -0.858333, -0.066667, -0.025, -0.066667, -0.233333, 0.516667, 0.016667, 0.183333]
    noise = [1.002935, 0.644264, 0.628747, 0.899361, 0.754284, 1.117428, 0.858796, 0.946776, 0.792191, 0.647173]
    assert found.quality.tolist() == pytest.approx(quality, abs=1e-5)
    assert found.raters["bias"].tolist() == pytest.approx(bias, abs=1e-5)
    assert found.raters["inconsistency"].tolist() == pytest.approx(noise, abs=1e-5)


def test_rater_model_does_not_follow_the_one_who_gives_the_means() -> None:
    """sureal gives such a rater all the weight here, and the bias of the first as 0.04 of a grade to everyone."""
    rows = [(rater, f"p{j}", "m", g) for j, g in enumerate((2, 3, 4, 3)) for rater in "abc"]
    rows += [("d", f"p{j}", "m", g) for j, g in enumerate((3, 3, 3, 4))]
    found = opinion_scores.rater_model(votes(*rows))
    assert np.isfinite(found.quality).all()
    assert found.raters["inconsistency"].idxmax() == "d"


def test_true_order_is_found_and_random_raters_too() -> None:
    table = study(1, at_random=4)
    assert list(opinion_scores.mean_opinion_scores(table).index) == list(TRUTH)
    quality = opinion_scores.rater_model(table).quality.groupby("model").mean()
    assert list(quality.sort_values(ascending=False).index) == list(TRUTH)
    inconsistency = opinion_scores.rater_model(table).raters["inconsistency"]
    assert sorted(inconsistency.nlargest(4).index) == ["r20", "r21", "r22", "r23"]
    assert inconsistency.nsmallest(20).max() < 1.1 < inconsistency.nlargest(4).min()


def test_neighbours_half_a_grade_apart_are_decided() -> None:
    table = opinion_scores.differences(study(2)).set_index(["first", "second"])
    assert len(table) == 10
    assert table["decided"].all()
    assert table.loc[("best", "worst"), "difference"] == pytest.approx(2.0, abs=0.2)


def test_bt500_rejects_who_contradicts_both_ways() -> None:
    """One who gives the opposite of the others' grades on two photos that all agree on."""
    rows = [(f"r{i}", f"p{j}", "m", g) for i in range(30) for j, g in enumerate((5, 5, 1, 1, 3, 3))]
    rows += [("odd", f"p{j}", "m", g) for j, g in enumerate((1, 1, 5, 5, 3, 3))]
    found = opinion_scores.screened(votes(*rows))
    assert found.index[found["rejected"]].tolist() == ["odd"]
    assert found.loc["odd", ["above", "below"]].tolist() == [2, 2]


def test_intervals_cover_the_truth() -> None:
    """Of 200 studies: the 95 % interval of a difference holds the true one in about as many; between 91 and 99 %."""
    truth = {"one": 3.2, "two": 2.8}
    held = []
    for seed in range(200):
        (row,) = opinion_scores.differences(study(seed, truth=truth)).to_dict("records")
        sign = 1 if row["first"] == "one" else -1
        low, high = sorted((sign * row["low"], sign * row["high"]))
        held.append(low <= 0.4 <= high)
    assert 0.91 <= np.mean(held) <= 0.99


def test_no_difference_is_seldom_decided() -> None:
    """Five models alike, 100 studies: some pair is decided in few of them, though there are ten pairs in each."""
    alike = dict.fromkeys(TRUTH, 3.0)
    wrong = sum(opinion_scores.differences(study(seed, truth=alike))["decided"].any() for seed in range(100))
    assert wrong <= 11


def test_bradley_terry_by_hand() -> None:
    """Two models: the odds are the wins. Three in a circle: all alike."""
    pair = pd.DataFrame([[0, 30], [10, 0]], index=["x", "y"], columns=["x", "y"])
    assert pair_comparison.strengths(pair)["x"] - pair_comparison.strengths(pair)["y"] == pytest.approx(
        np.log(3), abs=1e-6
    )
    circle = pd.DataFrame([[0, 5, 0], [0, 0, 5], [5, 0, 0]], index=list("abc"), columns=list("abc"))
    assert pair_comparison.strengths(circle).tolist() == pytest.approx([0, 0, 0], abs=1e-6)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (
            lambda: opinion_scores.mean_opinion_scores(votes(("a", "1", "m", 3))),
            "expected votes of at least 2 raters on m",
        ),
        (lambda: opinion_scores.mean_opinion_scores(votes(("a", "1", "m", 6))), "expected grades of 1 to 5, found 6"),
        (lambda: opinion_scores.mean_opinion_scores(votes()), "expected votes, found none: let people vote first"),
        (lambda: opinion_scores.mean_opinion_scores(votes().drop(columns="grade")), "found no grade"),
        (lambda: opinion_scores.agreement(votes(("a", "1", "m", 3))), "expected pictures that two raters voted on"),
        (
            lambda: pair_comparison.strengths(pd.DataFrame([[0, 9], [0, 0]], index=["x", "y"], columns=["x", "y"])),
            "expected models each of which won and lost",
        ),
    ],
)
def test_too_few_votes_are_told(action, words: str) -> None:
    with pytest.raises(InputError) as caught:
        action()
    assert words in str(caught.value)
