"""The organiser's desk: submissions that wait in the ledger -> judged models, each from someone unknown.

The desk is a folder: `ledger.sqlite` (or a database elsewhere), `models/` with the models by their SHA-256,
`board/` with the run folders, and the leaderboards.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil

from aic_helpers.boards import entry_rows, folders, rescoring, scheduling, specs
from aic_helpers.boards.orders import orders_of
from aic_helpers.core import safe_files
from aic_helpers.core.errors import InputError, in_words
from aic_helpers.core.locks import alone
from aic_helpers.core.progress_types import UnitProgress
from aic_helpers.core.project_paths import output_folder, runs_folder
from aic_helpers.data import datasets
from aic_helpers.models import stranger_models
from aic_helpers.processes import confinement, fork_server
from aic_helpers.profiling.timing import Limits
from aic_helpers.runs import run_settings, warm_start
from aic_helpers.runtimes.formats import FORMATS, FROZEN
from aic_helpers.submissions import desk_tracks, links
from aic_helpers.submissions.ledgers import DONE, FAILED, RECEIVED, REJECTED, RETURNED, STARTED, Entry, Ledger
from aic_helpers.tracks.definitions import Track

AT_ONCE = 8
"""Submissions that are taken together: small enough that their figures are recorded soon."""

LEASE = timedelta(hours=6)
"""After which a submission that another machine began is taken over."""

MAX_TRIES = 3
"""After as many failures on this side a submission is given back to its team."""


@dataclass(frozen=True)
class Desk:
    """Where an organiser works, and on what data models are judged."""

    folder: Path
    ledger: Ledger
    data: str
    limit: int = 0
    private_links: bool = False

    @property
    def models(self) -> Path:
        """The folder of the models that were brought."""
        return self.folder / "models"

    @cached_property
    def tracks(self) -> dict[str, Track]:
        """The tracks that models are judged on, by name."""
        return desk_tracks.tracks_of(self.folder)


def desk_folder(typed: str) -> Path:
    """Return the folder of a desk: what was typed, or `runs/desk`."""
    return output_folder(typed or runs_folder() / "desk", "the desk", "name another place with --desk")


def work(desk: Desk, executor: Callable[[], Any], *, progress: UnitProgress | None = None) -> list[Entry]:
    """Judge the submissions that wait, and return how each stands then.

    Each model is brought from its link, read as data and held against the list of operations, and only then run, by
    the units of a board, in children that are confined. What breaks on this side is tried again at the next call, and
    given back to its team after the third.

    Parameters
    ----------
    desk : Desk
    executor : callable
        Returns a context manager that gives the executor of a board; called within the confinement.
    progress : callable, optional
        See `aic_helpers.core.progress_types.UnitProgress`.
    """
    tell = progress or (lambda *told: None)
    done: list[int] = []
    desk.folder.mkdir(parents=True, exist_ok=True)
    with alone(desk.folder), _shut_in(desk), executor() as workers:
        while batch := _take(desk, AT_ONCE, leave=done):
            done += [entry.id for entry in batch]
            _judge(desk, workers, batch, tell)
    return [entry for entry in desk.ledger.entries() if entry.id in set(done)]


@contextmanager
def _shut_in(desk: Desk) -> Iterator[None]:
    """Confine every child from here on, and give them a fork server whose memory holds no variable of this process."""
    other = os.environ.pop(fork_server.VARIABLE, None)
    mask = os.umask(0o022)  # what is written here, the users of the children must be able to read
    desk.models.mkdir(parents=True, exist_ok=True)
    (desk.folder / "board").mkdir(exist_ok=True)
    try:
        with (
            confinement.confined([desk.models, desk.folder / "board", datasets.root_folder(desk.data)]),
            warm_start.started(confinement.environment(os.environ)),
        ):
            yield
    finally:
        os.umask(mask)
        os.environ |= {fork_server.VARIABLE: other} if other else {}


def _take(desk: Desk, count: int, leave: Sequence[int]) -> list[Entry]:
    """Return submissions that are this machine's from now on."""
    taken: list[Entry] = []
    for entry in desk.ledger.entries((RECEIVED, STARTED)):
        if len(taken) == count:
            break
        if entry.id in leave or (entry.state == STARTED and not _abandoned(entry)):
            continue
        mine = {"host": platform.node(), "pid": os.getpid(), "process_s": psutil.Process().create_time()}
        if desk.ledger.add_event(entry, STARTED, mine, datetime.now(UTC)):
            taken.append(replace(entry, number=entry.number + 1, state=STARTED, tries=entry.tries + 1))
    return taken


def _abandoned(entry: Entry) -> bool:
    """Whether the program that began a submission is gone; of another machine's only its time tells."""
    if datetime.now(UTC) - datetime.fromisoformat(entry.at_utc) > LEASE:
        return True
    if entry.detail.get("host") != platform.node():
        return False
    try:
        process = psutil.Process(entry.detail["pid"])
        return abs(process.create_time() - entry.detail["process_s"]) > 1
    except (psutil.Error, KeyError, TypeError):
        return True


