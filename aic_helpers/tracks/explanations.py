"""A track in words, for people: its task, protocol, rules, baseline and scores, and what a run of it will lack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from aic_helpers.tracks.definitions import MEASURED, Protocol, Rules, Track
from aic_helpers.tracks.scoring import exact, lacking, scores

Row = tuple[str, str]
"""A label and a text; without a label the text goes on with the row before it."""

INPUTS = {
    "small": "the small photo",
    "enlarged": "the small photo, enlarged again",
    "own": "a photo of its own",
}
"""By `task.input`: what a network gets."""

REDUCED = {
    "pillow_bicubic": "those of the data, else made of the large ones by Pillow's bicubic",
    "matlab_bicubic": "those of the data, else made of the large ones by MATLAB's bicubic",
    "given": "those of the data, which has to have them",
}
"""By `task.reduced_by`: which small photos."""

TRIED = {
    **{"psnr": 35.0, "ssim": 0.85, "ms_ssim": 0.95, "time_ms": 20.0, "speedup": 2.0, "macs": 5e9, "parameters": 1e5},
    **{"file_bytes": 4e5, "peak_rss_mib": 300.0, "activations": 4e7, "gpu_peak_mib": 500.0},
    **{"baseline_psnr": 34.0, "baseline_ssim": 0.8, "baseline_ms_ssim": 0.9, "baseline_time_ms": 40.0},
    **{"baseline_macs": 1e10, "baseline_parameters": 2e5},
}
"""Figures that a network may have, on which the formulas of a file are tried; any other quantity is 1."""


def explained(track: Track) -> list[Row]:
    """Return all that a track says, in words."""
    return [
        ("track", f"{track.name}: {track.title}"),
        *_listed("source", [track.source] if track.source else []),
        *_task(track),
        *_listed("protocol", [*_protocol(track.protocol)]),
        *_listed("rules", [*_rules(track.rules)] or ["no limits of its own"]),
        ("measured", _sizes(track)),
        *_listed("baseline", [*_baseline(track)]),
        *_listed("scores", [_score(track, name) for name in track.scores.better] or ["none"]),
        *_listed("parts", [f"{name} = {track.formulas[name]}" for name in track.formulas if name not in track.better]),
        *_listed("constants", [f"{name} = {value:.12g}" for name, value in track.constants.items()]),
        *_listed("given", [f"{name}: {words}" for name, words in track.quantities.items()]),
        *_listed("a run has", [*_in_a_run(track)]),
        *_listed("notes", track.notes),
    ]


def checked(track: Track) -> list[Row]:
    """Return all that a track says, its scores tried, and what may be a slip."""
    return [*explained(track), *_listed("tried", tried(track)), *_listed("remarks", remarks(track))]


def ways(track: Track) -> str:
    """Return a track's scores, and which way is better."""
    by_way = {
        way: [name for name, better in track.scores.better.items() if better == way] for way in ("higher", "lower")
    }
    return "; ".join(f"{', '.join(names)} ({way} is better)" for way, names in by_way.items() if names) or "none"


def lacks(track: Track) -> dict[str, str]:
    """Return what each score lacks in every run of a track, and why; empty where it lacks nothing."""
    known = dict.fromkeys([*MEASURED, *track.fixed], 1.0)
    for metric in {"psnr", "ssim", "ms_ssim"} - {*track.protocol.metrics}:
        del known[metric]
    if track.baseline.model:
        known["baseline_time_ms"] = 1.0
    else:
        del known["speedup"]
    missing = {score: track.scores.missing(score, known) for score in track.scores.better}
    return {score: lacking(track, names) if names else "" for score, names in missing.items()}


def remarks(track: Track) -> list[str]:
    """Return what may be a slip in a file that is a track all the same."""
    used = {name for formula in track.scores.formulas.values() for name in formula.names}
    idle = [f"quantities.{name}" for name in track.quantities if name not in used]
    idle += [f"constants.{name}" for name in track.constants if name not in used]
    idle += [f"formulas.{name}" for name in track.formulas if name not in used | {*track.better}]
    found = [f"{name} is used by no formula and is no score" for name in idle]
    if not track.better:
        found.append("without [scores] a run has figures and rules only, and a board no order by a score")
    return found


