"""How a board stands: tables for a terminal and a notebook, `board.csv`, and `board.parquet` where pyarrow is there."""

from __future__ import annotations

import importlib.util
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from aic_helpers.boards.entry_rows import DONE, FAILED, WAITING
from aic_helpers.boards.folders import Board
from aic_helpers.boards.orders import Order
from aic_helpers.boards.standings import Standings, best, is_ranked, ordered
from aic_helpers.core import installation, safe_files
from aic_helpers.profiling.timing import MIN_PAIRS
from aic_helpers.reporting import text_tables
from aic_helpers.reporting.text_tables import Row
from aic_helpers.tracks.definitions import TITLES
from aic_helpers.tracks.significance import DECIDED


@dataclass(frozen=True)
class Column:
    """A column of figures: where it stands in the standings, its name, digits and unit, and which values are better.

    `digits` are empty for scores, whose size is the formula's; `per` is what the unit counts.
    """

    key: str
    title: str
    digits: str
    unit: str = ""
    lower_is_better: bool = False
    per: float = 1.0


METRICS = {
    key: Column(key, title, *((".2f", "dB") if key == "psnr_db" else (".4f", ""))) for key, title in TITLES.items()
}

MEASURED = (
    Column("speedup", "speedup", ".3f"),
    Column("time_ms", "time", ".1f", "ms", lower_is_better=True),
    Column("peak_rss_mib", "RAM", ".0f", "MiB", lower_is_better=True),
)

COSTS = {
    "macs": Column("macs", "operations", ".2f", "GMAC", lower_is_better=True, per=1e9),
    "parameters": Column("parameters", "parameters", ".0f", lower_is_better=True),
    "file_bytes": Column("bytes", "size", ".2f", "MB", lower_is_better=True, per=1e6),
}
"""By the quantities that they are: shown where a score needs them."""

UNTIL_DECIDED = f"taken until ranks are decided: {MIN_PAIRS} pairs of each, more where a rank hangs on them"


def columns(shown: Standings, track: str) -> list[Column]:
    """Return the columns of a track: its scores, and what compares; no milliseconds where they don't compare."""
    own, orders = shown.table[shown.table["track"] == track], shown.orders(track)
    scores = [score_column(order) for order in orders if order.column not in METRICS]
    metrics = [METRICS[name] for name in shown.tracks[track].protocol.columns]
    clocks = own.loc[own["time_ms"].notna(), ["machine", "runtime"]].drop_duplicates()
    measured = [column for column in MEASURED if column.key != "time_ms" or len(clocks) == 1]
    costs = [column for name, column in COSTS.items() if any(name in order.needs for order in orders)]
    return [*scores, *metrics, *measured, *costs]


def runtimes(own: pd.DataFrame) -> set[str]:
    """Return the runtimes that rows were timed in."""
    return {*own["runtime"][own["speedup"].notna()]}


def score_column(order: Order) -> Column:
    """Return the column of what ranks."""
    return METRICS.get(order.column) or Column(order.column, order.title, "", lower_is_better=order.lower_is_better)


def figure(row: pd.Series, column: Column) -> tuple[str, str]:
    """Return a figure of a row in words, and its 95 % interval, which exact ones have none of; empty without any."""
    value = row[column.key]
    if pd.isna(value):
        return "", ""
    digits, unit = column.digits or text_tables.score_digits(value), column.unit and f" {column.unit}"
    low, high = (row.get(f"{column.key}_{end}", math.nan) for end in ("low", "high"))
    interval = "" if math.isnan(low) or low == high else f"{low:{digits}} to {high:{digits}}"
    return f"{value / column.per:{digits}}{unit}", interval


def frame(shown: Standings, track: str, by: str = "") -> pd.DataFrame:
    """Return a track's rows in their order, their figures in words.

    Parameters
    ----------
    shown : Standings
    track : str
    by : str
        What ranks; by default the first that the track has.

    Returns
    -------
    DataFrame
        Columns ``rank``, ``model``, what ranks with its interval, ``to the next`` (whether the rank is decided), the
        other figures, ``runtime`` where there are several, and ``remarks``: why there is no rank.
    """
    order, rows = shown.order(track, by), []
    first = score_column(order)
    others = [column for column in columns(shown, track) if not column.key.startswith("score_") and column != first]
    own = ordered(shown.table, track, order)
    where = ["runtime"] if len(runtimes(own)) > 1 else []
    for _, row in own.iterrows():
        cells = {"rank": _text(row[f"rank_{order.name}"]), "model": row["name"]}
        cells |= {order.title: _with_interval(row, first), "to the next": _text(row[f"against_next_{order.name}"])}
        cells |= {column.title: figure(row, column)[0] for column in others} | {name: row[name] for name in where}
        rows.append(cells | {"remarks": remarks(row)})
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else ["rank", "model", order.title, "remarks"])


