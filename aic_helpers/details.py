"""The detail that is shown of a large photo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aic_helpers.images import Floats


def largest_error(reference: Floats, image: Floats, detail_px: tuple[int, int]) -> tuple[int, int]:
    """Return top and left of the detail in which an image is furthest from its reference.

    Parameters
    ----------
    reference, image : ndarray, shape (height, width, 3), floating
    detail_px : (height, width)
        At least 1 and at most the images' own.
    """
    return largest_sum(np.square(image - reference).sum(axis=2, dtype=np.float64), detail_px)


def largest_sum(values: NDArray[np.float64], detail_px: tuple[int, int]) -> tuple[int, int]:
    """Return top and left of the detail over which the sum of values, of shape (height, width), is largest."""
    total = np.pad(values.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    rows, columns = detail_px
    boxes = total[rows:, columns:] - total[:-rows, columns:] - total[rows:, :-columns] + total[:-rows, :-columns]
    top, left = np.unravel_index(int(boxes.argmax()), boxes.shape)
    return int(top), int(left)
