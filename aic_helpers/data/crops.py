"""Parts of an image: the detail that is shown of a large photo, and tiles that overlap, there and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aic_helpers.data.images import Floats


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


@dataclass(frozen=True)
class Box:
    """Rows `top` to `bottom` and columns `left` to `right` of an image, in px; the last ones are outside."""

    top: int
    bottom: int
    left: int
    right: int

    def of(self, image: NDArray) -> NDArray:
        """Return the part of an image in the box (a view)."""
        return image[self.top : self.bottom, self.left : self.right]

    def enlarged(self, times: int) -> Box:
        """Return the box of the same part in an image so many times larger."""
        return Box(self.top * times, self.bottom * times, self.left * times, self.right * times)

    def within(self, other: Box) -> Box:
        """Return this box as it lies in the part of the image that `other` cuts out."""
        return Box(self.top - other.top, self.bottom - other.top, self.left - other.left, self.right - other.left)


@dataclass(frozen=True)
class Tile:
    """What a network is given (`source`), and what of its output is kept (`inner`); both in px of the image."""

    source: Box
    inner: Box

    def paste(self, output: NDArray, image: NDArray, enlarges: int = 1) -> None:
        """Write what is kept of the output for `source` to its place in an image; both are larger by `enlarges`."""
        self.inner.enlarged(enlarges).of(image)[...] = self.inner.within(self.source).enlarged(enlarges).of(output)


def tiles(height_px: int, width_px: int, *, tile_px: int, overlap_px: int, multiple: int = 1) -> list[Tile]:
    """Return tiles whose inner boxes cover an image once, row by row.

    Parameters
    ----------
    tile_px : int
        Largest side of an inner box.
    overlap_px : int
        By how much at least a source box is larger on each side, as far as the image goes: the radius of the
        network's receptive field, for an output as of the whole image.
    multiple : int
        The network's total stride. Source boxes start at multiples of it, and their sides differ from the image's
        by multiples of it: the padding that a stride brings depends on the side's remainder, and so does where the
        stride's grid lies.
    """
    rows = list(_spans(height_px, tile_px, overlap_px, multiple))
    columns = list(_spans(width_px, tile_px, overlap_px, multiple))
    return [
        Tile(Box(top, bottom, left, right), Box(row, row_end, column, column_end))
        for (top, bottom), (row, row_end) in rows
        for (left, right), (column, column_end) in columns
    ]


def _spans(side: int, tile: int, overlap: int, multiple: int) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield source and inner spans along one side; the inner ones are alike in length, but for rounding."""
    count = -(-side // tile)
    for index in range(count):
        start, end = index * side // count, (index + 1) * side // count
        first = max(0, start - overlap) // multiple * multiple
        # Counted from the image's end, so that what is left out is a multiple.
        left_out = max(0, side - end - overlap) // multiple * multiple
        yield (first, side - left_out), (start, end)
