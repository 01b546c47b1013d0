"""A result -> the quantities that formulas know, each with its interval; the scores that follow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from aic_helpers.core.errors import InputError
from aic_helpers.core.safe_texts import shown
from aic_helpers.data import datasets
from aic_helpers.runs.schema import Metrics, Model, Profile, Result
from aic_helpers.tracks import catalogue
from aic_helpers.tracks.definitions import COLUMNS, Protocol, Task, Track
from aic_helpers.tracks.scoring import Figure, Score, exact, scores
from aic_helpers.tracks.significance import time_of

BESIDE_A_BASELINE = ("speedup", "baseline_time_ms")


def quantities(track: Track, result: Result) -> dict[str, Figure]:
    """Return what a result knows by the names of a track's quantities.

    Metrics by another protocol than the track's are none of its quantities, nor those of photos that were made smaller
    in another way, times at another size than its own, or what was timed beside another baseline.
    """
    found: dict[str, Figure | None] = {}
    if result.metrics:
        found |= _quality(judged_alike(track, result), result.metrics)
    if result.profile and is_at_size(track, result.profile):
        found |= _speed(result.profile)
        if not is_beside_its_baseline(track, result):
            found |= dict.fromkeys(BESIDE_A_BASELINE)
    if result.model:
        found |= _cost(track, result.model)
    return {name: figure for name, figure in found.items() if figure}


def track_of(result: Result) -> Track:
    """Return the track of a result.

    Raises
    ------
    InputError
        None that is shipped by this version, or one of one's own that can't be read.
    """
    if result.track_file:
        return catalogue.made(result.track, result.track_file)
    if result.track not in catalogue.TRACKS:
        found = f"{shown(result.track)}, without what its file says"
        raise InputError("a result of a track that is shipped, or with its file", found, "make the run again")
    return catalogue.TRACKS[result.track]


def judged_alike(track: Track, result: Result) -> list[str]:
    """Return which of a track's metrics a result has as the track's protocol makes them, of photos made as it says."""
    made_by = result.metrics and (result.metrics.protocol or result.protocol)
    own = track_of(result)
    came = datasets.brought_small_photos(result.data.note)
    if made_by != own.protocol.label or not is_same_photo(own.task, track.task, came):
        return []
    return [name for name in track.protocol.metrics if _is_same(name, own.protocol, track.protocol)]


def is_same_photo(own: Task, other: Task, came_with_data: bool) -> bool:
    """Return whether two tasks begin from the same small photos; those that come with the data serve all."""
    return own.scale == other.scale and (came_with_data or own.reduced_by == other.reduced_by)


def _is_same(metric: str, own: Protocol, other: Protocol) -> bool:
    choices = ["colour", "border_px", "round_output"]
    choices += ["ms_ssim", "clip_for_ms_ssim"] if metric == "ms_ssim" else []
    return metric in own.metrics and all(getattr(own, choice) == getattr(other, choice) for choice in choices)


def is_beside_its_baseline(track: Track, result: Result) -> bool:
    """Return whether a result's speedup is over the baseline of a track."""
    return track_of(result).timed_beside == track.baseline.model


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


def _quality(names: Sequence[str], metrics: Metrics) -> dict[str, Figure | None]:
    return {name: _figure(getattr(metrics, COLUMNS[name]), getattr(metrics, f"{COLUMNS[name]}_ci95")) for name in names}


def _speed(profile: Profile) -> dict[str, Figure | None]:
    """Return the times, and the memory."""
    speedup, time_ms = _figure(profile.speedup, profile.speedup_ci95), _figure(profile.time_ms, None)
    time_ms = time_of(time_ms.value, speedup) if time_ms and speedup else time_ms
    beside = {"speedup": speedup, "baseline_time_ms": _exact(profile.baseline_time_ms)}
    return {"time_ms": time_ms, "peak_rss_mib": _exact(profile.peak_rss_mib), **beside}


def _cost(track: Track, model: Model) -> dict[str, Figure | None]:
    counted = model.macs if model.macs_size == track.measured.macs_size else None
    return {"macs": _exact(counted), "parameters": _exact(model.parameters), "file_bytes": _exact(model.bytes)}


def _figure(value: float | None, ci95: tuple[float, float] | None) -> Figure | None:
    return Figure(value, ci95) if value is not None and math.isfinite(value) else None


def _exact(value: float | None) -> Figure | None:
    return None if value is None or not math.isfinite(value) else exact(value)
