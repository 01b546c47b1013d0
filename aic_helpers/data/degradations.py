"""What a track's network is given of a photo: the inputs that are made of a target."""

from __future__ import annotations

import numpy as np

from aic_helpers.data import small_photos
from aic_helpers.data.images import Rgb8
from aic_helpers.data.phone_camera import OLD_PHONE, draw_camera, photograph
from aic_helpers.tracks.definitions import Task


def inputs_of(
    target: Rgb8, task: Task, rng: np.random.Generator, shots: int = 1, drawn_cameras: float = 0.0
) -> list[Rgb8]:
    """Return inputs of a target as a track's networks get them.

    Parameters
    ----------
    target : ndarray of uint8, shape (height, width, 3)
        Sides are multiples of the scale.
    task : Task
    rng : numpy.random.Generator
        Draws what differs from shot to shot.
    shots : int
        How many the simulated camera takes, where the task is of photos of one size; else there is one input.
    drawn_cameras : float
        Share of the shots that are taken by other cameras than the sample's, each by one that is drawn for it.
    """
    if task.input == "own":
        drawn = round(drawn_cameras * shots)
        return [photograph(target, rng, draw_camera(rng) if shot < drawn else OLD_PHONE) for shot in range(shots)]
    if task.reduced_by == "given":  # where they have to be made, they are made as those of nearly all data are
        task = task.model_copy(update={"reduced_by": "matlab_bicubic"})
    small = small_photos.reduced(target, task)
    return [small if task.input == "small" else small_photos.enlarged(small, task)]
