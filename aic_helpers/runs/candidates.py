"""What a person lists to compare -> frozen models, each with what its run measured, or why there is none."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from aic_helpers.core import csv_tables
from aic_helpers.core.errors import InputError
from aic_helpers.core.progress_types import Progress
from aic_helpers.core.project_paths import runs_folder
from aic_helpers.core.safe_texts import told_apart
from aic_helpers.data.datasets import Dataset
from aic_helpers.models import sources
from aic_helpers.runs import cache_keys, model_cache, quantities, results, run_settings
from aic_helpers.runs.schema import Model, Result
from aic_helpers.runtimes.formats import FROZEN, format_of
from aic_helpers.tracks.catalogue import TRACKS
from aic_helpers.tracks.definitions import Track


@dataclass(frozen=True, eq=False)
class Candidate:
    """A model in a comparison.

    Attributes
    ----------
    pb : Path or None
        The frozen model.
    result : Result or None
        Of its run.
    images : DataFrame or None
        The `images.csv` of its run, where that was made on the data of the comparison.
    failure : str or None
        Why the model can't be shown, in one line.
    """

    name: str
    pb: Path | None = None
    result: Result | None = None
    images: pd.DataFrame | None = None
    failure: str | None = None


def find(
    dataset: Dataset, models: Sequence[str], workshop: Path, progress: Progress
) -> tuple[list[Candidate], list[str]]:
    """Return the models of a comparison, the track's baseline first, and notes on what was left out.

    Parameters
    ----------
    dataset : Dataset
    models : sequence of str
        Model sources (see `aic_helpers.models.sources.resolve`) and run folders. None of them: the runs of the track in
        `runs/` that were made on this data. A model made for another task is left out; of a run on another track of
        the same task there is the model, without figures.
    workshop : Path
        A folder to convert models in that have no run.
    """
    typed = [*models] if models else _runs_on(dataset)
    found, notes = [_baseline(dataset, workshop)], []
    for done, name in enumerate(typed):
        progress(done, len(typed), f"opening {Path(name).name}")
        candidate = _candidate(dataset, name, workshop)
        if candidate is None:
            notes.append(f"{Path(name).name} is left out: it was made for another task")
        elif own := _another_track(dataset, name):
            notes.append(f"{candidate.name} was run on {own}: here it is judged by {dataset.track.title}")
        if candidate is None:
            continue
        if candidate.name == found[0].name and candidate.result and not found[0].result:
            found[0] = candidate  # the same model, and measured
        elif candidate.pb is None or all(candidate.pb != other.pb for other in found):
            found.append(candidate)
    return _told_apart(found), notes


def _another_track(dataset: Dataset, typed: str) -> str:
    """Return the title of the track that a run was made on, where that is another, or another version of its file."""
    own = track_of(typed) if _is_run(Path(typed)) else None
    if own is None or (own.name == dataset.track.name and own.judges_as(dataset.track)):
        return ""
    return own.title if own.title != dataset.track.title else f"another version of {own.name}.toml"


def track_of(typed: str) -> Track | None:
    """Return the track that a model was made for; None where it doesn't say, or there is none such."""
    folder = Path(typed)
    try:
        if _is_run(folder):
            return quantities.track_of(results.read(folder))
        name = sources.resolve(typed).track
    except (InputError, OSError):
        return None
    return TRACKS[name] if name else None


def _is_run(folder: Path) -> bool:
    return folder.is_dir() and not (folder / "saved_model.pb").is_file()


def _baseline(dataset: Dataset, workshop: Path) -> Candidate:
    name = dataset.track.timed_beside
    try:
        pb = sources.baseline_pb(dataset.track)
    except InputError as error:
        return Candidate(name, failure=str(error))
    return _candidate(dataset, name, workshop) or Candidate(Path(name).stem, pb)


def _runs_on(dataset: Dataset) -> list[str]:
    """Return the run folders in `runs/` that hold figures of this track and data."""
    folders = []
    for folder in sorted((runs_folder() / dataset.track.name).glob("*")):
        try:
            result = results.read(folder)
        except InputError:
            continue
        fitting = result.data.name == dataset.name
        if fitting and (folder / "images.csv").is_file() and (folder / result.model_name).is_file():
            folders.append(str(folder))
    return folders


