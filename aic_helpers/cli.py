"""The `aic` command: parse, call, print.

Each command imports what it needs when it runs, so that `aic --help` answers at once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import click

from aic_helpers.endings import DONE, RULE_BROKEN, exit_status
from aic_helpers.errors import InputError

if TYPE_CHECKING:
    from aic_helpers.results import Part, Settings


def main() -> NoReturn:
    """Run the command line and exit with its status."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends children and half-made files, as Ctrl-C does
    sys.exit(status(sys.argv[1:]))


def status(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; whatever goes wrong is one line on stderr."""
    return exit_status(lambda: aic.main(list(arguments), prog_name="aic", standalone_mode=False))


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="aic-workbench", prog_name="aic")
def aic() -> None:
    """Convert, evaluate, profile, check and score image networks for phones.

    \b
    Exit status
      0    done, and every requirement met
      1    done, but the model breaks a requirement
      2    the call or an input was wrong
      130  interrupted
    """


def _together(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a decorator that adds the options in their order."""

    def add(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return add


_model_options = _together(
    click.option(
        "--model",
        default="",
        metavar="SOURCE",
        help="A name in models_pretrained/, FILE.py:FUNCTION, a .keras file, a SavedModel folder or a frozen .pb file. "
        " [default: the track's sample network]",
    ),
    click.option("--checkpoint", default="", metavar="PATH", help="The weights for FILE.py:FUNCTION."),
    click.option(
        "--data", default="sample", show_default=True, metavar="sample|challenge|DIR", help="Validation data."
    ),
    click.option("--out", default="", metavar="DIR", help="The run folder.  [default: runs/TRACK/MODEL]"),
    click.option("--limit", default=0, metavar="N", help="Only the first N validation images.  [default: all]"),
)
_track_option = click.option("--track", required=True, metavar="TRACK", help="super_resolution or enhancement.")
_step_options = _together(
    _track_option, _model_options, click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
)
_profile_option = click.option("--profile/--no-profile", default=True, help="Measure time and memory, or don't.")


@aic.command()
@click.option(
    "--track", "tracks", required=True, multiple=True, metavar="TRACK", help="super_resolution or enhancement."
)
@_model_options
@_profile_option
def run(tracks: tuple[str, ...], model: str, checkpoint: str, data: str, out: str, limit: int, profile: bool) -> int:
    """Do all steps, by the notebooks 01 to 03.

    The executed notebooks, model.pb, result.json and tables go to the run folder when all is done.

    \b
    Examples
      aic run --track super_resolution
      aic run --track super_resolution --track enhancement
      aic run --track enhancement --model my_network.py:network --checkpoint weights/my_network
    """
    from aic_helpers import bars, results, runs, tables

    if len(tracks) > 1 and (model or out):
        raise InputError("one --track beside --model or --out", f"{len(tracks)} tracks", "make one run for each track")
    settled = [results.settle(track, model, checkpoint, data, out, limit) for track in tracks]
    found = []
    for settings in settled:
        with bars.bar("cell", lines=True) as show:
            name = settings.track.name
            found.append(runs.run(name, model, checkpoint, data, out, limit, profile=profile, progress=show))
    columns = [
        [*tables.run_rows(result), tables.folder_row(settings)] for result, settings in zip(found, settled, strict=True)
    ]
    click.echo(tables.side_by_side(columns))
    return max(_verdict(result) for result in found)


@aic.command()
@_step_options
def convert(as_json: bool, **typed: Any) -> int:
    """Convert a model to a frozen model.pb.

    The frozen model is compared with its source on a photo and two odd sizes.

    \b
    Example
      aic convert --track enhancement --model my_network.keras
    """
    from aic_helpers import steps

    with _staged(typed) as (settings, stage):
        steps.convert(stage, again=True)
    return _report(settings, "model", as_json)


@aic.command()
@_step_options
def evaluate(as_json: bool, **typed: Any) -> int:
    """Measure PSNR and MS-SSIM on the validation images.

    \b
    Example
      aic evaluate --track super_resolution --model div2k_srcnn --data challenge --json
    """
    from tqdm import tqdm

    from aic_helpers import steps

    with _staged(typed) as (settings, stage):
        steps.evaluate(stage, progress=lambda pairs: tqdm(pairs, unit="image", disable=None, leave=False))
    return _report(settings, "metrics", as_json)


@aic.command()
@_step_options
def profile(as_json: bool, **typed: Any) -> int:
    """Measure time and memory beside the baseline.

    At 1280x720, in processes of their own, in turn.

    \b
    Example
      aic profile --track super_resolution --model my_network.pb
    """
    from aic_helpers import bars, steps

    with _staged(typed) as (settings, stage), bars.bar("run") as show:
        steps.profile(stage, progress=show)
    return _report(settings, "profile", as_json)


@aic.command()
@_step_options
@_profile_option
def check(as_json: bool, profile: bool, **typed: Any) -> int:
    """Check the rules of the challenge.

    Each rule is printed with its limit, what was found, and what to do about it.
    Time and memory are measured where the run folder has no profile of this model yet.

    \b
    Example
      aic check --track super_resolution --model my_network.pb
    """
    from aic_helpers import bars, results, steps

    with _staged(typed) as (settings, stage):
        steps.convert(stage)
        if profile and results.read(stage.folder)["profile"] is None:
            with bars.bar("run") as show:
                steps.profile(stage, progress=show)
        steps.check(stage)
    return _report(settings, "requirements", as_json)


@aic.command()
@_track_option
@click.option("--psnr", "psnr_db", required=True, type=float, metavar="DB", help="Mean PSNR in dB.")
@click.option("--ms-ssim", required=True, type=float, metavar="X", help="Mean MS-SSIM, 0 to 1.")
@click.option("--speedup", required=True, type=float, metavar="R", help="The baseline's time over the model's.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def score(track: str, psnr_db: float, ms_ssim: float, speedup: float, as_json: bool) -> int:
    """Compute total scores A, B and C from figures at hand.

    \b
    Example
      aic score --track super_resolution --psnr 28.21 --ms-ssim 0.9636 --speedup 4.62
    """
    from aic_helpers.results import named_track
    from aic_helpers.scoring import total_scores

    found = total_scores(named_track(track), psnr_db=psnr_db, ms_ssim=ms_ssim, speedup=speedup)
    if as_json:
        click.echo(json.dumps({name: {"value": one.value, "ci95": one.ci95} for name, one in found.items()}, indent=2))
    else:
        click.echo("\n".join(f"{name}  {one.value:.2f}" for name, one in found.items()))
    return DONE


@aic.group()
def data() -> None:
    """See which validation data there is."""


@data.command("list")
def list_data() -> int:
    """List the datasets that --data names, and what is in them.

    \b
    Example
      aic data list
    """
    from aic_helpers import datasets, tables
    from aic_helpers.tracks import TRACKS

    rows = []
    for name in ("sample", "challenge"):
        for track in TRACKS.values():
            try:
                dataset = datasets.open_dataset(name, track=track)
                rows.append(
                    (name, track.name, f"{len(dataset.pairs)} pairs, {len(dataset.hd)} HD images", dataset.note)
                )
            except InputError as error:
                rows.append((name, track.name, "not here", str(error).rpartition(": ")[2]))
    click.echo(tables.aligned(rows))
    return DONE


@contextmanager
def _staged(typed: dict[str, Any]) -> Iterator[tuple[Settings, Settings]]:
    """Give the settings, and the same with a folder to work in that becomes the run folder's at a good end."""
    from aic_helpers import results
    from aic_helpers.staging import staged

    names = ("track", "model", "checkpoint", "data", "out", "limit")
    settings = results.settle(*(typed[name] for name in names))
    with staged(settings.folder, "result.json", start_with=results.FILES, replaces=results.FILES) as folder:
        yield settings, replace(settings, folder=folder)


def _report(settings: Settings, part: Part, as_json: bool) -> int:
    """Print a part of the result and return the exit status that it stands for."""
    from aic_helpers import results, tables

    result = results.read(settings.folder)
    value = result[part]
    if as_json:
        click.echo(json.dumps(value, indent=2))
    else:
        click.echo("\n".join(tables.part_lines(settings, part, value)))
    return _verdict({**dict.fromkeys(("metrics", "profile", "requirements")), part: value})


def _verdict(result: dict[str, Any]) -> int:
    """Return the exit status of what was found: failed figures and broken rules count, unjudged ones don't."""
    failed = any((result[part] or {}).get("failed") for part in ("metrics", "profile"))
    broken = any(rule["passed"] is False for rule in result["requirements"] or [])
    return RULE_BROKEN if failed or broken else DONE
