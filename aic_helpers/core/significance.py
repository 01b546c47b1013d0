"""How far each model is ahead of the next on a score, and whether that is decided or within noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.statistics import Interval, difference_ci95, paired_means
from aic_helpers.core.tracks import SPEEDUP_CAP, Coefficients

Part = tuple[float, Interval | None]
"""A value and its 95 % interval."""

DECIDED, NOISE, UNTOLD = "decided", "within noise", "no interval"


@dataclass(frozen=True)
class Contender:
    """One model's figures, all on the same images in the same order.

    Attributes
    ----------
    psnr_db, ms_ssim : ndarray, shape (images,), finite
    speedup : float
    speedup_ci95 : (low, high) or None
    """

    psnr_db: NDArray[np.float64]
    ms_ssim: NDArray[np.float64]
    speedup: float
    speedup_ci95: Interval | None


@dataclass(frozen=True)
class Lead:
    """How much higher a model scores than the next one, and the 95 % interval of that."""

    value: float
    ci95: Interval | None

    @property
    def words(self) -> str:
        """``decided`` where the interval excludes 0."""
        if self.ci95 is None:
            return UNTOLD
        return DECIDED if self.ci95[0] > 0 or self.ci95[1] < 0 else NOISE


def leads(coefficients: Coefficients, contenders: Sequence[Contender]) -> list[Lead]:
    """Return the lead of each model but the last over the one that follows it.

    Parameters
    ----------
    coefficients : Coefficients
        Of the score.
    contenders : sequence of Contender
        The best by that score first.

    Notes
    -----
    The lead has two parts. The quality part is the mean over images of alpha (difference of PSNR) + beta
    (difference of MS-SSIM): a paired difference, so that what makes an image hard for both models drops out. Its
    interval is the bootstrap of `aic_helpers.core.statistics`, with the same draws of images for both models.

    The speed part is gamma (min(speedup, 4) of the one - that of the other). Each speedup was measured by itself, so
    its interval, its ends cut at 4 too, has nothing to do with the other's or with the images.

    The three uncertainties are independent, and so their distances to the ends of the intervals are added as squares,
    each side by itself: the low end of the lead is its value minus the root of the squared distances to the low end of
    the quality part, the low end of this model's speed and the high end of the next one's. For normal distributions
    that is the exact interval; otherwise it keeps the lopsidedness (Newcombe's and Zou's "MOVER").

    Each interval is that of one pair. Of 100 pairs without a difference, about five will be called decided.
    """
    if len(contenders) < 2:
        return []
    quality = np.stack([coefficients.alpha * c.psnr_db + coefficients.beta * c.ms_ssim for c in contenders], axis=1)
    draws = paired_means(quality)
    speeds = [speed_part(coefficients, one.speedup, one.speedup_ci95) for one in contenders]
    found = []
    for place in range(len(contenders) - 1):
        part = float((quality[:, place] - quality[:, place + 1]).mean())
        interval = difference_ci95(draws[:, place], draws[:, place + 1], difference=part, images=len(quality))
        found.append(combined([(part, interval), speeds[place], less(speeds[place + 1])]))
    return found


def speed_part(coefficients: Coefficients, speedup: float, ci95: Interval | None) -> Part:
    """Return what a speedup adds to the score, and the interval of that."""
    value = coefficients.gamma * min(speedup, SPEEDUP_CAP)
    if ci95 is None:
        return value, None
    low, high = (coefficients.gamma * min(end, SPEEDUP_CAP) for end in ci95)
    return value, (low, high)


def less(part: Part) -> Part:
    """Return a part to be taken off: its value and interval with the other sign."""
    value, interval = part
    return -value, None if interval is None else (-interval[1], -interval[0])


def combined(parts: Sequence[Part]) -> Lead:
    """Return the sum of independent parts; no interval where one of them has none."""
    value = sum(part for part, _ in parts)
    known = [(part, interval) for part, interval in parts if interval is not None]
    if len(known) < len(parts):
        return Lead(value, None)
    below = np.hypot.reduce([part - low for part, (low, _) in known])
    above = np.hypot.reduce([high - part for part, (_, high) in known])
    return Lead(value, (value - float(below), value + float(above)))
