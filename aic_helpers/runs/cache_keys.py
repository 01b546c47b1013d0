"""What a part of a result was made from, so that nothing is measured twice and nothing passes for another.

The ingredients of a part stand in `result.json` under ``keys``: hashes of the model, the images and the code that
makes the figure, the protocol, the settings, the versions of the libraries, and for times and memory the machine. A
part is current as long as all of them are the same and its files are as they were written.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aic_helpers.core import machine, safe_files
from aic_helpers.core.source_hashes import code, files_sha256
from aic_helpers.data import datasets
from aic_helpers.data.datasets import Dataset
from aic_helpers.graphs.tensorflow_runtime import LIGHT, WHOLE
from aic_helpers.models import sources
from aic_helpers.models.sources import ModelSource, fingerprint
from aic_helpers.onnx_export import frozen_forms
from aic_helpers.profiling.network_pairs import Conditions, conditions_of
from aic_helpers.profiling.timing import Limits
from aic_helpers.pytorch import interpreters
from aic_helpers.runs import results
from aic_helpers.runs.results import Part
from aic_helpers.runs.run_settings import Settings
from aic_helpers.runs.schema import Result
from aic_helpers.runtimes.formats import FROZEN, LITERT, ONNX
from aic_helpers.tracks.definitions import Track

Key = dict[str, Any]

log = logging.getLogger(__name__)

NOTHING_YET = "nothing there yet"

WORDS = {
    "baseline": "the baseline",
    "code": "the workbench's code",
    "data": "the validation images",
    "enlarges": "the track's scale",
    "export": "the exported files",
    "interpreter": "the packages of the interpreter",
    "machine": "the machine",
    "macs_size": "the size that operations are counted at",
    "metrics": "the metrics",
    "model": "the model",
    "photo": "the photo",
    "precisions": "the precisions",
    "profile": "the profile",
    "source": "the model's files",
}
"""Ingredients in words; the others go by their own names."""

CONVERTERS = ("tensorflow", "keras", "tf-keras", "tf-slim")
"""Packages that make frozen graphs."""


def model_key(source: ModelSource, track: Track) -> Key:
    """Return what the converted model of a source is made from."""
    key = {
        "source": fingerprint(source),
        "enlarges": track.enlarges,
        "macs_size": [*track.measured.macs_size],
        "code": code("models.conversion"),
        **_versions(*(ONNX.packages if source.format is ONNX else CONVERTERS), "numpy", "pillow"),
    }
    if source.kind in ONNX.kinds:
        key |= _interpreter_key(source)
    return key | _export_key(source, track) if source.adapt.precision else key


def _interpreter_key(source: ModelSource) -> Key:
    """Return what converts a source in a person's own interpreter; nothing where that isn't at hand, or isn't asked."""
    package = interpreters.TORCH if source.kind == "torch" else frozen_forms.PACKAGE
    asked = source.kind == "torch" or source.adapt.precision
    found = interpreters.versions(source.adapt.python, package) if asked else None
    return {"interpreter": found} if found else {}


def _export_key(source: ModelSource, track: Track) -> Key:
    """Return what an export of a converted model is made from as well."""
    from aic_helpers.quantization import learned_ranges  # here, for most keys are of TensorFlow alone
    from aic_helpers.quantization.calibration import photo_digests

    return {
        "size": [*track.measured.size],
        "task": track.task.model_dump(mode="json"),
        "calibration": photo_digests(datasets.training_photos()),
        "learned_ranges": learned_ranges.beside(source.checkpoint),
        "export_code": code("quantization.exporting"),
        **_versions("ai-edge-litert"),
    }


def metrics_key(settings: Settings, model_sha256: str) -> Key:
    """Return what the figures of the validation images are made from."""
    return {
        "model": model_sha256,
        "data": data_sha256(settings.dataset, settings.limit),
        "protocol": settings.track.protocol.model_dump(mode="json"),
        "task": settings.track.task.model_dump(mode="json"),
        "limit": settings.limit,
        "code": code("evaluation.isolated"),
        **machine.arithmetic_settings(),
        **_versions(*settings.source.format.packages, "numpy", "numba", "pillow"),
    }


def profile_key(
    settings: Settings, model_sha256: str, conditions: Conditions, limits: Limits, where: dict[str, Any] | None = None
) -> Key:
    """Return what time and memory are measured on, with, and where: by default on this machine."""
    return {
        "model": model_sha256,
        "baseline": _baseline_sha256(settings, conditions),
        "photo": files_sha256(settings.dataset.hd[:1]),
        "machine": where or machine.identity(),
        "runtime": _runtime(settings, conditions),
        "fixed": safe_files.sha256(settings.timed_file) if settings.source.has_fixed_file else None,
        **asdict(conditions),
        **asdict(limits),
        **machine.inherited_settings(conditions.device),
        "code": code("profiling.profiler"),
        **_versions(*settings.source.format.packages, "numpy", "pillow"),
    }


def _baseline_sha256(settings: Settings, conditions: Conditions) -> str:
    """Return a SHA-256 of the file of a track's baseline that the runtime of the model takes."""
    from aic_helpers.onnx_export import baselines as onnx  # here, for most keys are of TensorFlow alone
    from aic_helpers.quantization import baselines as litert

    if settings.source.format is LITERT:
        return litert.baseline_sha256(settings.track, (conditions.width_px, conditions.height_px))
    if settings.source.format is ONNX:
        return onnx.baseline_sha256(settings.track)
    return files_sha256([sources.baseline_pb(settings.track)])


