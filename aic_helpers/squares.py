"""The squared error of a pair and a look at its range, in one compiled pass."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


# "reassoc" lets the compiler add several values at a time, in float64.
@njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def squared_error(
    reference: NDArray[np.floating], output: NDArray[np.floating], crop_px: int, data_range: float
) -> tuple[float, int]:
    """Return the sum of squared differences without the border, and how many pixels' values leave [0, data_range].

    NaN leaves it too. `reference` and `output` are (height, width, 3), contiguous, and of the type of `data_range`.
    """
    height, width = reference.shape[0], reference.shape[1]
    total, outside = 0.0, 0
    for row in range(crop_px, height - crop_px):
        x = reference[row, crop_px : width - crop_px].reshape(-1)
        y = output[row, crop_px : width - crop_px].reshape(-1)
        for i in range(x.size):
            difference = np.float64(x[i]) - np.float64(y[i])
            total += difference * difference
            inside = (x[i] >= 0) & (x[i] <= data_range) & (y[i] >= 0) & (y[i] <= data_range)
            outside += not inside
    return total, outside
