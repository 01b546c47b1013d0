"""The rules of a track as checks that run, each with its limit, what was found, the evidence and a remedy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aic_helpers.core import machine
from aic_helpers.core.errors import require_file
from aic_helpers.profiling import litert_rules
from aic_helpers.profiling.probes import Outcome, run_trials
from aic_helpers.profiling.rules import Part, Parts, Rule, judge
from aic_helpers.runtimes.formats import LITERT, format_of
from aic_helpers.tracks.catalogue import TRACKS
from aic_helpers.tracks.definitions import Track


def check(
    model: str | Path,
    track: Track | None = None,
    *,
    conversion: Part = None,
    profile: Part = None,
    metrics: Part = None,
    photo: str | Path | None = None,
    timed: str | Path | None = None,
    run_timeout_s: float = 120.0,
    weighed: bool = True,
) -> list[Rule]:
    """Return a track's rules, each with what was found; and of a `.tflite` file whether it is what it says.

    Parameters
    ----------
    model : path
        A `.pb` or a `.tflite` file.
    track : Track, optional
        By default PIRM 2018's super-resolution, whose rules are those of its other track too.
    conversion, profile, metrics : dict, optional
        What `aic_helpers.convert` returned, the result of `aic_helpers.profile` at the track's size, and the
        ``metrics`` part of a result. Without a profile the model runs once at that size here, for its memory; the rule
        on time is not judged then.
    photo : path, optional
        See `aic_helpers.profiling.probes.run_trials`.
    timed : path, optional
        The `.tflite` file of one size beside a `model` of any size.
    run_timeout_s : float
        Limit of each run here.
    weighed : bool
        Without a profile: whether to read the memory here, which takes a process of its own; else that rule is
        judged only where the model runs into the limit.

    Returns
    -------
    list of dict
        ``name``, ``passed`` (None: an advice, or not judged), ``limit``, ``found``, ``evidence``, and ``remedy``
        (None where there is nothing to do).

    Raises
    ------
    InputError
        Not a frozen model.
    """
    model = require_file(Path(model), "a frozen model")
    track = track or TRACKS["super_resolution"]
    size = track.measured.size
    profiled = profile is not None and (profile["width_px"], profile["height_px"]) == size
    findings = run_trials(
        model,
        hd_size=None if profiled else size,
        photo=Path(photo) if photo else None,
        run_timeout_s=run_timeout_s,
        max_rss_mib=track.rules.max_ram_mib or machine.spare_memory_mib(),
        weighed=weighed,
        enlarges=track.enlarges,
        any_resolution=track.rules.any_resolution,
    )
    hd = _hd_outcome(profile, track) if profiled and profile is not None else findings.hd
    assert hd is not None
    parts = Parts(conversion, profile if profiled else None, metrics)
    rules = judge(track, model.stat().st_size, findings, hd, parts)
    if format_of(model) is LITERT:
        rules += litert_rules.judge(model, Path(timed or model), width_px=size[0], height_px=size[1])
    return rules


def _hd_outcome(profile: Mapping[str, Any], track: Track) -> Outcome:
    """Return the profile's first image as an outcome like those of the trials."""
    failure, size, enlarges = profile["failure"], track.measured.size, track.enlarges
    if failure is None:
        sides = [side * enlarges for side in reversed(size)]
        reply = {"output_shape": [1, *sides, 3], "peak_rss_mib": profile["peak_rss_mib"]}
        return Outcome(size, reply, enlarges=enlarges)
    return Outcome(size, None, profile["failed"], failure["kind"], failure["mechanism"])
