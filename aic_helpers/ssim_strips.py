"""SSIM at one scale of an image pair, and the pair at half its size, in one compiled pass in float64.

The pass goes down the image in strips of columns. Each row of a strip is filtered along and kept until all rows of a
window are there to be filtered down; no filtered image is ever stored. An image is (height, 3 width), its channels
interleaved.

The pair is looked at as u = (x + y) / 2 and v = (x - y) / 2 in units of the data range. With W the average under the
window, U = W(u²) - W(u)² and V = W(v²) - W(v)², the two parts of SSIM are

    contrast and structure   1 - V / (U/2 + V/2 + C2/4)
    luminance                1 - W(v)² / (W(u)²/2 + W(v)²/2 + C1/4)

which are the usual fractions, and exactly 1 where x and y are the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

WINDOW_PX, WINDOW_SIGMA_PX = 11, 1.5
K1, K2 = 0.01, 0.03
"""Window and constants of SSIM: Wang et al. 2004, section III.C."""

Doubles = NDArray[np.float64]


def window(size_px: int) -> Doubles:
    """Return the weights of a window of some size; its sigma is in proportion."""
    offsets = np.arange(size_px) - (size_px - 1) / 2
    weights = np.exp(-0.5 * np.square(offsets / (WINDOW_SIGMA_PX * size_px / WINDOW_PX)))
    return weights / weights.sum()


WEIGHT_0, WEIGHT_1, WEIGHT_2, WEIGHT_3, WEIGHT_4, WEIGHT_5 = window(WINDOW_PX)[:6].tolist()
C1_QUARTER, C2_QUARTER = K1**2 / 4, K2**2 / 4

# The compiler unrolls and vectorises what has its sizes as constants.
STRIP = 96  # values: what a window needs of a strip stays near the processor
REACH = 3 * (WINDOW_PX - 1)  # values that a window takes to the right of its first
LINE = STRIP + REACH
MOMENTS = 4 * STRIP  # one filtered row: u, v, u², v²
KEPT = WINDOW_PX - 1  # rows that the next window shares with this one
ROWS = KEPT + 32  # after so many filtered rows the last ten are moved to the front

_compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})


@_compiled
def strip_sums(
    x: NDArray[np.floating],
    y: NDArray[np.floating],
    crop_px: int,
    half_unit: float,
    first_strip: int,
    end_strip: int,
    luminance: bool,
    pixels: NDArray[np.float32],
    half_x: Doubles,
    half_y: Doubles,
) -> Doubles:
    """Return each channel's sum of SSIM, or of its contrast-structure part, over some strips of a pair.

    Parameters
    ----------
    x, y : ndarray, shape (height, 3 width), contiguous
    crop_px : int
        Pixels left out on each side, so that a cropped pair needs no copy.
    half_unit : float
        0.5 / data range.
    first_strip, end_strip : int
        Of the strips of `STRIP` windows each.
    luminance : bool
        Whether to multiply by the luminance part.
    pixels : ndarray of float32, shape (rows, columns) of windows, or empty
        Gets the value of each window.
    half_x, half_y : ndarray of float64, or empty
        Get the pair at half the size, in units of the data range; an odd last row or column counts twice.
    """
    line, above = np.empty((4, LINE)), np.empty((2, LINE))
    filtered, values = np.empty(ROWS * MOMENTS), np.empty(STRIP)
    sums = np.zeros(3)
    for strip in range(first_strip, end_strip):
        columns = _columns(x.shape[1] - 6 * crop_px, strip)
        totals = np.zeros(STRIP)
        rows = 0
        for row in range(x.shape[0] - 2 * crop_px):
            _read(x[row + crop_px, 3 * crop_px :], y[row + crop_px, 3 * crop_px :], half_unit, columns, line)
            if half_x.size:
                _halve(row, x.shape[0] - 2 * crop_px, columns, line, above, half_x, half_y)
            _filter_along(line, columns[1] - columns[0], filtered[rows * MOMENTS :])
            rows += 1
            if rows >= WINDOW_PX:
                _filter_down(filtered[(rows - WINDOW_PX) * MOMENTS :], luminance, columns[1] - columns[0], values)
                _add(values, columns, totals, pixels, row - KEPT)
            if rows == ROWS:
                filtered[: KEPT * MOMENTS] = filtered[(ROWS - KEPT) * MOMENTS :]
                rows = KEPT
        for column in range(columns[1] - columns[0]):
            sums[column % 3] += totals[column]
    return sums


@_compiled
def _columns(width: int, strip: int) -> tuple[int, int, int]:
    """Return a strip's first window, the end of its windows, and the end of the values that are its own to halve."""
    first, windows = strip * STRIP, width - REACH
    last = first + STRIP >= windows
    return first, windows if last else first + STRIP, width if last else first + STRIP


@_compiled
def _read(x: Any, y: Any, half_unit: float, columns: tuple[int, int, int], line: Doubles) -> None:
    """Fill a line with u, v and their squares."""
    x, y = x[columns[0] : columns[1] + REACH], y[columns[0] : columns[1] + REACH]
    u, v, u_square, v_square = line[0], line[1], line[2], line[3]
    for i in range(x.size):
        a, b = x[i] * half_unit, y[i] * half_unit
        u[i], v[i] = a + b, a - b
        u_square[i], v_square[i] = u[i] * u[i], v[i] * v[i]


