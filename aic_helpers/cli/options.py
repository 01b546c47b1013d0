"""What the commands on a model share: their options, the run folder that they work in, what they print at the end."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aic_helpers.cli.exit_codes import DONE, RULE_BROKEN
from aic_helpers.core.errors import InputError

if TYPE_CHECKING:
    from aic_helpers.runs.results import Part
    from aic_helpers.runs.run_settings import Settings
    from aic_helpers.runs.schema import Result


def together(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a decorator that adds the options in their order."""

    def add(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return add


ADAPT = (
    ("range", "255", "The network takes and gives 0 to 255."),
    ("layout", "nchw|nhwc", "It takes and gives channels first; nhwc, last, is for an .onnx that doesn't show it."),
    ("colour", "bgr", "It takes and gives BGR."),
    ("channels", "y", "It takes and gives luma; the colours are the input's."),
    ("input", "NAME", "The tensor of a graph or of an .onnx that takes the images."),
    ("output", "NAME", "The tensor of a graph or of an .onnx that gives them."),
    ("code", "FILE.py", "Run this file of your own first: it defines the layers of a .keras or .h5 file."),
    (
        "python",
        "PATH",
        "The Python that has torch, for a PyTorch network, or onnx2tf, to export an .onnx.  "
        "[default: AIC_PYTHON, or this one]",
    ),
    (
        "args",
        "'NAME=VALUE ...'",
        "What a PyTorch network's class or function is called with, as in 'scale=4 blocks=8'.",
    ),
)
"""What may be said of a network of another form; `aic_helpers.models.adapters` takes it."""

LITERT = (
    ("precision", "int8", "Export it to LiteRT in float32, float16, dynamic_int8, int8 or int16x8; judge that file."),
    ("fixed", "FILE.tflite", "Of a .tflite of any size: the same network at one size, which is timed."),
)
"""What may be said of how LiteRT is to run it; `adapters` takes that too."""


def _adapt_option(name: str, metavar: str, words: str) -> Callable[[Any], Any]:
    return click.option(f"--{name}", metavar=metavar, help=words, callback=_gather, expose_value=False)


def _gather(context: click.Context, option: click.Parameter, value: Any) -> None:
    """Put what was said into the one parameter `adapt`."""
    adapt = context.params.setdefault("adapt", {})
    if value is not None:
        adapt[option.name] = value


def _gather_set(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> None:
    if bare := next((value for value in values if "=" not in value), None):
        raise InputError("--set NAME=VALUE", bare, "say for example --set is_training=false")
    named = (value.partition("=") for value in values)
    _gather(context, option, {name: value for name, _, value in named} or None)


_set_option = click.option(
    "--set",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set another placeholder of a graph, as in is_training=false; may be given more than once.",
    callback=_gather_set,
    expose_value=False,
)

_source_options = together(
    click.option(
        "--model",
        default="",
        metavar="SOURCE",
        help="A name in models_pretrained/, FILE.py:FUNCTION, a .keras or .h5 file, a SavedModel folder, a .meta file, "
        "a frozen .pb file, a .tflite file, an .onnx file or PyTorch's weights.  [default: the track's sample network]",
    ),
    click.option("--checkpoint", default="", metavar="PATH", help="The weights for FILE.py:FUNCTION."),
    *(_adapt_option(*said) for said in ADAPT),
    _set_option,
    click.option(
        "--data", default="sample", show_default=True, metavar="sample|challenge|DIR", help="Validation data."
    ),
    click.option("--out", default="", metavar="DIR", help="The run folder.  [default: runs/TRACK/MODEL]"),
    click.option("--limit", default=0, metavar="N", help="Only the first N validation images.  [default: all]"),
)
model_options = together(_source_options, *(_adapt_option(*said) for said in LITERT))
TRACK = "A name of aic track list, or a .toml file of your own."
track_option = click.option("--track", required=True, metavar="TRACK", help=TRACK)
report_option = click.option("--report", is_flag=True, help="Write report.html too, as is done where one is there.")
fresh_option = click.option("--fresh", is_flag=True, help="Make anew what the run folder has already.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
step_options = together(track_option, model_options, fresh_option, report_option, json_option)
export_options = together(track_option, _source_options, fresh_option, report_option, json_option)
profile_option = click.option("--profile/--no-profile", default=True, help="Measure time and memory, or don't.")
time_budget_option = click.option(
    "--time-budget",
    type=float,
    metavar="SECONDS",
    help="Stop the timed runs after so long.  [default: 60, or what four runs of each take]",
)


executor_options = together(
    click.option("--scheduler", metavar="tcp://HOST:PORT", help="Work on this Dask cluster."),
    click.option(
        "--workers", type=click.IntRange(min=1), metavar="N", help="Work on a Dask cluster of N processes here."
    ),
)


def html_file(typed: str) -> Path:
    """Return the path of a page to write, tried before long work.

    Raises
    ------
    InputError
        A folder, the name of another kind of file, or a place where nothing can be written.
    """
    file = Path(typed).expanduser()
    if file.is_dir():
        raise InputError("an HTML file to write", f"the folder {typed}", "name a file in it, as in report.html")
    if file.suffix.lower() not in (".html", ".htm"):
        raise InputError("a file whose name ends in .html", typed, "name one, as in comparison.html")
    _try_place(file, typed)
    return file


def json_file(typed: str | Path) -> Path:
    """Return the path of a JSON file to write, tried before long work; raises as `html_file` does."""
    file = Path(typed).expanduser()
    if file.is_dir():
        raise InputError("a JSON file to write", f"the folder {typed}", "name a file in it, as in phone.json")
    if file.suffix.lower() != ".json":
        raise InputError("a file whose name ends in .json", str(typed), "name one, as in phone.json")
    _try_place(file, str(typed))
    return file


def _try_place(file: Path, typed: str) -> None:
    """Raise where a file can't be written; folders that aren't there are made when it is, and none now."""
    folder = next(above for above in file.absolute().parents if os.path.lexists(above))
    if not folder.is_dir():
        raise InputError(f"a folder to write {typed} in", f"the file {folder}", "name another file with --out")
    try:
        tempfile.NamedTemporaryFile(dir=folder, prefix=f".{file.name}.", suffix=".partial").close()
    except OSError as error:
        found = f"{error.strerror} in {folder}"
        raise InputError(f"a place where {typed} can be written", found, "name another file with --out") from None


@dataclass
class Run:
    """A run at work: its settings with a folder to work in, and what that has, which each step is given and returns."""

    settings: Settings
    result: Result | None


@contextmanager
def staged(typed: dict[str, Any]) -> Iterator[tuple[Settings, Run]]:
    """Give the settings, and a run in a folder of its own, whose files become the run folder's at a good end.

    A report on what is there then comes along where it is asked for, or where there was one before: it takes
    longer than many a step.
    """
    from aic_helpers.core import staging
    from aic_helpers.runs import results, run_settings, schema

    names = ("track", "model", "checkpoint", "data", "out", "limit", "adapt")
    settings = run_settings.settle(*(typed[name] for name in names))
    with staging.staged(settings.folder, "result.json", start_with=schema.FILES, replaces=schema.FILES) as folder:
        run = Run(replace(settings, folder=folder), results.set_damaged_aside(folder))
        yield settings, run
        wanted = typed["report"] or (settings.folder / "report.html").is_file()
        if wanted and not (folder / "report.html").is_file():  # one that is there tells what is there now
            from aic_helpers.runs import reports

            reports.write_report([folder], folder / "report.html", {folder: run.result} if run.result else {})


def report(settings: Settings, part: Part, result: Result, as_json: bool) -> int:
    """Print a part of the result and return the exit status that it stands for."""
    from aic_helpers.runs import result_tables

    if as_json:
        click.echo(json.dumps(result.raw[part], indent=2))
    else:
        click.echo("\n".join(result_tables.part_lines(settings, part, result)))
    return verdict(result, (part,))


def verdict(result: Result, parts: Sequence[Part] = ("metrics", "profile", "requirements")) -> int:
    """Return the exit status of what was found: failed figures and broken rules count, unjudged ones don't."""
    failed = "metrics" in parts and result.metrics is not None and result.metrics.broken
    failed = failed or ("profile" in parts and result.profile is not None and bool(result.profile.failed))
    broken = "requirements" in parts and any(rule.passed is False for rule in result.requirements)
    return RULE_BROKEN if failed or broken else DONE
