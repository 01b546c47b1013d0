"""The command that exports a model to LiteRT or ONNX."""

from __future__ import annotations

import json
from typing import Any

import click
from click.core import ParameterSource

from aic_helpers.cli import options
from aic_helpers.cli.exit_codes import DONE, RULE_BROKEN
from aic_helpers.core.errors import InputError

PRECISION = "float32, float16, dynamic_int8, int8 or int16x8; may be given more than once.  [default: all]"
CALIBRATE_ON = "Photos to find the ranges of activations on.  [default: the workbench's own training photos]"
PERCENTILE = "Ranges hold this share of the values, as in 99.99.  [default: all of them]"
DIAGNOSE = "Tell what each layer costs in int8, and which is at fault; takes minutes."
CURE = "Try what makes int8 lose less, from what costs least on, and export it with what helps; takes minutes."
KEEP_FLOAT = "A layer that stays in floats in int8; may be given more than once."
TO = "Write a .tflite in each precision, or one .onnx.  [default: --litert]"

OF_LITERT = ("wanted", "size", "calibrate_on", "crops", "percentile", "keep_float", "diagnose", "cure")
"""Parameters that say how LiteRT is to have a network."""


@click.command()
@click.pass_context
@options.export_options
@click.option("--onnx/--litert", "as_onnx", default=False, help=TO)
@click.option("--precision", "wanted", multiple=True, metavar="P", help=PRECISION)
@click.option("--size", default="", metavar="WIDTHxHEIGHT", help="Of the fixed files.  [default: the track's]")
@click.option("--calibrate-on", default="", metavar="DIR", help=CALIBRATE_ON)
@click.option("--crops", type=int, default=32, show_default=True, metavar="N", help="Of these photos, to calibrate on.")
@click.option("--percentile", type=float, metavar="P", help=PERCENTILE)
@click.option("--keep-float", multiple=True, metavar="LAYER", help=KEEP_FLOAT)
@click.option("--diagnose", is_flag=True, help=DIAGNOSE)
@click.option("--cure", is_flag=True, help=CURE)
@click.option("--timeout", type=float, default=1800.0, show_default=True, metavar="SECONDS", help="For all files.")
def export(context: click.Context, as_onnx: bool, **typed: Any) -> int:
    """Export a model to LiteRT, in the precisions of phones, or to ONNX.

    For LiteRT each is a file of the track's size, to be timed, and one of any height and width, to be judged. They are
    proved to be one network: the same weights, and the same output for a photo. int8 takes and gives pixels (uint8).
    The files go to the folder litert of the run folder, with export.json, which says what is known of them. Weights of
    aic train --quantised have the ranges that they learned with, in the recipe beside them.

    For ONNX it is one file, in the folder onnx. ONNX Runtime has to give for photos what TensorFlow gives.

    \b
    Examples
      aic export --track super_resolution --model fast_sr
      aic export --track super_resolution --model fast_sr --onnx
      aic export --track super_resolution --model my_network.keras --precision int8 --calibrate-on my_photos
      aic export --track super_resolution --model sample_sr_srcnn --diagnose --cure
    """
    if not as_onnx:
        return _to_litert(**typed)
    said = [name for name in OF_LITERT if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if said:
        option = next(one.opts[0] for one in context.command.params if one.name == said[0])
        raise InputError("--onnx without what LiteRT is told", option, "leave it out, or --onnx")
    return _to_onnx(**{name: value for name, value in typed.items() if name not in OF_LITERT})


def _to_onnx(as_json: bool, fresh: bool, timeout: float, **typed: Any) -> int:
    from aic_helpers.onnx_export import export_texts
    from aic_helpers.runs import export_steps, steps

    with options.staged(typed) as (settings, run):
        export_steps.require_exportable_to_onnx(settings)
        run.result = steps.convert(run.settings, run.result, fresh=fresh)
    report = export_steps.to_onnx(settings, timeout)
    lines = export_texts.lines(report, export_steps.onnx_folder(settings))
    click.echo(json.dumps(report, indent=2) if as_json else "\n".join(lines))
    return DONE


def _to_litert(
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
    from aic_helpers.core import progress_bars
    from aic_helpers.precisions import cures
    from aic_helpers.profiling.network_pairs import conditions_of
    from aic_helpers.quantization import calibration, export_texts, precisions
    from aic_helpers.runs import export_steps, precision_steps, steps

    if cure and keep_float:
        raise InputError("--cure or --keep-float", "both", "leave one out: the cure chooses what stays in floats")
    names = precisions.named((*wanted, *cures.NEEDED) if wanted and cure else wanted)
    with options.staged(typed) as (settings, run):
        precision_steps.require_exportable(settings)
        settled = calibration.settle(calibrate_on, crops, percentile=percentile, validation=settings.dataset)
        conditions_of(settings.track, size)
        run.result = steps.convert(run.settings, run.result, fresh=fresh)
    asked = export_steps.Asked(names, settled, size, keep_float, diagnose, cure, timeout)
    with progress_bars.bar("step") as show:
        exported, told = export_steps.to_litert(settings, asked, show)
    report = exported.report
    click.echo(json.dumps(report, indent=2) if as_json else "\n".join([*export_texts.lines(exported), *told]))
    lacking = any(report["precisions"][name]["state"] != "made" for name in wanted)
    return RULE_BROKEN if lacking or export_texts.is_unlike_source(exported) else DONE
