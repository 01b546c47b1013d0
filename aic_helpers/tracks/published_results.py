"""The final results that PIRM 2018 published for Track A, as data. No logic.

On the challenge's hidden test images; the times are the organisers' processor's.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """One row. `scores` are A, B and C."""

    team: str
    psnr_db: float
    ms_ssim: float
    time_ms: float
    scores: tuple[float, float, float]


SUPER_RESOLUTION = (
    Published("TEAM_ALEX", 28.21, 0.9636, 701, (13.21, 15.15, 14.14)),
    Published("KAIST-VICLAB", 28.14, 0.9630, 343, (12.86, 14.83, 13.87)),
    Published("CARN_CVL", 28.19, 0.9633, 773, (13.08, 15.02, 14.04)),
    Published("IV SR+", 28.13, 0.9636, 767, (12.88, 15.05, 13.97)),
    Published("Rainbow", 28.13, 0.9632, 654, (12.84, 14.92, 13.91)),
    Published("Mt.Phoenix", 28.14, 0.9630, 793, (12.86, 14.83, 13.87)),
    Published("SuperSR", 28.18, 0.9629, 969, (12.35, 14.17, 12.94)),
    Published("BOE-SBG", 27.79, 0.9602, 1231, (9.79, 11.98, 10.55)),
    Published("SRCNN baseline", 27.21, 0.9552, 3239, (5.33, 7.77, 5.93)),
)

BASELINE_MS = 3239
"""Of the last row: what the speedups are against."""

RESULTS = {"super_resolution": SUPER_RESOLUTION}
"""By track; none were kept for the other."""
