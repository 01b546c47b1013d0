"""The total-score formula of the challenge, with intervals carried through."""

from __future__ import annotations

import math
from dataclasses import dataclass

from aic_helpers.core.errors import InputError
from aic_helpers.core.statistics import Interval
from aic_helpers.core.tracks import SPEEDUP_CAP, Coefficients, Track

RECONSTRUCTED = "pirm2018-reconstructed"

MAPPINGS = {RECONSTRUCTED: 0.0719}
"""By name of the mapping: how much of MS-SSIM one grade of opinion stands for (see `from_opinion`)."""

MAPPING_NOTE = (
    f"The mapping {RECONSTRUCTED} is not stated in the challenge's rules: it was reconstructed from the published "
    "final table of Track B, and fits the rows that it was tried on to 0.01."
)


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


def total_scores_by_opinion(
    track: Track, *, psnr_db: float, mos: float, baseline_mos: float, speedup: float, mapping: str = RECONSTRUCTED
) -> dict[str, Score]:
    """Return scores A, B and C with the mean opinion score in place of MS-SSIM, as in the challenge's test phase.

    Parameters
    ----------
    psnr_db, speedup : float
        See `total_scores`.
    mos, baseline_mos : float
        Mean opinion scores, 1 to 5, of the model and of the track's SRCNN, by the same raters.
    mapping : str
        See `from_opinion`.

    Raises
    ------
    InputError
        As of `total_scores`, or a mean opinion score outside 1 to 5, or an unknown mapping.
    """
    _check(psnr_db, track.ms_ssim_base, speedup)
    quality = from_opinion(track, mos=mos, baseline_mos=baseline_mos, mapping=mapping)
    return {name: Score(_total(track, c, psnr_db, quality, speedup), None) for name, c in track.scores.items()}


def from_opinion(track: Track, *, mos: float, baseline_mos: float, mapping: str = RECONSTRUCTED) -> float:
    """Return what stands for MS-SSIM in a score: the track's base + slope (MOS - MOS of SRCNN). It may leave [0, 1].

    The slope is the mapping's. ``pirm2018-reconstructed`` has 0.0719: reconstructed from the published final table of
    Track B, where it fits the rows that it was tried on to 0.01, and not stated in the challenge's rules.
    """
    for name, value in (("model", mos), ("baseline", baseline_mos)):
        if not 1 <= value <= 5:
            raise InputError(f"a mean opinion score of the {name} in 1 to 5", f"{value:g}", "check the value")
    return track.ms_ssim_base + slope_of(mapping) * (mos - baseline_mos)


def slope_of(mapping: str) -> float:
    """Return the slope of a mapping from opinion to score; `InputError` where there is none of that name."""
    if mapping not in MAPPINGS:
        raise InputError(f"a mapping of opinions ({', '.join(MAPPINGS)})", repr(mapping), "name one of them")
    return MAPPINGS[mapping]


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
