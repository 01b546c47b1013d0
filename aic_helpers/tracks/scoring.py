"""A track's scores of one model, with intervals carried through."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from aic_helpers.core.errors import InputError
from aic_helpers.core.statistics import Interval
from aic_helpers.tracks.definitions import BASELINES, COLUMNS, PUBLISHED_ONLY, RANKED, Track

RECONSTRUCTED = "pirm2018-reconstructed"

MAPPING_NOTE = (
    f"The mapping {RECONSTRUCTED} is not stated in the challenge's rules: it was reconstructed from the published "
    "final table of Track B, and fits the rows that it was tried on to 0.01."
)

OF_TIME = ("time_ms", "speedup", "baseline_time_ms")
"""Quantities of one timing: they go up and down together."""


@dataclass(frozen=True)
class Figure:
    """A quantity of a model, and its 95 % interval: both ends its value where it is exact, None where none is known."""

    value: float
    ci95: Interval | None


@dataclass(frozen=True)
class Score:
    """A score and its 95 % interval. Without a value, `missing` says which quantities it lacks, and why."""

    value: float | None
    ci95: Interval | None
    missing: str = ""


def exact(value: float) -> Figure:
    """Return a quantity that is known exactly."""
    return Figure(value, (value, value))


def scores(track: Track, figures: Mapping[str, Figure]) -> dict[str, Score]:
    """Return the scores of a track.

    Parameters
    ----------
    track : Track
    figures : mapping of str to Figure
        What is known of the model, by the names of quantities; the track's own constants are added.

    Returns
    -------
    dict of str to Score
        A score that lacks a quantity has no value, nor one whose formula has none (as `Formula.value` says), because a
        power explodes, say. Its interval runs from the lowest to the highest that it has where
        each quantity is at an end of its interval, or at its value. That holds however the quantities hang together
        where the score rises or falls with each, and is wider than it need be where they don't. It is None unless all
        quantities have one.

    Raises
    ------
    InputError
        A figure out of its range.
    """
    for name, figure in figures.items():
        check_figure(name, figure.value)
    return _scores(track, figures)


def _scores(track: Track, figures: Mapping[str, Figure]) -> dict[str, Score]:
    known = {**{name: exact(value) for name, value in track.fixed.items()}, **figures}
    return {score: _score(track, score, known) for score in track.scores.better}


def _score(track: Track, score: str, known: Mapping[str, Figure]) -> Score:
    if missing := track.scores.missing(score, {name: figure.value for name, figure in known.items()}):
        return Score(None, None, lacking(track, missing))
    needed = {name: known[name] for name in track.scores.needs(score)}
    try:
        value = track.scores.value(score, {name: figure.value for name, figure in needed.items()})
    except InputError as error:  # such as exp of 1000: what is measured stays, without that score
        return Score(None, None, str(error).removeprefix("expected ").partition(", found")[0])
    return Score(float(value), _interval(track, score, needed))


def _interval(track: Track, score: str, needed: Mapping[str, Figure]) -> Interval | None:
    if any(figure.ci95 is None for figure in needed.values()):
        return None
    ends = [sorted({*(figure.ci95 or ()), figure.value}) for figure in needed.values()]
    corners = np.array(list(itertools.product(*ends)), dtype=np.float64)
    values = track.scores.value(score, dict(zip(needed, corners.T, strict=True)))
    low, high = float(np.min(values)), float(np.max(values))
    return (low, high) if math.isfinite(low + high) else None


def lacking(track: Track, missing: Collection[str]) -> str:
    """Return which quantities are missing, and why where the track itself is the reason."""
    beside = track.baseline.name or "the challenge's baseline"
    reasons = {
        "those of [quantities] are given as numbers, not measured here": {*track.quantities},
        "only a table of all models has ranks": {f"rank_{name}" for name in RANKED},
        "{} is only in published tables": {*PUBLISHED_ONLY},
        "{} is none of protocol.metrics": {*COLUMNS} - {*track.protocol.metrics},
        "{} is none of baseline.published": {f"baseline_{name}" for name in BASELINES} - {"baseline_time_ms"},
    }
    if not track.baseline.model:
        timed = f"{beside} isn't at hand to be timed beside, and times compare on one device only"
        reasons[timed] = {"speedup", "baseline_time_ms"}
    found = [
        reason.format(next(name for name in missing if name in names))
        for reason, names in reasons.items()
        if names & {*missing}
    ]
    return ", ".join(missing) + (f" ({'; '.join(found)})" if found else "")


RANGES = {"ms_ssim": (0.0, 1.0), "ssim": (-1.0, 1.0)}


def check_figure(name: str, value: float) -> None:
    """Raise `InputError` where a quantity can't have a value."""
    if name == "psnr" and not math.isfinite(value):
        raise InputError("a finite PSNR in dB", str(value), "a score needs an output that differs from the target")
    low, high = RANGES.get(name, (-math.inf, math.inf))
    if not low <= value <= high or math.isnan(value):
        raise InputError(f"an {name.upper().replace('_', '-')} in [{low:g}, {high:g}]", str(value), "check the value")
    if name in OF_TIME and not (math.isfinite(value) and value > 0):
        remedy = "give the baseline's time divided by the model's" if name == "speedup" else "check the value"
        raise InputError(f"a {name} above 0", str(value), remedy)


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
    """Return the scores of a track that asks for these three: on PIRM 2018's tracks, the total scores A, B and C.

    Parameters
    ----------
    psnr_db, ms_ssim, speedup : float
        Means over the validation images, and the baseline's time over the model's.
    psnr_db_ci95, ms_ssim_ci95, speedup_ci95 : (low, high), optional
        Their 95 % intervals.

    Raises
    ------
    InputError
        A figure that isn't finite, an MS-SSIM outside [0, 1], or a speedup that isn't above 0.
    """
    return scores(
        track,
        {
            "psnr": Figure(psnr_db, psnr_db_ci95),
            "ms_ssim": Figure(ms_ssim, ms_ssim_ci95),
            "speedup": Figure(speedup, speedup_ci95),
        },
    )


