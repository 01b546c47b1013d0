"""What training makes small: differences of target and output, batches (batch, height, width, 3) in [0, 1]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from aic_helpers.data.colour_spaces import LUMA

Loss = Callable[[Any, Any], Any]

COLOUR_SHARE = 0.1
"""Of the Charbonnier difference of all three colours in the loss "charbonnier_y"."""

SSIM_SHARE = 0.1
"""Of 1 - SSIM in the loss "charbonnier_ssim", beside the Charbonnier difference."""


def l1(target: Any, output: Any) -> Any:
    """Return the mean absolute difference."""
    return ops.mean(ops.abs(output - target))


def l2(target: Any, output: Any) -> Any:
    """Return the mean squared difference: its minimum is PSNR's maximum."""
    return ops.mean(ops.square(output - target))


def charbonnier(target: Any, output: Any) -> Any:
    """Return the mean of sqrt(difference^2 + 1e-6), an absolute difference without the kink (Charbonnier 1994)."""
    return ops.mean(ops.sqrt(ops.square(output - target) + 1e-6))


def charbonnier_ssim(target: Any, output: Any) -> Any:
    """Return the Charbonnier difference and a tenth of 1 - SSIM."""
    return charbonnier(target, output) + SSIM_SHARE * (1 - ssim(target, output))


def psnr(target: Any, output: Any) -> Any:
    """Return the mean of each patch's PSNR in dB, with its sign changed, so that smooth patches count as busy ones do.

    A patch counts as if its mean squared difference were 1e-6 more, which ends at 60 dB.
    """
    differences = ops.mean(ops.square(output - target), axis=(1, 2, 3))
    return 10 * ops.mean(ops.log10(differences + 1e-6))


def charbonnier_y(target: Any, output: Any) -> Any:
    """Return the Charbonnier difference of luma, which much of the literature judges, and a tenth of the colours'."""
    lumas = (ops.sum(images * np.asarray(LUMA, np.float32), axis=3) for images in (target, output))
    return charbonnier(*lumas) + COLOUR_SHARE * charbonnier(target, output)


def ssim(target: Any, output: Any) -> Any:
    """Return the mean SSIM over windows of 11x11 px (Wang et al. 2004), Gaussian with sigma 1.5, without padding."""
    mean_t, mean_o = _blurred(target), _blurred(output)
    variance_t = _blurred(ops.square(target)) - ops.square(mean_t)
    variance_o = _blurred(ops.square(output)) - ops.square(mean_o)
    covariance = _blurred(target * output) - mean_t * mean_o
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_t * mean_o + c1) / (ops.square(mean_t) + ops.square(mean_o) + c1)
    structure = (2 * covariance + c2) / (variance_t + variance_o + c2)
    return ops.mean(luminance * structure)


def _blurred(images: Any) -> Any:
    taps = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    taps = np.tile((taps / taps.sum())[:, None, None, None], (1, 1, 3, 1)).astype("float32")
    down = ops.depthwise_conv(images, taps, padding="valid")
    return ops.depthwise_conv(down, taps.transpose(1, 0, 2, 3), padding="valid")


LOSSES: dict[str, Loss] = {loss.__name__: loss for loss in (l1, l2, charbonnier, charbonnier_y, charbonnier_ssim, psnr)}
