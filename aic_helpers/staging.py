"""Work beside a folder's files and move it among them at the end, or leave everything as it was."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = ".partial-"
"""What the name of a staged folder begins with."""


def home(folder: Path) -> Path:
    """Return the folder that a staged one's files will move to; any other folder is its own."""
    return folder.parent if folder.name.startswith(PREFIX) else folder


@contextmanager
def staged(folder: Path, last: str, *, start_with: Sequence[str] = (), replaces: Sequence[str] = ()) -> Iterator[Path]:
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
    """
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
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
        with suppress(OSError):  # not empty: from here up they stay
            for place in made:
                place.rmdir()
