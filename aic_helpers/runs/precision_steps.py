"""The step of a run that exports its model to LiteRT, and says what it is worth in each precision."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aic_helpers.core import staging
from aic_helpers.core.errors import InputError
from aic_helpers.core.progress_types import Progress
from aic_helpers.onnx_export import frozen_forms
from aic_helpers.precisions import measuring
from aic_helpers.profiling.network_pairs import Conditions, conditions_of
from aic_helpers.profiling.timing import Limits
from aic_helpers.quantization import calibration as calibrations
from aic_helpers.quantization import exporting, learned_ranges
from aic_helpers.quantization.calibration import Calibration
from aic_helpers.quantization.exporting import Export
from aic_helpers.quantization.precisions import FLOAT32, named
from aic_helpers.runs import cache_keys, results
from aic_helpers.runs.run_settings import Settings
from aic_helpers.runs.schema import Result
from aic_helpers.runs.steps import convert
from aic_helpers.runtimes.formats import LITERT, ONNX, PRECISIONS

EXPORTS = "litert"
"""The folder of a run folder with its model's `.tflite` files."""


def precisions(
    settings: Settings,
    wanted: Sequence[str] = PRECISIONS,
    calibration: Calibration | None = None,
    conditions: Conditions | None = None,
    limits: Limits | None = None,
    known: Result | None = None,
    *,
    fresh: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Return the result of the run, having exported its model in precisions and written what each is worth.

    The `.tflite` files go to the folder `litert` of the run folder. What it has of this very model is measured as it
    is, be it what `aic export --cure` made; the precisions that it lacks are exported beside. Figures of these
    very files, of these images and by these settings on this machine are used as they are. `fresh` makes all anew.

    Parameters
    ----------
    wanted
        ``float32`` is made in any case: the others are held against it.
    calibration
        See `aic_helpers.quantization.exporting.export`; what has another is made anew. None: whatever there is.
    conditions, limits
        See `profile`.
    known
        See `convert`.
    """
    require_exportable(settings)
    result = convert(settings, known)
    names = named([*wanted, FLOAT32.name] if wanted else ())
    conditions, limits = conditions or conditions_of(settings.track), limits or Limits()
    lacking = names if fresh else _lacking(settings, names, conditions, calibration)
    exported = _exported(settings, lacking, conditions, calibration, progress)
    key = cache_keys.precisions_key(settings, result.model_sha256, names, conditions, limits, exported.folder)
    if not (fresh or cache_keys.told_stale(settings, result, "precisions", key)):
        return result
    measured = measuring.measure(
        frozen_file(settings),
        exported,
        settings.dataset,
        conditions,
        limits,
        limit=settings.limit,
        photo=settings.hd_photo,
        progress=progress,
    )
    results.write_table(settings, "precision_images", measured.images)
    results.write_table(settings, "precision_timing", measured.samples)
    return results.write_part(settings, "precisions", measured.result, key)


def require_exportable(settings: Settings) -> None:
    """Raise `InputError` where the model of a run is LiteRT already, or the package for such files is missing."""
    source, precision = settings.source, settings.source.adapt.precision
    if precision:
        found, remedy = f"{source.typed} with --precision {precision}", "leave --precision out"
        raise InputError("a float network to export", found, remedy)
    if source.format is LITERT:
        remedy = "give the network that it was made from"
        raise InputError("a float network to export", f"{source.typed}, a LiteRT file already", remedy)
    LITERT.require()
    if source.format is ONNX:
        frozen_forms.interpreter(source.adapt.python)


def frozen_file(settings: Settings) -> Path:
    """Return the frozen graph that a run's model is exported from: see `aic_helpers.onnx_export.frozen_forms`."""
    source, enlarges = settings.source, settings.track.enlarges
    return frozen_forms.frozen(settings.model_file, enlarges, source.adapt.python, name=source.name)


def _exports(settings: Settings) -> Path:
    return staging.home(settings.folder) / EXPORTS


def _exported(
    settings: Settings,
    names: Sequence[str],
    conditions: Conditions,
    calibration: Calibration | None,
    progress: Progress | None,
) -> Export:
    """Return the run's export, having added these precisions to it."""
    if not names:
        return exporting.read_export(_exports(settings))
    return exporting.export(
        frozen_file(settings),
        settings.track,
        _exports(settings),
        names,
        calibration=calibration or calibrations.settle(validation=settings.dataset),
        name=settings.source.name,
        size=(conditions.width_px, conditions.height_px),
        ranges=learned_ranges.beside(settings.source.checkpoint),
        progress=progress,
    )


def _lacking(
    settings: Settings, names: Sequence[str], conditions: Conditions, calibration: Calibration | None
) -> list[str]:
    """Return the precisions to export: those that the run folder hasn't of this very model, cured or not."""
    return exporting.lacking(
        _exports(settings),
        frozen_file(settings),
        settings.track,
        names,
        name=settings.source.name,
        size=(conditions.width_px, conditions.height_px),
        ranges=learned_ranges.beside(settings.source.checkpoint),
        calibration=calibration,
        validation=settings.dataset,
    )


def precisions_lacking(settings: Settings, result: Result, limits: Limits) -> str | None:
    """Return why the precisions of a run must be made anew, or None where all that `precisions` makes holds."""
    conditions = conditions_of(settings.track)
    if lacking := _lacking(settings, PRECISIONS, conditions, None):
        return f"no files of {', '.join(lacking)}, or of another model or calibration, or by other code"
    key = cache_keys.precisions_key(settings, result.model_sha256, PRECISIONS, conditions, limits, _exports(settings))
    return cache_keys.stale(result, settings.folder, "precisions", key)
