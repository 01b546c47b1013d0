"""What of a network is to be exported, and who has a process make it: the files, their calibration and the proofs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aic_helpers.core.errors import InputError, nearest
from aic_helpers.core.limits import MAX_DIFFERENCE
from aic_helpers.core.project_paths import folder_name
from aic_helpers.data.images import read_rgb
from aic_helpers.models.conversion import photo
from aic_helpers.models.trials import batch_of
from aic_helpers.quantization import calibration as calibrations
from aic_helpers.quantization.activation_ranges import Ranges
from aic_helpers.quantization.calibration import Calibration, Size
from aic_helpers.quantization.export_processes import ExportProcess
from aic_helpers.quantization.precisions import BY_NAME, CROP, FIXED, FLOAT32, FREE, INT8
from aic_helpers.tracks.definitions import Track

MOST = 40
"""Layers that a message lists."""


@dataclass(frozen=True)
class Job:
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


class Maker:
    """Has a process make what a job asks for."""

    def __init__(
        self,
        job: Job,
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
