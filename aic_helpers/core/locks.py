"""Locks between processes: the system ends one with the process that holds it, however that ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aic_helpers.core.errors import InputError


@contextmanager
def locked(
    path: Path, *, refusal: InputError | None = None, waits: Callable[[], object] = lambda: None
) -> Iterator[None]:
    """Hold the lock on a folder, which leaves no file, or on a file, which is made where it isn't there.

    Parameters
    ----------
    path : Path
    refusal : InputError, optional
        Raised where another process holds the lock. None to wait for it.
    waits : callable, optional
        Called before the waiting begins.
    """
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_WRONLY | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if refusal:
                raise refusal from None
            waits()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other commands from working in a folder; `InputError` where one does."""
    expected = f"a folder that no other command works in at {folder}"
    with locked(folder, refusal=InputError(expected, "one at work", "wait for it, or name another")):
        yield
