"""SSIM at all scales of an image pair: what each channel has on average."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.machine import usable_cores
from aic_helpers.evaluation.kernels import (
    REACH,
    STRIP,
    WINDOW_PX,
    Doubles,
    float32_running_sums,
    halved,
    shrunk_window_sums,
    strip_sums,
    window,
)

THREADS_FROM = 2**17
"""Values in an image from which a second thread saves more than starting it costs (patches are far below)."""

PARTS = 4
"""For each thread: one that is held up by something else leaves parts to the others."""

Share = Callable[..., Iterator[Any]]
"""`map`, or the same by threads. They aren't numba's: those must not be called from two threads at a time."""

NO_PIXELS = np.empty((0, 0), dtype=np.float32)


class Pair(NamedTuple):
    """Two images (height, 3 width) with a border of `crop_px` that doesn't count; `half_unit` is 0.5 / data range."""

    x: NDArray[np.floating]
    y: NDArray[np.floating]
    crop_px: int = 0
    half_unit: np.float32 = np.float32(0.5)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, and values in a row."""
        return self.x.shape[0] - 2 * self.crop_px, self.x.shape[1] - 6 * self.crop_px


NO_PAIR = Pair(NO_PIXELS, NO_PIXELS)


def scale_means(
    reference: NDArray[np.floating],
    output: NDArray[np.floating],
    *,
    data_range: float,
    crop_px: int = 0,
    scales: int,
    float32_sums: bool = False,
) -> tuple[Doubles, Doubles]:
    """Return each channel's mean of SSIM at the coarsest scale, and of its contrast-structure part at finer ones.

    Parameters
    ----------
    reference, output : ndarray, shape (height, width, 3), both float32 or both float64, contiguous
        At least 11 px on each side after the crop. Further down the window shrinks to an image that is smaller.
    data_range : float
        White minus black.
    crop_px : int
        Pixels left out on each side.
    scales : int
        Each has half the size of the one before.
    float32_sums : bool
        Whether to add the pixels of each scale one after the other in float32 as well.

    Returns
    -------
    exact, rounded : ndarray of float64, shape (scales, 3)
        With float64 sums, and with float32 sums (empty unless asked for). NaN where a value isn't finite.
    """
    x, y = (image.reshape(len(image), -1) for image in (reference, output))
    pair = Pair(x, y, crop_px, np.float32(0.5 / data_range))
    exact, rounded = [], []
    with _threads(reference.size) as share:
        for left in reversed(range(scales)):
            size_px = min(WINDOW_PX, pair.shape[0], pair.shape[1] // 3)
            rows, columns = pair.shape[0] - size_px + 1, pair.shape[1] - 3 * (size_px - 1)
            pixels = np.empty((rows, columns), np.float32) if float32_sums else NO_PIXELS
            sums, pair = _sums(pair, size_px, left == 0, pixels, share)
            exact.append(sums * 3 / (rows * columns))
            if float32_sums:
                rounded.append((share(float32_running_sums, [pixels]), rows * columns // 3))
        # Only now: with threads, they were added beside the next scales.
        return np.array(exact), np.array([next(sums) / np.float64(count) for sums, count in rounded])


@contextmanager
def _threads(size: int) -> Iterator[Share]:
    if size < THREADS_FROM:
        yield map
    else:
        with ThreadPoolExecutor(usable_cores()) as pool:
            yield pool.map


def _sums(pair: Pair, size_px: int, coarsest: bool, pixels: NDArray[np.float32], share: Share) -> tuple[Doubles, Pair]:
    """Return each channel's sum at one scale, and the pair of half the size unless this is the coarsest."""
    if size_px < WINDOW_PX:
        sums = shrunk_window_sums(pair.x, pair.y, window(size_px), coarsest)
        return sums, NO_PAIR if coarsest else Pair(halved(pair.x), halved(pair.y))
    height, width = pair.shape
    half_shape = (height + 1) // 2, (width // 3 + 1) // 2 * 3
    half = NO_PAIR if coarsest else Pair(np.empty(half_shape, np.float32), np.empty(half_shape, np.float32))

    def part(first: int, end: int) -> Doubles:
        return strip_sums(*pair, first, end, coarsest, pixels, half.x, half.y)

    strips = -(-(width - REACH) // STRIP)
    bounds = _bounds(strips, height * width)
    return sum(share(part, bounds[:-1], bounds[1:]), np.zeros(3)), half


def _bounds(strips: int, size: int) -> list[int]:
    """Return where the parts of a number of strips begin and end."""
    parts = min(strips, PARTS * usable_cores()) if size >= THREADS_FROM else 1
    return [strips * part // parts for part in range(parts + 1)]