def tried(track: Track) -> list[str]:
    """Return each score of a network with figures as it may have them, or why it has no value there."""
    quantities = {**dict.fromkeys(track.known, 1.0), **TRIED, **track.fixed}
    found = scores(track, {name: exact(value) for name, value in quantities.items()})
    lines = []
    for name, score in found.items():
        of = ", ".join(f"{one} {quantities[one]:g}" for one in track.scores.needs(name) if one not in track.constants)
        value = f"no value: {score.missing}" if score.value is None else f"{score.value:.6g}"
        lines.append(f"{name} = {value}" + (f" of {of}" if of else ""))
    return lines


def _listed(label: str, texts: Sequence[str]) -> list[Row]:
    return [(label if place == 0 else "", text) for place, text in enumerate(texts)]


def _task(track: Track) -> Iterator[Row]:
    task = track.task
    returned = f"{task.scale} times as wide and high" if track.enlarges > 1 else "as large as that"
    yield "task", f"the network gets {INPUTS[task.input]}, and returns a photo {returned}"
    if task.scale > 1:
        yield "", f"small photos, {task.scale} times smaller than the targets: {REDUCED[task.reduced_by]}"


def _protocol(protocol: Protocol) -> Iterator[str]:
    yield f"{protocol.name}: {protocol.choices}" if protocol.name else protocol.choices
    if "ms_ssim" in protocol.metrics:
        clipped = "with" if protocol.clip_for_ms_ssim else "without"
        yield f"MS-SSIM by the {protocol.ms_ssim} definition, {clipped} the output clipped to its range"


def _sizes(track: Track) -> str:
    (width, height), (macs_width, macs_height) = track.measured.size, track.measured.macs_size
    return f"time and memory with an input of {width}x{height}, operations of {macs_width}x{macs_height}"


def _rules(rules: Rules) -> Iterator[str]:
    if rules.min_psnr_db is not None:
        by_set = ", ".join(f"{floor_db:g} on {name}" for name, floor_db in rules.min_psnr_db_by_set.items())
        decimals = f"its mean rounded to {rules.psnr_decimals} decimals"
        yield f"PSNR of at least {rules.min_psnr_db:g} dB{by_set and f' ({by_set})'}, {decimals}"
    if rules.max_file_mb is not None:
        yield f"a file of at most {rules.max_file_mb:g} MB"
    if rules.max_ram_mib is not None:
        yield f"at most {rules.max_ram_mib:g} MiB of memory"
    if rules.max_parameters is not None:
        yield f"at most {rules.max_parameters:,} parameters"
    if rules.max_macs is not None:
        yield f"at most {rules.max_macs / 1e9:g} G operations"
    if not rules.any_resolution:
        yield "photos of the measured size are enough"


def _baseline(track: Track) -> Iterator[str]:
    baseline = track.baseline
    if baseline.name or baseline.published:
        figures = ", ".join(f"{name} {value:g}" for name, value in baseline.published.items())
        where = f" (time on {baseline.device})" if baseline.device and "time_ms" in baseline.published else ""
        yield (baseline.name or "the challenge's") + (figures and f", published: {figures}{where}")
    if baseline.model:
        yield f"{baseline.model} is timed beside every model"
    else:
        yield f"models are timed beside {track.timed_beside}, the workbench's own; no score takes that speedup"


def _score(track: Track, name: str) -> str:
    return f"{name} = {track.formulas[name]}  ({track.better[name]} is better)"


def _in_a_run(track: Track) -> Iterator[str]:
    found: Mapping[str, str] = lacks(track)
    if whole := [name for name, words in found.items() if not words]:
        yield f"a value of {', '.join(whole)}"
    for name, words in found.items():
        if words:
            yield f"no {name}, which lacks {words}"
    if not found:
        yield "no score: figures and rules only"
