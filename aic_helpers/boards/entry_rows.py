"""One entry of a board -> its row: status, figures with their intervals, rules; without its place among others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from aic_helpers.boards import rescoring
from aic_helpers.boards.folders import Entry
from aic_helpers.boards.orders import PSNR, Order
from aic_helpers.reporting import text_tables
from aic_helpers.runs import quantities, report_texts, result_tables
from aic_helpers.runs.schema import Result
from aic_helpers.tracks.definitions import COLUMNS, Track
from aic_helpers.tracks.scoring import Figure, Score
from aic_helpers.weights.layer_matching import BY_ORDER

DONE, FAILED, WAITING = "done", "failed", "waiting"

QUALITY = {column: ("metrics", column) for column in COLUMNS.values()}

FIGURES = QUALITY | {"speedup": ("profile", "speedup")}
"""Columns with a 95 % interval beside the scores, and where they stand in a result."""

SINGLE = {
    "time_ms": ("profile", "time_ms"),
    "baseline_time_ms": ("profile", "baseline_time_ms"),
    "peak_rss_mib": ("profile", "peak_rss_mib"),
    "gmacs_720p": ("model", "gmacs_720p"),
    "macs": ("model", "macs"),
}
COUNTS = {
    "bytes": ("model", "bytes"),
    "parameters": ("model", "parameters"),
    "images": ("metrics", "images"),
    "limit": ("metrics", "limit"),
}

Row = dict[str, Any]

Known = Mapping[str, Mapping[str, Figure]]
"""The quantities of an entry, by the names of tracks whose quantities they are."""


def row(entry: Entry, orders: Sequence[Order], known: Known) -> Row:
    """Return the figures of one entry, without its place among the others.

    Parameters
    ----------
    entry : Entry
    orders : sequence of Order
        By what it is ranked: those of its own track first.
    known : mapping
        Its quantities, by the names of the orders' tracks.

    Returns
    -------
    dict
        Beside the columns of a board, ``compares`` tells whether its figures may be held against others'.
    """
    result, found_scores = entry.result, scores(orders, known)
    status, reason = _status(entry)
    found: Row = {name: getattr(entry, name) for name in ("name", "track", "model", "checkpoint", "folder")}
    found |= {"status": status, "data": _data(result)}
    found |= {"machine": _machine(result), "runtime": rescoring.runtime(result)}
    for column, (part, key) in FIGURES.items():
        held = getattr(result, part, None)
        found |= _with_ends(column, getattr(held, key, None), getattr(held, f"{key}_ci95", None))
    found |= score_columns(orders, found_scores)
    for column, (part, key) in (SINGLE | COUNTS).items():
        value = getattr(getattr(result, part, None), key, None)
        found[column] = value if column in COUNTS else _number(value)
    words = list(verdicts(entry).values())
    found |= {"rules_met": words.count("met") if words else None, "rules_broken": "; ".join(_broken(entry))}
    found["doubts"] = "; ".join(_doubts(result)) if result else ""
    own = [order for order in orders if order.track.name == entry.track]
    done = status == DONE and not reason
    unscored = _unscored(result, own, found_scores) if done and result else ""
    images = _images_problem(entry, own[0].track) if done else ""
    found |= {"reason": reason or unscored or images, "compares": done and not images}
    told = [order for order in orders if not unscored or order not in own]
    return found | {"lacks": _lacks(entry, told, found_scores, known) if done else ""}


def score_columns(orders: Sequence[Order], found: Mapping[str, Score]) -> Row:
    """Return the columns of scores, with their ends, by the names of orders; a metric has its own already."""
    own = [(order.column, found[order.name]) for order in orders if order.column not in FIGURES]
    return {name: value for column, score in own for name, value in _with_ends(column, score.value, score.ci95).items()}


def _with_ends(column: str, value: float | None, ci95: tuple[float, float] | None) -> Row:
    low, high = ci95 or (math.nan, math.nan)
    return {column: _number(value), f"{column}_low": low, f"{column}_high": high}


def scores(orders: Sequence[Order], known: Known) -> dict[str, Score]:
    """Return by what an entry is ranked, by the names of orders; without a value it says what is missing."""
    return {order.name: quantities.scored(order.track, known[order.track.name])[order.score] for order in orders}


def _lacks(entry: Entry, orders: Sequence[Order], found: Mapping[str, Score], known: Known) -> str:
    """Return which scores an entry has none of, and why."""
    reasons: dict[str, list[str]] = {}
    for order in orders:
        if found[order.name].value is None:
            missing = order.track.scores.missing(order.score, _values(order.track, known[order.track.name]))
            why = rescoring.why(order.track, entry, missing) or found[order.name].missing
            reasons.setdefault(why, []).append(order.title)
    return "; ".join(f"no {', '.join(titles)}: {why}" for why, titles in reasons.items())


def _values(track: Track, figures: Mapping[str, Figure]) -> dict[str, float]:
    return {**track.fixed, **{name: figure.value for name, figure in figures.items()}}


def _doubts(result: Result) -> list[str]:
    """Return why the figures may not mean what they seem to: what the outputs say, and weights that no name placed."""
    of_outputs = [doubt.text for doubt in result.metrics.doubts] if result.metrics else []
    return of_outputs + [note for note in (result.model.notes if result.model else []) if note.startswith(BY_ORDER)]


def _status(entry: Entry) -> tuple[str, str]:
    """Return the status of an entry, and in one line why its figures don't count."""
    result = entry.result
    if entry.problem or entry.failure:
        return FAILED, entry.failure or entry.problem
    if result is None:
        return WAITING, "not run yet"
    told = [f"the {part} failed: {' '.join(why.split())}" for part, why in report_texts.failures(result)]
    if told:
        return FAILED, told[0]
    lacking = [part for part in ("model", "metrics", "requirements") if not getattr(result, part)]
    if lacking:
        return WAITING, f"not finished: without {', '.join(lacking)}"
    if broken := _broken(entry):
        return DONE, f"breaks {', '.join(broken)}"
    return DONE, ""


