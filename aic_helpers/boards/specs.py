"""A board's TOML file -> its entries: which models on which tracks, each with its run folder."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from aic_helpers.boards.folders import boards_folder
from aic_helpers.core import validation
from aic_helpers.core.errors import InputError, nearest, require_file
from aic_helpers.core.project_paths import folder_name, output_folder
from aic_helpers.core.safe_texts import require_text
from aic_helpers.data.system_litter import is_litter
from aic_helpers.models import sources
from aic_helpers.profiling.timing import Limits
from aic_helpers.runs import run_settings
from aic_helpers.runs.run_settings import Settings
from aic_helpers.tracks import catalogue
from aic_helpers.tracks.catalogue import PIRM2018
from aic_helpers.tracks.definitions import Track

MODEL_KEYS = ("name", "model", "checkpoint", "track", "adapt", "precisions")

NO_TEXTS = ("adapt", "precisions")
FILES = ("code", "fixed")
"""Of what is said of a network."""

EXAMPLE = "see aic board run --help for an example"

INTERVAL, DECIDED = "interval", "decided"
"""Until when models are timed: until the interval of each speedup is narrow, or until no rank hangs on it."""


class Content(BaseModel):
    """A board file as it is typed."""

    model_config = ConfigDict(strict=True)
    name: str = Field("", description="a text")
    data: str = Field("sample", description="sample, challenge, or a folder")
    limit: int = Field(0, description="a whole number, 0 for all images")
    profile: bool = Field(True, description="true or false")
    time_budget_s: float | None = Field(None, description="a number of seconds")
    until: str = Field(INTERVAL, description=f"{INTERVAL} or {DECIDED}")
    reports: bool = Field(True, description="true or false")
    tracks: list[str] = Field(list(PIRM2018), min_length=1, description="a list of tracks: names, or files")
    precisions: list[str] = Field([], description="a list of precisions")
    models: list[Any] = Field([], description="a list of models")


@dataclass(frozen=True)
class Entry:
    """One model on one track, with the settings of its run."""

    name: str
    track: str
    model: str
    checkpoint: str
    settings: Settings

    @property
    def adapt(self) -> dict[str, Any]:
        """What the file says of what the model takes and gives."""
        return self.settings.source.adapt.given


@dataclass(frozen=True)
class Spec:
    """What a board file says.

    Attributes
    ----------
    name : str
        By default the file's.
    data : str
        Validation data for all entries.
    limit : int or None
        How many validation images; None for all.
    profile : bool
        Whether to measure time and memory.
    limits : Limits
        When the timed runs of a model stop at the latest.
    until : {"interval", "decided"}
        Whether they go on until then for each model, or only for those whose ranks hang on it.
    reports : bool
        Whether each run gets a `report.html` of its own.
    entries : list of Entry
    folder : Path
        The board's.
    """

    name: str
    data: str
    limit: int | None
    profile: bool
    limits: Limits
    until: str
    reports: bool
    folder: Path
    entries: list[Entry]

    @property
    def first_limits(self) -> Limits:
        """When the timed runs of a model stop that was not timed yet."""
        return self.limits.shortest if self.until == DECIDED else self.limits


def read_spec(path: str | Path, out: str | Path = "", until: str | None = None) -> Spec:
    """Return what a board file says; no model is opened.

    Parameters
    ----------
    path : path
        A TOML file. Paths in it count from its folder.
    out : path
        The board's folder; by default ``runs/boards/<name>``.
    until : str, optional
        In place of the file's.

    Raises
    ------
    InputError
        No such file, no TOML, an unknown key, a value of another type, a model that isn't there, a glob without a
        match, or two models of one name on one track.
    """
    path = require_file(Path(path), "a board file")
    chosen = None if until is None else named_until(until)
    try:
        read = _spec(path, out)
    except InputError as error:
        raise InputError.again(f"in {path}: {error}") from None
    return replace(read, until=chosen or read.until)


def named_until(name: str) -> str:
    """Return until when models are timed, as it is; `InputError` where it is nothing of that kind."""
    if name not in (INTERVAL, DECIDED):
        raise InputError(f"until as {INTERVAL} or {DECIDED}", repr(name), "take one of them")
    return name


def _spec(path: Path, out: str | Path) -> Spec:
    """Return what a board file says. Its mistakes are told without its name, which `read_spec` puts before them."""
    found = validation.load_toml(path, "TOML", EXAMPLE)
    _refuse_unknown(found, tuple(Content.model_fields), "the file")
    content = validation.fitted(Content, found, "a board file", "change it")
    name = " ".join(content.name.split()) or path.stem
    folder, data = _folder(name, out), _placed(content.data, path.parent)
    limits = Limits(time_budget_s=content.time_budget_s)
    tracks = [_track(track, path.parent) for track in content.tracks]
    typed = [one for entry in content.models for one in _models(entry, path.parent, tracks, content.precisions)]
    if not typed:
        raise InputError("models", "none", 'list them, as in models = ["sample_sr_srcnn", "nets/*.pb"]')
    if "tracks" in content.model_fields_set:
        _refuse_idle(tracks, [one["track"] for one in typed])
    entries = [_entry(one, folder, data, content.limit) for one in typed]
    _refuse_twice(entries)
    _refuse_two_tracks(entries)
    until = named_until(content.until)
    return Spec(name, data, content.limit or None, content.profile, limits, until, content.reports, folder, entries)


def _refuse_idle(tracks: Sequence[str], used: Sequence[str]) -> None:
    """Refuse a track that no model of a board runs on: pretrained ones run where networks get and return the same."""
    for track in tracks:
        if track not in used:
            raise InputError("a model for each of tracks", f"none that runs on {track}", "add one, or leave it out")


def _folder(name: str, out: str | Path) -> Path:
    return output_folder(out or boards_folder() / folder_name(name), "the board", "name another with --out")


def _refuse_unknown(given: dict[str, Any], known: Sequence[str], where: str) -> None:
    for key in given:
        if key not in known:
            raise InputError(f"keys {', '.join(known)} in {where}", key, nearest(key, known, "leave it out"))


def _models(entry: Any, folder: Path, tracks: Sequence[str], precisions: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield what an item of `models` stands for: each model that it names, on each of its tracks, in each precision."""
    given = {"model": entry} if isinstance(entry, str) else entry
    if not isinstance(given, dict) or not all(isinstance(given[key], str) for key in given if key not in NO_TEXTS):
        example = '"sample_sr_srcnn" or { model = "net.py:network", checkpoint = "weights/net" }'
        raise InputError(f"a model such as {example}", repr(entry), "change it")
    _refuse_unknown(given, MODEL_KEYS, "a model")
    if not given.get("model"):
        raise InputError("model in every item of models", repr(entry), "name one")
    checkpoint = given.get("checkpoint") and _placed(given["checkpoint"], folder)
    name = " ".join(given.get("name", "").split())
    for model in _matches(given["model"], folder):
        chosen = [_track(given["track"], folder)] if "track" in given else _tracks_of(model, tracks)
        for track in chosen:
            typed = {"name": name, "model": model, "checkpoint": checkpoint or "", "track": track}
            yield from _in_precisions(typed | {"adapt": _adapt(given.get("adapt"), folder)}, given, precisions)


