"""What `aic score` is given -> a track's quantities, and their scores."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from aic_helpers.core.errors import InputError, nearest
from aic_helpers.core.safe_texts import shown
from aic_helpers.reporting import text_tables
from aic_helpers.tracks import scoring
from aic_helpers.tracks.catalogue import PIRM2018
from aic_helpers.tracks.definitions import Track
from aic_helpers.tracks.scoring import Figure, Score

OPTIONS = {"psnr": "--psnr", "ssim": "--ssim", "ms_ssim": "--ms-ssim", "speedup": "--speedup", "time_ms": "--time-ms"}
"""By quantity; any other is said with --set."""

COSTS = ("macs", "parameters", "file_bytes", "peak_rss_mib", "baseline_macs", "baseline_parameters")
"""Quantities that are never below 0; `aic_helpers.tracks.scoring` sees to times and metrics."""


def gathered(track: Track, typed: Mapping[str, float | None], others: Sequence[str]) -> dict[str, float]:
    """Return the figures by the names of quantities.

    Parameters
    ----------
    track : Track
    typed : mapping of str to float or None
        Those with an option of their own.
    others : sequence of str
        ``NAME=VALUE``.

    Raises
    ------
    InputError
        Something else than ``NAME=VALUE``, a value that is no finite number, a figure that is given twice, or one
        that no score of the track takes; a track without scores.
    """
    if not track.scores.better:
        raise InputError("a track with scores", track.name, f"see aic track show {track.name}")
    found = {name: value for name, value in typed.items() if value is not None}
    for text in others:
        name, sign, typed_value = (part.strip() for part in text.partition("="))
        if not sign:
            raise InputError("--set NAME=VALUE", shown(text), "say for example --set macs=9.83e9")
        if name in found:
            raise InputError("each figure once", f"{shown(name)} twice", "leave one out")
        found[name] = _number(name, typed_value)
    for name, value in found.items():
        _check_name(track, name)
        if name in COSTS and value < 0:
            raise InputError(f"{name} of 0 or more", f"{value:g}", "check the value")
    return found


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"--set {shown(name)}=NUMBER", repr(shown(text, empty="")), "write it as in 9.83e9")
    return value


def _check_name(track: Track, name: str) -> None:
    taken = dict.fromkeys(one for score in track.scores.better for one in track.scores.needs(score))
    names = [one for one in taken if one not in track.constants]
    if name in track.constants:
        found = f"{name}, a constant of {track.name}"
        raise InputError("a figure of a network", found, "change it in a copy of the track's file")
    if name not in names:
        expected = f"a figure that a score of {track.name} takes ({', '.join(names)})"
        raise InputError(expected, shown(name), nearest(name, names, "leave it out"))


def scores(
    track: Track, figures: Mapping[str, float], mos: float | None, baseline_mos: float | None
) -> dict[str, Score]:
    """Return a track's scores, of which at least one has a value.

    Raises
    ------
    InputError
        Figures of no score; a mean opinion score beside what it takes the place of, or without that of the baseline.
    """
    if mos is None and baseline_mos is None:
        return _valued(track, scoring.scores(track, {name: Figure(value, None) for name, value in figures.items()}))
    if track.opinion is None:
        raise InputError("a track with opinions in its scores", track.name, "leave --mos and --baseline-mos out")
    in_place_of = track.opinion.in_place_of
    typed = {OPTIONS[in_place_of]: figures.get(in_place_of), "--mos": mos, "--baseline-mos": baseline_mos}
    given = [option for option, value in typed.items() if value is not None]
    if mos is None or baseline_mos is None or len(given) > 2:
        expected = f"{OPTIONS[in_place_of]}, or --mos with --baseline-mos"
        raise InputError(expected, ", ".join(given), "give one or the other")
    return _valued(track, scoring.scores_by_opinion(track, figures, mos=mos, baseline_mos=baseline_mos))


def _valued(track: Track, found: dict[str, Score]) -> dict[str, Score]:
    if all(one.value is None for one in found.values()):
        lack = "; ".join(f"{name} lacks {one.missing}" for name, one in found.items())
        remedy = f"give them with {', '.join(OPTIONS.values())} or --set NAME=VALUE"
        raise InputError(f"the figures of a score of {track.name}", f"too few: {lack}", remedy)
    return found


def as_dict(found: Mapping[str, Score]) -> dict[str, Any]:
    """Return scores for JSON; one without a value says what it lacks."""
    return {
        name: {"value": one.value, "ci95": one.ci95} | ({"missing": one.missing} if one.missing else {})
        for name, one in found.items()
    }


def lines(track: Track, found: Mapping[str, Score]) -> str:
    """Return scores as lines: PIRM 2018's with its two decimals, others with six digits."""
    form = ".2f" if track.name in PIRM2018 else ".6g"
    return text_tables.aligned(
        [
            (name, f"none: it lacks {one.missing}" if one.value is None else f"{one.value:{form}}")
            for name, one in found.items()
        ]
    )
