"""The rules of the challenge as checks that run, each with its limit, what was found, the evidence and a remedy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aic_helpers.core.errors import require_file
from aic_helpers.core.limits import HD_HEIGHT_PX, HD_WIDTH_PX, MAX_RAM_MIB
from aic_helpers.profiling.probes import Outcome, Size, run_trials
from aic_helpers.profiling.rules import Part, Rule, judge

HD: Size = (HD_WIDTH_PX, HD_HEIGHT_PX)


def check(
    model: str | Path,
    *,
    conversion: Part = None,
    profile: Part = None,
    metrics: Part = None,
    photo: str | Path | None = None,
    run_timeout_s: float = 120.0,
    max_rss_mib: float = MAX_RAM_MIB,
    weighed: bool = True,
) -> list[Rule]:
    """Return the challenge's rules, each with what was found.

    Parameters
    ----------
    model : path
        A `.pb` file.
    conversion, profile, metrics : dict, optional
        What `aic_helpers.convert` returned, the result of `aic_helpers.profile` at 1280x720, and the ``metrics``
        part of a result. Without a profile the model runs once at 1280x720 here, for its memory; the rule on
        time is not judged then.
    photo : path, optional
        See `aic_helpers.profiling.probes.run_trials`.
    run_timeout_s, max_rss_mib : float
        Limits of each run here; the second is the rule's.
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
    profiled = profile is not None and (profile["width_px"], profile["height_px"]) == HD
    findings = run_trials(
        model,
        hd_size=None if profiled else HD,
        photo=Path(photo) if photo else None,
        run_timeout_s=run_timeout_s,
        max_rss_mib=max_rss_mib,
        weighed=weighed,
    )
    hd = _hd_outcome(profile) if profiled and profile is not None else findings.hd
    assert hd is not None
    return judge(model.stat().st_size, findings, hd, max_rss_mib, conversion, profile if profiled else None, metrics)


def _hd_outcome(profile: Mapping[str, Any]) -> Outcome:
    """Return the profile's first image as an outcome like those of the trials."""
    failure = profile["failure"]
    if failure is None:
        reply = {"output_shape": [1, *reversed(HD), 3], "peak_rss_mib": profile["peak_rss_mib"]}
        return Outcome(HD, reply)
    return Outcome(HD, None, profile["failed"], failure["kind"], failure["mechanism"])
