"""What a board's runs know by the quantities of a track: their own, or another's, and why they lack some."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np

from aic_helpers.boards.folders import Entry
from aic_helpers.core import safe_files
from aic_helpers.core.statistics import Interval
from aic_helpers.data import datasets
from aic_helpers.runs import quantities
from aic_helpers.runs.quantities import BESIDE_A_BASELINE
from aic_helpers.runs.schema import Model, Profile, Result
from aic_helpers.runtimes.formats import FROZEN, format_by_runtime
from aic_helpers.tracks.definitions import COLUMNS, TITLES, Track
from aic_helpers.tracks.scoring import Figure, exact, lacking

Figures = dict[str, Figure]

TIMES = ("time_ms", "peak_rss_mib")


def runtime(result: Result | None) -> str:
    """Return what a model was timed in; empty where it wasn't."""
    if result is None or result.profile is None:
        return ""
    return format_by_runtime(result.profile.runtime).words


def runtime_version(result: Result | None) -> str:
    """Return the version of that; empty where a result has none, as those of before had."""
    return result.profile.runtime_version if result and result.profile else ""


def baseline_row(track: Track, entries: Iterable[Entry]) -> Entry | None:
    """Return the entry that is a track's baseline, of those whose runs were timed; None where there is none."""
    beside = track.baseline.model
    timed = [entry for entry in entries if entry.result and entry.result.profile and entry.result.profile.speedup]
    return next((entry for entry in timed if beside and entry.result and _is(beside, entry.result.model)), None)


def _is(beside: str, model: Model | None) -> bool:
    if model is None or model.format is not FROZEN:  # a file that the baseline was exported to is another
        return False
    if beside.endswith(".pb"):
        return model.sha256 != "" and model.sha256 == safe_files.sha256(Path(beside))
    return model.origin.pretrained == beside


def figures(track: Track, entry: Entry, baseline: Entry | None = None) -> Figures:
    """Return what an entry's run knows by the names of a track's quantities.

    Parameters
    ----------
    track : Track
        The entry's own, or another.
    entry : Entry
    baseline : Entry, optional
        The track's baseline as a row of the same board. Where the runs were timed beside something else, both speedups
        over that give the speedup over the baseline: the row's divided by the baseline's.
    """
    if entry.result is None:
        return {}
    found = quantities.quantities(track, entry.result)
    if baseline is None or "time_ms" not in found or "speedup" in found:
        return found
    return found | _beside(found["time_ms"], entry, baseline)


def _beside(time_ms: Figure, entry: Entry, baseline: Entry) -> Figures:
    """Return the times beside a baseline that is a row of the board; beside itself, nothing is uncertain."""
    own, base = _speedup(entry), _speedup(baseline)
    if own is None or base is None or not _share_clock(entry.result, baseline.result):
        return {}
    speedup = exact(1.0) if entry is baseline else _ratio(own, base)
    ends = speedup.ci95 and tuple(time_ms.value * speedup.value / end for end in reversed(speedup.ci95))
    times = Figure(time_ms.value, (ends[0], ends[1]) if ends else None)
    return {"speedup": speedup, "time_ms": times, "baseline_time_ms": exact(time_ms.value * speedup.value)}


def _share_clock(one: Result | None, other: Result | None) -> bool:
    """Return whether two models were timed in one version of one runtime."""
    versions = {runtime_version(one), runtime_version(other)} - {""}
    return runtime(one) == runtime(other) and len(versions) < 2


def _speedup(entry: Entry) -> Figure | None:
    profile = entry.result and entry.result.profile
    if not profile or not profile.speedup:
        return None
    return Figure(profile.speedup, profile.speedup_ci95)


def _ratio(own: Figure, base: Figure) -> Figure:
    """Return one speedup divided by another, both measured apart: as logarithms their distances add as squares."""
    value = own.value / base.value
    return Figure(value, _ratio_ci95(value, own, base) if own.ci95 and base.ci95 else None)


def _ratio_ci95(value: float, own: Figure, base: Figure) -> Interval:
    (own_low, own_high), (base_low, base_high) = (np.abs(np.log(np.array(one.ci95) / one.value)) for one in (own, base))
    return value / float(np.exp(np.hypot(own_low, base_high))), value * float(np.exp(np.hypot(own_high, base_low)))


def why(track: Track, entry: Entry, missing: Collection[str]) -> str:
    """Return why an entry's run lacks quantities of a track, in words."""
    result = entry.result
    if result is None or not missing:
        return ""
    reasons = [
        _without_quality(track, result, [name for name in COLUMNS if name in missing]),
        _without_times(track, result, missing),
        _without_operations(track, result.model) if "macs" in missing else "",
    ]
    found = [reason for reason in reasons if reason]
    return "; ".join(found) or lacking(track, [*missing])


def _without_quality(track: Track, result: Result, missing: list[str]) -> str:
    if not missing or not {*missing} <= {*track.protocol.metrics} or not result.metrics:
        return ""
    words = " and ".join(TITLES[COLUMNS[name]] for name in missing)
    own = quantities.track_of(result)
    if not quantities.is_same_photo(own.task, track.task, datasets.brought_small_photos(result.data.note)):
        return f"{words} of photos made smaller {own.task.scale} times by {own.task.reduced_by}"
    return f"{words} by the protocol {result.metrics.protocol or result.protocol}, not {track.protocol.label}"


def _without_times(track: Track, result: Result, missing: Collection[str]) -> str:
    if not {*TIMES, *BESIDE_A_BASELINE} & {*missing}:
        return ""
    profile: Profile | None = result.profile
    if profile is None:
        return "not timed"
    if not quantities.is_at_size(track, profile):
        sizes = ((profile.width_px, profile.height_px), track.measured.size)
        return "timed at {}, not at {}".format(*("x".join(map(str, size)) for size in sizes))
    if {*TIMES} & {*missing} or not track.baseline.model:
        return ""
    beside = quantities.track_of(result).timed_beside
    baseline = f"{Path(track.baseline.model).stem} is no row of this board timed in {runtime(result)}"
    return f"timed beside {Path(beside).stem}, and {baseline}"


def _without_operations(track: Track, model: Model | None) -> str:
    if model is None or model.macs is None or model.macs_size is None:
        return "operations not counted"
    sizes = (model.macs_size, track.measured.macs_size)
    return "operations counted at {}, not at {}".format(*("x".join(map(str, size)) for size in sizes))


def sentences(track: Track, entries: Iterable[Entry], baseline: Entry | None) -> list[str]:
    """Return what a reader of another track's scores has to know, as sentences."""
    found = [f"{track.name} gives its formulas alone: the rules are those of each model's own track."]
    timed = [entry.result for entry in entries if entry.result and entry.result.profile]
    sized = [result for result in timed if result.profile and quantities.is_at_size(track, result.profile)]
    others = {quantities.track_of(result).timed_beside for result in sized} - {track.baseline.model}
    if baseline and others:
        beside = ", ".join(sorted(Path(other).stem for other in others))
        found.append(
            f"Speedups over {baseline.name}, the baseline of {track.name} and a row of this board, are ratios of both "
            f"speedups over {beside}."
        )
    return found
