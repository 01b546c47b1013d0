"""A model's figures and those of its single images -> what counts against another model's, and against whose."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from aic_helpers.boards.folders import Entry
from aic_helpers.boards.orders import Order, words_of
from aic_helpers.core.machine import load_notes
from aic_helpers.reporting.text_tables import counted
from aic_helpers.tracks.definitions import COLUMNS, Track
from aic_helpers.tracks.scoring import Figure, exact
from aic_helpers.tracks.significance import Contender, speed_of, time_of

Images = Mapping[str, Any]
"""Metrics by their columns (``psnr_db``), each a figure for every image, or a DataFrame with such columns."""

Row = dict[str, Any]

Ranked = tuple[Row, Mapping[str, Figure], Images]
"""A row that compares with others, its quantities, and the figures of its single images."""

MOST_NAMED = 8
"""Of models in a sentence."""

IN_ROWS = {
    **{column: name for name, column in COLUMNS.items()},
    "speedup": "speedup",
    "time_ms": "time_ms",
    "baseline_time_ms": "baseline_time_ms",
    "peak_rss_mib": "peak_rss_mib",
    "macs": "macs",
    "parameters": "parameters",
    "bytes": "file_bytes",
}
"""The quantities of a row by its columns."""


def contender(figures: Mapping[str, Figure], images: Images) -> Contender:
    """Return a model's figures as they count against another's.

    Parameters
    ----------
    figures : mapping of str to Figure
        By the names of quantities.
    images : mapping
    """
    metrics = {name: np.asarray(images[column], dtype=float) for name, column in COLUMNS.items() if column in images}
    speedup, ci95 = speed_of(figures)
    fixed = {name: figure.value for name, figure in figures.items() if name not in {*COLUMNS, "speedup"}}
    return Contender({name: metrics[name] for name in metrics if name in figures}, speedup, ci95, fixed)


def of_row(row: Mapping[str, Any] | pd.Series) -> dict[str, Figure]:
    """Return the quantities that a row of a board has, each with its interval."""
    values = {name: row.get(column) for column, name in IN_ROWS.items()}
    found = {name: exact(float(value)) for name, value in values.items() if value is not None and not pd.isna(value)}
    for column, name in IN_ROWS.items():
        if name in found and f"{column}_low" in row:
            low, high = row[f"{column}_low"], row[f"{column}_high"]
            found[name] = Figure(found[name].value, None if math.isnan(low) else (low, high))
    if "time_ms" in found and "speedup" in found:
        found["time_ms"] = time_of(found["time_ms"].value, found["speedup"])
    return found


def on_one_clock(found: Sequence[Ranked], order: Order) -> list[Ranked]:
    """Return the rows whose times an order may compare: those of the runtime, and of the machine, that most have.

    An order that takes no times compares all rows. One that takes speedups compares those of one runtime, for each is
    over the track's baseline in the same; one that takes milliseconds those of one machine as well. Other rows lack the
    rank, and say so.
    """
    columns = order.clock
    if not columns:
        return list(found)
    common = _most_common([row for row, _, _ in found], columns)
    for row in (row for row, _, _ in found if not math.isnan(row["time_ms"])):  # others say that they weren't timed
        if other := next((column for column in columns if row[column] != common[column]), None):
            what = "milliseconds" if order.compares_ms else "speedups"
            why = f": timed {PLACES[other]} than what is ranked, and it takes {what}"
            row["lacks"] = _with_rank(row["lacks"], order.title, why)
    return [one for one in found if all(one[0][column] == common[column] for column in columns)]


def _with_rank(lacks: str, title: str, why: str) -> str:
    """Return what a row lacks with one rank more, beside the one before where it lacks that for the same reason."""
    if lacks.endswith(why):
        return f"{lacks.removesuffix(why)}, {title}{why}"
    return "; ".join(filter(None, (lacks, f"no rank by {title}{why}")))


PLACES = {"machine": "on another machine", "runtime": "in another runtime"}


def _most_common(rows: Sequence[Row], columns: Sequence[str]) -> dict[str, str]:
    timed = [row for row in rows if not math.isnan(row["time_ms"])]
    counts = {column: Counter(row[column] for row in timed) for column in columns}
    return {column: max(count, key=lambda value: (count[value], value), default="") for column, count in counts.items()}


def timing_notes(track: Track, rows: Sequence[Row]) -> list[str]:
    """Return what a reader of a track's times has to know, as sentences."""
    timed = [row for row in rows if not math.isnan(row["time_ms"])]
    machines, runtimes = ({row[name] for row in timed if row[name]} for name in ("machine", "runtime"))
    told = _runtimes(track, timed) if len(runtimes) > 1 else []
    if len(machines) < 2:
        return told
    return [
        *told,
        f"{words_of(track)} was timed on {len(machines)} machines ({'; '.join(sorted(machines))}): "
        "milliseconds don't compare, and are left out; the speedups do, each a ratio measured on one machine.",
    ]


def busy_notes(track: Track, entries: Sequence[Entry]) -> list[str]:
    """Return which models were timed while the machine was busy with other things, in a sentence."""
    profiles = {entry.name: entry.result.profile for entry in entries if entry.result and entry.result.profile}
    busy = [name for name, profile in profiles.items() if profile.load and load_notes(profile.load)]
    if not busy:
        return []
    return [
        f"{words_of(track)}: the machine was busy while it timed {_listed(busy)}. Milliseconds "
        "are longer than on an idle machine, by a different share each; the speedups, measured in turn, suffer less."
    ]


def _runtimes(track: Track, timed: Sequence[Row]) -> list[str]:
    """Return which rows share a runtime, and which runtime ranks, in two sentences."""
    names: dict[str, list[str]] = {}
    for row in timed:
        names.setdefault(row["runtime"], []).append(row["name"])
    *shared, last = (f"{runtime} ({_listed(names[runtime])})" for runtime in sorted(names))
    ranked = _most_common([row for row in timed if not row["reason"]], ["runtime"])["runtime"]
    alone = f" Ranks that take times, and the Pareto front, are of {ranked} alone." if ranked else ""
    return [
        f"{words_of(track)} was timed in {', '.join(shared)} and {last}: each speedup is over the baseline in the same "
        f"runtime.{alone}"
    ]


def _listed(names: Sequence[str]) -> str:
    others = f" and {counted(len(names) - MOST_NAMED, 'other')}" if len(names) > MOST_NAMED else ""
    return f"{', '.join(names[:MOST_NAMED])}{others}"
