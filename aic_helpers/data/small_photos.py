"""Small photos of large ones, and back to their size: by Pillow's bicubic, or by MATLAB's."""

from __future__ import annotations

import numpy as np
from PIL import Image as PillowImage

from aic_helpers.core.errors import InputError
from aic_helpers.data.images import Rgb8
from aic_helpers.data.matlab_resizing import matlab_bicubic
from aic_helpers.tracks.definitions import Task

MAX_MEGAPIXELS = 50
"""What an enlarged photo may have: every array of it takes 12 bytes a pixel."""


def reduced(target: Rgb8, task: Task) -> Rgb8:
    """Return the small photo of a target, as a track has it.

    Parameters
    ----------
    target : ndarray of uint8, shape (height, width, 3)
        Sides are multiples of the scale: see `aic_helpers.data.images.crop_to_multiple`.
    task : Task

    Raises
    ------
    InputError
        Small photos come with the track's data, a side is no multiple of the scale, or nothing would be left.
    """
    if task.reduced_by == "given":
        raise InputError("small photos beside the targets", "targets alone", "this track's small photos come with it")
    height_px, width_px = target.shape[:2]
    if height_px % task.scale or width_px % task.scale or min(height_px, width_px) < task.scale:
        raise InputError(f"sides that are multiples of {task.scale}", f"{width_px}x{height_px}", "crop the image first")
    return _resized(target, (height_px // task.scale, width_px // task.scale), task)


def enlarged(small: Rgb8, task: Task) -> Rgb8:
    """Return a small photo enlarged by the track's scale, in the way in which its small photos are made.

    Raises
    ------
    InputError
        More than `MAX_MEGAPIXELS` would come of it.
    """
    height_px, width_px = (side * task.scale for side in small.shape[:2])
    if height_px * width_px > MAX_MEGAPIXELS * 1e6:
        raise InputError(
            f"a photo of at most {MAX_MEGAPIXELS / task.scale**2:.1f} megapixels to enlarge {task.scale} times",
            f"{small.shape[1]}x{small.shape[0]}",
            "choose a smaller photo" + (", or give it as it is" if task.input == "enlarged" else ""),
        )
    return _resized(small, (height_px, width_px), task)


def _resized(image: Rgb8, size_px: tuple[int, int], task: Task) -> Rgb8:
    """Return an image of 8 bits at another height and width; small photos that are given are taken for MATLAB's."""
    if task.reduced_by == "pillow_bicubic":
        resized = PillowImage.fromarray(image).resize(size_px[::-1], PillowImage.Resampling.BICUBIC)
        return np.asarray(resized)
    return matlab_bicubic(image, size_px)
