"""Read, write and check images; crops; the bicubic round trip.

An image is an array of shape (height, width, 3), RGB: ``uint8`` in [0, 255], or floating in [0, 1].
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import UnidentifiedImageError

from aic_helpers.core.errors import InputError, require_file, require_folder
from aic_helpers.core.safe_files import replacing

Rgb8 = NDArray[np.uint8]
Floats = NDArray[np.floating]

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}


def read_rgb(path: str | Path) -> Rgb8:
    """Return the 8-bit RGB image in a file.

    Parameters
    ----------
    path : path
        A PNG, JPEG, BMP, TIFF or WebP file.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    InputError
        No file, no image, a truncated one, or one that isn't 8-bit RGB. Grey, alpha and 16 bits are
        refused, not converted: a conversion would change the pixels that a figure is made on.
    """
    path = require_file(Path(path), "an image")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PillowImage.DecompressionBombWarning)
            with PillowImage.open(path) as image:
                image.load()
                mode = image.mode
                pixels = np.asarray(image)
    except UnidentifiedImageError:
        raise InputError(f"an image in {path}", "a file of another kind", "give a PNG or JPEG photo") from None
    except (OSError, SyntaxError, ValueError, PillowImage.DecompressionBombError) as error:
        raise InputError(f"a whole image in {path}", f"a damaged one ({error})", "copy it again") from None
    if mode != "RGB":
        kinds = {"L": "greyscale", "RGBA": "RGBA (with alpha)", "P": "a palette", "I;16": "16-bit greyscale"}
        raise InputError(
            f"8-bit RGB in {path}", kinds.get(mode, f"Pillow mode {mode}"), "convert it to 8-bit RGB first"
        )
    _refuse_16_bit(path)
    return pixels


def _refuse_16_bit(path: Path) -> None:
    """Pillow reads a 16-bit RGB PNG as 8 bits without a word; the header (byte 24) tells."""
    with path.open("rb") as file:
        head = file.read(25)
    if head.startswith(b"\x89PNG") and head[24] == 16:
        raise InputError(f"8-bit RGB in {path}", "16 bits per channel", "convert it to 8-bit RGB first")


def write_png(path: str | Path, image: Rgb8 | Floats) -> Path:
    """Write an image (uint8, or floating in [0, 1], which is clipped and rounded) as PNG; return its path."""
    path = Path(path)
    with replacing(path) as partial:
        PillowImage.fromarray(as_uint8(image)).save(partial, format="PNG")
    return path


def list_images(folder: str | Path) -> list[Path]:
    """Return the image files directly in a folder, in the order of the numbers in their names.

    Raises
    ------
    InputError
        No such folder, or no image in it.
    """
    folder = require_folder(Path(folder), "a folder of images")
    files = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file()]
    if not files:
        raise InputError(f"images in {folder}", "none", "put PNG or JPEG files there")
    return sorted(files, key=_natural_order)


def _natural_order(path: Path) -> list[tuple[int, int, str]]:
    """2.png before 10.png."""
    parts = re.findall(r"\d+|\D+", path.name)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]


def as_float(image: Rgb8) -> NDArray[np.float32]:
    """Return a uint8 image as float32 in [0, 1]."""
    return np.divide(image, np.float32(255), dtype=np.float32)


def as_uint8(image: Rgb8 | Floats) -> Rgb8:
    """Return an image as uint8; floating values in [0, 1] are clipped and rounded to the nearest step."""
    if image.dtype == np.uint8:
        return image.astype(np.uint8, copy=False)
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def crop_border(image: NDArray, crop_px: int) -> NDArray:
    """Return `image` without `crop_px` pixels on each side (a view)."""
    if crop_px == 0:
        return image
    height_px, width_px = image.shape[:2]
    if min(height_px, width_px) <= 2 * crop_px:
        raise InputError(
            f"an image larger than {2 * crop_px} px on each side",
            f"{width_px}x{height_px}",
            f"{crop_px} px are cropped from each side; use a larger image",
        )
    return image[crop_px:-crop_px, crop_px:-crop_px]


def crop_to_multiple(image: NDArray, multiple: int) -> NDArray:
    """Return `image` cropped at the bottom and right to sides that are multiples of `multiple` (a view)."""
    height_px, width_px = image.shape[:2]
    return image[: height_px - height_px % multiple, : width_px - width_px % multiple]


def bicubic_round_trip(target: Rgb8, scale: int) -> Rgb8:
    """Return `target` taken down by `scale` and up again by Pillow's bicubic, on uint8 both times.

    Parameters
    ----------
    target : ndarray of uint8, shape (height, width, 3)
        Sides are multiples of `scale`: see `crop_to_multiple`.
    scale : int
        4 in the challenge.

    Raises
    ------
    InputError
        A side that is no multiple of `scale`, or nothing left after taking it down.
    """
    height_px, width_px = target.shape[:2]
    if height_px % scale or width_px % scale or min(height_px, width_px) < scale:
        raise InputError(f"sides that are multiples of {scale}", f"{width_px}x{height_px}", "crop the image first")
    small = PillowImage.fromarray(target).resize(
        (width_px // scale, height_px // scale), PillowImage.Resampling.BICUBIC
    )
    return np.asarray(small.resize((width_px, height_px), PillowImage.Resampling.BICUBIC))
