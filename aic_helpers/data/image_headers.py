"""What an image file says of itself beside its pixels: bits, frames, the way up, colours."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import ExifTags, ImageCms
from PIL import Image as PillowImage

from aic_helpers.core.errors import InputError

MODES = {
    "1": "black and white",
    "L": "greyscale",
    "LA": "greyscale with alpha",
    "La": "greyscale with alpha",
    "I": "greyscale of whole numbers",
    "I;16": "16-bit greyscale",
    "I;16B": "16-bit greyscale",
    "F": "floating values",
    "P": "a palette",
    "PA": "a palette with alpha",
    "RGBA": "RGBA (with alpha)",
    "RGBa": "RGBA (with alpha)",
    "RGBX": "four channels",
    "CMYK": "CMYK",
    "YCbCr": "YCbCr",
    "LAB": "L*a*b*",
    "HSV": "HSV",
}
"""Pillow's modes other than RGB, in words."""

BITS_PER_SAMPLE = 258
"""The tag of a TIFF."""

SAME_COLOUR = 4
"""Of 255 levels: profiles that are called sRGB differ from it by less, Display P3 and Adobe RGB by 50 and more."""


def refuse_unfit(image: PillowImage.Image, path: Path) -> None:
    """Raise `InputError` where an image that was opened isn't one upright picture of 8-bit RGB; loads its pixels.

    Its values count as they stand, whatever colours a profile says they are: so the figures of this field are made.
    """
    for expected, found, remedy in _problems(image):
        raise InputError(f"{expected} in {path}", found, remedy)
    image.load()


def _problems(image: PillowImage.Image) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong: what was expected, what was found, and what to do."""
    convert = "convert it to 8-bit RGB first"
    # A phone's JPEG may hold a second picture, a preview or a depth map (MPO): the first is the photo.
    frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    if frames > 1:
        yield "one picture", f"{frames} frames or pages", "save the one that counts as a file of its own"
    if image.mode != "RGB":
        yield "8-bit RGB", MODES.get(image.mode, f"Pillow mode {image.mode}"), convert
    if bits(image) != 8:
        yield "8-bit RGB", f"{bits(image)} bits per channel", convert
    if image.has_transparency_data:
        yield "8-bit RGB", "a colour that is transparent", convert
    if image.format != "TIFF":  # which Pillow turns as it loads it, and says no more of it
        image.load()  # a PNG may say it after its pixels
    way = orientation(image)
    if way != 1:
        yield (
            "an upright image",
            f"an EXIF orientation of {way}, which says that its pixels lie turned or mirrored",
            "turn the pixels and remove the orientation: magick FILE -auto-orient FILE",
        )


def bits(image: PillowImage.Image) -> int:
    """Return the bits per channel in the file: Pillow makes 8 of the 16 of a PNG or a TIFF in RGB without a word."""
    if image.format == "TIFF":
        return max(np.atleast_1d(image.tag_v2.get(BITS_PER_SAMPLE, 8)))  # type: ignore[attr-defined]
    return 16 if image.format == "PNG" and ";16" in str(image.tile) else 8  # type: ignore[attr-defined]


def orientation(image: PillowImage.Image) -> int:
    """Return the EXIF orientation; 1, upright, where there is none, or none that means anything."""
    try:
        way = image.getexif().get(ExifTags.Base.Orientation, 1)
    except (SyntaxError, ValueError, TypeError, struct.error):  # of damaged metadata
        return 1
    return way if way in range(2, 9) else 1


@lru_cache(maxsize=8)
def is_srgb(profile: bytes) -> bool:
    """Return whether a colour profile is sRGB, whatever it is called, by what it makes of some colours."""
    levels = np.linspace(0, 255, 6).astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(6, -1, 3)
    try:
        made = ImageCms.profileToProfile(
            PillowImage.fromarray(colours),
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return False
    return bool(np.abs(np.asarray(made).astype(int) - colours).max() <= SAME_COLOUR)


def profile_name(profile: bytes) -> str:
    """Return what a colour profile calls itself, in a line."""
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return "that can't be read"
    return " ".join(name.split())[:60] or "without a name"


def too_large(error: PillowImage.DecompressionBombError) -> tuple[int, int]:
    """Return how many pixels Pillow found in an image that it takes for too large, and how many it takes at most."""
    found = [int(number) for number in re.findall(r"\d+", str(error))]
    return (found[0], found[1]) if len(found) >= 2 else (0, 2 * (PillowImage.MAX_IMAGE_PIXELS or 0))
