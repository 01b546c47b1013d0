"""The steps of a run that export its model for other runtimes: to LiteRT in precisions, and to ONNX."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aic_helpers.core import safe_files, staging
from aic_helpers.core.errors import InputError
from aic_helpers.core.progress_types import Progress
from aic_helpers.core.project_paths import folder_name
from aic_helpers.onnx_export import exporting as onnx_exporting
from aic_helpers.precisions import cures, plots
from aic_helpers.profiling.network_pairs import conditions_of
from aic_helpers.quantization import exporting, layer_losses, layer_processes, learned_ranges
from aic_helpers.quantization.calibration import Calibration
from aic_helpers.quantization.exporting import Export
from aic_helpers.quantization.layer_processes import LayerProcess
from aic_helpers.runs import precision_steps
from aic_helpers.runs.run_settings import Settings
from aic_helpers.runtimes.formats import FROZEN, ONNX

ONNX_EXPORTS = "onnx"
"""The folder of a run folder with its model as an `.onnx` file."""


@dataclass(frozen=True)
class Asked:
    """What an export to LiteRT is to have.

    Attributes
    ----------
    precisions : sequence of str
    calibration : Calibration
    size : str
        Of the fixed files, as ``1280x720``; empty for the track's.
    keep_float : collection of str
        Layers that stay in floats in int8.
    diagnose, cure : bool
        Whether to tell what each layer loses, and whether to try what helps.
    timeout_s : float
    """

    precisions: Sequence[str]
    calibration: Calibration
    size: str
    keep_float: Collection[str]
    diagnose: bool
    cure: bool
    timeout_s: float


def to_litert(settings: Settings, asked: Asked, progress: Progress | None = None) -> tuple[Export, list[str]]:
    """Return the export of a run's converted model to its folder `litert`, and what its layers lose, in words."""
    conditions = conditions_of(settings.track, asked.size)
    learned = learned_ranges.beside(settings.source.checkpoint)
    frozen = precision_steps.frozen_file(settings)
    exported = exporting.export(
        frozen,
        settings.track,
        staging.home(settings.folder) / precision_steps.EXPORTS,
        asked.precisions,
        calibration=asked.calibration,
        name=settings.source.name,
        size=(conditions.width_px, conditions.height_px),
        keep_float=asked.keep_float,
        ranges=learned,
        timeout_s=asked.timeout_s,
        progress=progress,
    )
    if not (asked.diagnose or asked.cure):
        return exported, []
    sources = frozen, settings.track, asked.calibration
    around: dict[str, Any] = {"timeout_s": asked.timeout_s, "progress": progress}
    told: list[str] = []
    with layer_processes.shown(*sources, settings.source.name, learned=learned, **around) as process:
        if asked.diagnose:
            told += _diagnosed(process, asked.calibration, exported, progress)
        if asked.cure:
            cured = cures.cure(exported, process, *sources, settings.dataset, learned=learned, **around)
            exported, told = cured.export, [*told, "", *cures.lines(cured)]
    return exported, told


def _diagnosed(process: LayerProcess, calibration: Calibration, export: Export, progress: Progress | None) -> list[str]:
    """Write which layer loses what to the folder of an export, and return it in words."""
    diagnosis = layer_losses.diagnose(process, calibration, progress)
    layer_losses.write(diagnosis, export)
    plots.layers(diagnosis).savefig(export.folder / layer_losses.PICTURE)
    return ["", *layer_losses.lines(diagnosis)]


def to_onnx(settings: Settings, timeout_s: float) -> dict[str, Any]:
    """Write a run's converted model to its folder `onnx`, with export.json beside it; return what that says."""
    folder = onnx_folder(settings)
    file = folder / f"{folder_name(settings.source.name)}{ONNX.suffix}"
    report = onnx_exporting.export(settings.model_file, file, name=settings.source.name, timeout_s=timeout_s)
    safe_files.write_json(folder / exporting.REPORT, report)
    return report


def onnx_folder(settings: Settings) -> Path:
    """Return the folder of a run's model as an `.onnx` file."""
    return staging.home(settings.folder) / ONNX_EXPORTS


def require_exportable_to_onnx(settings: Settings) -> None:
    """Raise `InputError` where the model of a run is another than TensorFlow's, or the packages are missing."""
    source = settings.source
    if source.format is not FROZEN:
        found = f"{source.typed}, which {source.format.words} runs"
        remedy = "take the file as it is" if source.format is ONNX else "give the network that it was made from"
        raise InputError("a network of TensorFlow to export to ONNX", found, remedy)
    onnx_exporting.require_packages()
