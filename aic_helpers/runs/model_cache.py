"""Frozen models in the person's cache folder, by what they were made from: no source is converted twice.

An entry is `<SHA-256 of the key>.json`, the conversion's report, and `.pb` or `.onnx` beside it, the converted model;
a source that is used as it is needs none. The report moves into place last and holds the SHA-256 of both, so half an
entry, or one of two writers, passes for none. A cache that can't be read or written is done without.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from aic_helpers.core import isolation, safe_files, validation
from aic_helpers.core.errors import InputError
from aic_helpers.core.locks import locked
from aic_helpers.core.project_paths import cache_folder
from aic_helpers.models import conversion
from aic_helpers.models.adapters import Adapters
from aic_helpers.models.sources import ModelSource, fingerprint
from aic_helpers.onnx_export import frozen_forms
from aic_helpers.quantization import exporting, learned_ranges
from aic_helpers.runs import cache_keys, results
from aic_helpers.runs.cache_keys import Key
from aic_helpers.runtimes.formats import FORMATS, LITERT, ONNX
from aic_helpers.tracks.definitions import Track

MAX_BYTES = 2 * 2**30
"""Of all entries together; those not used for longest go first."""

SCHEMA = 1

REMEDY = "convert it anew"

log = logging.getLogger(__name__)


def folder() -> Path:
    """Return the folder of the entries, in `$AIC_CACHE` or else in the person's cache folder; it may not be there."""
    return cache_folder() / "models"


def convert(source: ModelSource, track: Track, out: Path, key: Key, *, fresh: bool = False) -> dict[str, Any]:
    """Write the frozen model of a source to `out` and return what is known of it: see `conversion.convert`.

    It is taken from the cache where that has it, unless `fresh` is true; otherwise it is converted, and kept there.
    While children are confined, for strangers' models, the cache is left alone; so it is for a `.tflite` and an
    `.onnx`, which take no time to convert.

    Parameters
    ----------
    track : Track
        It says by how much the model should enlarge.
    key : dict
        Of `aic_helpers.runs.cache_keys.model_key`.
    """
    if source.adapt.precision:
        return _exported(source, track, out, fresh)
    if isolation.active() or source.kind in (LITERT.kinds[0], ONNX.kinds[0]):
        return _convert(source, track, out)
    entry = folder() / hashlib.sha256(safe_files.as_json(key).encode()).hexdigest()
    if not fresh and (kept := _take(entry, source, out)):
        file, when = source.format.model_file, kept["converted_utc"]
        log.info("%s: %s taken from the cache, converted %s", source.name, file, when)
        return {"name": source.name, "source": source.typed, **kept["model"]}
    made = _convert(source, track, out)
    if fingerprint(source) == key["source"]:  # else it was changed meanwhile, and is another's
        _try_to_keep(entry, source, out, made)
    return made


def _convert(source: ModelSource, track: Track, out: Path) -> dict[str, Any]:
    return conversion.convert(source, out, enlarges=track.enlarges, macs_size=track.measured.macs_size)


def _exported(source: ModelSource, track: Track, out: Path, fresh: bool) -> dict[str, Any]:
    """Write the file of a source in one precision to `out`, that of one size beside it; return what is known of it."""
    precision, base = source.adapt.precision, replace(source, adapt=replace(source.adapt, precision=""))
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as folder:
        isolation.let_in(Path(folder))
        float_model = Path(folder) / base.format.model_file
        made = convert(base, track, float_model, cache_keys.model_key(base, track), fresh=fresh)
        frozen = frozen_forms.frozen(float_model, track.enlarges, source.adapt.python, name=source.name)
        asked: dict[str, Any] = {"name": source.name, "ranges": learned_ranges.beside(source.checkpoint)}
        (one,) = exporting.export(frozen, track, Path(folder) / precision, [precision], **asked).exported
        file = one.free or one.fixed
        if file is None:
            raise InputError(f"{source.typed} in {precision}", one.reason or "no file", "take another precision")
        fixed = Adapters(fixed=str(one.fixed)) if one.free else Adapters()
        report = _convert(ModelSource("litert", source.name, file, None, None, None, source.typed, fixed), track, out)
    told = [one.reason] if one.reason else []
    same = {name: made[name] for name in ("read_files", "checkpoint_unused", "adapters")}
    return {**report, **same, "notes": [*made["notes"], *told], "precision": precision, "export": one.report}


