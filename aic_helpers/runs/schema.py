"""The schema of `result.json`, and the files of a run folder by the part of the result that each hangs on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aic_helpers.core.errors import InputError
from aic_helpers.evaluation.example_images import EXAMPLES

HANGS_ON: dict[str, tuple[str, ...]] = {
    "model": (),
    "requirements": (),
    "metrics": ("images.csv", *EXAMPLES),
    "profile": ("timing.csv", "growth.csv"),
}
"""By part of the result: the files that say nothing once that part is gone."""

FILES = ("model.pb", *HANGS_ON["metrics"], *HANGS_ON["profile"], "report.html", "result.json")
"""What the steps write into a run folder."""


SCHEMA = 1

REMEDY = "make the run again"

PARTS = ("data", "model", "metrics", "profile", "requirements", "scores", "environment")

TIMES = ("time_ms", "baseline_time_ms", "speedup", "speedup_ci95", "repetitions")
KEYS: dict[str, tuple[str, ...]] = {
    "data": ("name", "note"),
    "model": ("name", "sha256"),
    "metrics": (),
    "profile": ("width_px", "height_px", "threads", "device", *TIMES, "peak_rss_mib", "failed", "failure"),
    "scores": (),
    "environment": (),
}
RULE = ("name", "passed", "limit", "found", "evidence", "remedy")


class OtherSchemaError(InputError):
    """A result of another schema: not damaged, but another version's."""


def require(result: Any, path: Path) -> None:
    """Check that what was read from `path` is a result whose parts have their keys; values are not looked at.

    Raises
    ------
    OtherSchemaError
        Another schema.
    InputError
        No schema, or the first part that isn't as a step would have written it.
    """
    found = result.get("schema") if isinstance(result, dict) else None
    if not isinstance(found, int):
        raise InputError(f"a whole result in {path}", f"{json.dumps(found)[:40]} as its schema", REMEDY)
    if found != SCHEMA:
        raise OtherSchemaError(
            f"a result of schema {SCHEMA} in {path}", f"schema {found}", "read it with the version it names"
        )
    problem = next(_problems(result), None)
    if problem:
        raise InputError(f"a whole result in {path}", problem, REMEDY)


def _problems(result: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong. What follows a problem relies on its being none: only the first counts."""
    yield from _missing(result, ("track", *PARTS), "the result")
    if not isinstance(result["track"], str):
        yield _wrong("track", result["track"])
    for part, keys in KEYS.items():
        if result[part] is not None or part == "data":
            yield from _missing(result[part], keys, part)
    for name, score in (result["scores"] or {}).items():
        yield from _missing(score, ("value",), f"score {name}")
    if not isinstance(result.get("keys", {}), dict):
        yield _wrong("keys", result["keys"])
    if not isinstance(result["requirements"], list | None):
        yield _wrong("requirements", result["requirements"])
    for rule in result["requirements"] or []:
        yield from _missing(rule, RULE, "a rule in requirements")


def _missing(value: Any, keys: tuple[str, ...], name: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield _wrong(name, value)
    yield from (f"nothing at {key} in {name}" for key in keys if key not in value)


def _wrong(name: str, value: Any) -> str:
    return f"{json.dumps(value)[:40]} as {name}"
