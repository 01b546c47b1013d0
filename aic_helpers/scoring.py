"""The total-score formula of the challenge, with intervals carried through."""

from __future__ import annotations

import math
from dataclasses import dataclass

from aic_helpers.errors import InputError
from aic_helpers.intervals import Interval
from aic_helpers.tracks import SPEEDUP_CAP, Coefficients, Track


@dataclass(frozen=True)
class Score:
    """A total score and its 95 % interval, or None for the interval where none was given."""

    value: float
    ci95: Interval | None


def total_scores(
    track: Track,
    *,
    psnr_db: float,
    ms_ssim: float,
    speedup: float,
    psnr_db_ci95: Interval | None = None,
    ms_ssim_ci95: Interval | None = None,
    speedup_ci95: Interval | None = None,
) -> dict[str, Score]:
    """Return scores A, B and C: alpha (PSNR - base) + beta (MS-SSIM - base) + gamma min(speedup, 4).

    Parameters
    ----------
    psnr_db, ms_ssim, speedup : float
        Means over the validation images, and the baseline's time over the model's.
    psnr_db_ci95, ms_ssim_ci95, speedup_ci95 : (low, high), optional
        Their 95 % intervals.

    Returns
    -------
    dict of str to Score
        The score rises with each of its three figures, so its interval runs from all low ends to all high
        ends. That holds however the three hang together, and is wider than it need be where they don't.
        It is None unless all three intervals are given.

    Raises
    ------
    InputError
        A figure that isn't finite, an MS-SSIM outside [0, 1], or a speedup that isn't above 0.
    """
    _check(psnr_db, ms_ssim, speedup)
    intervals = (psnr_db_ci95, ms_ssim_ci95, speedup_ci95)
    low, high = (
        None if None in intervals else tuple(interval[end] for interval in intervals if interval) for end in (0, 1)
    )
    return {
        name: Score(
            _total(track, coefficients, psnr_db, ms_ssim, speedup),
            (_total(track, coefficients, *low), _total(track, coefficients, *high)) if low and high else None,
        )
        for name, coefficients in track.scores.items()
    }


def _check(psnr_db: float, ms_ssim: float, speedup: float) -> None:
    if not math.isfinite(psnr_db):
        raise InputError("a finite PSNR in dB", str(psnr_db), "a score needs an output that differs from the target")
    if not 0 <= ms_ssim <= 1:
        raise InputError("an MS-SSIM in [0, 1]", str(ms_ssim), "check the value")
    if not (math.isfinite(speedup) and speedup > 0):
        raise InputError("a speedup above 0", str(speedup), "give the baseline's time divided by the model's")


def _total(track: Track, c: Coefficients, psnr_db: float, ms_ssim: float, speedup: float) -> float:
    return (
        c.alpha * (psnr_db - track.psnr_base_db)
        + c.beta * (ms_ssim - track.ms_ssim_base)
        + c.gamma * min(speedup, SPEEDUP_CAP)
    )
