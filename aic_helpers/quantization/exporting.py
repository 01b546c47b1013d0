"""A frozen model -> `.tflite` files in precisions, each of one size and of any, and proved to be one network.

All is made in a worker process with limits, in a folder beside the one asked for; its files move there at the end.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aic_helpers.core import safe_files, staging, validation
from aic_helpers.core.errors import InputError, nearest, require_file
from aic_helpers.core.limits import MAX_DIFFERENCE
from aic_helpers.core.progress_types import Progress
from aic_helpers.core.project_paths import folder_name
from aic_helpers.core.source_hashes import code
from aic_helpers.data.datasets import Dataset
from aic_helpers.data.images import read_rgb
from aic_helpers.litert.structures import marked
from aic_helpers.models.conversion import photo
from aic_helpers.models.trials import batch_of
from aic_helpers.quantization import calibration as calibrations
from aic_helpers.quantization.activation_ranges import Ranges
from aic_helpers.quantization.calibration import Calibration, Size
from aic_helpers.quantization.export_processes import ExportProcess
from aic_helpers.quantization.precisions import BY_NAME, CROP, FIXED, FLOAT32, FREE, INT8
from aic_helpers.runtimes.formats import LITERT, PRECISIONS
from aic_helpers.tracks.definitions import Track

TIMEOUT_S = 1800.0

REPORT = "export.json"
SCHEMA = 1

DIAGNOSIS = ("layers.json", "layers.png")
"""Of `aic_helpers.quantization.layer_losses`, where somebody asked for it."""

MOST = 40
"""Layers that a message lists."""


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
        Not a frozen model; a size that the network doesn't take; an operator that LiteRT hasn't; photos that are too
        small; more time or memory than there is. The folder is as it was then.
    """
    _refuse_litert(model_pb)
    LITERT.require()
    job = _Job(
        model_pb, track, name or model_pb.stem, size or track.measured.size, ranges or {}, precisions, keep_float
    )
    former = _former(folder)
    same = job.has(former)
    kept = {name: part for name, part in same.items() if name not in precisions}
    gone = former["precisions"] if former else {}
    staying, going = ([file for part in parts.values() for file in _files(part)] for parts in (kept, gone))
    replaces = [*going, *job.names, *(() if same else DIAGNOSIS)]
    with staging.staged(folder, REPORT, start_with=staying, replaces=replaces) as stage:
        with ExportProcess(model_pb, stage, job.name, timeout_s, progress) as process:
            made = _Maker(job, process, stage, calibration or calibrations.settle(), weights).made()
        report = job.report({name: (kept | made)[name] for name in PRECISIONS if name in kept | made})
        safe_files.write_json(stage / REPORT, report)
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
    there = _Job(model_pb, track, name, size, ranges).has(_former(folder))
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


@dataclass(frozen=True)
class _Job:
    """What was asked for."""

    model_pb: Path
    track: Track
    name: str
    size: Size
    ranges: Ranges
    precisions: Sequence[str] = ()
    keep_float: Collection[str] = ()

    def file(self, precision: str, form: str) -> str:
        return f"{folder_name(self.name)}_{precision}{'_free' if form == FREE else ''}.tflite"

    @property
    def names(self) -> list[str]:
        return [self.file(precision, form) for precision in self.precisions for form in (FIXED, FREE)]

    def has(self, report: dict[str, Any] | None) -> dict[str, Any]:
        """Return what an export has by precision; nothing where it is of another network, or other code made it."""
        if report is None:
            return {}
        own = self.report({}) | {name: report.get(name) for name in ("created_utc", "precisions")}
        return report["precisions"] if own == report else {}

    def report(self, parts: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "name": self.name,
            "model_sha256": safe_files.sha256(self.model_pb),
            "track": self.track.name,
            "size": [*self.size],
            "learned_ranges": {layer: [*ends] for layer, ends in self.ranges.items()},
            "code": code("quantization.exporting"),
            "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": {name: version(name) for name in ("tensorflow", "ai-edge-litert")},
            "precisions": dict(parts),
        }


