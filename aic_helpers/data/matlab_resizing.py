"""MATLAB's bicubic, which the literature makes its small photos with, and which its first baseline enlarges them with.

Pillow's bicubic has another way with edges and rounding: a network that was trained on one scores less on the other.
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError

Pixels = TypeVar("Pixels", np.uint8, np.floating)

REACH_PX = 2
"""Of the kernel to each side. Where an image is reduced, the kernel is wider by as much."""


def matlab_bicubic(image: NDArray[Pixels], scale_or_size: float | tuple[int, int]) -> NDArray[Pixels]:
    """Return an image at another size, as MATLAB's ``imresize(image, scale_or_size, 'bicubic')`` makes it.

    Parameters
    ----------
    image : ndarray, shape (height, width) or (height, width, channels)
        uint8 in [0, 255], or floating in any range.
    scale_or_size : float, or (height, width) in px
        By a scale above 0 each side becomes ``ceil(scale * side)``. By a size each side has its own scale.

    Returns
    -------
    ndarray of the same type
        uint8 is rounded half up and clipped after each of two passes, the one along the smaller scale first (of equal
        ones, down the columns). Floating values are not, and overshoot the range of the image at sharp edges.

    Raises
    ------
    InputError
        Another type or shape, no pixels, or a scale or size that can't be.

    Notes
    -----
    The kernel is Keys' with a = -0.5 (R. Keys 1981, "Cubic convolution interpolation for digital image processing"),
    stretched by 1 / scale where the image is reduced. Pixels stand at the centres of their squares, and beyond its edge
    the image is mirrored, the pixel at the edge twice. All 15 photos that MATLAB made of Set5 come out to the last bit.
    """
    _check_image(image)
    size_px, scales = _size_and_scales(image.shape, scale_or_size)
    for axis in (0, 1) if scales[0] <= scales[1] else (1, 0):
        image = _resized(image, axis, size_px[axis], scales[axis])
    return image


def _check_image(image: NDArray[Pixels]) -> None:
    is_known = image.dtype == np.uint8 or np.issubdtype(image.dtype, np.floating)
    if not is_known or image.ndim not in (2, 3) or 0 in image.shape:
        raise InputError(
            "an image of uint8 or floating values (height, width) or (height, width, channels)",
            f"{image.dtype} {image.shape}",
            "convert it",
        )


def _size_and_scales(
    shape: tuple[int, ...], scale_or_size: float | tuple[int, int]
) -> tuple[tuple[int, int], tuple[float, float]]:
    """Return height and width in px, and the scale of each."""
    height_px, width_px = shape[:2]
    if isinstance(scale_or_size, tuple):
        are_whole = all(isinstance(side, int | np.integer) and side > 0 for side in scale_or_size)
        if len(scale_or_size) != 2 or not are_whole:
            raise InputError("a size of (height, width) in px, 1 or more", str(scale_or_size), "give whole numbers")
        return scale_or_size, (scale_or_size[0] / height_px, scale_or_size[1] / width_px)
    scale = float(scale_or_size)
    if not 0 < scale < math.inf:
        raise InputError("a scale above 0, such as 4 or 1/4", f"{scale:g}", "give large side by small, or the inverse")
    return (math.ceil(scale * height_px), math.ceil(scale * width_px)), (scale, scale)


def _resized(image: NDArray[Pixels], axis: int, length_px: int, scale: float) -> NDArray[Pixels]:
    """Return an image at another length along one axis: each pixel is a weighted sum of those near its place."""
    places, weights = _contributions(image.shape[axis], length_px, scale)
    across = (-1,) + (1,) * (image.ndim - 1 - axis)
    total = np.zeros((*image.shape[:axis], length_px, *image.shape[axis + 1 :]))
    for places_of_tap, weights_of_tap in zip(places, weights, strict=True):
        total += np.take(image, places_of_tap, axis) * weights_of_tap.reshape(across)
    if image.dtype == np.uint8:
        np.clip(np.floor(np.add(total, 0.5, out=total), out=total), 0, 255, out=total)
    return total.astype(image.dtype)


def _contributions(side_px: int, length_px: int, scale: float) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return which pixels of a side each pixel of the new one is made of, and with what weights.

    Returns
    -------
    places, weights : ndarray, shape (taps, length_px)
        The weights of each new pixel add up to 1.
    """
    narrowing = min(scale, 1.0)
    centres = (np.arange(length_px) + 0.5) / scale - 0.5
    first = np.floor(centres - REACH_PX / narrowing).astype(np.intp)
    places = first + np.arange(math.ceil(2 * REACH_PX / narrowing) + 2)[:, None]
    weights = _kernel((centres - places) * narrowing)
    weights /= weights.sum(axis=0)
    used = weights.any(axis=1)
    return _mirrored(places[used], side_px), weights[used]


def _kernel(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Keys' cubic, written in products: a power may be off by a digit on another processor."""
    x = np.abs(distance)
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x <= 1, near, np.where(x <= REACH_PX, far, 0.0))


def _mirrored(places: NDArray[np.intp], side_px: int) -> NDArray[np.intp]:
    """Return for places beyond either edge those that they mirror; the image may be smaller than the kernel."""
    around = places % (2 * side_px)
    return np.minimum(around, 2 * side_px - 1 - around)
