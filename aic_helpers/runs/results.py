"""Run folders and `result.json`.

A run is one model on one track, in one folder: `model.pb` or `model.tflite`, `result.json`, `report.html`, `images.csv`
(a row per validation image), `timing.csv` (a row per timed run) and the executed notebooks. Each step writes its part
of `result.json` as it is done; a part that no step has written yet is null.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from aic_helpers.core import csv_tables, safe_files, staging, validation
from aic_helpers.core.errors import InputError
from aic_helpers.core.machine import environment
from aic_helpers.core.safe_files import sha256
from aic_helpers.models import sources
from aic_helpers.models.sources import fingerprint
from aic_helpers.reporting.text_tables import typed
from aic_helpers.runs import quantities, schema
from aic_helpers.runs.run_settings import Settings
from aic_helpers.runs.schema import Model, Result
from aic_helpers.tracks import catalogue
from aic_helpers.tracks.definitions import Track

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

Table = Literal["images", "timing", "growth", "precision_images", "precision_timing"]

TEXTS = ("image", "failure", "failed", "end", "role", "varied", "precision")
"""Columns of a run's tables that are texts."""

Part = Literal["model", "metrics", "profile", "requirements", "precisions"]

PARTS: tuple[Part, ...] = ("model", "metrics", "profile", "requirements")
"""What the steps write, in their order. `scores` follow from `metrics` and `profile`."""

ON_REQUEST: tuple[Part, ...] = ("precisions",)
"""What they write too where a person asks for it."""

ALONGSIDE = ("track", "protocol", "data", "scores", "environment")
"""What is written anew beside each part; by its hash it is seen whether someone changed it."""


def read(run: str | Path) -> Result:
    """Return the result in a run folder (or in a `result.json`).

    Its `altered` names what is not as it was written.

    Raises
    ------
    InputError
        No result, not JSON, a schema other than 1, or parts without their keys.
    """
    path = Path(run)
    path = path if path.suffix == ".json" and not path.is_dir() else path / "result.json"
    shown = staging.home(path.parent) / path.name
    if not path.is_file():
        raise InputError(f"a result at {shown}", "nothing", "make one with: aic run")
    result = schema.as_result(validation.load_json(path, f"JSON in {shown}", schema.REMEDY), shown)
    return result.noting((*_altered(result), *_altered_tables(result, path.parent)))


def _altered(result: Result) -> list[str]:
    """Return the parts of a result that aren't what was written; nothing is known of those without a hash."""
    values = {part: result.raw.get(part) for part, key in result.keys.items() if key.sha256}
    return [
        part for part, value in values.items() if value is not None and part_sha256(value) != result.keys[part].sha256
    ]


def _altered_tables(result: Result, folder: Path) -> list[str]:
    """Return the tables beside a `result.json` that aren't what was written."""
    written = {name: digest for key in result.keys.values() for name, digest in key.files.items()}
    tables = {name: digest for name, digest in written.items() if name in schema.TABLES}
    return [name for name, digest in tables.items() if sha256(folder / name) not in (None, digest)]


def require_as_written(result: Result, folder: Path, judged: Collection[str] = ()) -> None:
    """Raise `InputError` where a result was changed since it was written, so that nothing is judged by it.

    `judged` are the parts and tables that matter; all of them where it is empty.
    """
    changed = [name for name in result.altered if not judged or name in judged]
    if changed:
        expected = f"a result as it was written in {staging.home(folder)}"
        remedy = "make it anew with aic run (or aic evaluate, aic profile)"
        raise InputError(expected, f"{', '.join(changed)} changed since", remedy)


def find(folder: Path) -> Result | None:
    """Return what `read` does; None where the folder has no result."""
    return read(folder) if (folder / "result.json").is_file() else None


def find_whole(folder: Path) -> Result | None:
    """Return what `find` does; None also where the result can't be read."""
    try:
        return find(folder)
    except InputError:
        return None


