"""The commands on one model: run, its steps one by one, score on figures at hand, and report.

Each imports what it needs when it runs, so that `aic --help` answers at once.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aic_helpers.cli import options
from aic_helpers.cli.exit_codes import DONE
from aic_helpers.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from aic_helpers.runs.run_settings import Settings
    from aic_helpers.runs.schema import Result

log = logging.getLogger(__name__)

SET = "Another figure of the track, as in macs=9.8e9; may be given more than once."


@click.command()
@click.option("--track", "tracks", required=True, multiple=True, metavar="TRACK", help=options.TRACK)
@options.model_options
@options.profile_option
@click.option("--export", is_flag=True, help="Export to LiteRT too, and measure the model in its precisions.")
@options.time_budget_option
@options.fresh_option
def run(
    tracks: tuple[str, ...],
    model: str,
    checkpoint: str,
    data: str,
    out: str,
    limit: int,
    adapt: dict[str, Any],
    profile: bool,
    export: bool,
    time_budget: float | None,
    fresh: bool,
) -> int:
    """Do all steps, by the notebooks 01 to 03; with --export 09 as well.

    The executed notebooks, model.pb, result.json, report.html and tables go to the run folder when all is done. What
    the folder has of this very model, data and protocol already (and of this machine, for times) isn't made twice.

    \b
    Examples
      aic run --track super_resolution
      aic run --track super_resolution --track enhancement
      aic run --track enhancement --model my_network.py:network --checkpoint weights/my_network
    """
    from aic_helpers.core import progress_bars
    from aic_helpers.profiling.timing import Limits
    from aic_helpers.reporting import text_tables
    from aic_helpers.runs import notebook_runs, result_tables, run_settings
    from aic_helpers.tracks.catalogue import is_own

    if len(tracks) > 1 and (model or out):
        raise InputError("one --track beside --model or --out", f"{len(tracks)} tracks", "make one run for each track")
    limits = Limits(time_budget_s=time_budget)
    settled = [run_settings.settle(track, model, checkpoint, data, out, limit, adapt) for track in tracks]
    found = []
    for track, settings in zip(tracks, settled, strict=True):
        with progress_bars.bar("cell", lines=True) as show:
            name = track if is_own(settings.track) else settings.track.name
            typed = (name, model, checkpoint, data, out, limit, adapt)
            asked: dict[str, Any] = {"profile": profile, "export": export, "limits": limits, "fresh": fresh}
            found.append(notebook_runs.run(*typed, **asked, progress=show))
    columns = [
        [*result_tables.run_rows(result), result_tables.folder_row(settings)]
        for result, settings in zip(found, settled, strict=True)
    ]
    click.echo(text_tables.side_by_side(columns))
    return max(options.verdict(result) for result in found)


@click.command()
@options.step_options
def convert(as_json: bool, fresh: bool, **typed: Any) -> int:
    """Convert a model to a frozen model.pb; an .onnx becomes model.onnx.

    The converted model is compared with its source on a photo and two odd sizes.

    \b
    Example
      aic convert --track enhancement --model my_network.keras
    """
    from aic_helpers.runs import steps

    with options.staged(typed) as (settings, run):
        run.result = steps.convert(run.settings, run.result, fresh=fresh)
    return options.report(settings, "model", run.result, as_json)


@click.command()
@options.step_options
@click.option("--explain", is_flag=True, help="Tell by how much each choice of a protocol changes the figures.")
def evaluate(as_json: bool, fresh: bool, explain: bool, **typed: Any) -> int:
    """Measure the track's metrics on the validation images.

    With --explain the same outputs are judged by every protocol at hand: in RGB or on Y, with one border or another,
    rounded or not, with inputs made by MATLAB's bicubic or Pillow's. That tells why two figures differ.

    \b
    Examples
      aic evaluate --track super_resolution --model fast_sr --explain
      aic evaluate --track super_resolution --model div2k_srcnn --data challenge --json
    """
    from aic_helpers.runs import warm_start

    with warm_start.started():  # before all other imports: it is ready when they are done
        from aic_helpers.core import progress_bars
        from aic_helpers.runs import steps

        with options.staged(typed) as (settings, run), progress_bars.bar("image") as show:
            run.result = steps.evaluate(
                run.settings,
                run.result,
                fresh=fresh,
                progress=lambda done, total, _: show(done, total, settings.source.name),
            )
            explained = steps.explain(run.settings, progress=show) if explain else None
    if explained is None:
        return options.report(settings, "metrics", run.result, as_json)
    return _explained(settings, run.result, explained, as_json)


def _explained(settings: Settings, result: Result, explained: pd.DataFrame, as_json: bool) -> int:
    """Print a run's metrics with what each choice of a protocol counts for; return the exit status."""
    from aic_helpers.core import safe_files
    from aic_helpers.evaluation import protocol_tables

    if as_json:
        whole = result.raw["metrics"] | {"protocols": explained.to_dict("records")}
        click.echo(json.dumps(safe_files.strict(whole), indent=2))
        return options.verdict(result, ("metrics",))
    status = options.report(settings, "metrics", result, as_json)
    click.echo("\n" + "\n".join(protocol_tables.lines(explained)))
    return status


