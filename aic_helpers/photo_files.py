"""A person's own photo file, of nearly any kind -> upright 8-bit sRGB, to look at."""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from aic_helpers.errors import InputError, require_file

KINDS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
"""As Pillow names them; its readers of other kinds stay out of a stranger's reach."""

MAX_PIXELS = 64_000_000
MIN_SIDE_PX = 16

MODES = {
    "1": "black and white",
    "L": "greyscale",
    "LA": "greyscale",
    "I": "greyscale",
    "I;16": "greyscale",
    "I;16B": "greyscale",
    "P": "a palette",
    "PA": "a palette",
    "CMYK": "CMYK",
    "YCbCr": "YCbCr",
}
"""Pillow's modes other than RGB and RGBA that a photo may have, in words."""

EXIF_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Photo:
    """A person's own photo: `pixels` of uint8, shape (height, width, 3), and what was done to make them, in words."""

    pixels: NDArray[np.uint8]
    notes: list[str]


def read_photo(source: str | Path | bytes) -> Photo:
    """Return any photo as upright 8-bit sRGB, to look at; figures are made on what `images.read_rgb` returns.

    Parameters
    ----------
    source : path, or the bytes of a file
        PNG, JPEG, WebP, BMP, TIFF or GIF.

    Raises
    ------
    InputError
        No photo, a damaged one, a side below 16 px, or more than 64 megapixels (read from the header alone).
    """
    name = "the file" if isinstance(source, bytes) else str(source)
    file = io.BytesIO(source) if isinstance(source, bytes) else require_file(Path(source), "a photo")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damaged metadata, and of a size that is refused below
            with Image.open(file, formats=KINDS) as image:
                _refuse(image, name)
                deep = ";16" in str(image.tile)  # Pillow makes 8 bits of a 16-bit RGB PNG without a word
                image.load()
                return _converted(image, deep)
    except InputError:
        raise
    except UnidentifiedImageError:
        kinds = f"{', '.join(KINDS[:-1])} or {KINDS[-1]}"
        raise InputError(f"a photo in {name} ({kinds})", _kind(source), "save it as JPEG or PNG") from None
    except Image.DecompressionBombError as error:
        pixels = int((re.findall(r"\d+", str(error)) or ["0"])[0])
        raise _too_large(name, pixels) from None
    except Exception as error:  # Pillow's readers raise whatever a damaged file leads them to
        raise InputError(f"a whole photo in {name}", f"a damaged one ({error})", "copy it again") from None


def _kind(source: str | Path | bytes) -> str:
    size = len(source) if isinstance(source, bytes) else Path(source).stat().st_size
    return "a file of another kind" if size else "0 bytes"


def _refuse(image: Image.Image, name: str) -> None:
    """Raise where the header alone says that this is no photo to show."""
    width_px, height_px = image.size
    if width_px * height_px > MAX_PIXELS:
        raise _too_large(name, width_px * height_px)
    if min(image.size) < MIN_SIDE_PX:
        smallest = f"at least {MIN_SIDE_PX} px on each side"
        raise InputError(f"a photo of {smallest} in {name}", f"{width_px}x{height_px}", "give a larger one")
    if image.mode not in {*MODES, "RGB", "RGBA"}:
        raise InputError(f"8 or 16 bits per channel in {name}", f"Pillow mode {image.mode}", "save it as JPEG or PNG")


def _too_large(name: str, pixels: int) -> InputError:
    most, found = f"at most {MAX_PIXELS / 1e6:.0f} megapixels", f"{pixels / 1e6:.1f} megapixels"
    return InputError(f"a photo of {most} in {name}", found, "make it smaller, or crop it")


def _converted(image: Image.Image, deep: bool) -> Photo:
    """Return a loaded image as upright sRGB; `deep` where its file has 16 bits per channel."""
    # A phone's JPEG may hold a second picture, a preview or a depth map (MPO): no animation.
    notes = ["its first frame alone"] if getattr(image, "is_animated", False) and image.format != "MPO" else []
    if image.mode in MODES:
        notes.append(f"{MODES[image.mode]} made RGB")
    profile = image.info.get("icc_profile")
    if image.getexif().get(EXIF_ORIENTATION, 1) in range(2, 9):
        image = ImageOps.exif_transpose(image)
        notes.append("turned as its EXIF says")
    if deep or image.mode.startswith("I"):
        image = _in_8_bits(image)
        notes.append("16 bits per channel taken down to 8")
    if image.has_transparency_data:
        image = _on_white(image)
        notes.append("laid on white where it is transparent")
    if profile:
        image, note = _by_profile(image, profile)
        notes.append(note)
    return Photo(np.array(image.convert("RGB")), [note for note in notes if note])


def _in_8_bits(image: Image.Image) -> Image.Image:
    if not image.mode.startswith("I"):
        return image  # Pillow did it as it read the file
    values = np.clip(np.asarray(image), 0, 65535)
    return Image.fromarray(np.rint(values / 257).astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def _by_profile(image: Image.Image, profile: bytes) -> tuple[Image.Image, str]:
    """Return the image in sRGB, and a note; unchanged where its profile is sRGB, or is none for its mode."""
    if image.mode == "P":
        image = image.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = " ".join(ImageCms.getProfileDescription(source).split())[:60]
        if "srgb" in name.lower():
            return image, ""
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image, "its colour profile can't be used; taken as sRGB"
    assert converted is not None
    return converted, f"converted from its colour profile ({name}) to sRGB"
