"""A person's own photo, of nearly any kind: upright 8-bit sRGB to look at, and what a network gets of it."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from aic_helpers.core.errors import InputError, require_file
from aic_helpers.data import image_headers
from aic_helpers.data.images import Rgb8, as_float, crop_to_multiple
from aic_helpers.data.small_photos import enlarged, reduced
from aic_helpers.tracks.definitions import Track

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
                deep = image_headers.bits(image) > 8
                image.load()
                return _converted(image, deep)
    except InputError:
        raise
    except UnidentifiedImageError:
        kinds = f"{', '.join(KINDS[:-1])} or {KINDS[-1]}"
        raise InputError(f"a photo in {name} ({kinds})", _kind(source), "save it as JPEG or PNG") from None
    except Image.DecompressionBombError as error:
        raise _too_large(name, image_headers.too_large(error)[0]) from None
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
    if image_headers.orientation(image) != 1:
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
    if image.mode == "RGB" and image_headers.is_srgb(profile):
        return image, ""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image, "its colour profile can't be used; taken as sRGB"
    assert converted is not None
    return converted, f"converted from its colour profile ({image_headers.profile_name(profile)}) to sRGB"


def sentence(notes: Sequence[str]) -> str:
    """Return notes on what was done to a photo as a sentence; empty where nothing was."""
    words = "; ".join(notes)
    return f"{words[0].upper()}{words[1:]}." if words else ""


AS_IT_IS, ENLARGED, AS_TARGET = "as it is", "enlarged first", "as the target"


@dataclass(frozen=True)
class Prepared:
    """What a photo gives: float32 in [0, 1].

    Attributes
    ----------
    given : ndarray, shape (height, width, 3)
        What the network gets.
    shown : ndarray, shape (height, width, 3)
        The same at the output's size: enlarged where the network enlarges.
    target : ndarray, shape (height, width, 3), or None
        None where there is none.
    """

    given: NDArray[np.float32]
    shown: NDArray[np.float32]
    target: NDArray[np.float32] | None


def ways(track: Track) -> dict[str, str]:
    """Return how a photo can be given to a track's networks: what it is called, by its words for a menu."""
    ways = {"the input, as it is": AS_IT_IS}
    if track.task.input == "enlarged":
        ways[f"a small photo: enlarged {track.task.scale} times first"] = ENLARGED
        ways[f"the target: shrunk and enlarged {track.task.scale} times first"] = AS_TARGET
    elif track.task.reduced_by != "given":
        ways[f"the target: shrunk {track.task.scale} times first"] = AS_TARGET
    return ways if track.task.scale > 1 else {"the input, as it is": AS_IT_IS}


def prepare(photo: Rgb8, way: str, track: Track) -> Prepared:
    """Return what a photo gives, taken in one of `ways`.

    Raises
    ------
    InputError
        An enlarged photo would be too large, or the photo is smaller than the track's scale.
    """
    task = track.task
    if way == AS_IT_IS:
        return _prepared(photo, None, track)
    if way == ENLARGED:
        return _prepared(enlarged(photo, task), None, track)
    if min(photo.shape[:2]) < task.scale:
        found = f"{photo.shape[1]}x{photo.shape[0]}"
        raise InputError(f"a photo of at least {task.scale} px a side", found, "choose a larger photo")
    target = crop_to_multiple(photo, task.scale)
    small = reduced(target, task)
    return _prepared(small if task.input == "small" else enlarged(small, task), target, track)


def _prepared(given: Rgb8, target: Rgb8 | None, track: Track) -> Prepared:
    shown = enlarged(given, track.task) if track.enlarges > 1 else given
    return Prepared(as_float(given), as_float(shown), None if target is None else as_float(target))
