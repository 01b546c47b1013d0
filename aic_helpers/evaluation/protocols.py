"""A track's protocol: an output and its target -> the figures that the track asks for."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from aic_helpers.data.colour_spaces import luma
from aic_helpers.data.images import as_uint8
from aic_helpers.tracks.catalogue import PIRM2018, TRACKS
from aic_helpers.tracks.definitions import Protocol

Image = NDArray[np.floating]


def score_output(target: Image, output: Image, protocol: Protocol) -> dict[str, float]:
    """Return the figures of one output by a protocol.

    Parameters
    ----------
    target, output : ndarray of float32, shape (height, width, 3)
        Black 0 and white 1; the output as the network gives it, unclipped.
    protocol : Protocol

    Returns
    -------
    dict of str to float
        ``psnr_db``, ``ssim`` or ``ms_ssim`` where the protocol has it, and with this ``ms_ssim_float64``, the same with
        float64 sums.

    Raises
    ------
    InputError
        As of `aic_helpers.evaluation.metrics`.
    """
    from aic_helpers.evaluation.metrics import ms_ssim, ms_ssim_both, psnr, ssim  # numba: who only reads needs none

    crop_px, clipped = protocol.border_px, np.clip(output, 0, 1)
    judged = clipped if protocol.clip_for_ms_ssim else output
    if protocol.round_output:
        target, clipped, judged = rounded(target), rounded(clipped), rounded(judged)
    if protocol.colour == "y":
        target, clipped, judged = (luma(image.astype(np.float64)) for image in (target, clipped, judged))
    figures = {"psnr_db": psnr(target, clipped, data_range=1.0, crop_px=crop_px)}
    if "ssim" in protocol.metrics:
        figures["ssim"] = ssim(target, clipped, data_range=1.0, crop_px=crop_px)
    if "ms_ssim" in protocol.metrics and protocol.ms_ssim == "tensorflow":
        both = ms_ssim_both(target, judged, data_range=1.0, crop_px=crop_px)
        figures |= {"ms_ssim": both.tensorflow, "ms_ssim_float64": both.per_channel}
    elif "ms_ssim" in protocol.metrics:
        figures["ms_ssim"] = ms_ssim(target, judged, data_range=1.0, crop_px=crop_px, definition=protocol.ms_ssim)
        figures["ms_ssim_float64"] = figures["ms_ssim"]
    return figures


def rounded(image: Image) -> NDArray[np.float64]:
    """Return an image as a file of 8 bits holds it."""
    return as_uint8(image) / 255.0


def figure_names(protocol: Protocol) -> tuple[str, ...]:
    """Return the names of what `score_output` returns."""
    return (*protocol.columns, *(["ms_ssim_float64"] if "ms_ssim" in protocol.metrics else []))


def most_db(target: Image, protocol: Protocol) -> float:
    """Return the PSNR of the smallest error that an 8-bit image can have: one value of it off by one of 255 levels."""
    values = target.size if protocol.colour == "rgb" else target[..., 0].size
    return 10 * math.log10(255**2 * values)


def compile_metrics() -> None:
    """Compile what scores an output, or load what was compiled before: the metrics of PIRM 2018, of a small image."""
    image = np.zeros((208, 208, 3), np.float32)
    for name in PIRM2018:
        score_output(image, image + np.float32(0.5), TRACKS[name].protocol)