def _take(entry: Path, source: ModelSource, out: Path) -> dict[str, Any] | None:
    """Return an entry, having copied its model to `out`; None where there is none that is whole and holds."""
    try:
        kept = _read(_report(entry))
        beside = source.path.resolve().parent
        read = {str(beside / name): digest for name, digest in kept["model"]["read_files"].items()}
        if any(safe_files.sha256(Path(name)) != digest for name, digest in read.items()):
            return None
        with safe_files.replacing(out) as partial:
            shutil.copyfile(source.path if _as_it_is(kept["model"]) else _model(entry, source), partial)
            if safe_files.sha256(partial) != kept["model"]["sha256"]:
                raise InputError(f"the model of {_report(entry)}", "another", REMEDY)
    except (OSError, InputError):
        return None
    with suppress(OSError):  # a cache that may only be read
        os.utime(_report(entry))
    return kept | {"model": kept["model"] | {"read_files": read}}


def _read(report: Path) -> dict[str, Any]:
    expected = f"a whole report in {report}"
    content = validation.load_json(report, expected, REMEDY)
    kept = content.get("kept") if isinstance(content, dict) and content.get("schema") == SCHEMA else None
    if kept is None or content.get("sha256") != results.part_sha256(kept):
        raise InputError(expected, "another", REMEDY)
    return kept


def _try_to_keep(entry: Path, source: ModelSource, out: Path, made: dict[str, Any]) -> None:
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        busy = InputError(f"a cache that no other command writes to in {entry.parent}", "one at work", "wait for it")
        with locked(entry.parent / ".lock", refusal=busy):
            _keep(entry, source, out, made)
    except InputError:
        pass  # rather than wait for a command that may be stopped
    except OSError as error:
        _tell(entry.parent, error.strerror or str(error))


def _keep(entry: Path, source: ModelSource, out: Path, made: dict[str, Any]) -> None:
    beside = f"{source.path.resolve().parent}{os.sep}"  # left out, so that an entry holds for a copy of the folder
    read = {name.removeprefix(beside): digest for name, digest in made["read_files"].items()}
    model = {name: value for name, value in made.items() if name not in ("name", "source")} | {"read_files": read}
    kept = safe_files.strict({"converted_utc": datetime.now(UTC).isoformat(timespec="seconds"), "model": model})
    for left in entry.parent.glob(".*.partial"):
        left.unlink()  # by a writer that was killed: this one has the lock
    if not _make_room(entry.parent, 0 if _as_it_is(made) else out.stat().st_size):
        return
    if not _as_it_is(made):
        with safe_files.replacing(_model(entry, source)) as partial:
            shutil.copyfile(out, partial)
    safe_files.write_json(_report(entry), {"schema": SCHEMA, "sha256": results.part_sha256(kept), "kept": kept})


def _as_it_is(model: dict[str, Any]) -> bool:
    """Whether a frozen model is its source, to the byte."""
    return model["kind"] == "frozen" and not model["adapters"]


def _make_room(place: Path, needed_bytes: int) -> bool:
    """Remove the entries that were not used for longest until there is room; return whether there can be."""
    entries: defaultdict[str, list[Path]] = defaultdict(list)
    for file in place.glob("*.*"):
        if file.suffix in (".json", *(one.suffix for one in FORMATS)):
            entries[file.stem].append(file)
    sizes = {name: sum(file.stat().st_size for file in files) for name, files in entries.items()}
    total_bytes = sum(sizes.values()) + needed_bytes
    for name in sorted(entries, key=lambda name: max(file.stat().st_mtime_ns for file in entries[name])):
        if total_bytes <= MAX_BYTES or needed_bytes > MAX_BYTES:
            break
        for file in entries[name]:
            file.unlink()
        total_bytes -= sizes[name]
    return total_bytes <= MAX_BYTES


def _model(entry: Path, source: ModelSource) -> Path:
    return entry.with_suffix(source.format.suffix)


def _report(entry: Path) -> Path:
    return entry.with_suffix(".json")


@cache
def _tell(place: Path, problem: str) -> None:
    """Say once in a process that the cache is of no use."""
    log.warning("converted models aren't kept in %s (%s): each run folder converts its own", place, problem)
