"""The detail that is shown of a large photo."""

import numpy as np
import pytest

from aic_helpers.data.crops import largest_error


@pytest.mark.parametrize(("row", "column"), [(0, 0), (29, 39), (15, 20)])
def test_the_detail_holds_what_differs_most(row, column):
    reference = np.zeros((30, 40, 3))
    image = reference + 0.01
    image[row, column] = 1
    top, left = largest_error(reference, image, (10, 20))
    assert top <= row < top + 10
    assert left <= column < left + 20
    whole = np.square(image - reference).sum()
    inside = np.square(image - reference)[top : top + 10, left : left + 20].sum()
    assert inside == pytest.approx(3 + 199 * 3 * 0.01**2)
    assert inside < whole


def test_a_detail_as_large_as_the_image_is_the_image():
    assert largest_error(np.zeros((5, 7, 3)), np.ones((5, 7, 3)), (5, 7)) == (0, 0)
