"""The ledger -> the leaderboard: each team's last successful submission, ranked as a board ranks models."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd

from aic_helpers.boards import standings, tables
from aic_helpers.boards.folders import Board
from aic_helpers.boards.standings import TYPES, Standings, ordered
from aic_helpers.core import safe_files
from aic_helpers.reporting import html_pages, text_tables
from aic_helpers.submissions.ledgers import Entry, Ledger
from aic_helpers.tracks.catalogue import TRACKS

OWN = {"team_id": "Int64", "submission": "Int64", "received_utc": "string"}

OF_THIS_MACHINE = ["model", "checkpoint", "folder"]
"""Columns that are not published: where things lie here."""


def leaderboard(ledger: Ledger, folder: Path) -> Standings:
    """Return how the teams stand, as a board whose models are called by their teams.

    Parameters
    ----------
    ledger : Ledger
    folder : Path
        The desk's.
    """
    rows, notes, closed = [], [], ledger.closed()
    for track in TRACKS.values():
        found = [(_row(entry), entry) for entry in ledger.last_done(track.name)]
        notes += _set_others_apart(found)
        ranked = [(row, entry.detail["images"]) for row, entry in found if not row["reason"]]
        for score in track.scores:
            standings.rank(ranked, score)
        rows += [row for row, _ in found]
        if track.name in closed:
            notes.append(f"{track.title} is closed for submissions.")
    types = OWN | TYPES
    table = pd.DataFrame(rows, columns=list(types)).astype(types)
    order = [place for name in TRACKS for place in ordered(table, name, "A").index]
    board = Board(folder, "leaderboard", "", None, True, [])
    return Standings(board, table.loc[order].reset_index(drop=True), pd.DataFrame(), notes)


def write(shown: Standings) -> list[tuple[str, Path]]:
    """Write the leaderboard into the desk's folder as HTML, CSV and JSON; return each with its path."""
    folder = shown.board.folder
    files = {kind: folder / f"leaderboard.{kind}" for kind in ("html", "csv", "json")}
    safe_files.write_text(files["html"], _page(shown))
    safe_files.write_text(files["csv"], _csv(shown.table))
    safe_files.write_json(files["json"], as_dict(shown))
    return list(files.items())


def as_dict(shown: Standings) -> dict[str, Any]:
    """Return the leaderboard for JSON, without where anything lies on this machine."""
    table = shown.table.drop(columns=OF_THIS_MACHINE)
    return safe_files.strict({"schema": 1, "rows": tables.records(table), "notes": shown.notes})


def _row(entry: Entry) -> dict[str, Any]:
    """Return a board's row of a submission, under its team's name."""
    figures = {name: math.nan if value is None else value for name, value in entry.detail["figures"].items()}
    own = {"name": entry.team, "model": "", "checkpoint": "", "rules_broken": "", "reason": "", "doubts": ""}
    return figures | own | {"team_id": entry.team_id, "submission": entry.id, "received_utc": entry.received_utc}


def _set_others_apart(found: list[tuple[dict[str, Any], Entry]]) -> list[str]:
    """Give rows that were judged on other images than most a reason not to be ranked; return what to say of it."""
    judged = [(row, json.dumps([one.detail["judged_on"], len(one.detail["images"]["psnr_db"])])) for row, one in found]
    standings.set_apart(judged, lambda *_: "judged on other images, or by another protocol, than most: not compared")
    if not any(row["reason"] for row, _ in found):
        return []
    return ["Not all submissions were judged on the same images by one protocol; those that differ have no rank."]


def _csv(table: pd.DataFrame) -> str:
    """Return the table as CSV in which no cell is a formula: such a text gets an apostrophe before it."""
    shown = table.drop(columns=OF_THIS_MACHINE).copy()
    for column in shown.select_dtypes("string").columns:
        shown[column] = shown[column].map(text_tables.harmless, na_action="ignore")
    return shown.to_csv(index=False, lineterminator="\n")


def _page(shown: Standings) -> str:
    chapters = []
    for track in TRACKS.values():
        own = ordered(shown.table, track.name, "A")
        columns = tables.shown_figures(own)
        names = ["rank", *(tables.FIGURES[column][0] for column in columns), "received"]
        lines = [_line(row, columns) for _, row in own.iterrows()]
        chapters.append({"title": track.title, "columns": names, "lines": lines})
    return html_pages.page("leaderboard.html.j2", standings=True, chapters=chapters, notes=shown.notes)


def _line(row: pd.Series, columns: list[str]) -> dict[str, Any]:
    ranked = not pd.isna(row["rank_A"])
    words = "" if pd.isna(row["against_next_A"]) else str(row["against_next_A"])
    cells = [(str(row["rank_A"]), words, str(row["rank_A"])) if ranked else ("none", "", "999999")]
    for column in columns:
        value, interval = tables.figure(row, column)
        cells.append((value, interval, "" if math.isnan(row[column]) else repr(float(row[column]))))
    day, _, hour = str(row["received_utc"]).partition("T")
    cells.append((day, f"{hour[:5]} UTC, no. {row['submission']}", f"{day} {hour}"))
    return {"team": row["name"], "remark": row["reason"], "cells": cells}