def _candidate(dataset: Dataset, typed: str, workshop: Path) -> Candidate | None:
    """Return the candidate that a person typed; None for one of another task."""
    folder, name = Path(typed), typed
    try:
        is_run = _is_run(folder)
        name = folder.resolve().name if is_run else typed
        return _of_run(dataset, folder, results.read(folder)) if is_run else _of_source(dataset, typed, workshop)
    except InputError as error:
        return Candidate(name, failure=str(error))
    except OSError as error:
        return Candidate(name, failure=f"{error.filename or folder}: {error.strerror}")


def _of_run(dataset: Dataset, folder: Path, result: Result) -> Candidate | None:
    if _is_of(result, dataset):
        return _measured(dataset, folder, result, require_model(folder, result))
    if not sources.is_same_task(quantities.track_of(result), dataset.track):
        return None
    return Candidate(require_model(folder, result).name, folder.resolve() / result.model_name)


def _is_of(result: Result, dataset: Dataset) -> bool:
    """Return whether a result's figures are of a dataset's track, as its file is now."""
    own = quantities.track_of(result)
    return own.name == dataset.track.name and own.judges_as(dataset.track)


def require_model(folder: Path, result: Result) -> Model:
    """Return what the result of a run folder says of its model; `InputError` where either isn't as it was written."""
    model = result.model
    if not model or not (folder / result.model_name).is_file():
        what = result.model_name if model else "the part model of result.json"
        raise InputError(f"{what} in the run folder {folder}", "nothing", "make the run again with: aic run")
    if damaged := results.damaged_models(folder, result):
        raise InputError(f"the model of {folder}/result.json", f"another {damaged[0]}", "make the run again")
    results.require_as_written(result, folder)
    return model


def _measured(dataset: Dataset, folder: Path, result: Result, model: Model) -> Candidate:
    protocol = dataset.track.protocol
    judged_so = result.metrics is None or result.metrics.protocol in ("", protocol.label)
    images = _images(folder, protocol.columns) if judged_so and result.data.name == dataset.name else None
    if result.track_file and result.track_file != dataset.track.content:
        result = result.model_copy(update={"scores": {}})  # made before the track's file was changed
    return Candidate(model.name, folder.resolve() / result.model_name, result, images)


def _of_source(dataset: Dataset, typed: str, workshop: Path) -> Candidate | None:
    source = sources.resolve(typed)
    if not sources.is_for(source, dataset.track):
        return None
    folder = run_settings.run_folder(dataset.track, source)
    settings = run_settings.Settings(dataset.track, source, dataset, folder, None)
    try:
        result = results.converted(settings)
        if result and result.model and not result.altered and _is_of(result, dataset):
            return _measured(dataset, folder, result, result.model)
    except InputError:
        pass  # a run that can't be read doesn't keep its model out
    if source.typed == dataset.track.timed_beside:
        return Candidate(source.name, sources.baseline_pb(dataset.track))
    if source.kind == source.format.kinds[0] and source.format.runs_as_it_is:
        return Candidate(source.name, source.path.resolve())
    origin = hashlib.sha256(repr(sources.origin(source)).encode("utf-8", "surrogateescape"))
    pb = workshop / f"{dataset.track.name}-{origin.hexdigest()[:16]}" / f"{source.name}{source.format.suffix}"
    if not pb.is_file():
        pb.parent.mkdir(exist_ok=True)
        model_cache.convert(source, dataset.track, pb, cache_keys.model_key(settings.source, settings.track))
    return Candidate(source.name, pb)


def _images(folder: Path, columns: Sequence[str]) -> pd.DataFrame | None:
    """Return a run's figures by image; None where there are none, or none that can be read."""
    try:
        table = csv_tables.read(folder / "images.csv", results.TEXTS)
        return table[["image", *columns, "failure"]]
    except (OSError, ValueError, KeyError):
        return None


def _told_apart(found: list[Candidate]) -> list[Candidate]:
    """Name the models that share a name by their run folders or files, and number those that still share one."""
    shared = Counter(candidate.name for candidate in found)
    names = [_longer_name(one) if shared[one.name] > 1 else one.name for one in found]
    told = told_apart(names, taken=("input", "target"))
    return [replace(candidate, name=name) for candidate, name in zip(found, told, strict=True)]


def _longer_name(candidate: Candidate) -> str:
    """Return what tells a model from another of its name: its run folder, or that it is a `.tflite`."""
    if candidate.pb and candidate.result is not None:
        return candidate.pb.parent.name
    return candidate.pb.name if candidate.pb and format_of(candidate.pb) is not FROZEN else candidate.name
