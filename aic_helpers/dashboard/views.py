"""Arrays -> what one sees of them: the shared crop, zoom, error map, before/after, bytes for a widget."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from aic_helpers.data.crops import largest_error
from aic_helpers.data.images import Floats, Rgb8, as_uint8

ZOOMS = {"1:1": 1, "2:1": 2, "4:1": 4}
"""Screen pixels for each pixel of the image, on a side."""

WHOLE = "whole image"
"""The zoom at which nothing is cut off; a photo larger than the view is shown reduced."""

ERROR_TOPS = {0.05: "a twentieth of", 0.1: "a tenth of", 0.25: "a quarter of", 0.5: "half", 1.0: "the whole of"}
"""Where an error map's scale may end, in words: a share of the range from black to white."""

ERROR_COLOURS = (
    *("#000004", "#0b0724", "#210c4a", "#3d0965", "#57106e", "#71196e", "#8a226a", "#a32c61", "#bc3754"),
    *("#d24644", "#e45a31", "#f1731d", "#f98e09", "#fcac11", "#f9cb35", "#f2ea69", "#fcffa4"),
)
"""Seventeen even steps of matplotlib's "inferno", whose lightness rises evenly from black to a light yellow."""

BUDGET_BYTES = 150_000
"""What a picture may take; above it, it is sent as JPEG."""

QUALITIES = (95, 90, 80, 60, 30)


class Box(NamedTuple):
    """A rectangle of pixels of an image, inside it."""

    left_px: int
    top_px: int
    width_px: int
    height_px: int


Size = tuple[int, int]
"""Width and height, px."""


def size_px(image: NDArray) -> Size:
    """Return width and height of an image."""
    return image.shape[1], image.shape[0]


