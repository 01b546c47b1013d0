"""Photos that quantisation learns the ranges of activations on: the track's training photos, as its networks get them.

Never validation photos: a file that was fitted to what judges it would be found better than it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core import safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.data import datasets, images
from aic_helpers.data.datasets import Dataset
from aic_helpers.data.degradations import inputs_of
from aic_helpers.tracks.definitions import Track

Size = tuple[int, int]
"""Width and height in px."""

CROPS = 32
MAX_CROPS = 2000

LARGEST_CROP_PX = (384, 256)
"""All activations of a network are kept for one crop: 60 of 64 channels take 1.5 GB at this size, 14 GB at 1280x720."""

SMALLEST_CROP_PX = 64
GRID_PX = 16
"""Sides of crops are multiples, so that networks which work on a grid have nothing to pad."""

LEAST_PERCENTILE = 90.0


@dataclass(frozen=True)
class Calibration:
    """What to calibrate on.

    Attributes
    ----------
    photos : tuple of Path
        At least one; crops are drawn from them in turn.
    crops : int
    seed : int
        Draws the places of the crops.
    percentile : float or None
        Ranges hold from 100 - `percentile` to `percentile` % of an activation's values; None for all of them.
    """

    photos: tuple[Path, ...]
    crops: int = CROPS
    seed: int = 0
    percentile: float | None = None


@dataclass(frozen=True)
class Crop:
    """A part of a photo: float32 in [0, 1], (1, height, width, 3); the target is as often larger as the track's is."""

    photo: Path
    input: NDArray[np.float32]
    target: NDArray[np.float32]


def settle(
    folder: str | Path = "",
    crops: int = CROPS,
    *,
    seed: int = 0,
    percentile: float | None = None,
    validation: Dataset | None = None,
) -> Calibration:
    """Check what a person asks for, and resolve it.

    Parameters
    ----------
    folder : path
        Of photos; empty for the workbench's own training photos.
    crops : int
        From 1 to 2000.
    percentile : float, optional
        From 90 to 100.
    validation : Dataset, optional
        None of its photos may be among those.

    Raises
    ------
    InputError
        No photos, one of the validation photos, or a figure out of range.
    """
    photos = images.list_images(folder) if folder else datasets.training_photos()
    if isinstance(crops, bool) or not isinstance(crops, int) or not 1 <= crops <= MAX_CROPS:
        raise InputError(f"from 1 to {MAX_CROPS} crops to calibrate on", repr(crops), "change their number")
    if percentile is not None and not LEAST_PERCENTILE <= percentile <= 100:
        raise InputError(f"a percentile from {LEAST_PERCENTILE:g} to 100", repr(percentile), "take one near 99.99")
    if validation:
        _refuse_validation(photos, validation)
    return Calibration(tuple(photos), crops, seed, percentile)


def crop_size(calibration: Calibration, track: Track, size: Size, fixed: Size | None = None) -> Size:
    """Return width and height of the crops as the network gets them.

    Parameters
    ----------
    size : (int, int)
        Of the network's input that the files are made for; crops are no larger.
    fixed : (int, int), optional
        The only size that the network takes, which they have then.

    Raises
    ------
    InputError
        A photo that is too small.
    """
    enlarges, scale = track.enlarges, track.task.scale
    least = fixed or tuple(min(side, SMALLEST_CROP_PX) for side in size)
    needed = [-(-side * enlarges // scale) * scale for side in least]
    largest = [*LARGEST_CROP_PX]
    for path in calibration.photos:
        height_px, width_px = images.read_rgb(path).shape[:2]
        if width_px < needed[0] or height_px < needed[1]:
            expected = f"photos of at least {needed[0]}x{needed[1]} px to calibrate on"
            raise InputError(expected, f"{width_px}x{height_px} in {path}", "take it out, or use larger photos")
        largest = [min(most, side // enlarges) for most, side in zip(largest, (width_px, height_px), strict=True)]
    width_px, height_px = fixed or (
        min(side, max(least, most - most % GRID_PX)) for side, least, most in zip(size, least, largest, strict=True)
    )
    return width_px, height_px


def draw(calibration: Calibration, track: Track, size: Size) -> Iterator[Crop]:
    """Yield crops whose inputs have a size (width, height), from one photo after the other.

    Parameters
    ----------
    size : (int, int)
        Of `crop_size`.
    """
    rng = np.random.default_rng(calibration.seed)
    for index in range(calibration.crops):
        path = calibration.photos[index % len(calibration.photos)]
        yield _drawn(path, track, size, rng)


def in_report(calibration: Calibration) -> dict[str, Any]:
    """Return what tells a calibration from any other."""
    own = {"crops": calibration.crops, "seed": calibration.seed, "percentile": calibration.percentile}
    return {"photos": photo_digests(calibration.photos), **own}


def photo_digests(photos: Sequence[Path]) -> dict[str, str]:
    """Return the SHA-256 of each photo by its name."""
    return {path.name: safe_files.sha256(path) or "" for path in photos}


def _drawn(path: Path, track: Track, size: Size, rng: np.random.Generator) -> Crop:
    photo, scale = images.read_rgb(path), track.task.scale
    width_px, height_px = (side * track.enlarges for side in size)
    around = [-(-side // scale) * scale for side in (height_px, width_px)]  # an input is made of whole small pixels
    rest = photo.shape[0] - around[0], photo.shape[1] - around[1]
    top, left = (scale * int(rng.integers(px // scale + 1)) for px in rest)
    target = photo[top : top + around[0], left : left + around[1]]
    given = inputs_of(target, track.task, rng)[0]
    cut = given[: size[1], : size[0]], target[:height_px, :width_px]
    return Crop(path, *(images.as_float(np.ascontiguousarray(part))[None] for part in cut))


def judging(validation: Dataset) -> dict[str, Path]:
    """Return the photos that judge, by their SHA-256: no calibration may have seen one, whatever it was called."""
    files = [file for pair in validation.pairs for file in (pair.target, pair.input) if file]
    return {safe_files.sha256(file) or "": file for file in files}


def _refuse_validation(photos: Sequence[Path], validation: Dataset) -> None:
    found = judging(validation)
    for path in photos:
        if same := found.get(safe_files.sha256(path) or "none"):
            words = f"{path}, which is the validation photo {same.name}"
            raise InputError("photos to calibrate on that judge nothing", words, "take training photos")
