"""A board folder -> its entries, each with what its run left; what is missing or damaged becomes a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, Field, StrictBool, StrictInt

from aic_helpers.core import validation
from aic_helpers.core.errors import InputError
from aic_helpers.core.project_paths import runs_folder
from aic_helpers.core.safe_texts import printable
from aic_helpers.runs import results
from aic_helpers.runs.run_folders import printable_result, read_table
from aic_helpers.runs.schema import Result, Text
from aic_helpers.tracks.catalogue import TRACKS, TrackName

SCHEMA = 1

FILE, FAILURE = "board.json", "failure.json"

MAKE = "make one with: aic board run SPEC"


class _PlannedEntry(BaseModel):
    name: str
    track: TrackName
    folder: str
    model: Text = ""
    checkpoint: Text = ""


class _Plan(BaseModel):
    """`board.json`, as `aic board run` writes it."""

    schema_: Literal[1] = Field(alias="schema")
    name: str
    data: str
    limit: StrictInt | None
    profile: StrictBool
    until: Text = ""
    entries: list[_PlannedEntry]


class Failure(BaseModel):
    """`failure.json`: why a model failed for good, and what that hangs on."""

    reason: str
    stage: Text = "run"
    kind: Text = ""
    made_from: Any = None


@dataclass(frozen=True)
class Entry:
    """One model on one track of a board.

    Attributes
    ----------
    model, checkpoint : str
        What was typed.
    folder : str
        The run folder, relative to the board's.
    result : Result or None
        From `result.json`, where there is one.
    images : DataFrame
        ``psnr_db`` and ``ms_ssim`` by image, sorted by the images' names; empty where there is none.
    failure : str
        Why the model failed for good, in one line; empty where it didn't.
    problem : str
        Why the run folder can't be read, in one line.
    """

    name: str
    track: str
    model: str
    checkpoint: str
    folder: str
    result: Result | None
    images: pd.DataFrame
    failure: str
    problem: str


@dataclass(frozen=True)
class Board:
    """A board: many models judged on one or both tracks.

    `until` says until when models were timed (see `aic_helpers.boards.specs.Spec`), `note` what a reader has to know.
    """

    folder: Path
    name: str
    data: str
    limit: int | None
    profile: bool
    entries: list[Entry]
    note: str = ""
    until: str = ""


def open_board(folder: str | Path = "") -> Board:
    """Return what is in a board folder; without one, the newest in `runs/boards`.

    Texts in it come from outside: letters that no page or font can show are replaced, line breaks are folded.

    Raises
    ------
    InputError
        No board there, or a `board.json` that can't be read. An entry that can't is told in its place.
    """
    place = Path(folder).expanduser() if str(folder) else _newest()
    if not (place / FILE).is_file():
        found = "a file" if place.is_file() else "none in that folder" if place.is_dir() else "nothing"
        raise InputError(f"a board ({FILE}) at {place}", found, MAKE)
    content = printable(validation.load_json(place / FILE, f"JSON in {place / FILE}", MAKE))
    plan = validation.fitted(_Plan, content, f"a whole board of schema {SCHEMA} in {place / FILE}", MAKE)
    entries = [_entry(place, entry) for entry in plan.entries]
    return Board(place, _line(plan.name), _line(plan.data), plan.limit, plan.profile, entries, until=plan.until)


def board_or_runs(folder: str | Path = "") -> Board:
    """Return what `open_board` does, or the runs in `runs/` where none is named and none was made."""
    return open_board(folder) if str(folder) or any(boards_folder().glob(f"*/{FILE}")) else of_runs(runs_folder())


def boards_folder() -> Path:
    """Return where `aic board run` puts boards."""
    return runs_folder() / "boards"


def of_runs(folder: Path) -> Board:
    """Return the runs in a folder like `runs/` as a board; it may be empty."""
    found = sorted(path for track in TRACKS for path in (folder / track).glob("*") if (path / "result.json").is_file())
    entries = [
        _entry(folder, _PlannedEntry(name=path.name, track=path.parent.name, folder=str(path.relative_to(folder))))
        for path in found
    ]
    note = "No board was made yet, so these are the single runs" if entries else "There is no board and no run yet"
    return Board(folder, "runs", "", None, True, entries, f"{note}: aic board run SPEC makes a board, aic run a run.")


def _newest() -> Path:
    boards = sorted(boards_folder().glob(f"*/{FILE}"), key=lambda path: (path.stat().st_mtime, path))
    if not boards:
        raise InputError(f"a board in {boards_folder()}", "none", MAKE)
    return boards[-1].parent


def _entry(board: Path, planned: _PlannedEntry) -> Entry:
    """Return an entry with what its run folder holds."""
    known = {name: _line(text) for name, text in planned}
    blank = pd.DataFrame({"psnr_db": [], "ms_ssim": []})
    result, images, failure, problem = None, blank, "", ""
    try:
        run = _inside(board, planned.folder)
        failure = _why(run / FAILURE)
        if (run / "result.json").is_file():
            result = _result(run, known["track"])
            images = _images(run)
    except InputError as error:
        problem = _line(error)
    except OSError as error:
        problem = _line(f"the run folder can't be read ({error.strerror}): check its permissions")
    return Entry(**known, result=result, images=images, failure=failure, problem=problem)


def _inside(board: Path, folder: str) -> Path:
    path = (board / folder).resolve()
    if Path(folder).is_absolute() or not path.is_relative_to(board.resolve()):
        raise InputError("a run folder inside the board", folder, "name it by a path relative to the board")
    return path


def read_failure(path: Path) -> Failure:
    """Return why a model failed, from its `failure.json`; `InputError` where that doesn't say it."""
    remedy = "run it again"
    return validation.fitted(
        Failure, validation.load_json(path, f"JSON in {path}", remedy), f"a reason in {path}", remedy
    )


def _why(path: Path) -> str:
    """Return in a line why a model failed; empty where it didn't."""
    if not path.is_file():
        return ""
    try:
        failure = read_failure(path)
    except InputError:
        return f"it failed, but {FAILURE} doesn't say why: run it again"
    return _line(f"{failure.stage or 'run'}: {failure.reason}")


def _result(run: Path, track: str) -> Result:
    read = results.read(run)
    results.require_as_written(read, run)
    result = printable_result(read)
    if result.track != track:
        raise InputError(f"a result of track {track}", f"one of {result.track}", "make the run again")
    return result


def _images(run: Path) -> pd.DataFrame:
    table, problem = read_table(run / "images.csv")
    columns = ["psnr_db", "ms_ssim"]
    if problem or not {"image", *columns} <= set(table.columns):
        return pd.DataFrame(columns=columns, dtype=float)
    numbers = table.set_index("image")[columns].apply(pd.to_numeric, errors="coerce")
    return numbers.sort_index()


def _line(text: Any) -> str:
    """Return a text as one line that can stand in a page."""
    return " ".join(str(printable(str(text))).split())
