"""SSIM at all scales of an image pair in float64, written out: slow, for pairs that are nothing like each other.

`ssim_means` is right to some 1e-7 of the largest value. A power of a mean near 0 makes much of that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.evaluation.kernels import K1, K2, WINDOW_PX, Doubles, window

STRIP_ROWS = 64

LARGEST = 1e70
"""Of the values, so that float64 has the products of their squares."""


def scale_means(reference: NDArray[Any], output: NDArray[Any], *, data_range: float, wanted: Sequence[bool]) -> Doubles:
    """Return the same as `aic_helpers.evaluation.ssim_means.scale_means` does with float64 sums, of some of the scales.

    Parameters
    ----------
    reference, output : ndarray, shape (height, width, 3), floating, finite, without the border that doesn't count
    data_range : float
    wanted : sequence of bool
        Which of all scales, the finest first.

    Returns
    -------
    ndarray of float64, shape (wanted scales, 3)
    """
    x, y = (np.clip(np.asarray(image, np.float64) / data_range, -LARGEST, LARGEST) for image in (reference, output))
    means = []
    for scale, is_wanted in enumerate(wanted):
        if is_wanted:
            weights = window(min(WINDOW_PX, *x.shape[:2]))
            means.append(_mean(x, y, weights, scale == len(wanted) - 1))
        x, y = _halved(x), _halved(y)
    return np.array(means)


def _mean(x: Doubles, y: Doubles, weights: Doubles, luminance: bool) -> Doubles:
    """Return each channel's mean over the windows, a strip of rows at a time: some twenty arrays are in memory."""
    rows, columns = (side - weights.size + 1 for side in x.shape[:2])
    total = np.zeros(3)
    for first in range(0, rows, STRIP_ROWS):
        strip = np.s_[first : min(first + STRIP_ROWS, rows) + weights.size - 1]
        total += _ssim(x[strip], y[strip], weights, luminance).sum(axis=(0, 1))
    return total / (rows * columns)


def _ssim(x: Doubles, y: Doubles, weights: Doubles, luminance: bool) -> Doubles:
    """Return the value of each window."""
    x_mean, x_variance = _windows(x, x, weights)
    y_mean, y_variance = _windows(y, y, weights)
    value = (2 * _windows(x, y, weights)[1] + K2**2) / (x_variance + y_variance + K2**2)
    if luminance:
        value *= (2 * x_mean * y_mean + K1**2) / (x_mean**2 + y_mean**2 + K1**2)
    return value


def _windows(x: Doubles, y: Doubles, weights: Doubles) -> tuple[Doubles, Doubles]:
    """Return under each window that fits the mean of x, and the covariance: those of its rows, and of their means."""
    x_means, y_means, rows = (part.swapaxes(0, 1) for part in _moments(x.swapaxes(0, 1), y.swapaxes(0, 1), weights))
    x_mean, _, covariance = _moments(x_means, y_means, weights)
    return x_mean, covariance + _weighed(_shifted(rows, weights), weights)


def _moments(x: Doubles, y: Doubles, weights: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Return both means and the covariance of the windows down each column; the value at their centre goes first."""
    x_parts, y_parts = _shifted(x, weights), _shifted(y, weights)
    x_centre, y_centre = x_parts[weights.size // 2], y_parts[weights.size // 2]
    x_mean = _weighed((part - x_centre for part in x_parts), weights)
    y_mean = _weighed((part - y_centre for part in y_parts), weights)
    products = ((one - x_centre) * (other - y_centre) for one, other in zip(x_parts, y_parts, strict=True))
    return x_centre + x_mean, y_centre + y_mean, _weighed(products, weights) - x_mean * y_mean


def _weighed(parts: Iterable[Doubles], weights: Doubles) -> Doubles:
    return np.asarray(sum(weight * part for weight, part in zip(weights, parts, strict=True)))


def _shifted(image: Doubles, weights: Doubles) -> list[Doubles]:
    """Return the rows that each weight of a window is for."""
    rows = image.shape[0] - weights.size + 1
    return [image[first : first + rows] for first in range(weights.size)]


def _halved(image: Doubles) -> Doubles:
    """Average 2x2 pixels; an odd last row or column counts twice."""
    height, width = image.shape[:2]
    even = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4
