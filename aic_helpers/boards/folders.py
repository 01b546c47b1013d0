"""A board folder -> its entries, each with what its run left; what is missing or damaged becomes a sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import pandas as pd
from pydantic import BaseModel, Field, StrictBool, StrictInt, model_validator

from aic_helpers.core import validation
from aic_helpers.core.errors import InputError, nearest
from aic_helpers.core.project_paths import runs_folder
from aic_helpers.core.safe_texts import printable
from aic_helpers.core.written_values import Text
from aic_helpers.runs import quantities, results
from aic_helpers.runs.run_folders import printable_result, read_table
from aic_helpers.runs.schema import Result
from aic_helpers.tracks import catalogue
from aic_helpers.tracks.catalogue import PIRM2018, TRACKS
from aic_helpers.tracks.definitions import COLUMNS, Track

SCHEMA = 1

FILE, FAILURE = "board.json", "failure.json"

MAKE = "make one with: aic board run SPEC"


class _PlannedEntry(BaseModel):
    name: str
    track: str
    folder: str
    model: Text = ""
    checkpoint: Text = ""


class _Plan(BaseModel):
    """`board.json`, as `aic board run` writes it; `track_files` are the contents of tracks of one's own, by name."""

    schema_: Literal[1] = Field(alias="schema")
    name: str
    data: str
    limit: StrictInt | None
    profile: StrictBool
    until: Text = ""
    track_files: dict[str, dict[str, Any]] = {}
    entries: list[_PlannedEntry]

    @model_validator(mode="after")
    def _knows_its_tracks(self) -> Self:
        for place, entry in enumerate(self.entries):
            if entry.track not in {*self.track_files, *TRACKS}:
                found = f"{json.dumps(entry.track)} as entries[{place}].track"
                remedy = nearest(entry.track, TRACKS, MAKE)
                raise InputError("a track that is shipped, or one in track_files", found, remedy)
        return self

    @property
    def tracks(self) -> dict[str, Track]:
        """The tracks of the entries by name, those that are shipped first; PIRM 2018's where there is no entry."""
        named = {entry.track for entry in self.entries} or {*PIRM2018}
        own = {name: catalogue.made(name, self.track_files[name]) for name in self.track_files if name in named}
        return {name: TRACKS[name] for name in TRACKS if name in named - {*own}} | own


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
        The track's metrics by image, sorted by the images' names; empty where there is none.
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
    """A board: many models judged on one or more tracks.

    `until` says until when models were timed (see `aic_helpers.boards.specs.Spec`), `note` what a reader has to know;
    `tracks` are those of the entries, by name, in the order in which they are shown.
    """

    folder: Path
    name: str
    data: str
    limit: int | None
    profile: bool
    entries: list[Entry]
    note: str = ""
    until: str = ""
    tracks: Mapping[str, Track] = field(default_factory=dict)


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
    tracks = plan.tracks
    entries = [_entry(place, entry, tracks[entry.track]) for entry in plan.entries]
    name, data = _line(plan.name), _line(plan.data)
    return Board(place, name, data, plan.limit, plan.profile, entries, until=plan.until, tracks=tracks)


def board_or_runs(folder: str | Path = "") -> Board:
    """Return what `open_board` does, or the runs in `runs/` where none is named and none was made."""
    return open_board(folder) if str(folder) or any(boards_folder().glob(f"*/{FILE}")) else of_runs(runs_folder())


def boards_folder() -> Path:
    """Return where `aic board run` puts boards."""
    return runs_folder() / "boards"


def of_runs(folder: Path) -> Board:
    """Return the runs in a folder like `runs/` as a board; it may be empty."""
    found = sorted(path for path in folder.glob("*/*") if (path / "result.json").is_file())
    tracks = {name: track for name in _tracks_first(found) if (track := _track_of_runs(name, found))}
    entries = [
        _entry(folder, _PlannedEntry(name=path.name, track=name, folder=str(path.relative_to(folder))), track)
        for name, track in tracks.items()
        for path in found
        if path.parent.name == name
    ]
    note = "No board was made yet, so these are the single runs" if entries else "There is no board and no run yet"
    note = f"{note}: aic board run SPEC makes a board, aic run a run."
    return Board(folder, "runs", "", None, True, entries, note, tracks=tracks)


def _tracks_first(found: Sequence[Path]) -> list[str]:
    """Return the names of the folders that runs are in, those of shipped tracks first; PIRM 2018's without any."""
    names = {path.parent.name for path in found}
    return [*(name for name in TRACKS if name in names), *sorted(names - {*TRACKS})] or [*PIRM2018]


def _track_of_runs(name: str, found: Sequence[Path]) -> Track | None:
    """Return the track whose runs are in the folder of its name; one of one's own as its first run has it."""
    if name in TRACKS:
        return TRACKS[name]
    read = (results.find_whole(path) for path in found if path.parent.name == name)
    own = next((result for result in read if result and result.track == name and result.track_file), None)
    with suppress(InputError):
        return quantities.track_of(own) if own else None
    return None


def _newest() -> Path:
    boards = sorted(boards_folder().glob(f"*/{FILE}"), key=lambda path: (path.stat().st_mtime, path))
    if not boards:
        raise InputError(f"a board in {boards_folder()}", "none", MAKE)
    return boards[-1].parent


def _entry(board: Path, planned: _PlannedEntry, track: Track) -> Entry:
    """Return an entry with what its run folder holds."""
    known = {name: _line(text) for name, text in planned}
    blank = pd.DataFrame(columns=[*COLUMNS.values()], dtype=float)
    result, images, failure, problem = None, blank, "", ""
    try:
        run = _inside(board, planned.folder)
        failure = _why(run / FAILURE)
        if (run / "result.json").is_file():
            result = _result(run, track)
            images = _images(run, track)
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


def _result(run: Path, track: Track) -> Result:
    read = results.read(run)
    results.require_as_written(read, run)
    result = printable_result(read)
    if result.track != track.name:
        raise InputError(f"a result of track {track.name}", f"one of {result.track}", "make the run again")
    if not quantities.track_of(result).judges_as(track):
        found = f"one of another {track.name}.toml"
        raise InputError(f"a result by what {track.name} asks for", found, "make the run again")
    return result


def _images(run: Path, track: Track) -> pd.DataFrame:
    table, problem = read_table(run / "images.csv")
    columns = track.protocol.columns
    if problem or not {"image", *columns} <= set(table.columns):
        return pd.DataFrame(columns=columns, dtype=float)
    numbers = table.set_index("image")[columns].apply(pd.to_numeric, errors="coerce")
    return numbers.sort_index()


def _line(text: Any) -> str:
    """Return a text as one line that can stand in a page."""
    return " ".join(str(printable(str(text))).split())
