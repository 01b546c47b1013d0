"""The command that runs a board: parse, call, print."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from aic_helpers import board_commands, options
from aic_helpers.endings import DONE
from aic_helpers.errors import InputError

log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from aic_helpers.crews import Crew


OUT = "The board's folder.  [default: runs/boards/NAME, beside notebooks/]"


@board_commands.board.command()
@click.argument("spec", metavar="SPEC")
@click.option("--out", default="", metavar="DIR", help=OUT)
@click.option("--fresh", is_flag=True, help="Make anew what the board has already.")
@click.option("--retry", is_flag=True, help="Try the models again that have failed.")
@options.crew_options
def run(spec: str, out: str, fresh: bool, retry: bool, scheduler: str | None, workers: int | None) -> int:
    """Convert, evaluate, profile and check many models.

    SPEC is a TOML file. What the board's folder has of these very models and data isn't made again: after Ctrl-C, or
    a kill, the same call goes on. A model that fails is a row with its reason; the exit status is 0 all the same.

    \b
    Example of a SPEC; paths count from its folder
      data = "challenge"        # or "sample" (the default), or a folder
      limit = 0                 # validation images; 0 for all
      profile = true            # measure time and memory, one model at a time
      time_budget_s = 20        # for the timed runs of a model; as they need without it
      reports = true            # a report.html for each model
      tracks = ["enhancement"]  # of models that name none; both by default
      models = [
        "div2k_*",              # names in models_pretrained/
        "submissions/*.pb",
        { name = "ours", model = "net.py:network", checkpoint = "weights/net", track = "enhancement" },
      ]
    """
    from aic_helpers import bars, board_folders, board_specs, boards, standings

    read = board_specs.read_spec(spec, out)
    with crew(scheduler, workers) as team, bars.units() as shown:
        count = boards.run(read, team, fresh=fresh, retry=retry, progress=shown)
    log.info("%d of %d models were there already, %d done now", count["there"], count["entries"], count["done"])
    if count["failed"]:
        log.info("%d failed; they are tried again when they change, or with --retry", count["failed"])
    tracks = sorted({entry.track for entry in read.entries}, reverse=True)
    board_commands.tell(standings.standings(board_folders.open_board(read.folder)), tracks, "A")
    return DONE


@contextmanager
def crew(scheduler: str | None, workers: int | None) -> Iterator[Crew]:
    """Give who does the work: this machine, the cluster at an address, or one of so many processes here."""
    from aic_helpers import crews

    if scheduler is not None and workers:
        raise InputError("--scheduler or --workers", "both", "leave one out")
    if scheduler is None and not workers:
        yield crews.Local()
        return
    from aic_helpers import clusters

    with clusters.crew(scheduler, workers) as cluster:
        yield cluster
