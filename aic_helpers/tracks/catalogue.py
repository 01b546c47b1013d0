"""The tracks that are shipped, and those that people wrote down in a file of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

from aic_helpers.core import validation
from aic_helpers.core.errors import InputError, nearest, require_file
from aic_helpers.core.project_paths import PACKAGE
from aic_helpers.tracks.definitions import Track

SHIPPED = PACKAGE / "tracks" / "shipped"

PIRM2018 = ("super_resolution", "enhancement")
"""The two tracks that the workbench began with."""

REMEDY = "see docs/tracks.md"


class _Shipped(Mapping[str, Track]):
    """The shipped tracks by name, PIRM 2018's first, each read when it is first asked for."""

    def __getitem__(self, name: str) -> Track:
        if name not in _names():
            raise KeyError(name)
        return _read(SHIPPED / f"{name}.toml")

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(_names())

    def __len__(self) -> int:
        return len(_names())


TRACKS: Mapping[str, Track] = _Shipped()


@cache
def _names() -> tuple[str, ...]:
    others = sorted(file.stem for file in SHIPPED.glob("*.toml") if file.stem not in PIRM2018)
    return (*PIRM2018, *others)


@cache
def _read(file: Path) -> Track:
    return made(file.stem, validation.load_toml(file, f"a track in {file}", REMEDY))


def made(name: str, content: Mapping[str, Any]) -> Track:
    """Return the track of what a file says.

    Raises
    ------
    InputError
        A key or value that there isn't, or a formula that can't be read.
    """
    return validation.fitted(Track, {**content, "name": name}, f"a track in {name}.toml", REMEDY)


def find_track(typed: str | Path) -> Track:
    """Return the track of that name, letter or file, however a name is written.

    Raises
    ------
    InputError
        None of that name, with the nearest; no such file, or a mistake in it; a file named as a shipped track is.
    """
    if str(typed).endswith(".toml"):
        return _own(Path(typed))
    name = re.sub(r"[\s_-]+", "_", str(typed).strip().lower())
    for known in TRACKS:
        if name == known or (name and name == TRACKS[known].letter.lower()):
            return TRACKS[known]
    remedy = nearest(name, TRACKS, "aic track list names them", cutoff=0.4)
    raise InputError("the name of a track, or a .toml file", repr(str(typed)), remedy)


def _own(file: Path) -> Track:
    require_file(file, "a track's file")
    if file.stem in TRACKS and file.resolve() != (SHIPPED / file.name).resolve():
        found = f"{file.name}, as a shipped track is called"
        raise InputError("a track's file with a name of its own", found, "rename it")
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,59}", file.stem):
        found = repr(file.stem)
        raise InputError("a file name of at most 60 letters, digits, _, - and dots", found, "rename it")
    content = validation.load_toml(file, f"a track in {file}", REMEDY)
    baseline = content.get("baseline")
    if isinstance(baseline, dict) and str(baseline.get("model", "")).endswith(".pb"):
        content["baseline"] = {**baseline, "model": str((file.parent / baseline["model"]).resolve())}
    return made(file.stem, content)


def is_own(track: Track) -> bool:
    """Return whether a track is of a person's own file: what is written down of it must hold the file's content."""
    return track.name not in TRACKS


def _known(name: str) -> str:
    if name not in TRACKS:
        raise ValueError("no track")
    return name


TrackName = Annotated[str, AfterValidator(_known)]
"""The name of a shipped track, in a file."""
