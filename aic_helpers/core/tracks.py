"""The two tracks as data: protocol, baseline, score coefficients, limits. No logic."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from aic_helpers.core.errors import InputError, nearest

PROTOCOL = "pirm2018"
"""Name of the evaluation protocol; it is written into every result."""

SPEEDUP_CAP = 4.0
"""A model gains nothing from being faster than this many times the baseline."""

HD_WIDTH_PX, HD_HEIGHT_PX = 1280, 720
"""Size at which time and memory are measured."""

MAX_DIFFERENCE = 1e-4
"""Between frozen model and source, between two runs, and between a batch and its images one by one: a fortieth of
an 8-bit step. Exact equality would ask more than a sum over several threads can give."""

MAX_RAM_MIB = 3584.0
"""3.5 GB as the organisers set it on their device (3.5 x 1024 MiB)."""

MAX_FILE_BYTES = 100_000_000
"""100 MB."""


@dataclass(frozen=True)
class Coefficients:
    """TotalScore = alpha (PSNR - base) + beta (MS-SSIM - base) + gamma min(speedup, 4)."""

    alpha: float
    beta: float
    gamma: float


@dataclass(frozen=True)
class Track:
    """One track of the challenge.

    Attributes
    ----------
    letter : str
        ``A`` or ``B``, as the challenge calls it.
    baseline : str
        Name in ``models_pretrained/`` of the SRCNN that every model is timed beside.
    psnr_base_db, ms_ssim_base : float
        What the score subtracts.
    scores : dict of str to Coefficients
        Scores A, B and C.
    crop_px : int
        Pixels that output and target lose on each side before scoring.
    scale : int
        Input is the target taken down and up again by this factor; 1 where inputs are photos of their own.
    ms_ssim_definition : {"tensorflow", "pooled"}
        See `aic_helpers.evaluation.metrics.ms_ssim`.
    ms_ssim_clipped : bool
        Whether the output is clipped to [0, 1] before MS-SSIM. PSNR is always on clipped values.
    """

    name: str
    letter: str
    title: str
    baseline: str
    psnr_base_db: float
    ms_ssim_base: float
    scores: dict[str, Coefficients]
    crop_px: int
    scale: int
    ms_ssim_definition: Literal["tensorflow", "pooled"]
    ms_ssim_clipped: bool


SUPER_RESOLUTION = Track(
    name="super_resolution",
    letter="A",
    title="Track A: super-resolution",
    baseline="sample_sr_srcnn",
    psnr_base_db=26.5,
    ms_ssim_base=0.94,
    scores={"A": Coefficients(4, 100, 1), "B": Coefficients(1, 400, 1), "C": Coefficients(2, 200, 1.5)},
    crop_px=16,
    scale=4,
    ms_ssim_definition="tensorflow",
    ms_ssim_clipped=True,
)

ENHANCEMENT = Track(
    name="enhancement",
    letter="B",
    title="Track B: photo enhancement",
    baseline="sample_enhancement_srcnn",
    psnr_base_db=21.0,
    ms_ssim_base=0.9,
    scores={"A": Coefficients(4, 100, 2), "B": Coefficients(1, 400, 2), "C": Coefficients(2, 200, 2.9)},
    crop_px=0,
    scale=1,
    ms_ssim_definition="pooled",
    ms_ssim_clipped=False,
)

TRACKS: dict[str, Track] = {track.name: track for track in (SUPER_RESOLUTION, ENHANCEMENT)}
"""The tracks by name."""


def find_track(name: str) -> Track:
    """Return the track of that name or letter, however it is written; `InputError` suggests the nearest name."""
    typed = re.sub(r"[\s_-]+", "_", str(name).strip().lower())
    for track in TRACKS.values():
        if typed in (track.name, track.letter.lower()):
            return track
    remedy = nearest(typed, TRACKS, "name one", cutoff=0.4)
    raise InputError(f"a track ({' or '.join(TRACKS)})", repr(name), remedy)