def converted(settings: Settings) -> Result | None:
    """Return the result of a run whose converted model was made from this very source; None if it must be made."""
    result = find(settings.folder)
    if result is None or result.model is None or result.model.source_sha256 != fingerprint(settings.source):
        return None
    return result if not changed_files(result) and has_model(settings.folder, result) else None


def changed_files(result: Result) -> list[str]:
    """Return which files that the model's code read aren't as they were."""
    read = result.model.read_files if result.model else {}
    return [name for name, digest in read.items() if sha256(Path(name)) != digest]


def require_own(settings: Settings, result: Result | None, remedy: str = "name another folder with --out") -> None:
    """Raise `InputError` where a run folder has the result of another track, or of another source.

    A source whose files are the same, and no longer where they were, has moved: it is no other.
    """
    if result is None or result.model is None:
        return
    wanted, found = settings.track.name, result.track
    if wanted == found:
        if _is_source(settings, result.model):
            return
        wanted, found = sources.origin_words(sources.origin(settings.source)), _source_words(result.model)
    raise InputError(f"a run of {wanted} in {typed(staging.home(settings.folder))}", f"one of {found}", remedy)


def _is_source(settings: Settings, model: Model) -> bool:
    then, now = model.origin.model_dump(), sources.origin(settings.source)
    if then == now or (not any(then.values()) and model.source in ("", settings.source.typed)):
        return True
    return model.source_sha256 == fingerprint(settings.source) and not (any(then.values()) and sources.is_there(then))


def _source_words(model: Model) -> str:
    then = model.origin.model_dump()
    return sources.origin_words(then) if any(then.values()) else model.source


def has_model(folder: Path, result: Result | None) -> bool:
    """Return whether a run folder has the converted model that its result speaks of."""
    return result is not None and not damaged_models(folder, result)


def damaged_models(folder: Path, result: Result) -> list[str]:
    """Return which files of the converted model aren't there as a result has them: it, and that of one size beside."""
    fixed = result.model and result.model.fixed
    written = {result.model_name: result.model_sha256} | ({sources.FIXED_FILE: fixed.sha256} if fixed else {})
    return [name for name, digest in written.items() if sha256(folder / name) != digest]


def set_damaged_aside(folder: Path) -> Result | None:
    """Return what `find` does, but rename a `result.json` that isn't JSON or lacks what a step would have written.

    It is told, and kept, because it may be a person's own.

    Raises
    ------
    OtherSchemaError
        One that another version of the workbench, or another program, may have written.
    """
    path = folder / "result.json"
    try:
        return find(folder)
    except schema.OtherSchemaError:
        raise
    except InputError as error:
        aside = path.with_name(f"result.damaged-{str(sha256(path))[:8]}.json")
        path.replace(aside)
        log.warning("the result is made anew (%s); the one that was there is kept as %s", error, aside.name)
        return None


def write_part(settings: Settings, part: Part, value: Any, made_from: dict[str, Any] | None = None) -> Result:
    """Put one part into the run's `result.json`, with the scores that follow, and return the whole result.

    With it go its key, `made_from` (see `aic_helpers.runs.cache_keys`), and the hashes of the files that hang on it, as
    they are now. What was there stays, save where it was made on something else: another track, or another frozen
    model, clears everything, and other data clears the metrics and the profile.
    """
    if part not in PARTS + ON_REQUEST:
        raise ValueError(f"part must be one of {', '.join(PARTS + ON_REQUEST)}, not {part!r}")
    result = _kept(settings, value if part == "model" else None)
    for needs, names in schema.HANGS_ON.items():
        for name in names if result.get(needs) is None and needs != part else ():
            (settings.folder / name).unlink(missing_ok=True)
    for name in schema.TOLD_BY[part]:
        (settings.folder / name).unlink(missing_ok=True)
    if part == "model":
        source = settings.source
        given = None if source.track else source.checkpoint  # a pretrained model's own need not be typed
        made = {"origin": sources.origin(source), "adapt": source.adapt.given}
        value = {**value, "source_sha256": fingerprint(source), "checkpoint": given, **made}
    result[part] = value
    if part in ("model", "metrics", "profile"):
        result["requirements"] = None  # they were judged by what was there before
        result["keys"].pop("requirements", None)
    result["keys"].pop(part, None)
    if made_from is not None:
        files = _hashes(settings.folder, part)
        result["keys"][part] = {"made_from": made_from, "files": files, "sha256": part_sha256(value)}
    path = settings.folder / "result.json"
    whole = schema.as_result(safe_files.strict(result), path)
    result |= {"scores": quantities.score_part(settings.track, whole), "environment": environment()}
    for name in ALONGSIDE:
        result["keys"][name] = {"made_from": {}, "files": {}, "sha256": part_sha256(result[name])}
    result = safe_files.strict(result)
    safe_files.write_json(path, result)
    whole = schema.as_result(result, path)
    return whole.noting((*_altered(whole), *_altered_tables(whole, settings.folder)))


