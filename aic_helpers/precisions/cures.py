"""Cures of a network that loses in int8: tried in order of what they cost, chosen on training photos.

What costs nothing on the phone comes first, and all of it is tried. Layers go to floats only where that isn't enough.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from aic_helpers.core import safe_files, safe_texts
from aic_helpers.core.progress_types import Progress
from aic_helpers.data.datasets import Dataset
from aic_helpers.precisions import measuring
from aic_helpers.quantization import calibration as calibrations
from aic_helpers.quantization import exporting
from aic_helpers.quantization.activation_ranges import Ranges
from aic_helpers.quantization.calibration import Calibration
from aic_helpers.quantization.exporting import Export
from aic_helpers.quantization.layer_losses import RANGES, diagnose, finite
from aic_helpers.quantization.layer_processes import Judged, LayerProcess
from aic_helpers.quantization.precisions import FLOAT32, INT8
from aic_helpers.reporting.text_tables import aligned
from aic_helpers.tracks.definitions import Track

NOTABLE_DB = 0.05
"""A cure that brings less over what costs less isn't taken."""

ENOUGH_DB = 1.0
"""A network that loses less has no layer put into floats."""

PERCENTILES = (99.99, 99.9)
MORE = 2
"""Times as many crops."""

MOST_FLOAT_LAYERS = 12

NEEDED = (FLOAT32.name, INT8.name)
"""Precisions that an export has to have."""

PLAIN, CURED = "plain", "cured"


@dataclass(frozen=True)
class Cure:
    """What is done to a network before it is quantised.

    Attributes
    ----------
    calibration : Calibration
        What its ranges are found on.
    ranges : str
        What these are called in the process.
    rounded : bool
        Whether its weights are rounded by photos.
    float_layers : tuple of str
        Layers that stay in floats.
    """

    calibration: Calibration
    ranges: str = RANGES
    rounded: bool = False
    float_layers: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        parts = ["weights rounded by photos"] if self.rounded else []
        parts += [f"ranges of {self.ranges}"] if self.ranges != RANGES else []
        parts += [f"{', '.join(map(safe_texts.shown, self.float_layers))} in floats"] if self.float_layers else []
        return ", ".join(parts) or "nothing"


@dataclass(frozen=True)
class Trial:
    """A cure, and what int8 has with it on training photos."""

    cure: Cure
    judged: Judged


@dataclass(frozen=True)
class Cured:
    """An export whose int8 files were cured.

    Attributes
    ----------
    export : Export
    trials : list of Trial
        In the order in which they were made; the first is of no cure.
    chosen : Trial
    validation : dict
        By ``plain`` and ``cured``, PSNR (dB) beside float32 on validation photos, as ``value`` and ``ci95``; None
        where it can't be told.
    """

    export: Export
    trials: list[Trial]
    chosen: Trial
    validation: dict[str, Any]

    def sentence(self) -> str:
        """Return what was done, and what it brought."""
        plain = self.trials[0].judged
        if self.chosen.judged.reason:
            return f"int8 can't be cured: {plain.reason}."
        if self.chosen is self.trials[0]:
            return f"int8 has {_db(plain)} beside float32 as it is, and no cure brings it {NOTABLE_DB:g} dB more."
        without = f"none without ({plain.reason})" if plain.reason else f"{_db(plain)} without"
        told = (
            f"{self.chosen.cure.words[0].upper()}{self.chosen.cure.words[1:]}: int8 has"
            f" {_db(self.chosen.judged)} beside float32 on training photos, {without}."
        )
        floats = self.chosen.cure.float_layers
        return f"{told} The file no longer computes in whole numbers alone." if floats else told


