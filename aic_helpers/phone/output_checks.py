"""A device's output on one photo beside this machine's, value by value."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core import machine
from aic_helpers.core.safe_texts import shown
from aic_helpers.data import images
from aic_helpers.data.datasets import SAMPLE
from aic_helpers.phone.device_results import OutputCheck
from aic_helpers.phone.network_files import NetworkFile
from aic_helpers.runtimes.model_workers import ModelWorker

PHOTO = SAMPLE / "hd" / "perched-osprey.jpg"
"""Where no other is named: feathers, branches and a plain sky."""

FAR_DB = 40.0
"""Of one output to the other: below it, the two don't compute one network alike."""


def photo_for(network: NetworkFile, photo: Path) -> NDArray[np.float32]:
    """Return a photo in the size that a network takes: float32 in [0, 1], (height, width, 3).

    Raises
    ------
    InputError
        No photo there, or none that can be read.
    """
    _, height_px, width_px, _ = network.input.shape
    return images.as_float(images.read_in_size(photo, width_px, height_px))


def output_here(path: Path, image: NDArray[np.float32]) -> tuple[NDArray[np.float32], str]:
    """Return what LiteRT gives for an image on this machine, in a process with limits, and the runtime's name.

    Raises
    ------
    ModelFailure
        The network doesn't run here.
    """
    with ModelWorker(path, max_rss_mib=machine.spare_memory_mib()) as worker:
        runtime = worker.load().runtime
        worker.give(image[None])
        worker.run()
        return worker.output().astype(np.float32), runtime


def compare(device: NDArray[np.float32], here: NDArray[np.float32], photo: Path, runtime: str) -> OutputCheck:
    """Return how far two outputs of one shape are from each other."""
    difference = np.abs(device.astype(np.float64) - here)
    mean_square = float(np.square(difference).mean())
    return OutputCheck(
        photo=shown(photo.name, 200),
        runtime=runtime,
        largest_difference=float(difference.max()),
        psnr_db=-10 * math.log10(mean_square) if mean_square > 0 else None,
        equal_share=float((difference == 0).mean()),
    )


def words(check: OutputCheck) -> str:
    """Return what was found, in a few words."""
    if check.psnr_db is None:
        return f"equal to this machine's, value by value, on {check.photo}"
    near = f"{check.psnr_db:.1f} dB to this machine's on {check.photo}, at most {check.largest_difference:.4f} apart"
    far = "; that is far: it doesn't compute the network as LiteRT does here" if check.psnr_db < FAR_DB else ""
    return f"{near}, {check.equal_share:.1%} of the values equal{far}"