@click.command()
@options.step_options
@click.option("--size", default="", metavar="WIDTHxHEIGHT", help="Of the one image.  [default: the track's]")
@click.option("--threads", type=int, metavar="N", help="For TensorFlow, at most the cores here.  [default: all]")
@click.option("--device", default="cpu", show_default=True, metavar="cpu|gpu", help="What to run on.")
@click.option(
    "--interval",
    default=0.02,
    show_default=True,
    metavar="SHARE",
    help="Stop when the speedup's 95 % interval is this narrow, as a share of the speedup, or of 1 where that is more.",
)
@options.time_budget_option
@click.option("--repetitions", default=60, show_default=True, metavar="N", help="Stop after so many runs of each.")
def profile(
    as_json: bool,
    fresh: bool,
    size: str,
    threads: int | None,
    device: str,
    interval: float,
    time_budget: float | None,
    repetitions: int,
    **typed: Any,
) -> int:
    """Measure time and memory beside the baseline.

    Both run in processes of their own, in turn, until the first of three limits: --interval, --time-budget,
    --repetitions. Scores and rules are about the track's size; a profile at another one stands for itself.

    \b
    Examples
      aic profile --track super_resolution --model my_network.pb
      aic profile --track super_resolution --model my_network.pb --size 1920x1080 --threads 1
    """
    from aic_helpers.core import progress_bars
    from aic_helpers.profiling.network_pairs import conditions_of
    from aic_helpers.profiling.timing import Limits
    from aic_helpers.runs import steps

    limits = Limits(interval, time_budget, repetitions)
    with options.staged(typed) as (settings, run), progress_bars.bar("run") as show:
        conditions = conditions_of(settings.track, size, threads, device)
        run.result = steps.profile(run.settings, conditions, limits, run.result, fresh=fresh, progress=show)
    return options.report(settings, "profile", run.result, as_json)


@click.command()
@options.step_options
@options.profile_option
def check(as_json: bool, fresh: bool, profile: bool, **typed: Any) -> int:
    """Check the rules of the track.

    Each rule is printed with its limit, what was found, and what to do about it.
    Time and memory are measured where the run folder has no profile of this model at the track's size yet.

    \b
    Example
      aic check --track super_resolution --model my_network.pb
    """
    from aic_helpers.runs import warm_start

    with warm_start.started():  # before all other imports: it is ready when they are done
        from aic_helpers.core import progress_bars
        from aic_helpers.runs import quantities, steps

        if profile:  # by itself, so that it stays where the rules are interrupted
            with options.staged(typed) as (_, run):
                result = run.result = steps.convert(run.settings, run.result)
                if not (result.profile and quantities.is_at_size(run.settings.track, result.profile)):
                    with progress_bars.bar("run") as show:
                        run.result = steps.profile(run.settings, known=result, progress=show)
        with options.staged(typed) as (settings, run):
            run.result = steps.check(run.settings, run.result, fresh=fresh, weighed=profile)
    return options.report(settings, "requirements", run.result, as_json)


@click.command()
@options.track_option
@click.option("--psnr", type=float, metavar="DB", help="Mean PSNR in dB.")
@click.option("--ssim", type=float, metavar="X", help="Mean SSIM, -1 to 1.")
@click.option("--ms-ssim", type=float, metavar="X", help="Mean MS-SSIM, 0 to 1.")
@click.option("--mos", type=float, metavar="X", help="Mean opinion score, 1 to 5, in place of [opinion]'s metric.")
@click.option("--baseline-mos", type=float, metavar="X", help="With --mos: that of the track's baseline.")
@click.option("--speedup", type=float, metavar="R", help="The baseline's time over the model's.")
@click.option("--time-ms", type=float, metavar="MS", help="The model's time.")
@click.option("--set", "others", multiple=True, metavar="NAME=VALUE", help=SET)
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def score(
    track: str,
    mos: float | None,
    baseline_mos: float | None,
    others: tuple[str, ...],
    as_json: bool,
    **typed: float | None,
) -> int:
    """Compute a track's scores from figures at hand.

    aic track show names the figures of each score. A score that lacks one has no value, and says which.
    In PIRM 2018's test phase the mean opinion score took the place of MS-SSIM; how it did so is reconstructed.

    \b
    Examples
      aic score --track super_resolution --psnr 28.21 --ms-ssim 0.9636 --speedup 4.62
      aic score --track enhancement --psnr 21.9 --mos 2.8 --baseline-mos 2.3 --speedup 2
      aic score --track ntire_esr_2026 --time-ms 6.5 --set baseline_time_ms=7.7 --set macs=9e9 --set parameters=164e3
    """
    from aic_helpers.cli import score_figures
    from aic_helpers.tracks.catalogue import PIRM2018, find_track
    from aic_helpers.tracks.scoring import MAPPING_NOTE

    chosen = find_track(track)
    found = score_figures.scores(chosen, score_figures.gathered(chosen, typed, others), mos, baseline_mos)
    if mos is not None and chosen.name in PIRM2018:
        log.info(MAPPING_NOTE)
    click.echo(json.dumps(score_figures.as_dict(found), indent=2) if as_json else score_figures.lines(chosen, found))
    return DONE


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--out", metavar="FILE", help="The HTML file to write.  [default: report.html in the one RUN]")
def report(runs: tuple[str, ...], out: str | None) -> int:
    """Write one HTML report on one or many run folders.

    The file needs no network and nothing beside it. A run that can't be shown is told in a sentence.

    \b
    Examples
      aic report runs/super_resolution/fast_sr
      aic report runs/super_resolution/* --out comparison.html
    """
    from aic_helpers.runs import reports

    if out is None and len(runs) > 1:
        raise InputError("--out for a report on many runs", "none", "name an HTML file, as in --out comparison.html")
    out = out or str(Path(runs[0]) / "report.html")
    file = options.html_file(out)
    reports.write_report([Path(run) for run in runs], file)
    click.echo(f"{file}  {file.stat().st_size / 1e6:.1f} MB")
    return DONE
