"""Boards: many models through the steps of a run, side by side where that changes no figure.

Each entry has two units of work. `judge` converts and evaluates; many go on at once. `measure` times the model and
checks the rules; one goes on at a time, alone on its machine, after all entries are judged. A board without times has
the rules checked by `judge`. A board that is timed until its ranks are decided times all models shortly by `measure`,
and then by `remeasure` those whose ranks hang on it. A unit's results move into the run folder together at its end:
what was killed before that is done again, what is there isn't.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from aic_helpers.boards import decisions, journals
from aic_helpers.boards.executors import Executor, WorkerError
from aic_helpers.boards.folders import FAILURE, FILE, SCHEMA, open_board, read_failure
from aic_helpers.boards.specs import DECIDED, Entry, Spec
from aic_helpers.core import safe_files, staging
from aic_helpers.core.errors import InputError
from aic_helpers.core.locks import alone
from aic_helpers.core.progress_types import UnitProgress
from aic_helpers.processes import confinement
from aic_helpers.processes.workers import ChildError
from aic_helpers.profiling.timing import Limits
from aic_helpers.runs import cache_keys, results, schema, steps, warm_start
from aic_helpers.runs.run_settings import Settings
from aic_helpers.runs.schema import Metrics, Result
from aic_helpers.runtimes.model_workers import ModelFailure
from aic_helpers.tracks.catalogue import is_own

NOBODY_TIMES = (
    "a worker that takes times, as this board wants them",
    "none",
    "start one with: dask worker ADDRESS --resources profiling=1, or set profile = false",
)

Stage = Literal["judge", "measure", "remeasure"]


def run(
    spec: Spec, executor: Executor, *, fresh: bool = False, retry: bool = False, progress: UnitProgress | None = None
) -> dict[str, int]:
    """Do what a board lacks, and return how many entries were there already, were done, and have failed.

    Parameters
    ----------
    spec : Spec
    executor : Executor
    fresh : bool
        Do everything anew.
    retry : bool
        Do anew what has failed.
    progress : callable, optional
        See `aic_helpers.core.progress_types.UnitProgress`; called from several threads.

    Raises
    ------
    InputError
        Another board is at work in the folder, a new board's folder holds files that may be a person's own, the board
        has figures of another model by the name of one, or times are to be taken and no executor takes any.
    KeyboardInterrupt
        After all children are ended; what was recorded stays.
    """
    spec.folder.mkdir(parents=True, exist_ok=True)
    with alone(spec.folder), warm_start.started(confinement.environment(os.environ)):
        if not (spec.folder / FILE).is_file():
            _refuse_strangers(spec)
        work = _Work(spec, executor, fresh, retry, progress or (lambda *told: None))
        work.forget_failures()
        lacking = [(entry, work.stages(entry)) for entry in spec.entries]
        judged, measured = ([entry for entry, lacks in lacking if stage in lacks] for stage in ("judge", "measure"))
        _require_timing(measured, executor)
        safe_files.write_json(spec.folder / FILE, _as_dict(spec))
        done = {entry.settings.folder for entry, lacks in lacking if lacks}
        work.through("judge", judged, executor.side_by_side)
        work.through("measure", measured, executor.timed_at_once)
        while undecided := work.undecided():
            _require_timing(undecided, executor)
            done |= {entry.settings.folder for entry in undecided}
            work.through("remeasure", undecided, executor.timed_at_once)
    failed = sum((entry.settings.folder / FAILURE).is_file() for entry in spec.entries)
    count = len(spec.entries)
    return {"entries": count, "there": count - len(done), "done": len(done), "failed": failed}


def _require_timing(measured: Sequence[Entry], executor: Executor) -> None:
    if measured and not executor.timed_at_once:
        raise InputError(*NOBODY_TIMES)


def _refuse_strangers(spec: Spec) -> None:
    """Refuse a folder for a new board that holds what may be a person's own; what lies in an old one is the board's."""
    for entry in spec.entries:
        folder = entry.settings.folder
        if names := staging.foreign(folder, "result.json", schema.FILES):
            found = f"{', '.join(names)} without a result.json in {folder}"
            raise InputError(f"a new folder for the board at {spec.folder}", found, "name another with --out")


def _as_dict(spec: Spec) -> dict[str, Any]:
    entries = [
        {
            "name": entry.name,
            "track": entry.track,
            "model": entry.model,
            "checkpoint": entry.checkpoint,
            "adapt": entry.adapt,
            "folder": _relative(entry, spec),
        }
        for entry in spec.entries
    ]
    board = {"schema": SCHEMA, "name": spec.name, "data": spec.data, "limit": spec.limit, "profile": spec.profile}
    tracks = {entry.track: entry.settings.track for entry in spec.entries}
    own = {name: track.content for name, track in tracks.items() if is_own(track)}
    return board | {"until": spec.until, **({"track_files": own} if own else {}), "entries": entries}


def _relative(entry: Entry, spec: Spec) -> str:
    return str(entry.settings.folder.relative_to(spec.folder))


class _Work:
    """One call's work on a board."""

    def __init__(self, spec: Spec, executor: Executor, fresh: bool, retry: bool, progress: UnitProgress) -> None:
        self._spec, self._executor, self._progress = spec, executor, progress
        self._fresh, self._anew = fresh, fresh or retry
        self._stopped = threading.Event()
        self._drawing = threading.Lock()  # matplotlib draws one figure at a time

    def stages(self, entry: Entry) -> list[Stage]:
        """Return the units that an entry lacks."""
        both: list[Stage] = ["judge", "measure"] if self._spec.profile else ["judge"]
        if self._has_failed(entry):
            return []
        result = results.find_whole(entry.settings.folder)
        results.require_own(entry.settings, result, "give it another name, or name another board with --out")
        if self._fresh:
            return both
        why = self._standing(entry.settings, result)
        judged = not any(why.get(part, "unknown") for part in ("model", "metrics"))
        return both[judged and self._spec.profile :] if any(why.values()) else []

    def _standing(self, settings: Settings, result: Result | None) -> dict[str, str | None]:
        """Return for each part why it must be made anew; without a result, all of it."""
        why = cache_keys.standing(settings, result, profile=False, weighed=self._spec.profile)
        if self._spec.profile and set(why) > {"model"} and result:
            why["profile"] = None if self._timed_by(settings, result) else "made anew"
        return why

    def _timed_by(self, settings: Settings, result: Result) -> Limits | None:
        """Return by which limits of the board a run folder's times were taken; None where they don't hold."""
        for limits in (self._spec.limits, self._spec.first_limits):
            key = self._executor.profile_key(settings, limits, result)
            if cache_keys.stale(result, settings.folder, "profile", key) is None:
                return limits
        return None

    def undecided(self) -> list[Entry]:
        """Return the entries that were timed shortly, and whose ranks longer timing may decide."""
        if not self._spec.profile or self._spec.until != DECIDED:
            return []
        undecided = decisions.open_by_time(open_board(self._spec.folder))
        named = [entry for entry in self._spec.entries if _relative(entry, self._spec) in undecided]
        return [entry for entry in named if self._was_cut_short(entry.settings)]

    def _was_cut_short(self, settings: Settings) -> bool:
        """Whether the timed runs would have gone on by the board's limits."""
        result = results.read(settings.folder)
        by_repetitions = result.profile is not None and result.profile.stop_reason == "repetitions"
        return by_repetitions and self._timed_by(settings, result) != self._spec.limits

    def _has_failed(self, entry: Entry) -> bool:
        """Whether an entry failed for good: with this very model and these data."""
        path = entry.settings.folder / FAILURE
        if not path.is_file():
            return False
        try:
            return read_failure(path).made_from == safe_files.strict(_origin(entry.settings))
        except InputError:
            return False

    def forget_failures(self) -> None:
        """Remove what is written of failures that are to be tried again, or that another model or other data had."""
        for entry in self._spec.entries:
            if self._anew or not self._has_failed(entry):
                (entry.settings.folder / FAILURE).unlink(missing_ok=True)

    def through(self, stage: Stage, lacking: Sequence[Entry], at_once: int) -> None:
        """Do one stage of the entries that lack it, `at_once` at a time; those that failed in another are left out."""
        waiting = [entry for entry in lacking if not (entry.settings.folder / FAILURE).is_file()]
        self._progress("", 0, len(waiting), stage)
        threads = ThreadPoolExecutor(max(1, at_once))
        units = [threads.submit(self._unit, entry, stage) for entry in waiting]
        try:
            _wait(units)
        except BaseException:
            self._stopped.set()
            threads.shutdown(wait=False, cancel_futures=True)
            while going := [unit for unit in units if not unit.done()]:
                self._executor.stop()  # again and again: a unit whose child was about to start starts it all the same
                wait(going, timeout=0.2)
            raise
        finally:
            threads.shutdown(cancel_futures=True)

    def _unit(self, entry: Entry, stage: Stage) -> None:
        """Do one unit. What goes wrong with the model is recorded; an error of ours ends the board."""
        name, folder, started_s = f"{entry.track}/{entry.name}", self._spec.folder, time.monotonic()
        journals.note(folder, "begun", name, stage)
        try:
            with self._staged(entry.settings, stage) as settings:
                getattr(self, f"_{stage}")(settings, name)
                if self._stopped.is_set():
                    raise KeyboardInterrupt
        except (InputError, ModelFailure, ChildError, WorkerError) as error:
            if self._stopped.is_set():
                return
            seconds = round(time.monotonic() - started_s, 1)
            _record_failure(entry.settings, stage, error, seconds)
            journals.note(folder, "failed", name, stage, reason=str(error))
            self._progress(name, 0, 0, f"failed: {error}")
        except KeyboardInterrupt:
            return
        else:
            journals.note(folder, "done", name, stage)
            self._progress(name, 0, 0, _found(entry.settings, stage))

    @contextmanager
    def _staged(self, settings: Settings, stage: Stage) -> Iterator[Settings]:
        kept = () if self._fresh and stage == "judge" else schema.FILES
        replaces = (*schema.FILES, FAILURE)
        whole = staging.staged(settings.folder, "result.json", start_with=kept, replaces=replaces, owned=True)
        with whole as folder:
            results.set_damaged_aside(folder)
            yield replace(settings, folder=folder)

    def _judge(self, settings: Settings, name: str) -> None:
        self._progress(name, 0, None, "converting")
        steps.convert(settings, fresh=self._fresh)
        self._executor.evaluate(settings, partial(self._progress, name))
        if not self._spec.profile:
            self._check(settings, name)

    def _measure(self, settings: Settings, name: str) -> None:
        limits = self._timed_by(settings, results.read(settings.folder)) or self._spec.first_limits
        self._executor.profile(settings, limits, partial(self._progress, name))
        self._check(settings, name)

    def _remeasure(self, settings: Settings, name: str) -> None:
        self._executor.profile(settings, self._spec.limits, partial(self._progress, name))
        self._check(settings, name)

    def _check(self, settings: Settings, name: str) -> None:
        self._progress(name, 0, None, "checking the rules")
        self._executor.check(settings, weighed=self._spec.profile)
        if self._spec.reports:
            from aic_helpers.runs import reports

            with self._drawing:
                reports.write_report([settings.folder], settings.folder / "report.html")


