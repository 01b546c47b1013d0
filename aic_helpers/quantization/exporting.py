"""A frozen model -> `.tflite` files in precisions, each of one size and of any, and proved to be one network.

All is made in a worker process with limits, in a folder beside the one asked for; its files move there at the end.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aic_helpers.core import safe_files, staging, validation
from aic_helpers.core.errors import InputError, require_file
from aic_helpers.core.file_marks import is_litert
from aic_helpers.core.progress_types import Progress
from aic_helpers.core.source_hashes import code
from aic_helpers.data.datasets import Dataset
from aic_helpers.quantization import calibration as calibrations
from aic_helpers.quantization.activation_ranges import Ranges
from aic_helpers.quantization.calibration import Calibration, Size
from aic_helpers.quantization.export_makers import Job, Maker
from aic_helpers.quantization.export_processes import ExportProcess
from aic_helpers.quantization.precisions import FIXED, FREE, INT8
from aic_helpers.runtimes.formats import LITERT, PRECISIONS
from aic_helpers.tracks.definitions import Track

log = logging.getLogger(__name__)

TIMEOUT_S = 1800.0

REPORT = "export.json"
SCHEMA = 1

DIAGNOSIS = ("layers.json", "layers.png")
"""Of `aic_helpers.quantization.layer_losses`, where somebody asked for it."""

CURES = {"keep_float": "layers in floats", "rounded_weights": "weights rounded by photos"}
"""What the report of an int8 may have of what was done beside quantising, in words."""


@dataclass(frozen=True)
class Exported:
    """A network in one precision.

    Attributes
    ----------
    precision : str
    fixed, free : Path or None
        The file of one size and that of any; None where there is none.
    reason : str or None
        Why there is none, or why there is none of any size.
    report : dict
        What `export.json` has of it.
    """

    precision: str
    fixed: Path | None
    free: Path | None
    reason: str | None
    report: dict[str, Any]


@dataclass(frozen=True)
class Export:
    """The files of a network, and what is known of them: `report` is the content of `export.json`."""

    folder: Path
    exported: list[Exported]
    report: dict[str, Any]


def export(
    model_pb: Path,
    track: Track,
    folder: Path,
    precisions: Sequence[str] = PRECISIONS,
    *,
    calibration: Calibration | None = None,
    name: str = "",
    size: Size | None = None,
    keep_float: Collection[str] = (),
    ranges: Ranges | None = None,
    weights: Path | None = None,
    timeout_s: float = TIMEOUT_S,
    progress: Progress | None = None,
) -> Export:
    """Write a network's files, and what is known of them, to a folder.

    What the folder has of this very network and size in other precisions stays, where this very code made it. Its
    diagnosis stays, too.

    Parameters
    ----------
    model_pb : Path
        A frozen model.
    track : Track
        It says how training photos become inputs, and the size of the fixed files.
    folder : Path
        The files are called after `name` and the precision, as in ``fast_sr_int8.tflite`` and
        ``fast_sr_int8_free.tflite``; ``export.json`` beside them.
    precisions : sequence of str
    calibration : Calibration, optional
        By default of the workbench's own training photos.
    name : str
        By default that of the model's file.
    size : (int, int), optional
        Width and height (px) of the fixed files; by default the track's.
    keep_float : collection of str
        Layers that stay in floats in int8.
    ranges : dict, optional
        Of what layers give, by the layers' names, in place of those of the calibration:
        `aic_helpers.quantization.learned_ranges.beside`.
    weights : Path, optional
        Of `aic_helpers.quantization.weight_rounding.save`: what int8 has in place of the network's own.
    timeout_s : float
        For all together.
    progress : callable, optional

    Raises
    ------
    InputError
        Not a frozen model; layers to keep in floats without int8; a size that the network doesn't take; an operator
        that LiteRT hasn't; photos that are too small; more time or memory than there is. The folder is as it was then.
    """
    _refuse_litert(model_pb)
    _refuse_settings(precisions, keep_float, timeout_s)
    LITERT.require()
    job = Job(model_pb, track, name or model_pb.stem, size or track.measured.size, ranges or {}, precisions, keep_float)
    former = _former(folder)
    same = _of_job(job, former)
    kept = {name: part for name, part in same.items() if name not in precisions}
    gone = former["precisions"] if former else {}
    staying, going = ([file for part in parts.values() for file in _files(part)] for parts in (kept, gone))
    replaces = [*going, *job.names, *(() if same else DIAGNOSIS)]
    with staging.staged(folder, REPORT, start_with=staying, replaces=replaces) as stage:
        with ExportProcess(model_pb, stage, job.name, timeout_s, progress) as process:
            made = Maker(job, process, stage, calibration or calibrations.settle(), weights).made()
        report = _report(job, {name: (kept | made)[name] for name in PRECISIONS if name in kept | made})
        safe_files.write_json(stage / REPORT, report)
    _tell_uncured(job.name, same, made)
    return _export(folder, report)


def lacking(
    folder: Path,
    model_pb: Path,
    track: Track,
    precisions: Sequence[str],
    *,
    name: str,
    size: Size,
    ranges: Ranges,
    calibration: Calibration | None = None,
    validation: Dataset | None = None,
) -> list[str]:
    """Return the precisions that `export` has to make, in order that a folder has all of these.

    Parameters
    ----------
    folder, model_pb, track, precisions, name, size, ranges
        See `export`; what other versions or other code made counts as none.
    calibration : Calibration, optional
        What whole numbers have to be calibrated on; whatever they are for None.
    validation : Dataset, optional
        None of its photos may be among those.
    """
    there = _of_job(Job(model_pb, track, name, size, ranges), _former(folder))
    calibrated = {name: part["calibration"] for name, part in there.items() if part["calibration"]}
    asked = calibrations.in_report(calibration) if calibration else {}
    judging = calibrations.judging(validation) if validation and calibrated else {}
    wrong = [
        name
        for name, found in calibrated.items()
        if asked != {key: found[key] for key in asked} or judging.keys() & {*found["photos"].values()}
    ]
    return [name for name in PRECISIONS if name in wrong or (name in precisions and name not in there)]


def read_export(folder: Path) -> Export:
    """Return the export in a folder.

    Raises
    ------
    InputError
        None is there, or a file of it is missing or another.
    """
    file, remedy = require_file(folder / REPORT, "an export"), "export the network again"
    report = validation.load_json(file, f"the report of an export in {file}", remedy)
    if not (isinstance(report, dict) and report.get("schema") == SCHEMA and isinstance(report.get("precisions"), dict)):
        raise InputError(f"the report of an export in {file}", "another JSON", remedy)
    try:
        found = _export(folder, report)
        digests = {form["file"]: form["sha256"] for part in found.exported for form in _forms(part.report)}
        if any(Path(name).name != name for name in digests):  # of another folder
            raise KeyError
    except (KeyError, TypeError, AttributeError):
        raise InputError(f"the report of an export in {file}", "another JSON", remedy) from None
    for name, digest in digests.items():
        if safe_files.sha256(folder / name) != digest:
            raise InputError(f"the files that {file} speaks of", f"{name} missing or another", remedy)
    return found


def _of_job(job: Job, report: dict[str, Any] | None) -> dict[str, Any]:
    """Return what an export has by precision; nothing where it is of another job, or other code made it."""
    if report is None:
        return {}
    own = _report(job, {}) | {name: report.get(name) for name in ("created_utc", "precisions")}
    return report["precisions"] if own == report else {}


def _report(job: Job, parts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "name": job.name,
        "model_sha256": safe_files.sha256(job.model_pb),
        "track": job.track.name,
        "task": job.track.task.model_dump(mode="json"),
        "size": [*job.size],
        "learned_ranges": {layer: [*ends] for layer, ends in job.ranges.items()},
        "code": code("quantization.exporting"),
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: version(name) for name in ("tensorflow", "ai-edge-litert")},
        "precisions": dict(parts),
    }


def _refuse_litert(model: Path) -> None:
    with require_file(model, "a frozen model").open("rb") as file:
        if is_litert(file.read(8)):
            remedy = "give the network that it was made from"
            raise InputError(f"a float network to export at {model}", "a LiteRT file already", remedy)


def _refuse_settings(precisions: Collection[str], keep_float: Collection[str], timeout_s: float) -> None:
    if keep_float and INT8.name not in precisions:
        found = f"{', '.join(precisions)} alone"
        raise InputError("int8 among the precisions, for --keep-float", found, "add --precision int8, or leave it out")
    if math.isnan(timeout_s):
        raise InputError("a --timeout in seconds", "nan", "change it")


def _tell_uncured(name: str, former: Mapping[str, Any], made: Mapping[str, Any]) -> None:
    """Log that a cured int8 was replaced by one as it comes, which a person may not have meant."""
    before, after = (parts.get(INT8.name) or {} for parts in (former, made))
    cure = [words for key, words in CURES.items() if before.get(key)]
    if cure and after and not any(after[key] for key in CURES):
        words = " and ".join(cure)
        log.info("%s: int8 had %s; it is made anew without, for neither --cure nor --keep-float was said", name, words)


def _former(folder: Path) -> dict[str, Any] | None:
    """Return the report of the export in a folder; None for a damaged one, which is made anew."""
    try:
        return read_export(folder).report
    except InputError:
        return None


def _export(folder: Path, report: dict[str, Any]) -> Export:
    exported = []
    for name, part in report["precisions"].items():
        fixed, free = (part[form] and folder / part[form]["file"] for form in (FIXED, FREE))
        exported.append(Exported(name, fixed, free, part["reason"] or part["free_reason"] or None, part))
    return Export(folder, exported, report)


def _forms(part: dict[str, Any]) -> list[dict[str, Any]]:
    return [part[form] for form in (FIXED, FREE) if part[form]]


def _files(part: dict[str, Any]) -> list[str]:
    return [form["file"] for form in _forms(part)]