def _judge(desk: Desk, executor: Any, batch: Sequence[Entry], tell: UnitProgress) -> None:
    """Bring, read and run some submissions, and record what became of each."""
    fit: dict[int, dict[str, Any]] = {}
    tell("", 0, len(batch), "reading")
    for entry in batch:
        name = f"{entry.track}/{run_name(entry)}"
        try:
            tell(name, 0, None, "bringing the model")
            fit[entry.id] = _vetted(desk, entry)
            tell(name, 0, 0, f"{fit[entry.id]['nodes']} operations, all of them allowed")
        except InputError as error:
            _record(desk, entry, REJECTED, {"reason": str(error)})
            tell(name, 0, 0, f"rejected: {error}")
        except OSError as error:
            _again(desk, entry, in_words(error))
            tell(name, 0, 0, f"put off: {in_words(error)}")
    runnable = [entry for entry in batch if entry.id in fit]
    if not runnable:
        return
    try:
        spec = _spec(desk, runnable)
        scheduling.run(spec, executor, progress=tell)
        ends = {one.name: one for one in folders.open_board(spec.folder).entries}
    except BaseException as error:
        for entry in runnable:
            reason = " ".join(str(error).split()) or "interrupted"
            _again(desk, entry, reason, counts=isinstance(error, OSError))
        raise
    for entry in runnable:
        _conclude(desk, entry, ends[run_name(entry)], fit[entry.id])


def _vetted(desk: Desk, entry: Entry) -> dict[str, Any]:
    """Return what is known of a submission's model, having brought and read it."""
    limit_bytes = desk_tracks.max_file_bytes(desk.tracks[entry.track])
    if entry.bytes > limit_bytes:
        remedy = "make it smaller"
        raise InputError(f"a model of at most {limit_bytes} bytes", f"{entry.bytes} bytes", remedy)
    place = _brought(desk, entry, limit_bytes)
    if place.stat().st_size != entry.bytes:
        found = f"{place.stat().st_size} bytes"
        raise InputError(f"a model of {entry.bytes} bytes, as its e-mail says", found, "prepare the e-mail again")
    return stranger_models.vet(place)


def _brought(desk: Desk, entry: Entry, limit_bytes: int) -> Path:
    """Return where a submission's model is, called after its format, having brought it where it isn't there yet."""
    place = _place(desk, entry)
    if safe_files.sha256(place) == entry.sha256:
        return place
    brought = desk.models / f"{entry.sha256}.brought"
    links.fetch(entry.link, brought, entry.sha256, limit_bytes=limit_bytes, private=desk.private_links)
    return brought.replace(brought.with_suffix(stranger_models.suffix(brought)))


def _place(desk: Desk, entry: Entry) -> Path:
    """Return where a submission's model lies, called after its format; as a `.pb` where it isn't there yet."""
    places = [desk.models / f"{entry.sha256}{one.suffix}" for one in FORMATS]
    return next(filter(Path.is_file, places), places[FORMATS.index(FROZEN)])


def run_name(entry: Entry) -> str:
    """Return what a submission is called on the board: its number, so that no name of a team becomes a path."""
    return f"submission_{entry.id:05d}"


def _spec(desk: Desk, entries: Sequence[Entry]) -> specs.Spec:
    board, found = desk.folder / "board", []
    for entry in entries:
        model, name = str(_place(desk, entry)), run_name(entry)
        track, run = desk_tracks.typed(desk.folder, entry.track), str(board / entry.track / name)
        settings = run_settings.settle(track, model, "", desk.data, run, desk.limit)
        settings = replace(settings, source=replace(settings.source, name=name))
        found.append(specs.Entry(name, entry.track, model, "", settings))
    return specs.Spec("desk", desk.data, desk.limit or None, True, Limits(), specs.INTERVAL, False, board, found)


def _conclude(desk: Desk, entry: Entry, end: folders.Entry, vetted: dict[str, Any]) -> None:
    """Record what a board found of a submission."""
    track = desk.tracks[entry.track]
    row = entry_rows.row(end, orders_of(track), {track.name: rescoring.figures(track, end)})
    detail = {"confinement": vetted["confinement"], "nodes": vetted["nodes"], "folder": end.folder}
    if end.failure:
        detail["reason"] = end.failure
        ours = _failed_here(desk, end)
        return _again(desk, entry, end.failure) if ours else _record(desk, entry, FAILED, detail)
    if row["status"] != entry_rows.DONE or row["reason"]:
        return _record(desk, entry, FAILED, detail | {"reason": row["reason"] or "no figures"})
    return _record(desk, entry, DONE, detail | _figures(end, row, track))


def _failed_here(desk: Desk, end: folders.Entry) -> bool:
    """Whether a unit failed for a cause on this side: a lost worker, or a baseline that doesn't run."""
    failure = folders.read_failure(desk.folder / "board" / end.folder / folders.FAILURE)
    return failure.kind == "worker" or (failure.kind, failure.stage) == ("input", "measure")


def _figures(end: folders.Entry, row: dict[str, Any], track: Track) -> dict[str, Any]:
    """Return what a leaderboard shows and compares, so that it need not open any run folder."""
    key = end.result and end.result.keys.get("metrics")
    images = {name: end.images[name].tolist() for name in end.images.columns}
    judged_on = {"data": key and key.made_from.get("data"), **track.judged_by}
    return safe_files.strict({"figures": row, "images": images, "judged_on": judged_on})


def _again(desk: Desk, entry: Entry, reason: str, *, counts: bool = True) -> None:
    """Let a submission wait for another try, or give it back to its team after the last."""
    last = counts and entry.tries >= MAX_TRIES
    _record(desk, entry, RETURNED if last else RECEIVED, {"reason": reason})


def _record(desk: Desk, entry: Entry, state: str, detail: dict[str, Any]) -> None:
    desk.ledger.add_event(entry, state, detail, datetime.now(UTC))


def require_data(desk: Desk) -> None:
    """Refuse data on which what waits can't be judged, before anything is taken from the queue."""
    for name in {entry.track for entry in desk.ledger.entries((RECEIVED, STARTED))}:
        if name not in desk.tracks:
            expected = f"the file of track {name}, to which a submission waits, in {desk.folder / desk_tracks.FOLDER}"
            raise InputError(expected, "none", "put it back")
        datasets.open_dataset(desk.data, track=desk.tracks[name])
