"""Draws of images that rows and sets share, or don't."""

import numpy as np

from aic_helpers.core.statistics import paired_means


def test_several_sets_of_images_are_drawn_from_by_themselves():
    values = np.stack([np.arange(5.0), np.arange(5.0)], axis=1)
    first, second = paired_means(values), paired_means(values, stratum=1)
    assert (first[:, 0] == first[:, 1]).all()
    assert abs(np.corrcoef(first[:, 0], second[:, 0])[0, 1]) < 0.1
