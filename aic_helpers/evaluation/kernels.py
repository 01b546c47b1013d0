"""The compiled loops of the metrics: squared error and range of a pair, and SSIM at one scale.

The pass goes down the image in strips of columns. Each row of a strip is filtered along and kept until all rows of a
window are there to be filtered down; no filtered image is ever stored. An image is (height, 3 width), its channels
interleaved.

The pair is looked at as u = (x + y) / 2 and v = (x - y) / 2 in units of the data range. With the mean and the variance
under the window, the two parts of SSIM are

    contrast and structure   1 - var v / (var u / 2 + var v / 2 + C2 / 4)
    luminance                1 - (mean v)² / ((mean u)² / 2 + (mean v)² / 2 + C1 / 4)

which are the usual fractions, and exactly 1 where x and y are the same.

This is float32, which is twice as fast as float64; only sums over many windows are float64. The usual variance, the
mean of squares less the square of the mean, would lose its digits in flat areas. Here every value has that at the
centre of the window subtracted first, along the row and then down the rows, whose means and variances add up to the
variance of the window: its error is some 1e-7 of itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray


# "reassoc" lets the compiler add several values at a time, in float64.
@njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def squared_error(
    reference: NDArray[np.floating], output: NDArray[np.floating], crop_px: int, data_range: float
) -> tuple[float, int]:
    """Return the sum of squared differences without the border, and how many pixels' values leave [0, data_range].

    NaN leaves it too. The pair is (height, width, channels), contiguous, and of the type of `data_range`.
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


WINDOW_PX, WINDOW_SIGMA_PX = 11, 1.5
K1, K2 = 0.01, 0.03
"""Window and constants of SSIM: Wang et al. 2004, section III.C."""

Doubles = NDArray[np.float64]
Singles = NDArray[np.float32]


def window(size_px: int) -> Doubles:
    """Return the weights of a window of some size; its sigma is in proportion."""
    offsets = np.arange(size_px) - (size_px - 1) / 2
    weights = np.exp(-0.5 * np.square(offsets / (WINDOW_SIGMA_PX * size_px / WINDOW_PX)))
    return weights / weights.sum()


W0, W1, W2, W3, W4, W5 = window(WINDOW_PX)[:6].astype(np.float32)
C1_QUARTER, C2_QUARTER = np.float32(K1**2 / 4), np.float32(K2**2 / 4)
ONE, HALF, QUARTER = np.float32(1), np.float32(0.5), np.float32(0.25)  # plain numbers would turn it all to float64

