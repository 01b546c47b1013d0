"""The command that trains."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import click

from aic_helpers.cli.exit_codes import DONE
from aic_helpers.core.errors import InputError

if TYPE_CHECKING:
    from aic_helpers.training.callbacks import Trained
    from aic_helpers.training.jobs import TrainingJob

log = logging.getLogger(__name__)

STEPS = "Updates of the weights, rounded down to a multiple of the reports.  [default: the network's plan]"
MINUTES = "As many steps as take about so long, in place of --steps; a folder already begun keeps its number of steps."

PRECISION = "float32, or mixed_bfloat16: twice as fast where the processor or GPU has it."

CANDIDATES = "For each patch so many are drawn, and the one with the most to learn is kept."

CAMERAS = "Share of the simulated shots, 0 to 1, that other cameras than the sample's take, each drawn anew."

OPTIMIZER = "adam, or muon, which learns faster in a chain of convolutions."

START = "A .weights.h5 of this network to go on from.  [default: the network's usual start; see --quantised]"

QUANTISED = "Learn for int8, from weights at hand."

CLIP = "With --quantised: end each layer's range at this percentile of its outputs, such as 99.9."


@click.command()
@click.argument("name")
@click.option("--track", default="", metavar="TRACK", help="A track's name or file.  [default: the network's]")
@click.option("--photos", default="", metavar="DIR", help="Training photos.  [default: the sample's own]")
@click.option("--out", default="", metavar="DIR", help="Where it goes.  [default: in runs/training/TRACK]")
@click.option("--start", default="", metavar="WEIGHTS", help=START)
@click.option("--steps", type=int, metavar="N", help=STEPS)
@click.option("--minutes", type=float, metavar="M", help=MINUTES)
@click.option("--loss", metavar="LOSS", help="l1, l2, charbonnier, charbonnier_y, charbonnier_ssim or psnr.")
@click.option("--batch", type=int, metavar="N", help="Patches in a step.")
@click.option("--patch", "patch_px", type=int, metavar="PX", help="Side of a patch of the target.")
@click.option("--candidates", type=int, metavar="N", help=CANDIDATES)
@click.option("--cameras", "drawn_cameras", type=float, metavar="SHARE", help=CAMERAS)
@click.option("--optimizer", metavar="O", help=OPTIMIZER)
@click.option("--learning-rate", type=float, metavar="R", help="Of the optimizer, at its highest; below 1.")
@click.option("--precision", metavar="P", help=PRECISION)
@click.option("--quantised", "quantized", is_flag=True, default=None, help=QUANTISED)
@click.option("--clip", "clip_percentile", type=float, metavar="P", help=CLIP)
@click.option("--patience", type=int, metavar="N", help="Stop after N reports without anything better.")
@click.option("--seed", type=int, metavar="N", help="Of weights and patches.  [default: 2018]")
def train(
    name: str, track: str, photos: str, out: str, start: str, steps: int | None, minutes: float | None, **changes: Any
) -> int:
    """Train a network on photos.

    NAME is a model function in aic_helpers/models/networks.py: srcnn, resnet_6_16, resnet_8_32, resnet_12_64, vgg_19,
    fast_sr or fast_enhancement; for small photos fast_sr_x4, fsrcnn_x2, fsrcnn_x3, fsrcnn_x4 or span_x4.

    The weights, the recipe and the curve of the training go to a folder, for aic run. Interrupted, the same
    command goes on from the last report.

    With --quantised it goes on from the network's own weights in models_pretrained, or from --start, for 1000 small
    steps, and computes as LiteRT's int8 does. The weights it writes are rounded as int8 has them. Their recipe has
    the range of each layer.

    \b
    Examples
      aic train srcnn --minutes 2
      aic train fast_enhancement --photos my_photos --steps 20000
      aic train srcnn --quantised
      aic train fast_sr --photos my_photos --start models_pretrained/fast_sr.weights.h5 --learning-rate 0.0005
    """
    if steps is not None and minutes is not None:
        raise InputError("--steps or --minutes", "both", "leave one of them out")
    from aic_helpers.core import quiet_tensorflow

    quiet_tensorflow.import_tensorflow()
    from aic_helpers.reporting import text_tables
    from aic_helpers.training import callbacks, jobs

    job = jobs.settle(name, track, photos, steps, changes, out, minutes=minutes, start=start)
    if steps not in (None, job.plan.steps):
        log.info("%d steps in place of %d: a multiple of the %d reports", job.plan.steps, steps, job.plan.reports)
    try:
        trained = _learn(job)
    except KeyboardInterrupt:
        if (job.folder / callbacks.PROGRESS_FILE).is_file():
            click.echo("the same command goes on from the last report", err=True)
        raise
    click.echo(text_tables.aligned(jobs.summary_rows(job, trained)))
    return DONE


def _learn(job: TrainingJob) -> Trained:
    from aic_helpers.core import progress_bars
    from aic_helpers.training import jobs

    with progress_bars.bar("step", lines=True) as show:
        return jobs.learn(job, progress=show)