def _in_precisions(typed: dict[str, Any], given: dict[str, Any], precisions: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield a model once for each precision that it, or the whole board, is to be exported in; itself without any."""
    chosen = given.get("precisions", precisions)
    if not isinstance(chosen, list) or not all(isinstance(one, str) for one in chosen):
        raise InputError('precisions such as ["float32", "int8"]', repr(chosen), "change them")
    for precision in chosen:
        name = typed["name"] and f"{typed['name']}-{precision}"
        yield typed | {"name": name, "adapt": {**(typed["adapt"] or {}), "precision": precision}}
    if not chosen:
        yield typed


def _tracks_of(model: str, tracks: Sequence[str]) -> Sequence[str]:
    """Return on which of a board's tracks a model runs; a pretrained one on its own where none has the same task."""
    own = sources.pretrained().get(model, {}).get("track")
    if own is None:
        return tracks
    task = catalogue.TRACKS[own]
    return [track for track in tracks if sources.is_same_task(catalogue.find_track(track), task)] or [own]


def _track(typed: str, folder: Path) -> str:
    """Return a track's name, or its file as seen from here, having read it."""
    placed = _placed(typed, folder) if typed.endswith(".toml") else typed
    found = catalogue.find_track(placed)
    return placed if catalogue.is_own(found) else found.name


def _adapt(given: Any, folder: Path) -> Any:
    """Return what is said of a network's form; a file that it names is looked for beside the spec."""
    if not isinstance(given, dict):
        return given
    placed = {name: _placed(given[name], folder) for name in FILES if isinstance(given.get(name), str)}
    if isinstance(python := given.get("python"), str):
        placed["python"] = _interpreter(python, folder)
    return given | placed


def _interpreter(typed: str, folder: Path) -> str:
    """Return an interpreter's path as seen from here; a bare name is one of the PATH, and none is none."""
    return _placed(str(Path(typed).expanduser()), folder) if os.sep in typed else typed


def _matches(model: str, folder: Path) -> list[str]:
    """Return the names and files that a model with * or ? stands for; any other stands for itself."""
    if not any(sign in model for sign in "*?"):
        return [model if model in sources.pretrained() else _placed(model, folder)]
    names = fnmatch.filter(sources.pretrained(), model)
    root = Path(model).anchor  # of an absolute path
    found = Path(root or folder).glob(model.removeprefix(root))
    files = sorted(require_text(str(file), "names in UTF-8") for file in found if not is_litter(file.name))
    if not names + files:
        raise InputError(f"a model that matches {model}", "none", "check the folder, or leave it out")
    return names + files


def _placed(typed: str, folder: Path) -> str:
    """Return a path of a board file as seen from here; names stay names."""
    if typed in ("sample", "challenge") or Path(typed).is_absolute():
        return typed
    return str(folder / typed)


def _entry(typed: dict[str, Any], folder: Path, data: str, limit: int) -> Entry:
    track, model, checkpoint = Path(typed["track"]).stem, typed["model"], typed["checkpoint"]
    settings = run_settings.settle(typed["track"], model, checkpoint, data, str(folder / track), limit, typed["adapt"])
    name = typed["name"] or settings.source.name
    run = output_folder(folder / track / folder_name(name), "the run", "name another board with --out")
    return Entry(name, settings.track.name, model, checkpoint, _in_folder(settings, name, run))


def _in_folder(settings: Settings, name: str, run: Path) -> Settings:
    """Return the settings with the board's name for the model, and its run folder."""
    return replace(settings, source=replace(settings.source, name=name), folder=run)


def _refuse_twice(entries: Sequence[Entry]) -> None:
    seen: dict[Path, Entry] = {}
    for entry in entries:
        other = seen.setdefault(entry.settings.folder, entry)
        if other is not entry:
            both = " and ".join(dict.fromkeys(f"{one.name} ({one.model})" for one in (other, entry)))
            raise InputError(
                f"one model called {entry.settings.folder.name} on {entry.track}",
                both if other.model != entry.model or other.name != entry.name else f"{both} twice",
                f'give one another name: {{ name = "...", model = "{entry.model}" }}',
            )


def _refuse_two_tracks(entries: Sequence[Entry]) -> None:
    """Refuse two files of one name: a board keeps its runs in folders by the names of their tracks."""
    seen: dict[str, Track] = {}
    for entry in entries:
        if seen.setdefault(entry.track, entry.settings.track) != entry.settings.track:
            raise InputError(f"one track called {entry.track}", "two files of that name", "rename one")