# The compiler unrolls and vectorises what has its sizes as constants.
STRIP = 192  # values: what a window needs of a strip stays near the processor
REACH = 3 * (WINDOW_PX - 1)  # values that a window takes to the right of its first
LINE = STRIP + REACH
MOMENTS = 4 * STRIP  # one filtered row: mean of u, mean of v, variance of u, variance of v
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
    pixels: Singles,
    half_x: Singles,
    half_y: Singles,
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
    half_x, half_y : ndarray of float32, or empty
        Get the pair at half the size, in units of the data range; an odd last row or column counts twice.
    """
    sums = np.zeros(3)
    for strip in range(first_strip, end_strip):
        columns = _columns(x.shape[1] - 6 * crop_px, strip)
        totals = np.zeros(STRIP)
        _strip(x, y, crop_px, half_unit, columns, luminance, totals, pixels, half_x, half_y)
        for i in range(columns[1] - columns[0]):
            sums[i % 3] += totals[i]
    return sums


@_compiled
def _strip(
    x: NDArray[np.floating],
    y: NDArray[np.floating],
    crop_px: int,
    half_unit: float,
    columns: tuple[int, int, int],
    luminance: bool,
    totals: Doubles,
    pixels: Singles,
    half_x: Singles,
    half_y: Singles,
) -> None:
    """Go down a strip and add up the windows of each column; `rows` counts the filtered rows that are kept."""
    lines, halves = np.empty((2, 2, LINE), np.float32), np.empty((2, LINE), np.float32)
    filtered, values = np.empty(ROWS * MOMENTS, np.float32), np.empty(STRIP, np.float32)
    height, width, rows = x.shape[0] - 2 * crop_px, columns[1] - columns[0], 0
    for row in range(height):
        line = lines[row % 2]
        _read(x[row + crop_px, 3 * crop_px :], y[row + crop_px, 3 * crop_px :], half_unit, columns, line)
        if half_x.size and (row % 2 == 1 or row == height - 1):
            _halve(lines[0], line, columns, halves, half_x[row // 2], half_y[row // 2])
        for image in range(2):
            _filter_along(line[image], width, filtered[rows * MOMENTS + image * STRIP :])
        rows += 1
        if rows >= WINDOW_PX:
            _filter_down(filtered[(rows - WINDOW_PX) * MOMENTS :], luminance, width, values)
            _add(values, columns, totals, pixels, row - KEPT)
        if rows == ROWS:
            for i in range(KEPT * MOMENTS):
                filtered[i] = filtered[i + (ROWS - KEPT) * MOMENTS]
            rows = KEPT


@_compiled
def _columns(width: int, strip: int) -> tuple[int, int, int]:
    """Return a strip's first window, the end of its windows, and the end of the values that are its own to halve."""
    first, windows = strip * STRIP, width - REACH
    last = first + STRIP >= windows
    return first, windows if last else first + STRIP, width if last else first + STRIP


@_compiled
def _read(x: Any, y: Any, half_unit: float, columns: tuple[int, int, int], line: Singles) -> None:
    """Fill a line with u and v."""
    x, y = x[columns[0] : columns[1] + REACH], y[columns[0] : columns[1] + REACH]
    u, v = line[0], line[1]
    for i in range(x.size):
        a, b = x[i] * half_unit, y[i] * half_unit
        u[i], v[i] = a + b, a - b


@njit(inline="always")
def _moments(center, left, right):  # type: ignore[no-untyped-def]
    """Return the weighted mean of eleven values less the one at the centre, and the mean of its square."""
    a0, a1, a2, a3, a4 = left[0] - center, left[1] - center, left[2] - center, left[3] - center, left[4] - center
    b0, b1, b2, b3, b4 = right[0] - center, right[1] - center, right[2] - center, right[3] - center, right[4] - center
    mean = W0 * (a0 + b0) + W1 * (a1 + b1) + W2 * (a2 + b2) + W3 * (a3 + b3) + W4 * (a4 + b4)
    square = W0 * (a0 * a0 + b0 * b0) + W1 * (a1 * a1 + b1 * b1) + W2 * (a2 * a2 + b2 * b2)
    return mean, square + W3 * (a3 * a3 + b3 * b3) + W4 * (a4 * a4 + b4 * b4)


@_compiled
def _filter_along(values: Singles, width: int, filtered: Singles) -> None:
    """Put the means of windows in a row before their variances, which stand two images further."""
    values, means, variances = values[: width + REACH], filtered[:width], filtered[2 * STRIP : 2 * STRIP + width]
    for i in range(width):
        mean, square = _moments(
            values[i + 15],
            (values[i], values[i + 3], values[i + 6], values[i + 9], values[i + 12]),
            (values[i + 30], values[i + 27], values[i + 24], values[i + 21], values[i + 18]),
        )
        means[i], variances[i] = values[i + 15] + mean, square - mean * mean