def rules_frame(shown: Standings, track: str) -> pd.DataFrame:
    """Return the verdict on each rule of a track's models: a row for each model, a column for each rule."""
    own = ordered(shown.table, track, shown.order(track))
    found = shown.rules.loc[own.index].dropna(axis=1, how="all").fillna("")
    return found.set_axis(own["name"].rename("model"), axis=0)


def lines(shown: Standings, tracks: Sequence[str], by: str = "", *, rows: str = "model") -> list[str]:
    """Return tracks of a board as lines of text, and what a reader has to know; `rows`: what a row is called."""
    told = [["", *found] for track in tracks if (found := track_lines(shown, track, by, rows=rows))]
    return [*itertools.chain(*told), *(f"\n{note}" for note in shown.notes)]


def track_lines(shown: Standings, track: str, by: str = "", *, rows: str = "model") -> list[str]:
    """Return one track of a board as lines of text: the rows that have figures, in the columns that any has one in."""
    order, own = shown.order(track, by), shown.table[shown.table["track"] == track]
    if own.empty:
        return []
    table = frame(shown, track, by).drop(columns="remarks")
    table = table[(ordered(own, track, order)["status"] == DONE).to_numpy()]
    table = table.loc[:, (table != "").any()]
    lines = [f"{shown.tracks[track].title}, by {order.title}"]
    if len(table):
        head = list(table.rename(columns={"model": rows}).columns)
        lines += text_tables.aligned([head, *table.to_numpy().tolist()]).splitlines()
    lines += [f"best by {title}: {words}" for title, words in best_rows(shown, track)]
    lines += [words] if (words := winners(shown, track)) else []
    lines += _unranked_lines(unranked_rows(shown, track), len(own))
    lines += [f"lacking: {names}: {why}" for names, why in lacking_rows(shown, track)]
    lines += [f"doubtful: {row['name']}: {row['doubts']}" for _, row in own.iterrows() if row["doubts"]]
    return [*lines, *_ranks_lines(shown, track, rows)]


def _ranks_lines(shown: Standings, track: str, rows: str) -> list[str]:
    """Return the ranks by each order as lines, where another track's formulas were asked for."""
    table = ranks_frame(shown, track)
    if not shown.also or table.empty:
        return []
    head = list(table.rename(columns={"model": rows}).columns)
    return ["", "ranks by each", *text_tables.aligned([head, *table.to_numpy().tolist()]).splitlines()]


def ranks_frame(shown: Standings, track: str) -> pd.DataFrame:
    """Return the ranks of a track's models by each order: ``2 decided`` is the second, and ahead of the third."""
    orders = shown.orders(track)
    ranked = shown.table[(shown.table["track"] == track) & is_ranked(shown.table)]
    cells = {
        order.title: [
            f"{_text(row[f'rank_{order.name}'])} {_text(row[f'against_next_{order.name}'])}".strip()
            for _, row in ranked.iterrows()
        ]
        for order in orders
    }
    return pd.DataFrame({"model": list(ranked["name"]), **cells})


def winners(shown: Standings, track: str) -> str:
    """Return whether the winner changes with the formula, as a sentence; empty where there is one order or none."""
    firsts = [(order, first) for order in shown.orders(track) if (first := best(shown.table, track, order)) is not None]
    if len(firsts) < 2:
        return ""
    by: dict[str, list[str]] = {}
    for order, first in firsts:
        by.setdefault(str(first["name"]), []).append(f"{order.title}{_unsure(first, order)}")
    told = "; ".join(f"{name} by {', '.join(titles)}" for name, titles in by.items())
    if len(by) > 1:
        return f"The winner changes with the formula: first is {told}."
    return f"The winner is the same by each formula: {told}."


def _unsure(first: pd.Series, order: Order) -> str:
    """Return that a lead isn't decided; empty where it is, or there is nobody to be ahead of."""
    words = _text(first[f"against_next_{order.name}"])
    return "" if words in ("", DECIDED) else f" ({words})"


def lacking_rows(shown: Standings, track: str) -> list[Row]:
    """Return which scores models lack, and why; models that lack the same stand together."""
    own = shown.table[(shown.table["track"] == track) & (shown.table["lacks"].fillna("") != "")]
    return [(", ".join(rows["name"]), str(why)) for why, rows in own.groupby("lacks", sort=False)]