def cure(
    plain: Export,
    process: LayerProcess,
    model_pb: Path,
    track: Track,
    calibration: Calibration,
    dataset: Dataset,
    *,
    learned: Ranges | None = None,
    timeout_s: float = exporting.TIMEOUT_S,
    progress: Progress | None = None,
) -> Cured:
    """Replace the int8 files of an export by those that lose least.

    Parameters
    ----------
    plain : Export
        With float32 and int8, of `aic_helpers.quantization.exporting.export`.
    process : LayerProcess
        Of `aic_helpers.quantization.layer_processes.shown`, for this calibration.
    model_pb : Path
        What it was made from.
    track : Track
    calibration : Calibration
        What its int8 was calibrated on.
    dataset : Dataset
        Its validation photos judge at the end, and choose nothing.
    learned : dict, optional
        Ranges by layer that are known better than by calibration.
    timeout_s : float
        For the export at the end.
    progress : callable, optional

    Raises
    ------
    InputError
        See `aic_helpers.quantization.exporting.export`.
    """
    tell, name = progress or (lambda done, total, words: None), str(plain.report["name"])
    with tempfile.TemporaryDirectory(prefix="cures-") as temporary:
        weights = Path(temporary) / "weights.npz"
        before = _copied(_free(plain, INT8.name), Path(temporary))
        process.round(weights)
        trials = _trials(process, track, calibration, tell)
        chosen = _best(trials)
        export = plain
        if chosen is not trials[0]:
            export = exporting.export(
                model_pb,
                track,
                plain.folder,
                (INT8.name,),
                calibration=chosen.cure.calibration,
                name=name,
                size=tuple(plain.report["size"]),
                keep_float=chosen.cure.float_layers,
                ranges=learned,
                weights=weights if chosen.cure.rounded else None,
                timeout_s=timeout_s,
                progress=tell,
            )
        files = {PLAIN: before, CURED: _free(export, INT8.name), FLOAT32.name: _free(export, FLOAT32.name)}
        found = Cured(export, trials, chosen, _on_validation(files, dataset, tell))
    export.report["precisions"][INT8.name]["cure"] = _written(found)
    safe_files.write_json(export.folder / exporting.REPORT, export.report)
    return found


def lines(cured: Cured) -> list[str]:
    """Return what was tried as a table of text, what was chosen, and what it is worth on validation photos."""
    head = ("cure", "beside float32 on training photos")
    told = [(trial.cure.words, _told(trial.judged)) for trial in cured.trials]
    return [*aligned([head, *told]).splitlines(), "", cured.sentence(), *_validation_words(cured)]


def _validation_words(cured: Cured) -> list[str]:
    values = [cured.validation[name] for name in (CURED, PLAIN)]
    if not all(values):
        return ["It was not measured on validation photos: there is no file of any size, or it fails on one."]
    after, before = map(_with_interval, values)
    return [f"On validation photos: {after}; {before} without."]


def _with_interval(estimate: Mapping[str, Any]) -> str:
    interval = estimate["ci95"]
    spread = f" ({interval[0]:+.2f} to {interval[1]:+.2f})" if interval else ""
    return f"{estimate['value']:+.2f} dB{spread}"


def _written(cured: Cured) -> dict[str, Any]:
    """Return what `export.json` says of a cure."""
    chosen = cured.chosen.cure
    trials = [
        {"cure": trial.cure.words, "training_db": finite(trial.judged.difference_db), "reason": trial.judged.reason}
        for trial in cured.trials
    ]
    return {
        "words": chosen.words,
        "float_layers": [*chosen.float_layers],
        "trials": trials,
        "validation": cured.validation,
    }


def _copied(file: Path | None, folder: Path) -> Path | None:
    return Path(shutil.copy(file, folder / "plain.tflite")) if file else None


def _trials(process: LayerProcess, track: Track, calibration: Calibration, tell: Progress) -> list[Trial]:
    """Return what was tried; the cures that the phone pays for only where the others don't do."""
    trials: list[Trial] = []
    for one in _free_of_cost(process, track, calibration):
        tell(len(trials), None, f"trying {one.words}")
        trials.append(_tried(process, one))
    if _is_enough(best := _best(trials)):
        return trials
    if process.residual:
        trials.append(_tried(process, replace(best.cure, float_layers=tuple(process.residual))))
    if not _is_enough(_best(trials)):
        trials += _with_float_layers(process, best.cure, calibration, tell)
    return trials


