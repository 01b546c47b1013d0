"""The commands on boards: run, show and audit.

Each imports what it needs when it runs, so that `aic --help` answers at once.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aic_helpers.cli import options
from aic_helpers.cli.exit_codes import DONE, Commands
from aic_helpers.core.errors import InputError

if TYPE_CHECKING:
    from aic_helpers.boards.executors import Executor
    from aic_helpers.boards.standings import Standings


@click.group(cls=Commands)
def board() -> None:
    """Judge many models, and show how they stand.

    \b
    Example
      aic board show
    """


BY = (
    "The score to sort by; or another track (its name, or its file) by whose formulas the models are ranked too.  "
    "[default: each track's first]"
)


@board.command()
@click.argument("folder", default="", metavar="[BOARD]")
@click.option("--track", default="", metavar="TRACK", help="Only this track, by its name.  [default: all]")
@click.option("--by", default="", metavar="SCORE|TRACK", help=BY)
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout, and write nothing.")
def show(folder: str, track: str, by: str, as_json: bool) -> int:
    """Show how the models of a board stand.

    BOARD is a board's folder; without it, the newest in runs/boards. No model runs. Its board.csv, board.parquet
    (where pyarrow is installed) and report.html are written anew from what is in the folder.

    \b
    Examples
      aic board show
      aic board show runs/boards/networks --track enhancement --by C
      aic board show runs/boards/networks --by ntire_esr_2026
    """
    from aic_helpers.boards import folders, standings, tables
    from aic_helpers.core import safe_files

    shown, by = standings.shown_by(folders.open_board(folder), by)
    tracks = standings.named_tracks(shown, track)
    if as_json:
        click.echo(json.dumps(safe_files.strict(tables.as_dict(shown, tracks)), indent=2))
        return DONE
    tell(shown, tracks, by)
    return DONE


def tell(shown: Standings, tracks: Sequence[str], by: str = "") -> None:
    """Print how the models stand, and write the board's tables and its report."""
    from aic_helpers.boards import reports, tables
    from aic_helpers.reporting import text_tables

    about = [*tables.board_rows(shown.board), ("models", tables.summary(shown))]
    lines = [text_tables.aligned(about), *tables.lines(shown, tracks, by)]
    click.echo("\n".join([*lines, "", text_tables.aligned(reports.publish(shown, by))]))


log = logging.getLogger(__name__)


OUT = "The board's folder.  [default: runs/boards/NAME]"
UNTIL = (
    "Time each model until the interval of its speedup is narrow, or only until no rank hangs on its time.  "
    "[default: SPEC's, or interval]"
)


@board.command()
@click.argument("spec", metavar="SPEC")
@click.option("--out", default="", metavar="DIR", help=OUT)
@click.option("--fresh", is_flag=True, help="Make anew what the board has already.")
@click.option("--retry", is_flag=True, help="Try the models again that have failed.")
@click.option("--until", metavar="interval|decided", help=UNTIL)
@options.executor_options
def run(
    spec: str, out: str, fresh: bool, retry: bool, until: str | None, scheduler: str | None, workers: int | None
) -> int:
    """Convert, evaluate, profile and check many models.

    SPEC is a TOML file. What the board's folder has of these very models and data isn't made again: after Ctrl-C, or
    a kill, the same call goes on. A model that fails is a row with its reason; the exit status is 0 all the same.

    \b
    Example of a SPEC; paths count from its folder
      data = "challenge"        # or "sample" (the default), or a folder
      limit = 0                 # validation images; 0 for all
      profile = true            # measure time and memory, one model at a time
      time_budget_s = 20        # for the timed runs of a model; as they need without it
      until = "decided"         # as --until; or "interval", the default
      reports = true            # a report.html for each model
      tracks = ["enhancement"]  # of models that name none: names, or files beside SPEC; PIRM 2018's two by default
      models = [
        "div2k_*",              # names in models_pretrained/
        "submissions/*.pb",
        { name = "ours", model = "net.py:network", checkpoint = "weights/net", track = "enhancement" },
      ]
    """
    from aic_helpers.boards import folders, scheduling, specs, standings
    from aic_helpers.core import progress_bars

    read = specs.read_spec(spec, out, until)
    with executor(scheduler, workers) as chosen, progress_bars.units() as shown:
        count = scheduling.run(read, chosen, fresh=fresh, retry=retry, progress=shown)
    log.info("%d of %d models were there already, %d done now", count["there"], count["entries"], count["done"])
    if count["failed"]:
        log.info("%d failed; they are tried again when they change, or with --retry", count["failed"])
    shown_board = standings.standings(folders.open_board(read.folder))
    tell(shown_board, list(shown_board.tracks))
    return DONE


AUDIT_OUT = "Where the table and the report go.  [default: runs/audits/FILE]"
BASELINE = "The row that is the baseline's.  [default: the one of the name that the track has, if any]"


@board.command()
@click.argument("file", metavar="FILE")
@click.option("--track", required=True, metavar="TRACK", help="Whose scores and rules: a name, or a track's own file.")
@click.option("--baseline", default="", metavar="ROW", help=BASELINE)
@click.option("--out", default="", metavar="DIR", help=AUDIT_OUT)
def audit(file: str, track: str, baseline: str, out: str) -> int:
    """Say what a published leaderboard is worth.

    FILE is a table in CSV, with a column team or model and others that are called as the track's quantities are; or
    times and PSNRs of single images in JSON, as NTIRE publishes them. The scores are made anew, with what makes them
    doubtful: ranks that the images don't decide, floors that are met only when rounded, first images without a
    warm-up, figures that disagree. No model runs.

    \b
    Examples
      aic board audit results.json --track ntire_esr_2026
      aic board audit table.csv --track mine.toml --baseline SPAN --out audit
    """
    from aic_helpers.audits import auditing, reports, tables
    from aic_helpers.core import project_paths
    from aic_helpers.reporting import text_tables
    from aic_helpers.tracks import catalogue

    found = auditing.audit(Path(file).expanduser(), catalogue.find_track(track), baseline)
    default = project_paths.runs_folder() / "audits" / project_paths.folder_name(Path(file).stem)
    folder = project_paths.output_folder(out, "the audit", "name another with --out") if out else default
    rows = reports.publish(found, folder)
    click.echo("\n".join([*tables.lines(found), "", text_tables.aligned(rows)]))
    return DONE


@contextmanager
def executor(scheduler: str | None, workers: int | None) -> Iterator[Executor]:
    """Give who does the work: this machine, the cluster at an address, or one of so many processes here."""
    from aic_helpers.boards import executors

    if scheduler is not None and workers:
        raise InputError("--scheduler or --workers", "both", "leave one out")
    if scheduler is None and not workers:
        yield executors.LocalExecutor()
        return
    from aic_helpers.boards import dask_executor

    with dask_executor.executor(scheduler, workers) as cluster:
        yield cluster