def _wait(futures: Sequence[Future[None]]) -> None:
    """Wait for all; raise the first error at once. In short turns, so that Ctrl-C is heard."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()


def _origin(settings: Settings) -> cache_keys.Key:
    """Return what a failure hangs on."""
    return {
        **cache_keys.model_key(settings.source, settings.track),
        "data": cache_keys.data_sha256(settings.dataset, settings.limit),
        "judged_by": cache_keys.code("evaluation.isolated", "profiling.profiler", "profiling.requirements"),
    }


def _record_failure(settings: Settings, stage: Stage, error: Exception, seconds: float) -> None:
    kind = getattr(error, "kind", "worker" if isinstance(error, WorkerError) else "input")
    failure = {"schema": SCHEMA, "stage": stage, "reason": str(error), "kind": kind, "seconds": seconds}
    settings.folder.mkdir(parents=True, exist_ok=True)
    safe_files.write_json(settings.folder / FAILURE, failure | {"made_from": _origin(settings)})


def _found(settings: Settings, stage: Stage) -> str:
    """Return what a unit found, in words."""
    result = results.read(settings.folder)
    metrics, profile = result.metrics or Metrics(), result.profile
    found = [f"failed on {metrics.failed}" if metrics.failed else f"{metrics.psnr_db:.2f} dB"]
    if stage != "judge" and profile and profile.speedup:
        found += [f"{profile.speedup:.2f} times as fast as the baseline"]
    if result.requirements:
        broken = [rule.name for rule in result.requirements if rule.passed is False]
        found += [f"breaks {', '.join(broken)}" if broken else "keeps the rules"]
    return ", ".join(found)
