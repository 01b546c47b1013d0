"""The command that exports a model to LiteRT."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from aic_helpers.cli import options
from aic_helpers.cli.exit_codes import DONE, RULE_BROKEN
from aic_helpers.core.errors import InputError

if TYPE_CHECKING:
    from aic_helpers.core.progress_types import Progress
    from aic_helpers.quantization.calibration import Calibration
    from aic_helpers.quantization.exporting import Export
    from aic_helpers.quantization.layer_processes import LayerProcess

PRECISION = "float32, float16, dynamic_int8, int8 or int16x8; may be given more than once.  [default: all]"
CALIBRATE_ON = "Photos to find the ranges of activations on.  [default: the workbench's own training photos]"
PERCENTILE = "Ranges hold this share of the values, as in 99.99.  [default: all of them]"
DIAGNOSE = "Tell what each layer costs in int8, and which is at fault; takes minutes."
CURE = "Try what makes int8 lose less, from what costs least on, and export it with what helps; takes minutes."
KEEP_FLOAT = "A layer that stays in floats in int8; may be given more than once."


@click.command()
@options.export_options
@click.option("--precision", "wanted", multiple=True, metavar="P", help=PRECISION)
@click.option("--size", default="", metavar="WIDTHxHEIGHT", help="Of the fixed files.  [default: the track's]")
@click.option("--calibrate-on", default="", metavar="DIR", help=CALIBRATE_ON)
@click.option("--crops", type=int, default=32, show_default=True, metavar="N", help="Of these photos, to calibrate on.")
@click.option("--percentile", type=float, metavar="P", help=PERCENTILE)
@click.option("--keep-float", multiple=True, metavar="LAYER", help=KEEP_FLOAT)
@click.option("--diagnose", is_flag=True, help=DIAGNOSE)
@click.option("--cure", is_flag=True, help=CURE)
@click.option("--timeout", type=float, default=1800.0, show_default=True, metavar="SECONDS", help="For all files.")
def export(
    as_json: bool,
    fresh: bool,
    wanted: tuple[str, ...],
    size: str,
    calibrate_on: str,
    crops: int,
    percentile: float | None,
    keep_float: tuple[str, ...],
    diagnose: bool,
    cure: bool,
    timeout: float,
    **typed: Any,
) -> int:
    """Export a model to LiteRT, in the precisions of phones.

    Each is a file of the track's size, to be timed, and one of any height and width, to be judged. They are proved to
    be one network: the same weights, and the same output for a photo. int8 takes and gives pixels (uint8). The files
    go to the folder litert of the run folder, with export.json, which says what is known of them. Weights of
    aic train --quantised have the ranges that they learned with, in the recipe beside them.

    \b
    Examples
      aic export --track super_resolution --model fast_sr
      aic export --track super_resolution --model my_network.keras --precision int8 --calibrate-on my_photos
      aic export --track super_resolution --model sample_sr_srcnn --diagnose --cure
    """
    from aic_helpers.core import progress_bars
    from aic_helpers.precisions import cures
    from aic_helpers.profiling.network_pairs import conditions_of
    from aic_helpers.quantization import (
        calibration,
        export_texts,
        exporting,
        layer_processes,
        learned_ranges,
        precisions,
    )
    from aic_helpers.runs import precision_steps, steps

    if cure and keep_float:
        raise InputError("--cure or --keep-float", "both", "leave one out: the cure chooses what stays in floats")
    names = precisions.named((*wanted, *cures.NEEDED) if wanted and cure else wanted)
    with options.staged(typed) as (settings, run):
        precision_steps.require_exportable(settings)
        settled = calibration.settle(calibrate_on, crops, percentile=percentile, validation=settings.dataset)
        conditions = conditions_of(settings.track, size)
        learned = learned_ranges.beside(settings.source.checkpoint)
        run.result = steps.convert(run.settings, run.result, fresh=fresh)
    with progress_bars.bar("step") as show:
        exported = exporting.export(
            settings.model_file,
            settings.track,
            settings.folder / precision_steps.EXPORTS,
            names,
            calibration=settled,
            name=settings.source.name,
            size=(conditions.width_px, conditions.height_px),
            keep_float=keep_float,
            ranges=learned,
            timeout_s=timeout,
            progress=show,
        )
        told: list[str] = []
        if diagnose or cure:
            sources = settings.model_file, settings.track, settled
            around: dict[str, Any] = {"timeout_s": timeout, "progress": show}
            with layer_processes.shown(*sources, settings.source.name, learned=learned, **around) as process:
                told += _diagnosed(process, settled, exported, show) if diagnose else []
                if cure:
                    cured = cures.cure(exported, process, *sources, settings.dataset, learned=learned, **around)
                    exported, told = cured.export, [*told, "", *cures.lines(cured)]
    report = exported.report
    click.echo(json.dumps(report, indent=2) if as_json else "\n".join([*export_texts.lines(exported), *told]))
    lacking = any(report["precisions"][name]["state"] != "made" for name in wanted)
    return RULE_BROKEN if lacking or export_texts.is_unlike_source(exported) else DONE


def _diagnosed(process: LayerProcess, calibration: Calibration, export: Export, show: Progress) -> list[str]:
    """Write which layer loses what to the folder of an export, and return it in words."""
    from aic_helpers.precisions import plots
    from aic_helpers.quantization import layer_losses

    diagnosis = layer_losses.diagnose(process, calibration, show)
    layer_losses.write(diagnosis, export)
    plots.layers(diagnosis).savefig(export.folder / layer_losses.PICTURE)
    return ["", *layer_losses.lines(diagnosis)]
