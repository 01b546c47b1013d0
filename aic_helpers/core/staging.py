"""Work beside a folder's files and move it among them at the end, or leave everything as it was."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil

from aic_helpers.core import isolation
from aic_helpers.core.errors import InputError
from aic_helpers.core.locks import alone

PREFIX = ".partial-"
"""What the name of a staged folder begins with."""


def home(folder: Path) -> Path:
    """Return the folder that a staged one's files will move to; any other folder is its own."""
    return folder.parent if folder.name.startswith(PREFIX) else folder


@contextmanager
def staged(
    folder: Path, last: str, *, start_with: Sequence[str] = (), replaces: Sequence[str] = (), owned: bool = False
) -> Iterator[Path]:
    """Give a new folder inside `folder`; at a good end its files move up, else all of it goes as if never there.

    It lies inside, and its files move one by one, so that `folder` may be the working folder or a mount point, and
    may hold files of other origin, which stay.

    Parameters
    ----------
    folder : Path
        Made where it isn't there.
    last : str
        The file that moves last, because it speaks of the others.
    start_with : sequence of str
        Names of files in `folder` to begin with; copied where they are there.
    replaces : sequence of str
        Names that go from `folder` at a good end where the new folder has none.
    owned : bool
        Whether it is known that `folder` is no person's own. Otherwise it may not hold files of these names without
        a `last` that speaks of them.

    Raises
    ------
    InputError
        Another process works in `folder`, or it may hold a person's own files.
    """
    with in_turn(folder, last, replaces, owned=owned) as stages, stages(start_with, replaces) as stage:
        yield stage


Stages = Callable[[Sequence[str], Sequence[str]], AbstractContextManager[Path]]
"""Called with `start_with` and `replaces` of `staged`, gives a new folder inside the one that is worked in."""


@contextmanager
def in_turn(folder: Path, last: str, names: Sequence[str], *, owned: bool = False) -> Iterator[Stages]:
    """Keep others from a folder, while one new folder after the other is filled in it, each moved up at its own end.

    Parameters
    ----------
    folder, last, owned
        See `staged`.
    names : sequence of str
        Of the files that come to be there.
    """
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder):
        if not owned and (strange := foreign(folder, last, names)):
            expected = f"a run folder, or one without files of its names, at {folder}"
            raise InputError(expected, f"{', '.join(strange)} without a {last}", "name another folder")
        if owned or (folder / last).exists():
            _remove_left_behind(folder)
        try:
            yield partial(_stage, folder, last)
        finally:
            with suppress(OSError):  # not empty: from here up they stay
                for place in made:
                    place.rmdir()
        _remove_left_behind(folder)  # only now: until there is a `last`, it is what says that these files are ours


@contextmanager
def _stage(folder: Path, last: str, start_with: Sequence[str], replaces: Sequence[str]) -> Iterator[Path]:
    stage = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=folder))
    isolation.let_in(stage)
    try:
        for name in start_with:
            if (folder / name).is_file():
                shutil.copy2(folder / name, stage / name)
        yield stage
        for name in replaces:
            if not (stage / name).exists():
                (folder / name).unlink(missing_ok=True)
        for file in sorted(stage.iterdir(), key=lambda file: file.name == last):
            file.replace(folder / file.name)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def foreign(folder: Path, last: str, names: Sequence[str]) -> list[str]:
    """Return which of these names a person's own files may have; what a killed process was about to move is ours."""
    if (folder / last).exists() or any(folder.glob(f"{PREFIX}*")):
        return []
    return [name for name in names if (folder / name).exists()]


def _remove_left_behind(folder: Path) -> None:
    """Remove what a process that was killed outright left."""
    for left in folder.glob(f"{PREFIX}*"):
        pid = left.name.removeprefix(PREFIX).partition("-")[0]
        if not (pid.isdecimal() and psutil.pid_exists(int(pid))):
            shutil.rmtree(left, ignore_errors=True)
