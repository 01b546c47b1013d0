"""A person's own photo as what a network gets: as it is, enlarged, or as a target."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from aic_helpers.errors import InputError
from aic_helpers.images import Rgb8, as_float, bicubic_round_trip, crop_to_multiple
from aic_helpers.tracks import Track

AS_IT_IS, ENLARGED, AS_TARGET = "as it is", "enlarged first", "as the target"

MAX_MEGAPIXELS = 50
"""What an enlarged photo may have: every array of it takes 12 bytes a pixel."""

Prepared = tuple[NDArray[np.float32], NDArray[np.float32] | None]


def ways(track: Track) -> dict[str, str]:
    """Return how a photo can be given to a track's networks: what it is called, by its words for a menu."""
    if track.scale == 1:
        return {"the input, as it is": AS_IT_IS}
    return {
        "the input, as it is": AS_IT_IS,
        f"a small photo: enlarged {track.scale} times first": ENLARGED,
        f"the target: shrunk and enlarged {track.scale} times first": AS_TARGET,
    }


def prepare(photo: Rgb8, way: str, track: Track) -> Prepared:
    """Return input and target (None where there is none) that a photo gives: float32 in [0, 1].

    Raises
    ------
    InputError
        An enlarged photo would be too large, or the photo is smaller than the track's scale.
    """
    if way == AS_IT_IS:
        return as_float(photo), None
    if way == ENLARGED:
        return as_float(_enlarged(photo, track.scale)), None
    if min(photo.shape[:2]) < track.scale:
        found = f"{photo.shape[1]}x{photo.shape[0]}"
        raise InputError(f"a photo of at least {track.scale} px a side", found, "choose a larger photo")
    target = crop_to_multiple(photo, track.scale)
    return as_float(bicubic_round_trip(target, track.scale)), as_float(target)


def _enlarged(photo: Rgb8, scale: int) -> Rgb8:
    height_px, width_px = (side * scale for side in photo.shape[:2])
    if height_px * width_px > MAX_MEGAPIXELS * 1e6:
        raise InputError(
            f"a photo of at most {MAX_MEGAPIXELS / scale**2:.1f} megapixels to enlarge {scale} times",
            f"{photo.shape[1]}x{photo.shape[0]}",
            "choose a smaller photo, or give it as it is",
        )
    return np.asarray(PillowImage.fromarray(photo).resize((width_px, height_px), PillowImage.Resampling.BICUBIC))