@_compiled
def _filter_along(line: Doubles, width: int, filtered: Doubles) -> None:
    for moment in range(4):
        values, out = line[moment, : width + REACH], filtered[moment * STRIP : moment * STRIP + width]
        for i in range(width):
            out[i] = (
                WEIGHT_0 * (values[i] + values[i + 30])
                + WEIGHT_1 * (values[i + 3] + values[i + 27])
                + WEIGHT_2 * (values[i + 6] + values[i + 24])
                + WEIGHT_3 * (values[i + 9] + values[i + 21])
                + WEIGHT_4 * (values[i + 12] + values[i + 18])
                + WEIGHT_5 * values[i + 15]
            )


@njit(inline="always")
def _down(rows: Doubles, i: int) -> float:
    return (
        WEIGHT_0 * (rows[i] + rows[i + 10 * MOMENTS])
        + WEIGHT_1 * (rows[i + MOMENTS] + rows[i + 9 * MOMENTS])
        + WEIGHT_2 * (rows[i + 2 * MOMENTS] + rows[i + 8 * MOMENTS])
        + WEIGHT_3 * (rows[i + 3 * MOMENTS] + rows[i + 7 * MOMENTS])
        + WEIGHT_4 * (rows[i + 4 * MOMENTS] + rows[i + 6 * MOMENTS])
        + WEIGHT_5 * rows[i + 5 * MOMENTS]
    )


@_compiled
def _filter_down(rows: Doubles, luminance: bool, width: int, values: Doubles) -> None:
    """Fill `values` with SSIM of the windows that end at the last of eleven filtered rows."""
    for i in range(width):
        u, v = _down(rows, i), _down(rows, i + STRIP)
        u_variance = _down(rows, i + 2 * STRIP) - u * u
        v_variance = _down(rows, i + 3 * STRIP) - v * v
        value = 1 - v_variance / (0.5 * (u_variance + v_variance) + C2_QUARTER)
        if luminance:
            value *= 1 - v * v / (0.5 * (u * u + v * v) + C1_QUARTER)
        values[i] = value


@_compiled
def _add(
    values: Doubles, columns: tuple[int, int, int], totals: Doubles, pixels: NDArray[np.float32], row: int
) -> None:
    width = columns[1] - columns[0]
    for i in range(width):
        totals[i] += values[i]
    if pixels.size:
        out = pixels[row, columns[0] : columns[1]]
        for i in range(width):
            out[i] = values[i]


@_compiled
def _halve(
    row: int,
    height: int,
    columns: tuple[int, int, int],
    line: Doubles,
    above: Doubles,
    half_x: Doubles,
    half_y: Doubles,
) -> None:
    """Keep an even row, or average 2x2 pixels of it and the odd row below; the last row may be even."""
    if row % 2 == 0:
        above[:] = line[:2]
    if row % 2 == 1 or row == height - 1:
        u, v = above[0, : columns[2] - columns[0]], above[1, : columns[2] - columns[0]]
        for i in range(u.size):
            u[i], v[i] = 0.25 * (u[i] + line[0, i]), 0.25 * (v[i] + line[1, i])
        x, y = half_x[row // 2, columns[0] // 2 :], half_y[row // 2, columns[0] // 2 :]
        for pixel in range(u.size // 6):
            for i in range(3):
                left = u[6 * pixel + i] + u[6 * pixel + 3 + i]
                right = v[6 * pixel + i] + v[6 * pixel + 3 + i]
                x[3 * pixel + i], y[3 * pixel + i] = left + right, left - right
        for i in range(u.size % 6):
            last, value = u.size // 6 * 3 + i, u.size - 3 + i
            x[last], y[last] = 2 * (u[value] + v[value]), 2 * (u[value] - v[value])


@_compiled
def shrunk_window_sums(x: Doubles, y: Doubles, weights: Doubles, luminance: bool) -> Doubles:
    """Return what `strip_sums` does, of an image that is smaller than the window on one side, in units of its range."""
    size = weights.size
    sums = np.zeros(3)
    for row in range(x.shape[0] - size + 1):
        for column in range(x.shape[1] - 3 * (size - 1)):
            u = v = u_square = v_square = 0.0
            for i in range(size):
                for j in range(size):
                    weight = weights[i] * weights[j]
                    a, b = 0.5 * x[row + i, column + 3 * j], 0.5 * y[row + i, column + 3 * j]
                    u += weight * (a + b)
                    v += weight * (a - b)
                    u_square += weight * (a + b) ** 2
                    v_square += weight * (a - b) ** 2
            u_variance, v_variance = u_square - u * u, v_square - v * v
            value = 1 - v_variance / (0.5 * (u_variance + v_variance) + C2_QUARTER)
            if luminance:
                value *= 1 - v * v / (0.5 * (u * u + v * v) + C1_QUARTER)
            sums[column % 3] += value
    return sums


@_compiled
def halved(image: Doubles) -> Doubles:
    """Average 2x2 pixels; an odd last row or column counts twice."""
    height, width = image.shape
    half = np.empty(((height + 1) // 2, (width // 3 + 1) // 2 * 3))
    for row in range(half.shape[0]):
        upper, lower = image[2 * row], image[min(2 * row + 1, height - 1)]
        for i in range(half.shape[1]):
            left = 2 * i - i % 3
            right = min(left + 3, width - 3 + i % 3)
            half[row, i] = 0.25 * (upper[left] + upper[right] + lower[left] + lower[right])
    return half


@_compiled
def float32_running_sums(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add the pixels of each channel one after the other in float32, rounding as TensorFlow's mean does."""
    sums = np.zeros(3, dtype=np.float32)
    for value in pixels.reshape(-1, 3):
        for channel in range(3):
            sums[channel] += value[channel]
    return sums