def part_sha256(value: Any) -> str | None:
    """Return the SHA-256 of a part as JSON, in whatever order its keys are; None where it isn't there."""
    if value is None:
        return None
    return hashlib.sha256(json.dumps(safe_files.strict(value), sort_keys=True).encode()).hexdigest()


def _hashes(folder: Path, part: Part) -> dict[str, str]:
    names = schema.HANGS_ON[part]
    return {name: digest for name in names if (digest := sha256(folder / name))}


def _kept(settings: Settings, new_model: dict[str, Any] | None) -> dict[str, Any]:
    """Return the result so far, without the parts that no longer hold."""
    data = {"name": settings.dataset.name, "note": settings.dataset.note}
    track = settings.track
    own = {"track_file": track_file(track)} if catalogue.is_own(track) else {}
    about = {"track": track.name, **own, "protocol": track.protocol.label, "data": data}
    blank: dict[str, Any] = {"schema": schema.SCHEMA, **about}
    blank |= {**dict.fromkeys((*PARTS, "scores", "environment")), "keys": {}}
    found = find(settings.folder)
    if found is None:
        return blank
    other_model = new_model and found.model_sha256 != new_model["sha256"]
    if found.track != track.name or other_model:
        return blank
    old = found.raw
    if old["data"] != data:
        keys = {part: key for part, key in old.get("keys", {}).items() if part == "model"}
        return blank | {"model": old["model"], "keys": keys}
    lost = _of_another_version(found, track)
    lost += [part for part in ON_REQUEST if lost and part in old]
    keys = {part: key for part, key in old.get("keys", {}).items() if part not in lost}
    return blank | old | dict.fromkeys(lost) | about | {"keys": keys}


def _of_another_version(found: Result, track: Track) -> list[str]:
    """Return the parts that were measured when the track's file asked for something else."""
    then = quantities.track_of(found)
    lost = ["metrics"] if (then.protocol, then.task) != (track.protocol, track.task) else []
    timed = [(one.measured, one.baseline.model, one.task) for one in (then, track)]
    return lost + (["profile"] if timed[0] != timed[1] else [])


def track_file(track: Track) -> dict[str, Any]:
    """Return what a result holds of its track beside the name: the file of one's own, so that it can be read alone."""
    return safe_files.strict(track.content) if catalogue.is_own(track) else {}


def write_table(settings: Settings, name: Table, table: pd.DataFrame) -> Path:
    """Write a table to the run folder as `<name>.csv` and return its path."""
    path = settings.folder / f"{name}.csv"
    safe_files.write_text(path, table.to_csv(index=False, lineterminator="\n"))
    return path


def read_table(settings: Settings, name: Table) -> pd.DataFrame:
    """Return a table of the run folder; an empty one where no step has written it."""
    import pandas as pd

    path = settings.folder / f"{name}.csv"
    return csv_tables.read(path, TEXTS) if path.is_file() else pd.DataFrame()
