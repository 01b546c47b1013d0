"""Draws of images that rows and sets share, or don't; intervals of medians by hand."""

import numpy as np
import pytest

from aic_helpers.core.statistics import median_ci95, paired_means


def test_several_sets_of_images_are_drawn_from_by_themselves():
    values = np.stack([np.arange(5.0), np.arange(5.0)], axis=1)
    first, second = paired_means(values), paired_means(values, stratum=1)
    assert (first[:, 0] == first[:, 1]).all()
    assert abs(np.corrcoef(first[:, 0], second[:, 0])[0, 1]) < 0.1


@pytest.mark.parametrize(("count", "low", "high"), [(6, 1, 6), (8, 1, 8), (9, 2, 8), (10, 2, 9), (20, 6, 15)])
def test_interval_by_hand(count, low, high):
    """Of nine tosses fewer than two fall on one of the sides in 3.9 % of cases, fewer than three in 18 %."""
    assert median_ci95([float(value) for value in range(count, 0, -1)]) == (low, high)


def test_few_values_have_a_wider_interval_than_their_range():
    assert median_ci95([2.0, 4.0, 3.0]) == (1.0, 8.0)
    assert median_ci95([2.0, 4.0, 3.0, 3.0, 3.0]) == (1.0, 8.0)


def test_two_values_have_no_interval():
    assert median_ci95([1.0] * 2) is None
    assert median_ci95([]) is None
