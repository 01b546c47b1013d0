"""Arrays -> what travels to a page: 8-bit copies that are kept, parts of them, small JPEGs."""

from __future__ import annotations

import io
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from aic_helpers.data.images import Rgb8, as_uint8

KEPT_BYTES = 256 * 2**20
KEPT_LEAST = 9
"""Copies that are kept however large they are: six panes, input, target, and what error maps are against."""

PREVIEW_PX, PREVIEW_BYTES = 480, 40_000
QUALITIES = (85, 70, 50, 30, 10)

Box = tuple[int, int, int, int]
"""Left, top, width and height, px."""

Found = NDArray[np.float32] | str


@dataclass(frozen=True)
class Copy:
    """An image as 8-bit pixels: uint8, shape (height, width, 3)."""

    rgb: Rgb8

    @cached_property
    def preview(self) -> bytes:
        """A JPEG of at most `PREVIEW_PX` a side and `PREVIEW_BYTES`."""
        return jpeg(self.rgb, PREVIEW_PX, PREVIEW_BYTES)

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.rgb.shape[1], self.rgb.shape[0]

    def within(self, box: Sequence[float]) -> Box:
        """Return the part of a box that lies in the image: at least a pixel."""
        spans = [_span(box[axis], box[axis + 2], side) for axis, side in enumerate(self.size_px)]
        (left, width), (top, height) = spans
        return left, top, width, height

    def part(self, box: Sequence[float] | None, most_px: int) -> tuple[Box, Rgb8]:
        """Return a part exactly, or the whole where `box` is None; which part, and its pixels.

        The whole is reduced by a whole number where it has more than `most_px` pixels: each pixel is the mean of a
        square then, and of what is left of it at the right and the bottom.
        """
        if box is None:
            return (0, 0, *self.size_px), reduced(self.rgb, most_px)
        left, top, width, height = self.within(box)
        return (left, top, width, height), self.rgb[top : top + height, left : left + width]


def _span(start: float, length: float, side: int) -> tuple[int, int]:
    first = min(max(math.floor(start), 0), side - 1)
    return first, min(max(math.ceil(start + length), first + 1), side) - first


class PixelCopies:
    """The 8-bit copies of what was shown lately.

    Parameters
    ----------
    pixels : callable
        Called with an image and what is shown of it; returns float32 (height, width, 3), or why there is nothing.
    """

    def __init__(self, pixels: Callable[[str, str], Found]) -> None:
        self._pixels = pixels
        self._kept: OrderedDict[tuple[str, str], Copy] = OrderedDict()
        self._lock = threading.Lock()  # cells ask beside the page, which is answered in a thread of its own

    def of(self, image: str, shown: str) -> Copy | str:
        """Return a copy, or the sentence why there is none. Sentences aren't kept."""
        key = image, shown
        with self._lock:
            if key not in self._kept:
                found = self._pixels(image, shown)
                if isinstance(found, str):
                    return found
                self._keep(key, Copy(as_uint8(found)))
            self._kept.move_to_end(key)
            return self._kept[key]

    def kept(self, image: str, names: Iterable[str]) -> dict[str, Copy]:
        """Return those copies of an image that are there, by what they show."""
        with self._lock:
            return {name: self._kept[image, name] for name in names if (image, name) in self._kept}

    def forget(self, image: str) -> None:
        """Forget an image: another has its name now."""
        with self._lock:
            for key in [key for key in self._kept if key[0] == image]:
                del self._kept[key]

    def _keep(self, key: tuple[str, str], made: Copy) -> None:
        self._kept[key] = made
        while len(self._kept) > KEPT_LEAST and sum(copy.rgb.nbytes for copy in self._kept.values()) > KEPT_BYTES:
            self._kept.popitem(last=False)


def reduced(rgb: Rgb8, most_px: int) -> Rgb8:
    """Return an image with at most `most_px` pixels or so: means of squares whose side is a whole number of pixels."""
    factor = math.ceil(math.sqrt(rgb.shape[0] * rgb.shape[1] / max(most_px, 1)))
    return rgb if factor <= 1 else np.asarray(PillowImage.fromarray(rgb).reduce(factor))


def jpeg(rgb: Rgb8, side_px: int, most_bytes: int) -> bytes:
    """Return an image as JPEG whose longer side has at most `side_px`, of as many bytes as are allowed if it can be."""
    small = PillowImage.fromarray(rgb)
    small.thumbnail((side_px, side_px), PillowImage.Resampling.BOX, reducing_gap=2.0)
    for quality in QUALITIES:
        stream = io.BytesIO()
        small.save(stream, format="JPEG", quality=quality)
        if stream.tell() <= most_bytes:
            break
    return stream.getvalue()
