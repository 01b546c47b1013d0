"""A board -> a table of one row an entry: figures, rules, ranks, and whether a rank is decided or within noise."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from aic_helpers import report_words, tables
from aic_helpers.board_folders import Board, Entry
from aic_helpers.duels import Contender, leads
from aic_helpers.tracks import TRACKS

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

TYPES = {
    **dict.fromkeys(("name", "track", "status", "reason"), "string"),
    **{f"{name}{end}": "float64" for name in FIGURES for end in ("", "_low", "_high")},
    **dict.fromkeys(SINGLE, "float64"),
    **dict.fromkeys(COUNTS, "Int64"),
    "rules_met": "Int64",
    "rules_broken": "string",
    **{
        f"{column}_{score}": kind
        for score in SCORES
        for column, kind in (
            ("rank", "Int64"),
            ("lead", "float64"),
            ("lead_low", "float64"),
            ("lead_high", "float64"),
            ("against_next", "string"),
        )
    },
    **dict.fromkeys(("machine", "data", "model", "checkpoint", "folder"), "string"),
}
"""The columns of the table and their types.

`reason` says why a row has no rank; `lead` is how much higher it scores than the next row of that score, and
`against_next` whether that is ``decided``, ``within noise`` or has ``no interval``. `_low` and `_high` are the ends of
95 % intervals.
"""

LARGEST = 2.0**62
"""Of the numbers that are read, so that each has a place in a column of whole numbers; no figure comes near."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Standings:
    """How a board stands.

    Attributes
    ----------
    table : DataFrame
        A row for each entry in the order of `ordered` by score A; columns and types as in `TYPES`.
    rules : DataFrame
        The same rows; a column for each rule, with ``met``, ``BROKEN``, ``advice``, ``not judged`` or nothing.
    notes : list of str
        What a reader has to know, as sentences.
    """

    board: Board
    table: pd.DataFrame
    rules: pd.DataFrame
    notes: list[str]


def standings(board: Board) -> Standings:
    """Return how a board stands.

    A row is ranked where its model is done, breaks no rule, and was judged on the same images as most rows of its
    track. Others stand below, without a rank, and `reason` says why. What `decided` means stands in
    `aic_helpers.duels.leads`.
    """
    pairs = [(_row(entry), entry) for entry in board.entries]
    notes = []
    for track in TRACKS.values():
        own = [(row, entry) for row, entry in pairs if entry.track == track.name]
        _set_other_images_apart(own)
        for score in track.scores:
            _rank([(row, entry) for row, entry in own if row["status"] == DONE and not row["reason"]], score)
        notes += _notes(track.letter, [row for row, _ in own])
    table = pd.DataFrame([row for row, _ in pairs], columns=list(TYPES)).astype(TYPES)
    rules = pd.DataFrame([_verdicts(entry) for _, entry in pairs], index=table.index, dtype="string")
    order = [place for name in TRACKS for place in ordered(table, name, "A").index]
    return Standings(board, table.loc[order].reset_index(drop=True), rules.loc[order].reset_index(drop=True), notes)


def ordered(table: pd.DataFrame, track: str, by: str) -> pd.DataFrame:
    """Return the rows of a track: ranked by a score, then those without a rank, the failed, and the waiting."""
    own = table[table["track"] == track]
    last = own["rank_A"].size + 1
    keys = pd.DataFrame(
        {
            "rank": own[f"rank_{by}"].fillna(last).astype(int),
            "status": own["status"].map({DONE: 0, FAILED: 1, WAITING: 2}).astype(int),
            "score": -own[f"score_{by}"],
        }
    )
    return own.loc[keys.sort_values(["rank", "status", "score"], kind="stable").index]


def best(table: pd.DataFrame, track: str, by: str) -> pd.Series | None:
    """Return the first row by a score; None where no row of the track is ranked."""
    own = ordered(table, track, by)
    return own.iloc[0] if len(own) and own.iloc[0][f"rank_{by}"] == 1 else None


