"""Bring a manifest's files into a folder: several at once, and only those that aren't there."""

from __future__ import annotations

import errno
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread

from aic_helpers.core.errors import InputError
from aic_helpers.core.locks import locked
from aic_helpers.core.progress_types import Progress
from aic_helpers.data import attribution, manifests, transfers
from aic_helpers.data.manifests import Entry, Manifest
from aic_helpers.data.transfers import PATIENT, NotHadError, Patience

AT_ONCE = 4
"""Files under way at the same time, each in a thread."""

PARTING_S = 0.5
"""How long to wait for the end of a thread when the transfer in another has failed."""

NAMED = 6
"""Files that an error names."""

Outcome = tuple[Entry, Exception | None]


def fetch(
    manifest: Manifest,
    source: str,
    folder: Path,
    *,
    patience: Patience = PATIENT,
    progress: Progress = lambda done, total, stage: None,
) -> list[str]:
    """Bring those of a manifest's files into a folder that aren't there, or are damaged; return their paths.

    A file gets its name only once its checksum is right, so that the call may be ended in any way at any time; the
    next one fetches what is missing. Two calls on one folder work one after the other. ATTRIBUTION.csv says beside the
    files who made them, where the manifest does.

    Parameters
    ----------
    manifest : Manifest
    source : str
        An http or https address that the paths follow, or a folder laid out alike.
    folder : Path
        Made where it isn't there.
    patience : Patience, optional
    progress : callable, optional
        Told the bytes that are here of those that were missing, and how many files.

    Raises
    ------
    InputError
        A source that isn't there, doesn't answer, or answers with something else than files; some files that it
        lacks or has with another content (all others are brought); a folder that can't be written, a full disk.
    """
    _check_source(source)
    with _written(folder):
        if not _lacking(manifest, folder):
            attribution.write(manifest.entries, folder)
            return []
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder, progress):
            entries = _lacking(manifest, folder)
            try:
                not_had = _fetch_all(entries, source, folder, patience, progress)
            finally:  # what did come has makers
                attribution.write(manifest.entries, folder)
    if not_had:
        raise _short_of(manifest, source, folder, not_had)
    return [entry.path for entry in entries]


def _check_source(source: str) -> None:
    if not (transfers.is_address(source) or Path(source).is_dir()):
        raise InputError("an http(s) address or a folder to fetch from", f"{source!r}", "check --from")


def _lacking(manifest: Manifest, folder: Path) -> list[Entry]:
    return [judged.entry for judged in manifests.judge_all(folder, manifest) if judged.state != "whole"]


@contextmanager
def _written(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into one line."""
    try:
        yield
    except OSError as error:
        found = f"{error.strerror} ({error.filename or folder})"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InputError(f"room on the disk of {folder}", found, "free some; the next call goes on") from None
        raise InputError(f"a folder at {folder} that can be written", found, "choose another with --to") from None


@contextmanager
def _alone(folder: Path, progress: Progress) -> Iterator[None]:
    """Wait until no other process fetches into a folder."""
    lock = folder / ".fetch.lock"
    with locked(lock, waits=lambda: progress(0, None, "waits for another fetch")):
        try:
            yield
        finally:
            with suppress(OSError):  # another call may have removed them
                if list(folder.iterdir()) == [lock]:  # nothing came: leave nothing
                    lock.unlink()
                    folder.rmdir()


def _fetch_all(
    entries: Sequence[Entry], source: str, folder: Path, patience: Patience, progress: Progress
) -> list[tuple[Entry, NotHadError]]:
    """Return the files that the source hasn't, having brought all others."""
    here_bytes = dict.fromkeys((entry.path for entry in entries), 0)
    stop = Event()

    def work(entry: Entry) -> None:
        def told(size_bytes: int) -> None:
            if stop.is_set():
                raise _StoppedError
            here_bytes[entry.path] = size_bytes

        told(0)
        transfers.bring(entry, source, folder, told, patience)

    not_had, ended = [], 0
    with closing(_several_at_once(work, entries, stop)) as outcomes:
        for outcome in outcomes:
            if outcome:
                ended += 1
                not_had += _not_had(*outcome)
            total_bytes = sum(max(entry.size_bytes or 0, here_bytes[entry.path]) for entry in entries)
            progress(sum(here_bytes.values()), total_bytes, f"{ended} of {len(entries)} files")
    return not_had


def _not_had(entry: Entry, error: Exception | None) -> list[tuple[Entry, NotHadError]]:
    """Return what concerns one file only; raise what would befall the others too."""
    if isinstance(error, NotHadError):
        return [(entry, error)]
    if error:
        raise error
    return []


class _StoppedError(Exception):
    """The transfer of another file failed for a reason that concerns all."""


def _several_at_once(
    work: Callable[[Entry], None], entries: Sequence[Entry], stop: Event
) -> Generator[Outcome | None, None, None]:
    """Yield each entry with the error of its work, as it ends, and None ten times a second meanwhile."""
    todo: SimpleQueue[Entry] = SimpleQueue()
    ended: SimpleQueue[Outcome] = SimpleQueue()
    for entry in entries:
        todo.put(entry)
    threads = [Thread(target=_work_off, args=(work, todo, ended), daemon=True) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    left = len(entries)
    try:
        while left:
            try:
                yield ended.get(timeout=0.1)
                left -= 1
            except Empty:
                yield None
    finally:
        stop.set()
        for thread in threads:  # they are daemons: one that a server keeps waiting doesn't keep the process
            thread.join(PARTING_S)


def _work_off(work: Callable[[Entry], None], todo: SimpleQueue[Entry], ended: SimpleQueue[Outcome]) -> None:
    while True:
        try:
            entry = todo.get_nowait()
        except Empty:
            return
        try:
            work(entry)
        except Exception as error:
            ended.put((entry, error))
        else:
            ended.put((entry, None))


def _short_of(manifest: Manifest, source: str, folder: Path, not_had: list[tuple[Entry, NotHadError]]) -> InputError:
    kinds = sorted({error.kind for _, error in not_had})
    found = "; ".join(_one_kind(kind, [pair for pair in not_had if pair[1].kind == kind]) for kind in kinds)
    whole = len(manifest.entries) - len(not_had)
    usable = f"the other {whole} are in {folder} and can be used; call again, or with another --from, for these"
    return InputError(
        f"all {len(manifest.entries)} files of {manifest.name} at {source}",
        found,
        usable if whole else "check the address",
    )


def _one_kind(kind: str, not_had: list[tuple[Entry, NotHadError]]) -> str:
    in_order = sorted(not_had, key=lambda pair: pair[0].path)
    names = [f"{entry.path} {error.detail}".rstrip() for entry, error in in_order[:NAMED]]
    more = f" and {len(not_had) - NAMED} more" if len(not_had) > NAMED else ""
    return f"{len(not_had)} {kind}: {', '.join(names)}{more}"