def _unscored(result: Result, orders: Sequence[Order], found: Mapping[str, Score]) -> str:
    """Return why a result has nothing that its own track ranks by; empty where it has."""
    if any(found[order.name].value is not None for order in orders):
        return ""
    kind = "ranks" if orders[0].column == PSNR else "scores"
    return f"no {kind}: {report_texts.no_scores(result, orders[0].track)}"


def _images_problem(entry: Entry, track: Track) -> str:
    """Return why the single images don't bear what the result says; empty where they do."""
    if entry.images.empty:
        return "images.csv has no figures of single images: make the run again"
    metrics = entry.result.metrics if entry.result else None
    for name in track.protocol.columns:
        mean, stated = float(entry.images[name].mean(skipna=False)), _number(getattr(metrics, name, None))
        if not math.isclose(mean, stated, rel_tol=1e-9):
            return f"images.csv has a mean {name} of {mean:.6g}, result.json {stated:.6g}: make the run again"
    return ""


def verdicts(entry: Entry) -> dict[str, str]:
    """Return the verdict on each rule in a word, by the rule's name; none where the rules were not checked."""
    rules = entry.result.requirements if entry.result else []
    return {" ".join(rule.name.split()): result_tables.verdict(rule) for rule in rules}


def _broken(entry: Entry) -> list[str]:
    return [name for name, verdict in verdicts(entry).items() if verdict == "BROKEN"]


def _machine(result: Result | None) -> str:
    """Return what tells the machine of a run from another."""
    if result is None or not result.environment.cpu:
        return ""
    cores = result.environment.cores
    words = [result.environment.cpu, f"{cores} core{'' if cores == 1 else 's'}", result.environment.host]
    return ", ".join(" ".join(word.split()) for word in words if word)


def _data(result: Result | None) -> str:
    return " ".join(text_tables.data_words(result.data.name, result.data.note).split()) if result else ""


def _number(value: float | None) -> float:
    return math.nan if value is None else value
