"""The ledger -> the leaderboard: each team's last successful submission, ranked as a board ranks models."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd

from aic_helpers.boards import contenders, entry_rows, standings, tables
from aic_helpers.boards.entry_rows import Row
from aic_helpers.boards.folders import Board
from aic_helpers.boards.orders import Order, orders_of
from aic_helpers.boards.standings import Standings, ordered
from aic_helpers.boards.tables import Column
from aic_helpers.core import safe_files
from aic_helpers.reporting import html_pages, text_tables
from aic_helpers.submissions import desk_tracks
from aic_helpers.submissions.ledgers import Entry, Ledger
from aic_helpers.tracks.definitions import Track

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
    known, used = desk_tracks.tracks_of(folder), ledger.tracks()
    tracks = desk_tracks.shown(known, used)
    gone = ", ".join(sorted(used - {*known}))
    notes += [f"Left out, for want of the track's file in {desk_tracks.FOLDER}: {gone}."] if gone else []
    for track in tracks.values():
        found = [(_row(entry, track), entry) for entry in ledger.last_done(track.name)]
        notes += _set_others_apart(found)
        ranked = [(row, contenders.of_row(row), entry.detail["images"]) for row, entry in found if not row["reason"]]
        for order in orders_of(track):
            standings.rank(ranked, order)
        rows += [row for row, _ in found]
        notes += standings.timing_notes(track, [row for row, _ in found])
        if track.name in closed:
            notes.append(f"{track.title} is closed for submissions.")
    board = Board(folder, "leaderboard", "", None, True, [], tracks=tracks)
    return standings.assembled(board, rows, notes, others=OWN)


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


def _row(entry: Entry, track: Track) -> Row:
    """Return a board's row of a submission, under its team's name, with the scores of the track as it is now."""
    before = {"runtime": "TensorFlow"}  # the only one that older ledgers know
    measured = before | entry.detail["figures"]
    figures = {name: math.nan if value is None else value for name, value in measured.items()}
    own: dict[str, Any] = dict.fromkeys(("model", "checkpoint", "rules_broken", "reason", "lacks", "doubts"), "")
    own |= {"name": entry.team, "team_id": entry.team_id, "submission": entry.id, "received_utc": entry.received_utc}
    row = figures | own
    orders, known = orders_of(track), contenders.of_row(row)
    scores = entry_rows.scores(orders, {track.name: known})
    row |= entry_rows.score_columns(orders, scores)
    if _is_by_another(entry, track):
        row["reason"] = "judged by another file of the track than the desk has now: not compared"
    elif not any(score.value is not None for score in scores.values()):
        row["reason"] = f"no scores: it lacks {scores[orders[0].name].missing}"
    return row


def _is_by_another(entry: Entry, track: Track) -> bool:
    """Whether a submission was measured otherwise than a track says now; older ledgers name the protocol alone."""
    judged, now = entry.detail["judged_on"], track.judged_by
    if not isinstance(judged["protocol"], dict):
        judged = {**judged, "protocol": now["protocol"]}
    return {**now, **judged} != {**judged, **now}


def _set_others_apart(found: list[tuple[Row, Entry]]) -> list[str]:
    """Give rows that were judged on other images than most a reason not to be ranked; return what to say of it."""
    judged = [
        (row, (one.detail["judged_on"]["data"], len(one.detail["images"]["psnr_db"])))
        for row, one in found
        if not row["reason"]
    ]
    standings.set_apart(judged, lambda *_: "judged on other images than most: not compared")
    if not any(row["reason"].endswith("not compared") for row, _ in found):
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
    for name, track in shown.tracks.items():
        order, columns = shown.order(name), tables.columns(shown, name)
        names = ["rank", *(column.title for column in columns), "received"]
        lines = [_line(row, order, columns) for _, row in ordered(shown.table, name, order).iterrows()]
        chapters.append({"title": track.title, "order": order.title, "columns": names, "lines": lines})
    return html_pages.page("leaderboard.html.j2", standings=True, chapters=chapters, notes=shown.notes)


def _line(row: pd.Series, order: Order, columns: list[Column]) -> dict[str, Any]:
    rank, against_next = row[f"rank_{order.name}"], row[f"against_next_{order.name}"]
    words = "" if pd.isna(against_next) else str(against_next)
    cells = [("none", "", "999999") if pd.isna(rank) else (str(rank), words, str(rank))]
    for column in columns:
        value, interval = tables.figure(row, column)
        cells.append((value, interval, "" if pd.isna(row[column.key]) else repr(float(row[column.key]))))
    day, _, hour = str(row["received_utc"]).partition("T")
    cells.append((day, f"{hour[:5]} UTC, no. {row['submission']}", f"{day} {hour}"))
    remark = "; ".join(filter(None, (row["reason"], row["lacks"])))
    return {"team": row["name"], "remark": remark, "cells": cells}
