"""Luma, the one plane that much of the literature compares images on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError

LUMA = (65.481 / 255, 128.553 / 255, 24.966 / 255)
"""Of RGB by BT.601 with 8 bits: black is 16 and white 235 of 255, as in MATLAB's rgb2ycbcr."""

BLACK = 16 / 255


def luma(image: NDArray) -> NDArray:
    """Return the luma of an RGB image, the Y of MATLAB's ``rgb2ycbcr``.

    Parameters
    ----------
    image : ndarray, shape (height, width, 3), RGB
        uint8 in [0, 255], or floating in [0, 1].

    Returns
    -------
    ndarray of the same type, shape (height, width)
        uint8: 16 for black to 235 for white, rounded half up. Floating: 16/255 to 235/255, not rounded; values outside
        [0, 1] are taken as they are. So the data range is still 255 or 1.

    Raises
    ------
    InputError
        No RGB image of such a type.
    """
    is_bytes = image.dtype == np.uint8
    if image.ndim != 3 or image.shape[2] != 3 or not (is_bytes or np.issubdtype(image.dtype, np.floating)):
        raise InputError(
            "an RGB image of uint8 or floating values (height, width, 3) for luma",
            f"{image.dtype} {image.shape}",
            "give all three channels, or compare in the channels there are",
        )
    red, green, blue = np.moveaxis(image, -1, 0)
    y = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue + BLACK * (255 if is_bytes else 1)
    return np.floor(y + 0.5).astype(np.uint8) if is_bytes else y