def scores_by_opinion(
    track: Track, figures: Mapping[str, float], *, mos: float, baseline_mos: float
) -> dict[str, Score]:
    """Return a track's scores with the mean opinion score in place of a metric, as in PIRM 2018's test phase.

    Parameters
    ----------
    track : Track
    figures : mapping of str to float
        The other quantities, as of `scores`.
    mos, baseline_mos : float
        Mean opinion scores, 1 to 5, of the model and of the track's baseline, by the same raters.

    Raises
    ------
    InputError
        As of `scores`, a mean opinion score outside 1 to 5, or a track without opinions.
    """
    quality = from_opinion(track, mos=mos, baseline_mos=baseline_mos)
    for name, value in figures.items():
        check_figure(name, value)
    assert track.opinion
    known = {**figures, track.opinion.in_place_of: quality}
    return _scores(track, {name: Figure(value, None) for name, value in known.items()})


def from_opinion(track: Track, *, mos: float, baseline_mos: float) -> float:
    """Return what stands for a metric in a score: the track's base + per_grade (MOS - MOS of the baseline).

    It may leave the metric's range. PIRM 2018's 0.0719 a grade was reconstructed from the published final table of
    Track B, where it fits the rows that it was tried on to 0.01, and is not stated in the challenge's rules.
    """
    if track.opinion is None:
        raise InputError("a track with opinions in its scores", track.name, "add [opinion] to its file")
    for name, value in (("model", mos), ("baseline", baseline_mos)):
        if not 1 <= value <= 5:
            raise InputError(f"a mean opinion score of the {name} in 1 to 5", f"{value:g}", "check the value")
    return track.opinion.in_place(mos - baseline_mos)