def _row(entry: Entry) -> Row:
    """Return the figures of one entry, without its place among the others."""
    result = entry.result or {}
    status, reason = _status(entry)
    row: Row = {name: getattr(entry, name) for name in ("name", "track", "model", "checkpoint", "folder")}
    row |= {"status": status, "reason": reason, "machine": _machine(result), "data": _data(result)}
    for column, (part, key) in FIGURES.items():
        source = (result.get("scores") if part in SCORES else result) or {}
        held = source.get(part) or {}
        low, high = _interval(held.get("ci95" if part in SCORES else f"{key}_ci95")) or (math.nan, math.nan)
        row |= {column: _number(held.get(key)), f"{column}_low": low, f"{column}_high": high}
    for column, (part, key) in (SINGLE | COUNTS).items():
        value = _number((result.get(part) or {}).get(key))
        row[column] = (None if not math.isfinite(value) else round(value)) if column in COUNTS else value
    found = list(_verdicts(entry).values())
    row |= {"rules_met": found.count("met") if found else None, "rules_broken": "; ".join(_broken(entry))}
    return row


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
        return report_words.no_scores(result)
    if entry.images.empty:
        return "images.csv has no figures of single images: make the run again"
    for name in ("psnr_db", "ms_ssim"):
        mean, stated = float(entry.images[name].mean(skipna=False)), _number(result["metrics"].get(name))
        if not math.isclose(mean, stated, rel_tol=1e-9):
            return f"images.csv has a mean {name} of {mean:.6g}, result.json {stated:.6g}: make the run again"
    return ""


def _verdicts(entry: Entry) -> dict[str, str]:
    rules = ((entry.result or {}).get("requirements")) or []
    return {" ".join(str(rule["name"]).split()): tables.verdict(rule) for rule in rules}


def _broken(entry: Entry) -> list[str]:
    return [name for name, verdict in _verdicts(entry).items() if verdict == "BROKEN"]


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
    return " ".join(tables.data_words(str(data.get("name", "")), str(data.get("note") or "")).split())


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


def _set_other_images_apart(own: Sequence[tuple[Row, Entry]]) -> None:
    """Give rows that were not judged on the same images as most of their track a reason not to be ranked."""
    keys = {id(row): _judged_on(row, entry) for row, entry in own if row["status"] == DONE and not row["reason"]}
    if not keys:
        return
    common = Counter(keys.values()).most_common(1)[0][0]
    for row, _ in own:
        if keys.get(id(row), common) != common:
            theirs = f"most rows on {_images_in_words(common)}"
            row["reason"] = f"judged on {_images_in_words(keys[id(row)])}, {theirs}: not compared"


def _judged_on(row: Row, entry: Entry) -> tuple[Any, ...]:
    protocol = str(((entry.result or {}).get("metrics") or {}).get("protocol"))
    return row["data"], protocol, tuple(entry.images.index)


def _images_in_words(key: tuple[Any, ...]) -> str:
    data, protocol, images = key
    return f"{tables.counted(len(images), 'image')} of {data} by {protocol} (from {images[0]})"


def _rank(ranked: Sequence[tuple[Row, Entry]], score: str) -> None:
    """Set rank and lead by one score in rows that compare."""
    rows = sorted(ranked, key=lambda pair: -pair[0][f"score_{score}"])
    if not rows:
        return
    coefficients = TRACKS[rows[0][0]["track"]].scores[score]
    for place, (row, _) in enumerate(rows, 1):
        row[f"rank_{score}"] = place
    found = leads(coefficients, [_contender(row, entry) for row, entry in rows])
    for (row, _), lead in zip(rows, found, strict=False):
        low, high = lead.ci95 or (math.nan, math.nan)
        row |= {f"lead_{score}": lead.value, f"lead_low_{score}": low, f"lead_high_{score}": high}
        row[f"against_next_{score}"] = lead.words


def _contender(row: Row, entry: Entry) -> Contender:
    low, high = row["speedup_low"], row["speedup_high"]
    interval = None if math.isnan(low) else (low, high)
    psnr_db, ms_ssim = (entry.images[name].to_numpy(dtype=float) for name in ("psnr_db", "ms_ssim"))
    return Contender(psnr_db, ms_ssim, row["speedup"], interval)


def _notes(letter: str, rows: Sequence[Row]) -> list[str]:
    machines = {row["machine"] for row in rows if row["machine"] and not math.isnan(row["time_ms"])}
    if len(machines) < 2:
        return []
    return [
        f"Track {letter} was timed on {len(machines)} machines ({'; '.join(sorted(machines))}): "
        "milliseconds don't compare, and are left out; the speedups do, each a ratio measured on one machine."
    ]
