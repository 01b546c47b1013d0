"""The commands on boards: parse, call, print.

Each imports what it needs when it runs, so that `aic --help` answers at once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from aic_helpers.endings import DONE, Commands

if TYPE_CHECKING:
    from aic_helpers.standings import Standings


@click.group(cls=Commands)
def board() -> None:
    """Judge many models, and show how they stand.

    \b
    Example
      aic board show
    """


@board.command()
@click.argument("folder", default="", metavar="[BOARD]")
@click.option("--track", default="", metavar="TRACK", help="Only super_resolution or enhancement.  [default: both]")
@click.option("--by", default="A", show_default=True, metavar="A|B|C", help="The score to sort by.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout, and write nothing.")
def show(folder: str, track: str, by: str, as_json: bool) -> int:
    """Show how the models of a board stand.

    BOARD is a board's folder; without it, the newest in runs/boards. No model runs. Its board.csv, board.parquet
    (where pyarrow is installed) and report.html are written anew from what is in the folder.

    \b
    Examples
      aic board show
      aic board show runs/boards/networks --track enhancement --by C
    """
    from aic_helpers import board_folders, board_tables, results, standings, texts
    from aic_helpers.tracks import TRACKS

    tracks = [results.named_track(track).name] if track else list(TRACKS)
    standings.named_score(by)
    shown = standings.standings(board_folders.open_board(folder))
    if as_json:
        click.echo(json.dumps(texts.strict(board_tables.as_dict(shown, tracks)), indent=2))
        return DONE
    tell(shown, tracks, by)
    return DONE


def tell(shown: Standings, tracks: Sequence[str], by: str) -> None:
    """Print how the models stand, and write the board's tables and its report."""
    from aic_helpers import board_reports, board_tables, tables

    about = [*board_tables.board_rows(shown.board), ("models", board_tables.summary(shown))]
    lines = [tables.aligned(about), *board_tables.lines(shown, tracks, by)]
    click.echo("\n".join([*lines, "", tables.aligned(board_reports.publish(shown))]))
