"""Is a `.tflite` file what it says? As rules beside a track's: its precision, its ranges, who takes its operators.

No track asks for these yet, so none breaks a rule: what isn't as it should be is an advice.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aic_helpers.core.safe_texts import shown
from aic_helpers.litert.integer_verdict import MIXED
from aic_helpers.litert.targets import UNKNOWN, YES, Target
from aic_helpers.processes.workers import ChildError
from aic_helpers.runtimes import litert_targets
from aic_helpers.runtimes.litert_targets import Computed

FLOATING = ("float32", "float16", "dynamic_int8")
"""Precisions without ranges of layers."""

ONE_KIND = "every operator computes in floats, or every one in whole numbers"

SHOWN = 4
"""Kinds of operators that are named."""

AGAIN = "export it again with aic export, which calibrates on the track's training photos"

Rule = dict[str, Any]


def judge(model: Path, timed: Path, *, width_px: int, height_px: int) -> list[Rule]:
    """Return what is to be said of a file of LiteRT's, as `aic_helpers.profiling.requirements.check` does.

    Parameters
    ----------
    model, timed : Path
        The file that is judged, and the one of one size beside it, whose operators targets are asked about; the same
        where there is but one.
    width_px, height_px : int
        The track's size.
    """
    asked = litert_targets.ask(timed, width_px=width_px, height_px=height_px)
    return [*_computed(model), _targets(asked)]


def _computed(model: Path) -> list[Rule]:
    try:
        found = litert_targets.computed(model)
    except ChildError as error:
        not_judged = {"passed": None, "found": "not judged", "evidence": str(error), "remedy": None}
        return [{"name": "precision", "limit": ONE_KIND, **not_judged}]
    return [_precision(found)] if found.precision in FLOATING else [_precision(found), _ranges(found)]


def _precision(found: Computed) -> Rule:
    mixed = found.precision == MIXED
    return {
        "name": "precision",
        "passed": None if mixed else True,
        "limit": ONE_KIND,
        "found": found.precision,
        "evidence": found.in_words,
        "remedy": "keep no layer in floats where the phone has whole numbers alone" if mixed else None,
    }


def _ranges(found: Computed) -> Rule:
    doubts = len(found.doubts)
    return {
        "name": "ranges",
        "passed": None if doubts else True,
        "limit": "they hold images from 0 to 1, and fit their operators",
        "found": f"{doubts} in doubt" if doubts else "as they should be",
        "evidence": "; ".join(found.doubts) or "read from the file's scales and zero points",
        "remedy": AGAIN if doubts else None,
    }


def _targets(asked: list[Target]) -> Rule:
    whole = all(target.counted(YES) == len(target.answers) for target in asked if not _is_unknown(target))
    return {
        "name": "operators by target",
        "passed": True if whole else None,
        "limit": "each target takes every operator",
        "found": "; ".join(_in_short(target) for target in asked),
        "evidence": " ".join(target.in_words for target in asked),
        "remedy": None,
    }


def _in_short(target: Target) -> str:
    if _is_unknown(target):
        return f"{target.name} unknown"
    taken = f"{target.name} {target.counted(YES)} of {len(target.answers)}"
    left = [*dict.fromkeys(one.operator.name for one in target.answers if one.answer != YES)]
    return f"{taken} (not {', '.join(shown(name) for name in left[:SHOWN])})" if left else taken


def _is_unknown(target: Target) -> bool:
    return target.counted(UNKNOWN) == len(target.answers)
