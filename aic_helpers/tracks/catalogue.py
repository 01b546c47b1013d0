"""The tracks that are shipped, and those that people wrote down in a file of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

from aic_helpers.core import validation
from aic_helpers.core.errors import InputError, nearest, require_file
from aic_helpers.core.project_paths import PACKAGE, PROJECT
from aic_helpers.core.safe_texts import shown
from aic_helpers.tracks.definitions import Track

SHIPPED = PACKAGE / "tracks" / "shipped"

PRETRAINED = PROJECT / "models_pretrained"

PIRM2018 = ("super_resolution", "enhancement")
"""The two tracks that the workbench began with."""

NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,59}")
"""Of a track: the stem of its file's name."""

TRACK, REMEDY = "a track", "see docs/tracks.md"


class _Shipped(Mapping[str, Track]):
    """The shipped tracks by name, PIRM 2018's first, each read when it is first asked for."""

    def __getitem__(self, name: str) -> Track:
        if name not in _names():
            raise KeyError(name)
        return _read(SHIPPED / f"{name}.toml")

    def __iter__(self) -> Iterator[str]:
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
    with _told_in(str(file)):
        return _fitted(file.stem, validation.load_toml(file, "TOML", REMEDY))


def made(name: str, content: Mapping[str, Any]) -> Track:
    """Return the track of what a file said: a result or a board may hold it, and may come from anyone.

    Nothing in it leads to a file: of a baseline that was a `.pb` beside the track's file only the name is there.

    Raises
    ------
    InputError
        A key or value that there isn't, a formula that can't be read, a name that a file of one's own can't have, or
        that of a shipped track with other content.
    """
    with _told_in(f"the track {shown(name)}"):
        if name in TRACKS and content == TRACKS[name].content:
            return TRACKS[name]
        _check_name(name)
        return _checked(_fitted(name, content))


def _fitted(name: str, content: Mapping[str, Any]) -> Track:
    if "name" in content:
        raise InputError("no name in a track's file", "name", "name the file so, and say in title what people read")
    return validation.fitted(Track, {**content, "name": name}, TRACK, REMEDY)


@contextmanager
def _told_in(place: str) -> Iterator[None]:
    """Put before the line of a mistake in which file it is."""
    try:
        yield
    except InputError as error:
        raise InputError.again(f"in {place}: {error}") from None


def find_track(typed: str | Path) -> Track:
    """Return the track of that name, letter or file, however a name is written.

    Raises
    ------
    InputError
        None of that name, with the nearest; no such file, or a mistake in it; a file named as a shipped track is.
    """
    text = str(typed)
    if text.lower().endswith(".toml"):
        return _own(Path(typed).expanduser())
    if known := _of_ours(text):
        return known
    remedy = nearest(_written(text), TRACKS, "aic track list names them", cutoff=0.4)
    raise InputError("the name of a track, or a .toml file", repr(shown(text, empty="")), remedy)


def _written(name: str) -> str:
    """Return a name as those of shipped tracks are written."""
    return re.sub(r"[\s_-]+", "_", name.strip().lower())


def _of_ours(name: str) -> Track | None:
    """Return the shipped track of that name or letter, however it is written."""
    written = _written(name)
    return next((one for key, one in TRACKS.items() if written and written in (key, one.letter.lower())), None)


def _own(file: Path) -> Track:
    require_file(file, "a track's file")
    if file.resolve().parent == SHIPPED:
        return TRACKS[file.resolve().stem]
    _check_name(file.stem)
    with _told_in(shown(str(file), 200)):
        content = validation.load_toml(file, "TOML", REMEDY)
        if not content:
            raise InputError(TRACK, "an empty file", "start from one, as with aic track show classic_x4 --toml")
        path = _own_baseline(content, file.parent)
        if path:
            content["baseline"] = {**content["baseline"], "model": path.name}
        return _checked(_fitted(file.stem, content)).beside(path)


def _check_name(name: str) -> None:
    """Raise where a track of one's own is called as a shipped one is, or as no file should be."""
    if _of_ours(name):
        found = f"{shown(name)}, as a shipped track is called"
        raise InputError("a track's file with a name of its own", found, "rename it")
    if not NAME.fullmatch(name):
        found = repr(shown(name))
        raise InputError("a file name of at most 60 letters, digits, _, - and dots", found, "rename it")


def _own_baseline(content: Mapping[str, Any], folder: Path) -> Path | None:
    """Return the baseline's `.pb` file that a track's own names, from its folder; None where it names none."""
    baseline = content.get("baseline")
    model = baseline.get("model") if isinstance(baseline, dict) else None
    if not isinstance(model, str) or not model.endswith(".pb"):
        return None
    return require_file((folder / model).resolve(), "baseline.model")


def _checked(track: Track) -> Track:
    """Return a track, having looked at what its types don't know: names of protocols and of models."""
    _check_protocol(track)
    names, model = sorted(path.stem for path in PRETRAINED.glob("*.pb")), track.baseline.model
    if model and not model.endswith(".pb") and model not in names:
        expected = f"baseline.model as a .pb file, or one of {', '.join(names)}"
        remedy = nearest(model, names, "leave it out: models are timed all the same")
        raise InputError(expected, repr(shown(model)), remedy)
    return track


def _check_protocol(track: Track) -> None:
    """Raise where a track of one's own calls its protocol by a shipped one's name, and has made other choices."""
    named = [one.protocol for one in TRACKS.values() if one.protocol.name == track.protocol.name != ""]
    if named and track.protocol not in named:
        found = f"{track.protocol.name}, whose choices are others"
        raise InputError("protocol.name of its own", found, "leave it out: the protocol is named by its choices then")


def is_own(track: Track) -> bool:
    """Return whether a track is of a person's own file: what is written down of it must hold the file's content."""
    return track.name not in TRACKS


def _known(name: str) -> str:
    if name not in TRACKS:
        raise ValueError("no track")
    return name


TrackName = Annotated[str, AfterValidator(_known)]
"""The name of a shipped track, in a file."""