def precisions_key(
    settings: Settings,
    model_sha256: str,
    precisions: Sequence[str],
    conditions: Conditions,
    limits: Limits,
    export: Path,
) -> Key:
    """Return what the quality and the times of a model's precisions are made from; `export` is the files' folder."""
    from aic_helpers.quantization import exporting

    return {
        **metrics_key(settings, model_sha256),
        "precisions": [*precisions],
        "export": safe_files.sha256(export / exporting.REPORT),
        "photo": files_sha256(settings.dataset.hd[:1]),
        "machine": machine.identity(),
        **asdict(conditions),
        **asdict(limits),
        **machine.inherited_settings(conditions.device),
        "code": code("precisions.measuring"),
        **_versions("tensorflow", "ai-edge-litert", "numpy", "numba", "pillow"),
    }


def _runtime(settings: Settings, conditions: Conditions) -> str:
    if settings.source.format is not FROZEN:
        return settings.source.format.runtime
    return LIGHT if conditions.device == "cpu" else WHOLE


def requirements_key(settings: Settings, result: Result, *, weighed: bool = True) -> Key:
    """Return what the rules are judged by, the other parts of a result among it."""
    return {
        "model": result.model_sha256,
        **{part: results.part_sha256(result.raw[part]) for part in ("metrics", "profile")},
        "rules": settings.track.rules.model_dump(mode="json"),
        "size": settings.track.measured.size,
        "photo": files_sha256(settings.dataset.hd[:1]),
        "weighed": weighed or result.profile is not None,
        **machine.arithmetic_settings(),
        "code": code("profiling.requirements"),
        **_versions(*settings.source.format.packages, "numpy", "pillow"),
    }


def stale(result: Result | None, folder: Path, part: Part, key: Key) -> str | None:
    """Return why a part of a result is to be made anew, in words; None where it holds.

    Parameters
    ----------
    result : Result or None
        What the run folder has.
    folder : Path
    part : str
    key : dict
        What the part would be made from now.
    """
    kept = result and result.keys.get(part)
    if not result or not kept or result.raw.get(part) is None:
        return NOTHING_YET
    then, now = kept.made_from, safe_files.strict(key)
    if "interpreter" not in now:  # where it isn't at hand, what it made holds
        then = {name: value for name, value in then.items() if name != "interpreter"}
    changed = [WORDS.get(name, name) for name in {**then, **now} if then.get(name) != now.get(name)]
    if part == "model":
        changed += results.changed_files(result)
    if changed:
        return f"changed since: {', '.join(changed)}"
    if kept.sha256 != results.part_sha256(result.raw[part]):
        return "its figures in result.json are not as they were written"
    damaged = [name for name, sha256 in kept.files.items() if safe_files.sha256(folder / name) != sha256]
    return f"{damaged[0]} is damaged or missing" if damaged else None


def model_stale(settings: Settings, result: Result | None, key: Key) -> str | None:
    """Return what `stale` does of the frozen model; a source that has moved, and another track's file, are noted anew.

    With the model's part the scores are made anew.
    """
    why = stale(result, settings.folder, "model", key)
    if why or not (result and result.model):
        return why
    moved = result.model.origin.model_dump() != sources.origin(settings.source)
    if moved:
        return "its source has moved"
    return "changed since: the track's file" if result.track_file != results.track_file(settings.track) else None


def standing(
    settings: Settings, result: Result | None, *, profile: bool, limits: Limits | None = None, weighed: bool = True
) -> dict[str, str | None]:
    """Return for each part of a run why it must be made anew, or None where it holds.

    Where the model must be converted anew, nothing is said of the other parts.

    Parameters
    ----------
    settings : Settings
    result : Result or None
        What the run folder has.
    profile : bool
        Whether the run is to have a profile, by `limits`.
    weighed : bool
        See `aic_helpers.profiling.requirements.check`.
    """
    folder = settings.folder
    why = model_stale(settings, result, model_key(settings.source, settings.track))
    if why or result is None:
        return {"model": why}
    if damaged := results.damaged_models(folder, result):
        return {"model": f"{damaged[0]} is damaged or missing"}
    keys: dict[Part, Key] = {"metrics": metrics_key(settings, result.model_sha256)}
    if profile:
        keys["profile"] = profile_key(settings, result.model_sha256, conditions_of(settings.track), limits or Limits())
    keys["requirements"] = requirements_key(settings, result, weighed=weighed)
    return {"model": None, **{part: stale(result, folder, part, key) for part, key in keys.items()}}


def data_sha256(dataset: Dataset, limit: int | None) -> str:
    """Return one SHA-256 over the names and bytes of the validation images that a limit leaves, in their order."""
    pairs = dataset.pairs[:limit]
    return files_sha256(file for pair in pairs for file in (pair.input, pair.target) if file)


def _versions(*names: str) -> dict[str, str]:
    return {name: version(name) for name in names}


def told_stale(settings: Settings, result: Result, part: Part, key: Key) -> str | None:
    """Return why a part must be made anew, having told what was decided."""
    why = stale(result, settings.folder, part, key)
    if why is None:
        made = result.environment.created_utc
        log.info("%s: %s taken from the run folder, where they are of %s", settings.source.name, part, made)
    elif why != NOTHING_YET:
        log.info("%s: %s made anew: %s", settings.source.name, part, why)
    return why