class _Maker:
    """Has a process make what a job asks for."""

    def __init__(
        self,
        job: _Job,
        process: ExportProcess,
        stage: Path,
        calibration: Calibration,
        weights: Path | None,
    ) -> None:
        self._job, self._process, self._stage = job, process, stage
        self._calibration, self._weights = calibration, weights
        self._photo = read_rgb(photo())
        self._no_free = ""

    def made(self) -> dict[str, Any]:
        job, calibrated = self._job, any(BY_NAME[name].is_calibrated for name in self._job.precisions)
        self._process.plan(len(job.precisions) + 2 + calibrated * self._calibration.crops)
        fixed_size = self._open()
        self._refuse_unknown(self._process.convert(FIXED, job.size))
        if fixed_size is None:
            self._free()
        else:
            self._no_free = f"the network takes {fixed_size[0]}x{fixed_size[1]} alone"
        found = self._calibrated(fixed_size) if calibrated else {}
        return {name: self._precision(name, found if BY_NAME[name].is_calibrated else {}) for name in job.precisions}

    def _open(self) -> Size | None:
        """Return the one size that the network takes; None where it takes any."""
        _, height_px, width_px, channels = self._process.open()
        width, height = self._job.size
        if channels not in (None, 3):
            raise InputError("a network of RGB, 3 channels", f"{channels} channels", "adapt it: see aic convert --help")
        if (width_px or width, height_px or height) != self._job.size:
            found = f"one that takes {width_px or 'any'}x{height_px or 'any'}"
            expected = f"a network that takes {width}x{height}, the size asked for"
            raise InputError(expected, found, "name its own size with --size, or freeze it with free height and width")
        return self._job.size if width_px or height_px else None

    def _refuse_unknown(self, layers: list[str]) -> None:
        for layer in self._job.keep_float:
            if layer not in layers:
                remedy = nearest(layer, layers, f"take one of {', '.join(layers[:MOST])}")
                raise InputError("a layer of the network to keep in floats", layer, remedy)

    def _free(self) -> None:
        try:
            self._process.convert(FREE, None)
        except InputError as error:
            self._no_free = str(error)

    def _calibrated(self, fixed_size: Size | None) -> dict[str, Any]:
        calibration, track = self._calibration, self._job.track
        crop = calibrations.crop_size(calibration, track, self._job.size, fixed_size)
        self._process.convert(CROP, crop)
        for drawn in calibrations.draw(calibration, track, crop):
            self._process.see(drawn.input, calibration.percentile)
        return {
            **calibrations.in_report(calibration),
            "crop_size": [*crop],
            **self._process.ranges(self._job.ranges),
        }

    def _precision(self, precision: str, calibration: dict[str, Any]) -> dict[str, Any]:
        """Return what is known of a precision whose files were written, and what it was calibrated on."""
        job, is_int8 = self._job, precision == INT8.name
        kept, weights = (sorted(job.keep_float), self._weights) if is_int8 else ([], None)
        forms: dict[str, Any] = {FIXED: None, FREE: None}
        reasons = {FIXED: "", FREE: self._no_free}
        for form in forms:
            if not any(reasons.values()) or (form == FIXED):
                reply = self._process.make(precision, form, job.file(precision, form), kept, weights)
                reasons[form] = reply.pop("reason")
                forms[form] = None if reasons[form] else reply
        proof = self._proof(precision, forms) if forms[FIXED] else {}
        return self._judged(forms, reasons, proof) | {
            "calibration": calibration or None,
            "keep_float": kept,
            "rounded_weights": bool(weights),
        }

    def _proof(self, precision: str, forms: dict[str, Any]) -> dict[str, Any]:
        """Return how the files compare with their source and with each other."""
        files = {form: known and known["file"] for form, known in forms.items()}
        proof = self._process.compare(files, batch_of(self._photo, self._job.size))
        if precision == FLOAT32.name and forms[FREE] and not proof["reason"]:
            proof |= self._elsewhere(files[FREE])
        return proof

    def _elsewhere(self, free: str) -> dict[str, Any]:
        """Compare the file of any size with its source at another: an odd one, or where that one fails another."""
        width_px, height_px = self._job.size
        for size in ((width_px // 2 | 1, height_px // 2 | 1), (width_px // 32 * 16, height_px // 32 * 16)):
            if min(size) > 0 and (found := self._process.compare_free(free, batch_of(self._photo, size))):
                return {"free_size": [*size], "free_to_source": found["to_source"]}
        return {}

    def _judged(self, forms: dict[str, Any], reasons: dict[str, str], proof: dict[str, Any]) -> dict[str, Any]:
        """Return the report of a precision, without the files that did not stand the proof."""
        if forms[FIXED]:
            reasons[FIXED] = proof["reason"]
        if forms[FREE] and not reasons[FIXED]:
            reasons[FREE] = _unlike(proof)
        for form, known in forms.items():
            if known and (reasons[FIXED] or reasons[form]):
                (self._stage / known["file"]).unlink()
                forms[form] = None
        return {
            "state": "made" if forms[FIXED] else "not made",
            "reason": reasons[FIXED],
            "free_reason": "" if forms[FREE] or reasons[FIXED] else reasons[FREE],
            **forms,
            "proof": proof if forms[FIXED] else None,
        }


def _unlike(proof: dict[str, Any]) -> str:
    """Return why the file of any size is not the network of the fixed one."""
    if proof["differences"]:
        return f"it is another network than the file of one size: {proof['differences'][0]}"
    found = proof.get("between_forms_plain", proof.get("between_forms", 0.0))
    return f"its output differs from that of the file of one size by {found:.2g}" if found > MAX_DIFFERENCE else ""


def _refuse_litert(model: Path) -> None:
    with require_file(model, "a frozen model").open("rb") as file:
        if marked(file.read(8)):
            remedy = "give the network that it was made from"
            raise InputError(f"a float network to export at {model}", "a LiteRT file already", remedy)


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
