"""A board folder -> its entries, each with what its run left; what is missing or damaged becomes a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from aic_helpers.core.errors import InputError
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.core.safe_texts import printable
from aic_helpers.core.tracks import TRACKS
from aic_helpers.runs import results
from aic_helpers.runs.run_folders import printable_result, read_table
from aic_helpers.runs.schema import Result

SCHEMA = 1

FILE, FAILURE = "board.json", "failure.json"

RUNS = PROJECT / "runs"
BOARDS = RUNS / "boards"
"""Where `aic board run` puts boards."""

MAKE = "make one with: aic board run SPEC"

TEXTS = ("name", "track", "model", "checkpoint", "folder")
"""Of each entry in `board.json`."""


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
    """A board: many models judged on one or both tracks. `note` is what a reader has to know about it."""

    folder: Path
    name: str
    data: str
    limit: int | None
    profile: bool
    entries: list[Entry]
    note: str = ""


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
    plan = _json(place / FILE)
    problem = next(_problems(plan), None)
    if problem:
        raise InputError(f"a whole board of schema {SCHEMA} in {place / FILE}", problem, MAKE)
    entries = [_entry(place, {name: str(entry.get(name) or "") for name in TEXTS}) for entry in plan["entries"]]
    return Board(place, _line(plan["name"]), _line(plan["data"]), plan["limit"], plan["profile"], entries)


def board_or_runs(folder: str | Path = "") -> Board:
    """Return what `open_board` does, or the runs in `runs/` where none is named and none was made."""
    return open_board(folder) if str(folder) or any(BOARDS.glob(f"*/{FILE}")) else of_runs(RUNS)


def of_runs(folder: Path) -> Board:
    """Return the runs in a folder like `runs/` as a board; it may be empty."""
    found = sorted(path for track in TRACKS for path in (folder / track).glob("*") if (path / "result.json").is_file())
    entries = [
        _entry(folder, {"name": path.name, "track": path.parent.name, "folder": str(path.relative_to(folder))})
        for path in found
    ]
    note = "No board was made yet, so these are the single runs" if entries else "There is no board and no run yet"
    return Board(folder, "runs", "", None, True, entries, f"{note}: aic board run SPEC makes a board, aic run a run.")


def _newest() -> Path:
    boards = sorted(BOARDS.glob(f"*/{FILE}"), key=lambda path: (path.stat().st_mtime, path))
    if not boards:
        raise InputError(f"a board in {BOARDS}", "none", MAKE)
    return boards[-1].parent


def _json(path: Path) -> Any:
    try:
        return printable(json.loads(path.read_text("utf-8")))
    except (ValueError, RecursionError) as error:  # a wrong encoding is a ValueError too
        raise InputError(f"JSON in {path}", f"something else ({error})", MAKE) from None


def _problems(plan: Any) -> Iterator[str]:
    """Yield what is wrong. What follows a problem relies on its being none: only the first counts."""
    if not isinstance(plan, dict):
        yield f"{json.dumps(plan)[:40]}"
    if plan.get("schema") != SCHEMA:
        yield f"schema {plan.get('schema')}"
    kinds = {"name": str, "data": str, "limit": int | None, "profile": bool, "entries": list}
    yield from (f"{json.dumps(plan.get(key))[:40]} as {key}" for key, kind in kinds.items() if not _is(plan, key, kind))
    for number, entry in enumerate(plan["entries"], 1):
        if not isinstance(entry, dict):
            yield f"{json.dumps(entry)[:40]} as entry {number}"
        yield from (f"no {key} in entry {number}" for key in ("name", "track", "folder") if not _is(entry, key, str))
        if entry["track"] not in TRACKS:
            yield f"track {entry['track']!r} in entry {number}"


def _is(values: dict[str, Any], key: str, kind: Any) -> bool:
    return key in values and isinstance(values[key], kind) and (kind is bool or not isinstance(values[key], bool))


def _entry(board: Path, texts: dict[str, str]) -> Entry:
    """Return an entry with what its run folder holds."""
    known = {name: _line(texts.get(name, "")) for name in TEXTS}
    blank = pd.DataFrame({"psnr_db": [], "ms_ssim": []})
    result, images, failure, problem = None, blank, "", ""
    try:
        run = _inside(board, texts["folder"])
        failure = _failure(run / FAILURE)
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


def _failure(path: Path) -> str:
    """Return why a model failed, from its `failure.json`; empty where there is none."""
    if not path.is_file():
        return ""
    try:
        found = _json(path)
    except InputError:
        found = None
    if not (isinstance(found, dict) and isinstance(found.get("reason"), str)):
        return f"it failed, but {FAILURE} doesn't say why: run it again"
    return _line(f"{found.get('stage', 'run')}: {found['reason']}")


def _result(run: Path, track: str) -> Result:
    result = printable_result(results.read(run))
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
