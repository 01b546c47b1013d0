"""How a board stands: tables for a terminal and a notebook, `board.csv`, and `board.parquet` where pyarrow is there."""

from __future__ import annotations

import importlib.util
import itertools
import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from aic_helpers.boards.entry_rows import DONE, FAILED, SCORES, WAITING
from aic_helpers.boards.folders import Board
from aic_helpers.boards.standings import Standings, best, ordered
from aic_helpers.core import installation, safe_files
from aic_helpers.profiling.timing import MIN_PAIRS
from aic_helpers.reporting import text_tables
from aic_helpers.reporting.text_tables import Row
from aic_helpers.tracks.catalogue import TRACKS

FIGURES = {
    "score_A": ("score A", ".2f", ""),
    "score_B": ("score B", ".2f", ""),
    "score_C": ("score C", ".2f", ""),
    "psnr_db": ("PSNR", ".2f", " dB"),
    "ms_ssim": ("MS-SSIM", ".4f", ""),
    "speedup": ("speedup", ".3f", ""),
    "time_ms": ("time", ".1f", " ms"),
    "peak_rss_mib": ("RAM", ".0f", " MiB"),
}
"""By column of the standings: its name, digits and unit in words."""


UNTIL_DECIDED = f"taken until ranks are decided: {MIN_PAIRS} pairs of each, more where a rank hangs on them"


def shown_figures(table: pd.DataFrame) -> list[str]:
    """Return the columns that compare within a track: without milliseconds where they are from several machines."""
    machines = table.loc[table["time_ms"].notna(), "machine"]
    return [name for name in FIGURES if name != "time_ms" or machines.nunique() == 1]


def figure(row: pd.Series, column: str) -> tuple[str, str]:
    """Return a figure of a row in words, and its 95 % interval; both empty where there is none."""
    _, digits, unit = FIGURES[column]
    low, high = (row.get(f"{column}_{end}", math.nan) for end in ("low", "high"))
    value = "" if math.isnan(row[column]) else f"{row[column]:{digits}}{unit}"
    return value, "" if not value or math.isnan(low) else f"{low:{digits}} to {high:{digits}}"


def frame(shown: Standings, track: str, by: str) -> pd.DataFrame:
    """Return a track's rows in the order of a score, their figures in words.

    Parameters
    ----------
    shown : Standings
    track : str
    by : {"A", "B", "C"}

    Returns
    -------
    DataFrame
        Columns ``rank``, ``model``, the score with its interval, ``to the next`` (whether the rank is decided), the
        other figures, and ``remarks``: why there is no rank.
    """
    own = ordered(shown.table, track, by)
    rows = []
    for _, row in own.iterrows():
        cells = {"rank": _text(row[f"rank_{by}"]), "model": row["name"]}
        cells |= {f"score {by}": _with_interval(row, f"score_{by}"), "to the next": _text(row[f"against_next_{by}"])}
        for column in shown_figures(own):
            if not column.startswith("score_"):
                cells[FIGURES[column][0]] = figure(row, column)[0]
        rows.append(cells | {"remarks": remarks(row)})
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else ["rank", "model", f"score {by}", "remarks"])


def rules_frame(shown: Standings, track: str) -> pd.DataFrame:
    """Return the verdict on each rule of a track's models: a row for each model, a column for each rule."""
    own = ordered(shown.table, track, "A")
    found = shown.rules.loc[own.index].dropna(axis=1, how="all").fillna("")
    return found.set_axis(own["name"].rename("model"), axis=0)


def lines(shown: Standings, tracks: Sequence[str], by: str, *, rows: str = "model") -> list[str]:
    """Return tracks of a board as lines of text, and what a reader has to know; `rows`: what a row is called."""
    told = [["", *found] for track in tracks if (found := track_lines(shown, track, by, rows=rows))]
    return [*itertools.chain(*told), *(f"\n{note}" for note in shown.notes)]


def track_lines(shown: Standings, track: str, by: str, *, rows: str = "model") -> list[str]:
    """Return one track of a board as lines of text: the ranked and the other rows that have figures."""
    own = shown.table[shown.table["track"] == track]
    if own.empty:
        return []
    table = frame(shown, track, by).drop(columns="remarks")[(ordered(own, track, by)["status"] == DONE).to_numpy()]
    lines = [f"{TRACKS[track].title}, by score {by}"]
    if len(table):
        head = list(table.rename(columns={"model": rows}).columns)
        lines += text_tables.aligned([head, *table.to_numpy().tolist()]).splitlines()
    lines += [f"best by score {score}: {words}" for score, words in best_rows(shown, track)]
    lines += [f"not ranked: {name}: {why}" for name, why in unranked_rows(shown, track)]
    lines += [f"doubtful: {row['name']}: {row['doubts']}" for _, row in own.iterrows() if row["doubts"]]
    return lines


def best_rows(shown: Standings, track: str) -> list[Row]:
    """Return the best model of a track by each score in words; none where nothing is ranked."""
    rows = []
    for score in SCORES:
        first = best(shown.table, track, score)
        if first is not None:
            rows.append((score, f"{first['name']} with {figure(first, f'score_{score}')[0]}{_lead(first, score)}"))
    return rows


def unranked_rows(shown: Standings, track: str) -> list[Row]:
    """Return the models of a track that have no rank, each with why."""
    own = ordered(shown.table, track, "A")
    return [(row["name"], f"{row['status']}, {row['reason']}") for _, row in own.iterrows() if row["reason"]]


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


def _lead(first: pd.Series, score: str) -> str:
    """Return how far the best is ahead of the second, in words."""
    words, lead = _text(first[f"against_next_{score}"]), first[f"lead_{score}"]
    if not words:
        return ""
    low, high = first[f"lead_low_{score}"], first[f"lead_high_{score}"]
    interval = "" if math.isnan(low) else f" ({low:.2f} to {high:.2f})"
    return f", {lead:.2f}{interval} ahead of the next: {words}"


def _with_interval(row: pd.Series, column: str) -> str:
    value, interval = figure(row, column)
    return f"{value} ({interval})" if interval else value


def remarks(row: pd.Series) -> str:
    """Return why a row has no rank, and what makes its figures doubtful."""
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
