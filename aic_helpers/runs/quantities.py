"""A result -> the quantities that formulas know, each with its interval; the scores that follow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from aic_helpers.core.errors import InputError
from aic_helpers.runs.schema import Metrics, Model, Profile, Result
from aic_helpers.tracks.definitions import COLUMNS, Track
from aic_helpers.tracks.scoring import Figure, Score, exact, scores


def quantities(track: Track, result: Result) -> dict[str, Figure]:
    """Return what a result knows by the names of a track's quantities.

    Metrics by another protocol than the track's are none of its quantities, nor are times at another size than its own,
    or beside another baseline.
    """
    found: dict[str, Figure | None] = {}
    if result.metrics and (result.metrics.protocol or result.protocol) == track.protocol.label:
        found |= _quality(track, result.metrics)
    if result.profile and is_at_size(track, result.profile):
        found |= _speed(track, result.profile)
    if result.model:
        found |= _cost(track, result.model)
    return {name: figure for name, figure in found.items() if figure}


def is_at_size(track: Track, profile: Profile) -> bool:
    """Return whether a profile is at the size that the track's scores and rules are about."""
    return (profile.width_px, profile.height_px) == track.measured.size


def score_part(track: Track, result: Result) -> dict[str, Any] | None:
    """Return the ``scores`` part of a result; None where no score has a value."""
    found = scored(track, quantities(track, result))
    if all(score.value is None for score in found.values()):
        return None
    return {name: _written(score) for name, score in found.items()}


def scored(track: Track, figures: Mapping[str, Figure]) -> dict[str, Score]:
    """Return a track's scores; a figure that can't be, or of which a formula has no value, leaves none."""
    try:
        return scores(track, figures)
    except InputError as error:
        return {name: Score(None, None, str(error)) for name in track.scores.better}


def _written(score: Score) -> dict[str, Any]:
    return {"value": score.value, "ci95": score.ci95} | ({"missing": score.missing} if score.missing else {})


def missing(track: Track, result: Result) -> str:
    """Return what the first score without a value lacks, in words; empty where none lacks anything."""
    found = scored(track, quantities(track, result))
    return next((f"{name}: {score.missing}" for name, score in found.items() if score.missing), "")


def _quality(track: Track, metrics: Metrics) -> dict[str, Figure | None]:
    return {
        name: _figure(getattr(metrics, COLUMNS[name]), getattr(metrics, f"{COLUMNS[name]}_ci95"))
        for name in track.protocol.metrics
    }


def _speed(track: Track, profile: Profile) -> dict[str, Figure | None]:
    """Return the times; one that goes with a speedup has its interval, as a share."""
    speedup, time_ms, ends = _figure(profile.speedup, profile.speedup_ci95), profile.time_ms, None
    if speedup and speedup.ci95 and time_ms is not None:
        low, high = speedup.ci95
        ends = (time_ms * speedup.value / high, time_ms * speedup.value / low)
    found = {"time_ms": _figure(time_ms, ends), "peak_rss_mib": _exact(profile.peak_rss_mib)}
    if track.baseline.model:
        found |= {"speedup": speedup, "baseline_time_ms": _exact(profile.baseline_time_ms)}
    return found


def _cost(track: Track, model: Model) -> dict[str, Figure | None]:
    counted = model.macs if model.macs_size == track.measured.macs_size else None
    return {"macs": _exact(counted), "parameters": _exact(model.parameters), "file_bytes": _exact(model.bytes)}


def _figure(value: float | None, ci95: tuple[float, float] | None) -> Figure | None:
    return Figure(value, ci95) if value is not None and math.isfinite(value) else None


def _exact(value: float | None) -> Figure | None:
    return None if value is None or not math.isfinite(value) else exact(value)