def crop_box(image_px: Size, centre_px: Size, view_px: Size, zoom: str) -> Box:
    """Return the part of an image that a view shows, moved so far that it lies inside the image.

    Parameters
    ----------
    image_px, view_px : (width, height)
    centre_px : (x, y)
        Where the middle of the part is wished for; any whole numbers.
    zoom : str
        A key of `ZOOMS`, or `WHOLE`.
    """
    if zoom == WHOLE:
        return Box(0, 0, *image_px)
    sides = [min(image, max(view // ZOOMS[zoom], 1)) for image, view in zip(image_px, view_px, strict=True)]
    wished = [centre - side // 2 for centre, side in zip(centre_px, sides, strict=True)]
    left, top = (min(max(at, 0), image - side) for at, image, side in zip(wished, image_px, sides, strict=True))
    return Box(left, top, *sides)


def best_zoom(image_px: Size, view_px: Size) -> str:
    """Return the largest zoom at which the whole image fits into the view; 1:1 where none does."""
    fitting = [
        zoom
        for zoom, factor in ZOOMS.items()
        if all(side * factor <= view for side, view in zip(image_px, view_px, strict=True))
    ]
    return fitting[-1] if fitting else "1:1"


def cut(image: NDArray, box: Box) -> NDArray:
    """Return the part of an image in a box (a view of the array)."""
    return image[box.top_px : box.top_px + box.height_px, box.left_px : box.left_px + box.width_px]


def shown(part: NDArray, view_px: Size, zoom: str) -> Rgb8:
    """Return a part of an image as a view of it has it: enlarged by repeating pixels, or reduced to fit.

    Parameters
    ----------
    part : ndarray, shape (height, width, 3)
        uint8, or floating in [0, 1]; values outside are clipped.
    """
    if zoom == WHOLE:
        return reduced(as_uint8(part), view_px)
    factor = ZOOMS[zoom]
    return as_uint8(part).repeat(factor, axis=0).repeat(factor, axis=1)


def reduced(image: Rgb8, view_px: Size) -> Rgb8:
    """Return an image that is larger than a view, reduced until it fits; a smaller one as it is."""
    share = min(view / side for side, view in zip(size_px(image), view_px, strict=True))
    if share >= 1:
        return image
    width_px, height_px = (max(1, round(side * share)) for side in size_px(image))
    small = PillowImage.fromarray(image).resize((width_px, height_px), PillowImage.Resampling.BOX, reducing_gap=2.0)
    return np.asarray(small)


def error_map(reference: Floats, image: Floats, top: float) -> Rgb8:
    """Return the absolute difference, averaged over the channels, as colours from black (0) to light yellow (`top`).

    Parameters
    ----------
    reference, image : ndarray, shape (height, width, 3), floating in [0, 1]
        What lies outside [0, 1] in `image` is clipped first, as for the figures.
    top : float
        The difference that gets the last colour; larger ones get it too.
    """
    error = np.abs(np.clip(image, 0, 1) - reference).mean(axis=2)
    return _colours()[np.rint(np.clip(error / top, 0, 1) * 255).astype(np.uint8)]


def colour_bar(bar_px: Size) -> Rgb8:
    """Return the colours of `error_map` from its 0 at the left to its top at the right."""
    width_px, height_px = bar_px
    steps = np.rint(np.linspace(0, 255, width_px)).astype(np.uint8)
    return np.broadcast_to(_colours()[steps], (height_px, width_px, 3)).copy()


def scale_words(top: float) -> str:
    """Return the scale of an error map in words."""
    return f"0 black to {top:g} light yellow (and above): {ERROR_TOPS[top]} the range from black to white"


def _colours() -> Rgb8:
    """Return 256 colours, interpolated between the seventeen."""
    named = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in ERROR_COLOURS])
    at = np.linspace(0, len(named) - 1, 256)
    steps = [np.interp(at, np.arange(len(named)), named[:, channel]) for channel in range(3)]
    return np.rint(np.stack(steps, axis=1)).astype(np.uint8)


def largest_error_px(reference: Floats, image: Floats, view_px: Size, zoom: str) -> Size:
    """Return the centre of the part of the view's size in which an image is furthest from its reference."""
    box = crop_box(size_px(image), (0, 0), view_px, zoom)
    top, left = largest_error(reference, np.clip(image, 0, 1), (box.height_px, box.width_px))
    return left + box.width_px // 2, top + box.height_px // 2


def before_after(before: Rgb8, after: Rgb8, position: float) -> Rgb8:
    """Return `before` left of a white line and `after` right of it.

    Parameters
    ----------
    before, after : ndarray of uint8, of one shape (height, width, 3)
    position : float
        Where the line is, in [0, 1] from the left edge to the right one.
    """
    width_px = before.shape[1]
    column = round(min(max(position, 0.0), 1.0) * width_px)
    both = np.concatenate([before[:, :column], after[:, column:]], axis=1)
    if 0 < column < width_px:
        both[:, column - 1 : column + 1] = 255
    return both


def overview(image: Floats, box: Box, view_px: Size) -> Rgb8:
    """Return the whole image, reduced, with a line around the box: white, with black on both sides."""
    step = max(1, min(side // view for side, view in zip(size_px(image), view_px, strict=True)) // 2)
    small = reduced(as_uint8(image[::step, ::step]), view_px).copy()  # every other pixel or so is enough
    share = small.shape[1] / image.shape[1]
    left, top = (int(at * share) for at in box[:2])
    right, bottom = (int(np.ceil((at + side) * share)) - 1 for at, side in ((box[0], box[2]), (box[1], box[3])))
    for margin, colour in ((0, 0), (1, 255), (2, 0)):
        _outline(small, left + margin, top + margin, right - margin, bottom - margin, colour)
    return small


def _outline(image: Rgb8, left: int, top: int, right: int, bottom: int, colour: int) -> None:
    if right > left and bottom > top:
        image[top : bottom + 1, [left, min(right, image.shape[1] - 1)]] = colour
        image[[top, min(bottom, image.shape[0] - 1)], left : right + 1] = colour


def encoded(image: Rgb8, budget_bytes: int = BUDGET_BYTES) -> tuple[bytes, str]:
    """Return an image as PNG where that is small enough, else as JPEG, and which of them it is, in words."""
    picture = PillowImage.fromarray(image)
    stream = io.BytesIO()
    picture.save(stream, format="PNG", compress_level=1)
    words = "PNG, exact"
    for quality in QUALITIES:
        if stream.tell() <= budget_bytes:
            break
        stream, words = io.BytesIO(), f"JPEG {quality}"
        picture.save(stream, format="JPEG", quality=quality, subsampling=0)
    return stream.getvalue(), words