@njit(inline="always")
def _down(rows: Singles, i: int):  # type: ignore[no-untyped-def]
    """Return mean and variance of a window: the variance of its rows' means, and the mean of their variances."""
    center = rows[i + 5 * MOMENTS]
    mean, square = _moments(
        center,
        (rows[i], rows[i + MOMENTS], rows[i + 2 * MOMENTS], rows[i + 3 * MOMENTS], rows[i + 4 * MOMENTS]),
        (
            rows[i + 10 * MOMENTS],
            rows[i + 9 * MOMENTS],
            rows[i + 8 * MOMENTS],
            rows[i + 7 * MOMENTS],
            rows[i + 6 * MOMENTS],
        ),
    )
    k = i + 2 * STRIP
    along = W0 * (rows[k] + rows[k + 10 * MOMENTS]) + W1 * (rows[k + MOMENTS] + rows[k + 9 * MOMENTS])
    along += W2 * (rows[k + 2 * MOMENTS] + rows[k + 8 * MOMENTS]) + W3 * (rows[k + 3 * MOMENTS] + rows[k + 7 * MOMENTS])
    along += W4 * (rows[k + 4 * MOMENTS] + rows[k + 6 * MOMENTS]) + W5 * rows[k + 5 * MOMENTS]
    return center + mean, along + square - mean * mean


@_compiled
def _filter_down(rows: Singles, luminance: bool, width: int, values: Singles) -> None:
    """Fill `values` with SSIM of the windows that end at the last of eleven filtered rows."""
    for i in range(width):
        u, u_variance = _down(rows, i)
        v, v_variance = _down(rows, i + STRIP)
        value = ONE - v_variance / (HALF * (u_variance + v_variance) + C2_QUARTER)
        if luminance:
            value *= ONE - v * v / (HALF * (u * u + v * v) + C1_QUARTER)
        values[i] = value


@_compiled
def _add(values: Singles, columns: tuple[int, int, int], totals: Doubles, pixels: Singles, row: int) -> None:
    width = columns[1] - columns[0]
    for i in range(width):
        totals[i] += values[i]
    if pixels.size:
        out = pixels[row, columns[0] : columns[1]]
        for i in range(width):
            out[i] = values[i]


@_compiled
def _halve(
    upper: Singles, lower: Singles, columns: tuple[int, int, int], halves: Singles, half_x: Singles, half_y: Singles
) -> None:
    """Average 2x2 pixels of two rows of u and v into a row of x and y; an odd last column counts twice."""
    width = columns[2] - columns[0]
    for i in range(width - 3):
        u = upper[0, i] + lower[0, i] + upper[0, i + 3] + lower[0, i + 3]
        v = upper[1, i] + lower[1, i] + upper[1, i + 3] + lower[1, i + 3]
        halves[0, i], halves[1, i] = QUARTER * (u + v), QUARTER * (u - v)
    for i in range(width - 3, width):
        u, v = upper[0, i] + lower[0, i], upper[1, i] + lower[1, i]
        halves[0, i], halves[1, i] = HALF * (u + v), HALF * (u - v)
    x, y = half_x[columns[0] // 2 :], half_y[columns[0] // 2 :]
    for pixel in range((width + 3) // 6):
        for i in range(3):
            x[3 * pixel + i], y[3 * pixel + i] = halves[0, 6 * pixel + i], halves[1, 6 * pixel + i]


@_compiled
def shrunk_window_sums(x: Singles, y: Singles, weights: Doubles, luminance: bool) -> Doubles:
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
def halved(image: Singles) -> Singles:
    """Average 2x2 pixels; an odd last row or column counts twice."""
    height, width = image.shape
    half = np.empty(((height + 1) // 2, (width // 3 + 1) // 2 * 3), np.float32)
    for row in range(half.shape[0]):
        upper, lower = image[2 * row], image[min(2 * row + 1, height - 1)]
        for i in range(half.shape[1]):
            left = 2 * i - i % 3
            right = min(left + 3, width - 3 + i % 3)
            half[row, i] = 0.25 * (upper[left] + upper[right] + lower[left] + lower[right])
    return half


@_compiled
def float32_running_sums(pixels: Singles) -> Singles:
    """Add the pixels of each channel one after the other in float32, rounding as TensorFlow's mean does."""
    sums = np.zeros(3, dtype=np.float32)
    for value in pixels.reshape(-1, 3):
        for channel in range(3):
            sums[channel] += value[channel]
    return sums
