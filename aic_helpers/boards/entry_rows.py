"""One entry of a board -> its row: status, figures with their intervals, rules; without its place among others."""

from __future__ import annotations

import math
from typing import Any

from aic_helpers.boards.folders import Entry
from aic_helpers.reporting import text_tables
from aic_helpers.runs import report_texts, result_tables

DONE, FAILED, WAITING = "done", "failed", "waiting"

SCORES = ("A", "B", "C")

FIGURES = {
    "psnr_db": ("metrics", "psnr_db"),
    "ms_ssim": ("metrics", "ms_ssim"),
    "speedup": ("profile", "speedup"),
    "score_A": ("A", "value"),
    "score_B": ("B", "value"),
    "score_C": ("C", "value"),
}
"""Columns with a 95 % interval, and where they stand in a result."""

SINGLE = {
    "time_ms": ("profile", "time_ms"),
    "peak_rss_mib": ("profile", "peak_rss_mib"),
    "gmacs_720p": ("model", "gmacs_720p"),
}
COUNTS = {
    "bytes": ("model", "bytes"),
    "parameters": ("model", "parameters"),
    "images": ("metrics", "images"),
    "limit": ("metrics", "limit"),
}

LARGEST = 2.0**62
"""Of the numbers that are read, so that each has a place in a column of whole numbers; no figure comes near."""

Row = dict[str, Any]


def row(entry: Entry) -> Row:
    """Return the figures of one entry, without its place among the others."""
    result = entry.result or {}
    status, reason = _status(entry)
    found: Row = {name: getattr(entry, name) for name in ("name", "track", "model", "checkpoint", "folder")}
    found |= {"status": status, "reason": reason, "machine": _machine(result), "data": _data(result)}
    for column, (part, key) in FIGURES.items():
        source = (result.get("scores") if part in SCORES else result) or {}
        held = source.get(part) or {}
        low, high = _interval(held.get("ci95" if part in SCORES else f"{key}_ci95")) or (math.nan, math.nan)
        found |= {column: _number(held.get(key)), f"{column}_low": low, f"{column}_high": high}
    for column, (part, key) in (SINGLE | COUNTS).items():
        value = _number((result.get(part) or {}).get(key))
        found[column] = (None if not math.isfinite(value) else round(value)) if column in COUNTS else value
    words = list(verdicts(entry).values())
    found |= {"rules_met": words.count("met") if words else None, "rules_broken": "; ".join(_broken(entry))}
    return found


def _status(entry: Entry) -> tuple[str, str]:
    """Return the status of an entry, and in one line why it has no rank."""
    result = entry.result
    if entry.problem or entry.failure:
        return FAILED, entry.failure or entry.problem
    if result is None:
        return WAITING, "not run yet"
    failures = [(part, (result[part] or {}).get("failed")) for part in ("metrics", "profile")]
    told = [f"the {part} failed: {' '.join(str(why).split())}" for part, why in failures if why]
    if told:
        return FAILED, told[0]
    lacking = [part for part in ("model", "metrics", "requirements") if not result[part]]
    if lacking:
        return WAITING, f"not finished: without {', '.join(lacking)}"
    if broken := _broken(entry):
        return DONE, f"breaks {', '.join(broken)}"
    return DONE, _without_rank(entry, result)


def _without_rank(entry: Entry, result: dict[str, Any]) -> str:
    """Return why a row whose model is done and keeps the rules can't be ranked; empty where it can."""
    values = [_number((score or {}).get("value")) for score in (result["scores"] or {}).values()]
    if len(values) != len(SCORES) or not all(map(math.isfinite, values)):
        return f"no scores: {report_texts.no_scores(result)}"
    if entry.images.empty:
        return "images.csv has no figures of single images: make the run again"
    for name in ("psnr_db", "ms_ssim"):
        mean, stated = float(entry.images[name].mean(skipna=False)), _number(result["metrics"].get(name))
        if not math.isclose(mean, stated, rel_tol=1e-9):
            return f"images.csv has a mean {name} of {mean:.6g}, result.json {stated:.6g}: make the run again"
    return ""


def verdicts(entry: Entry) -> dict[str, str]:
    """Return the verdict on each rule in a word, by the rule's name; none where the rules were not checked."""
    rules = ((entry.result or {}).get("requirements")) or []
    return {" ".join(str(rule["name"]).split()): result_tables.verdict(rule) for rule in rules}


def _broken(entry: Entry) -> list[str]:
    return [name for name, verdict in verdicts(entry).items() if verdict == "BROKEN"]


def _machine(result: Row) -> str:
    """Return what tells the machine of a run from another."""
    environment = result.get("environment") or {}
    if not environment.get("cpu"):
        return ""
    cores = environment.get("cores")
    words = [str(environment["cpu"]), f"{cores} core{'' if cores == 1 else 's'}", str(environment.get("host") or "")]
    return ", ".join(" ".join(word.split()) for word in words if word)


def _data(result: Row) -> str:
    data = result.get("data") or {}
    return " ".join(text_tables.data_words(str(data.get("name", "")), str(data.get("note") or "")).split())


def _number(value: Any) -> float:
    """Return a number of a result; NaN where it is none, infinite for "inf"."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if abs(value) < LARGEST else math.nan
    return math.inf if value == "inf" else math.nan


def _interval(value: Any) -> tuple[float, float] | None:
    if not (isinstance(value, list) and len(value) == 2):
        return None
    low, high = map(_number, value)
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None
