"""A user study in a folder: opened, analysed, exported, deleted."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from aic_helpers.core import csv_tables, safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.core.project_paths import runs_folder
from aic_helpers.core.safe_texts import decoded
from aic_helpers.reporting.text_tables import harmless
from aic_helpers.studies import analysis
from aic_helpers.studies.plans import FILE, INVITATIONS, PICTURE, PICTURES, STORE, Plan, is_plan, read
from aic_helpers.studies.stores import Store, is_store

FIGURES, EXPORT, RESULT, REPORT = "figures.csv", "votes.csv", "study.json", "report.html"
OURS = (FILE, STORE, INVITATIONS, FIGURES, EXPORT, RESULT, REPORT)
"""Files in a study's folder, beside the folder of pictures."""


@dataclass(frozen=True)
class Study:
    """A study that is there."""

    folder: Path
    plan: Plan
    store: Store


def folder_of(typed: str) -> Path:
    """Return the folder of a study: what was typed, or ``runs/study``."""
    return Path(typed).expanduser() if typed else runs_folder() / "study"


def is_there(folder: Path) -> bool:
    """Return whether a folder has a study."""
    return (folder / FILE).is_file()


def open_study(folder: Path) -> Study:
    """Return the study in a folder; `InputError` where there is none, or a part of it is missing or damaged."""
    plan = read(folder)
    lost = [file for file in plan.pictures.values() if not (folder / PICTURES / file).is_file()]
    if lost:
        raise InputError(f"{len(plan.pictures)} pictures in {folder / PICTURES}", f"no {lost[0]}", "bring them back")
    return Study(folder, plan, Store(folder / STORE, plan.study))


def tokens(study: Study) -> dict[str, str]:
    """Return the raters' tokens from the file of invitations, the only place that has them."""
    path = study.folder / INVITATIONS
    if not path.is_file():
        raise InputError(f"the invitations in {path}", "nothing", "bring back the file: only it has the raters' tokens")
    found = {str(row.get("rater")): str(row.get("token")) for row in _rows(path)}
    if not set(found) <= set(study.plan.raters) or not found:
        raise InputError(f"raters and their tokens in {path}", "something else", "bring back the file")
    return found


def _rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a CSV file that a spreadsheet may have saved anew, with another sign between its cells."""
    try:
        lines = decoded(path.read_bytes()).splitlines()
    except UnicodeDecodeError:
        return []
    sign = next((sign for sign in ",;\t" if lines and sign in lines[0]), ",")
    return list(csv.DictReader(lines, delimiter=sign))


def write_invitations(folder: Path, tokens: Mapping[str, str]) -> None:
    """Write the raters' tokens, for the organiser's eyes."""
    safe_files.write_private(folder / INVITATIONS, _csv([("rater", "token"), *tokens.items()]))


def voters(study: Study) -> int:
    """Return how many raters have a vote that counts."""
    shown = study.plan.by_code()
    return len({vote.rater for vote in study.store.votes() if shown[vote.rater, vote.code].role != "training"})


def analyse(study: Study, *, keep_all: bool = False) -> analysis.Analysis:
    """Return what the votes say: see `analysis.analyse`."""
    path = study.folder / FIGURES
    figures = csv_tables.read(path, ("photo", "model")) if path.is_file() else pd.DataFrame()
    return analysis.analyse(study.plan, study.store.votes(), figures, keep_all=keep_all)


def export(study: Study, path: Path) -> int:
    """Write the votes as CSV without what leads to a person; return how many.

    Raters are numbered anew at random, at each export; times are seconds since the rater's first vote.

    Raises
    ------
    InputError
        A name that doesn't end in .csv: what lies there would be gone.
    """
    if path.suffix.lower() != ".csv" or (path.exists() and not path.is_file()):
        raise InputError("a file that ends in .csv", f"{path}", "name one with --out")
    shown, votes = study.plan.by_code(), study.store.votes()
    raters = sorted({vote.rater for vote in votes})
    random.SystemRandom().shuffle(raters)
    number = {rater: place + 1 for place, rater in enumerate(raters)}
    first: dict[str, datetime] = {}
    for vote in votes:
        first[vote.rater] = min(first.get(vote.rater, _time(vote.given_utc)), _time(vote.given_utc))
    head = ("rater", "place", "role", "photo", "model", "second_model", "answer", "viewed_ms", "seconds", "revision")
    rows: list[tuple[Any, ...]] = []
    for vote in votes:
        one = shown[vote.rater, vote.code]
        models = [model for _, model in one.pictures] + [""]
        seconds = round((_time(vote.given_utc) - first[vote.rater]).total_seconds(), 1)
        row = (number[vote.rater], vote.place + 1, one.role, one.pictures[0][0], *models[:2], vote.answer)
        rows.append((*row, "" if vote.viewed_ms is None else vote.viewed_ms, seconds, vote.revision))
    rows.sort(key=lambda row: row[:2])
    safe_files.write_private(path, _csv([head, *([harmless(cell) for cell in row] for row in rows)]))
    return len(rows)


def forget(study: Study, rater: str) -> int:
    """Remove one rater's votes, window and invitation, and what was made of all votes; return how many votes."""
    left = {name: token for name, token in tokens(study).items() if name != rater}
    count = study.store.delete(rater)
    write_invitations(study.folder, left)
    for name in (EXPORT, RESULT, REPORT):
        (study.folder / name).unlink(missing_ok=True)
    return count


def delete(folder: Path) -> None:
    """Remove a study: votes, invitations, pictures, plan, and what was made of them. Other files stay.

    Raises
    ------
    InputError
        No study there: neither a plan nor a store of votes that we made. A damaged study can be removed by one of both.
    """
    require_ours(folder)
    for name in OURS:
        (folder / name).unlink(missing_ok=True)
    for picture in (folder / PICTURES).glob("*.png"):
        if PICTURE.fullmatch(picture.name):
            picture.unlink()
    for place in (folder / PICTURES, folder):
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()


def require_ours(folder: Path) -> None:
    """Refuse a folder that holds neither a plan nor a store of votes."""
    if not (is_plan(folder / FILE) or is_store(folder / STORE)):
        raise InputError(f"a study in {folder}", "none", "name its folder with --study")


def _csv(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
