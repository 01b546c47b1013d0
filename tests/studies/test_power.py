"""What a study can find: against scipy's distribution, and against studies whose truth is known."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from aic_helpers.core import statistics
from aic_helpers.studies import opinion_scores, power


@pytest.mark.parametrize("share", [0.8, 0.975, 0.9975])
@pytest.mark.parametrize("freedom", [1, 2, 5, 11, 23, 199])
def test_students_distribution(share, freedom):
    assert statistics.student(share, freedom) == pytest.approx(stats.t.ppf(share, freedom), rel=0.01)


def test_by_hand():
    """Two models, 25 raters, noise alone and many photos: (t(0.975) + t(0.8)) 0.35 / 5 with 24 degrees of freedom."""
    found = power.difference_found(25, 10**9, 2)
    assert found == pytest.approx((stats.t.ppf(0.975, 24) + stats.t.ppf(0.8, 24)) * 0.35 / 5, rel=0.005)


def test_more_raters_find_less():
    found = [power.difference_found(raters, 8, 4) for raters in (8, 16, 24, 48)]
    assert found == sorted(found, reverse=True)


def test_of_simulated_studies_four_in_five_find_it():
    """Three models, of which one differs by what 20 raters should find; the sign-flip test and Holm decide."""
    rng, raters, photos, found = np.random.default_rng(3), 20, 6, 0
    difference = power.difference_found(raters, photos, 2)
    for _ in range(150):
        taste = rng.normal(0, power.DISAGREEMENT, raters)
        felt = rng.normal(0, power.NOISE, (raters, 2, photos)) + 3
        felt[:, 0] += difference + taste[:, None]
        names = [range(raters), ["x", "y"], range(photos)]
        table = pd.MultiIndex.from_product(names, names=["rater", "model", "photo"]).to_frame(index=False)
        table["grade"] = np.clip(np.round(felt), 1, 5).astype(int).ravel()
        found += bool(opinion_scores.differences(table)["decided"].iloc[0])
    assert 0.68 <= found / 150 <= 0.9


@pytest.mark.parametrize(("models", "raters"), [(2, 6), (3, 7), (5, 9)])
def test_least_raters_is_what_the_sign_flip_test_needs(models, raters):
    """Of n raters of one mind, the test gives 2 / 2^n; Holm's first level is 0.05 over the number of pairs."""
    assert power.least_raters(models) == raters
    pairs = power.pairs_of(models)
    assert 2 / 2**raters < 0.05 / pairs <= 2 / 2 ** (raters - 1)


def test_preferences_by_hand():
    """One pair, 100 votes: 0.5 + (1.96 + 0.84) 0.5 / 10."""
    assert power.preference_found(10, 10, 2) == pytest.approx(0.64, abs=0.001)
    assert power.preference_found(1, 1, 2) == 1.0
