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
from aic_helpers.core.safe_texts import require_text
from aic_helpers.data import image_headers
from aic_helpers.data.system_litter import is_litter

Rgb8 = NDArray[np.uint8]
Floats = NDArray[np.floating]

KINDS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP")
"""As Pillow names them."""

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}

OTHER_SUFFIXES = {
    *(".arw", ".avif", ".cr2", ".cr3", ".dng", ".exr", ".gif", ".heic", ".heif", ".j2k", ".jfif", ".jp2"),
    *(".jpe", ".jxl", ".nef", ".orf", ".pbm", ".pgm", ".pnm", ".ppm", ".psd", ".raf", ".rw2", ".tga"),
}
"""Of pictures that aren't read here, and would be missed."""


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
        No file, no image, a truncated one, or one that isn't one upright picture of 8-bit RGB. Grey, alpha, 16 bits,
        several pages and an EXIF orientation are refused: what would mend them changes the
        pixels that a figure is made on.
    """
    path = require_file(Path(path), "an image")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damaged metadata, and of a size that Pillow takes all the same
            with PillowImage.open(path, formats=KINDS) as image:
                image_headers.refuse_unfit(image, path)
                return np.asarray(image)
    except InputError:
        raise
    except PermissionError:
        raise InputError(f"an image to read at {path}", "no permission to read it", "change its permissions") from None
    except UnidentifiedImageError:
        found = "a file of another kind" if path.stat().st_size else "0 bytes"
        raise InputError(f"an image in {path}", found, "give a PNG or JPEG photo") from None
    except PillowImage.DecompressionBombError as error:
        found_px, most_px = (f"{pixels / 1e6:.0f} megapixels" for pixels in image_headers.too_large(error))
        raise InputError(f"an image of at most {most_px} in {path}", found_px, "make it smaller, or cut it") from None
    except Exception as error:  # Pillow's readers raise whatever a damaged file leads them to
        raise InputError(f"a whole image in {path}", f"a damaged one ({error})", "copy it again") from None


def read_in_size(path: str | Path, width_px: int, height_px: int) -> Rgb8:
    """Return the image in a file, brought to a size by bicubic interpolation; raises as `read_rgb` does."""
    image = read_rgb(path)
    if image.shape[:2] == (height_px, width_px):
        return image
    size = (width_px, height_px)
    return np.asarray(PillowImage.fromarray(image).resize(size, PillowImage.Resampling.BICUBIC))


def write_png(path: str | Path, image: Rgb8 | Floats) -> Path:
    """Write an image (uint8, or floating in [0, 1], which is clipped and rounded) as PNG; return its path."""
    path = Path(path)
    with replacing(path) as partial:
        PillowImage.fromarray(as_uint8(image)).save(partial, format="PNG")
    return path


def list_images(folder: str | Path) -> list[Path]:
    """Return the image files directly in a folder, in the order of the numbers in their names.

    What a system left there (`._1.png`, `Thumbs.db`) is left out, and nothing else that is called an image.

    Raises
    ------
    InputError
        No such folder, no image in it, or what is called an image and can't be one: a link that leads nowhere, a
        folder, a kind that isn't read here, a name that isn't UTF-8.
    """
    folder = require_folder(Path(folder), "a folder of images")
    files = [path for path in folder.iterdir() if is_called_image(path)]
    if not files:
        raise InputError(f"images in {folder}", "none", "put PNG or JPEG files there")
    for path in sorted(files):
        _require_image(path)
    return sorted(files, key=lambda path: (_natural_order(path), path.name))


def is_called_image(path: Path) -> bool:
    """Return whether a path's name is that of an image, be it of a kind that isn't read here."""
    suffix = path.suffix.lower()
    return not is_litter(path.name) and (suffix in SUFFIXES or (suffix in OTHER_SUFFIXES and path.is_file()))


def _require_image(path: Path) -> None:
    """Raise for what would otherwise be left out in silence."""
    if not path.is_file():
        found = "a folder" if path.is_dir() else "a link that leads nowhere" if path.is_symlink() else "no file"
        raise InputError(f"image files in {path.parent}", f"{found} called {path.name}", "mend it, or take it away")
    if path.suffix.lower() in OTHER_SUFFIXES:
        kinds = f"images of the kinds {', '.join(KINDS)} in {path.parent}"
        raise InputError(kinds, path.name, "convert it to PNG, or take it away")
    require_text(str(path), f"names in UTF-8 in {path.parent}")


def _natural_order(path: Path) -> list[tuple[int, int, str]]:
    """2.png before 10.png."""
    parts = re.findall(r"\d+|\D+", path.name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def as_float(image: Rgb8) -> NDArray[np.float32]:
    """Return a uint8 image as float32 in [0, 1]."""
    return np.divide(image, np.float32(255), dtype=np.float32)


def as_uint8(image: Rgb8 | Floats) -> Rgb8:
    """Return an image as uint8; floating values in [0, 1] are clipped and rounded to the nearest step."""
    if image.dtype == np.uint8:
        return image.astype(np.uint8, copy=False)
    steps = image * 255  # the one array that is made on the way: a photo's are large
    np.rint(np.clip(steps, 0, 255, out=steps), out=steps)
    return steps.astype(np.uint8)


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