def _with_float_layers(process: LayerProcess, cured: Cure, calibration: Calibration, tell: Progress) -> list[Trial]:
    """Return trials with ever more layers in floats, until that is enough, and without those that bring nothing."""
    trials: list[Trial] = []
    found = diagnose(process, calibration, tell, ranges=cured.ranges, rounded=cured.rounded)
    kept: tuple[str, ...] = ()
    for layer in found.worst[:MOST_FLOAT_LAYERS]:
        kept = (*kept, layer.layer)
        tell(len(trials), None, f"trying {len(kept)} layers in floats")
        trials.append(_tried(process, replace(cured, float_layers=kept)))
        if _is_enough(trials[-1]):
            break
    return trials + _without_idle(process, trials[-1]) if trials and _is_enough(trials[-1]) else trials


def _without_idle(process: LayerProcess, found: Trial) -> list[Trial]:
    """Return trials without those layers in floats that bring nothing."""
    trials: list[Trial] = []
    for layer in found.cure.float_layers:
        last = trials[-1] if trials else found
        fewer = tuple(one for one in last.cure.float_layers if one != layer)
        trial = _tried(process, replace(found.cure, float_layers=fewer))
        if _is_enough(trial) and trial.judged.difference_db >= last.judged.difference_db - NOTABLE_DB:
            trials.append(trial)
    return trials


def _free_of_cost(process: LayerProcess, track: Track, calibration: Calibration) -> list[Cure]:
    """Return the cures that leave all in whole numbers, having made the process find their ranges."""
    cures = []
    process.find(RANGES, calibration.percentile)
    cures.append(Cure(calibration))
    for percentile in PERCENTILES:
        name = f"{percentile:g} % of the values"
        process.find(name, percentile)
        cures.append(Cure(replace(calibration, percentile=percentile), name))
    more = replace(calibration, crops=MORE * calibration.crops)
    for crop in islice(calibrations.draw(more, track, process.size), calibration.crops, None):
        process.see(crop.input, rounds=False)
    name = f"{more.crops} crops"
    process.find(name, calibration.percentile)
    cures.append(Cure(more, name))
    return [*cures, *(replace(one, rounded=True) for one in cures)]


def _tried(process: LayerProcess, one: Cure) -> Trial:
    return Trial(one, process.int8(one.ranges, float_layers=one.float_layers, rounded=one.rounded))


def _best(trials: Sequence[Trial]) -> Trial:
    """Return the trial that is notably better than all before, and than which none behind it is.

    One that is no worse, and has fewer layers in floats than the one before it, is better.
    """
    best = trials[0]
    for trial in trials[1:]:
        gain_db = trial.judged.difference_db - best.judged.difference_db
        fewer = len(trial.cure.float_layers) < len(best.cure.float_layers) and gain_db >= -NOTABLE_DB
        if not trial.judged.reason and (best.judged.reason or gain_db >= NOTABLE_DB or fewer):
            best = trial
    return best


def _is_enough(trial: Trial) -> bool:
    return trial.judged.difference_db >= -ENOUGH_DB


def _on_validation(files: Mapping[str, Path | None], dataset: Dataset, tell: Progress) -> dict[str, Any]:
    """Return what both have beside float32 on validation photos; nothing where one doesn't take any size."""
    there = {name: path for name, path in files.items() if path}
    if len(there) < len(files):
        return dict.fromkeys((PLAIN, CURED))
    images = measuring.assessed(there, dataset, None, tell)
    by_image = images.pivot(index="image", columns="precision", values="psnr_db")
    return {name: measuring.difference(by_image[name] - by_image[FLOAT32.name]) for name in (PLAIN, CURED)}


def _free(export: Export, precision: str) -> Path | None:
    return next((one.free for one in export.exported if one.precision == precision), None)


def _told(judged: Judged) -> str:
    return judged.reason or _db(judged)


def _db(judged: Judged) -> str:
    return f"{judged.difference_db:+.2f} dB"