def best_rows(shown: Standings, track: str) -> list[Row]:
    """Return the best model of a track by each of its orders in words; none where nothing is ranked."""
    rows = []
    for order in shown.orders(track):
        first = best(shown.table, track, order)
        if first is not None:
            with_value = f"{first['name']} with {figure(first, score_column(order))[0]}"
            rows.append((order.title, f"{with_value}{_lead(first, order)}"))
    return rows


def unranked_rows(shown: Standings, track: str) -> list[Row]:
    """Return the models of a track that have no rank, each with why."""
    own = ordered(shown.table, track, shown.order(track))
    return [(row["name"], f"{row['status']}, {row['reason']}") for _, row in own.iterrows() if row["reason"]]


def _unranked_lines(unranked: Sequence[Row], models: int) -> list[str]:
    """Return a line a model without a rank; one for all of them where none of several has one, for the same reason."""
    reasons = {why for _, why in unranked}
    if len(unranked) == models > 1 == len(reasons):
        return [f"nothing is ranked: {reasons.pop()}"]
    return [f"not ranked: {name}: {why}" for name, why in unranked]


def board_rows(board: Board) -> list[Row]:
    """Return what a board is about, as labels and values."""
    limit = f", the first {text_tables.counted(board.limit, 'image')} at most" if board.limit else ""
    data = [("data", f"{board.data}{limit}")] if board.data else []
    times = [("times", UNTIL_DECIDED)] if board.until == "decided" else []
    return [("board", board.name), *data, *times, ("folder", text_tables.typed(board.folder))]


def summary(shown: Standings) -> str:
    """Return how many models a board has, and how they are."""
    counts = shown.table["status"].value_counts()
    return f"{len(shown.table)}: " + ", ".join(
        f"{counts.get(status, 0)} {status}" for status in (DONE, FAILED, WAITING)
    )


def as_dict(shown: Standings, tracks: Sequence[str]) -> dict[str, Any]:
    """Return tracks of a board for JSON: every column of the table, a dictionary a row."""
    own = shown.table[shown.table["track"].isin(list(tracks))]
    board = shown.board
    about = {"schema": 1, "name": board.name, "data": board.data, "limit": board.limit, "folder": str(board.folder)}
    return about | {"rows": records(own), "notes": shown.notes}


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as dictionaries, with None where there is nothing."""
    return table.astype(object).where(table.notna(), None).to_dict("records")


def _lead(first: pd.Series, order: Order) -> str:
    """Return how far the best is ahead of the second, in words."""
    words, lead = _text(first[f"against_next_{order.name}"]), first[f"lead_{order.name}"]
    if not words:
        return ""
    low, high = first[f"lead_low_{order.name}"], first[f"lead_high_{order.name}"]
    digits, unit = score_column(order).digits or text_tables.score_digits(first[order.column]), score_column(order).unit
    interval = "" if math.isnan(low) or low == high else f" ({low:{digits}} to {high:{digits}})"
    return f", {lead:{digits}}{unit and f' {unit}'}{interval} ahead of the next: {words}"


def _with_interval(row: pd.Series, column: Column) -> str:
    value, interval = figure(row, column)
    return f"{value} ({interval})" if interval else value


def remarks(row: pd.Series) -> str:
    """Return why a row has no rank, and what makes its figures doubtful; what it lacks is told of all rows together."""
    return "; ".join(filter(None, [row["reason"] and f"{row['status']}, {row['reason']}", row["doubts"]]))


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


CSV, PARQUET = "board.csv", "board.parquet"

NO_PARQUET = f"not written; {PARQUET} needs pyarrow: {installation.command('parquet')}"


def write_tables(shown: Standings) -> list[Row]:
    """Write the table beside `board.json`; return each file with where it is, or why it isn't.

    The same board folder gives the same bytes of CSV. An older `board.parquet` goes where none can be written now.
    """
    folder = shown.board.folder
    safe_files.write_text(folder / CSV, shown.table.to_csv(index=False, lineterminator="\n"))
    rows = [("table", text_tables.typed(folder / CSV))]
    if importlib.util.find_spec("pyarrow") is None:
        (folder / PARQUET).unlink(missing_ok=True)  # it would tell what the board was before
        return [*rows, ("parquet", NO_PARQUET)]
    with safe_files.replacing(folder / PARQUET) as partial:
        shown.table.to_parquet(partial, index=False, engine="pyarrow")
    return [*rows, ("parquet", text_tables.typed(folder / PARQUET))]
