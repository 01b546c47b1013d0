"""The organiser's commands on submissions, and the leaderboard: parse, call, print."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aic_helpers.cli import submit_commands
from aic_helpers.cli.exit_codes import DONE, INPUT_WRONG
from aic_helpers.cli.options import executor_options, json_option, together
from aic_helpers.core.safe_texts import shown

if TYPE_CHECKING:
    from aic_helpers.submissions.ledgers import Entry, Ledger

log = logging.getLogger(__name__)


desk_options = together(
    click.option("--desk", default="", metavar="DESK", help="The desk's folder.  [default: runs/desk]"),
    click.option(
        "--ledger",
        default="",
        envvar="AIC_LEDGER",
        metavar="PLACE",
        help="An SQLite file, or a database's URL such as postgresql+psycopg://HOST/NAME.  "
        "[default: DESK/ledger.sqlite]",
    ),
)


@submit_commands.submit.command()
@click.argument("path", metavar="FILE.eml|FOLDER")
@desk_options
def ingest(path: str, desk: str, ledger: str) -> int:
    """Organiser: take e-mails of teams into the ledger.

    Registrations get the number of their team, submissions one of the two that a team has for a track in a UTC day.
    An e-mail that was taken before is not taken twice. No model is fetched, none runs.

    \b
    Example
      aic submit ingest mails/
    """
    from aic_helpers.reporting import text_tables
    from aic_helpers.submissions import intake

    place, (folder, book) = Path(path).expanduser(), _opened(desk, ledger, make=True)
    if not place.is_dir():
        taken = intake.ingest(book, place, folder)
        click.echo(f"{taken.outcome}: {taken.words}")
        return DONE
    found = list(intake.ingest_folder(book, place, folder))
    click.echo(text_tables.aligned([(one.outcome, shown(one.file), one.words) for one in found]))
    return INPUT_WRONG if all(one.outcome == "refused" for one in found) else DONE


@submit_commands.submit.command()
@click.option(
    "--last",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    metavar="N",
    help="How many to show; 0 for all.",
)
@json_option
@desk_options
def queue(last: int, as_json: bool, desk: str, ledger: str) -> int:
    """Organiser: show the submissions and how each stands.

    \b
    Example
      aic submit queue --last 50
    """
    from aic_helpers.reporting import text_tables

    _, book = _opened(desk, ledger)
    entries, counts = book.entries(last=last or None), book.counts()
    if as_json:
        rows = [{**vars(entry), "history": book.history(entry.id)} for entry in entries]
        click.echo(json.dumps({"schema": 1, "counts": counts, "submissions": rows}, indent=2))
        return DONE
    click.echo(", ".join(f"{count} {name}" for name, count in counts.items()))
    if entries:
        click.echo("\n" + text_tables.aligned([_HEAD, *map(_row, entries)]))
    return DONE


@submit_commands.submit.command()
@click.option("--data", default="sample", show_default=True, metavar="sample|challenge|DIR", help="Validation data.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Only the first N validation images.  [default: all]",
)
@click.option("--private-links", is_flag=True, help="Let links lead to this machine and to private networks.")
@executor_options
@desk_options
def work(
    data: str, limit: int, private_links: bool, scheduler: str | None, workers: int | None, desk: str, ledger: str
) -> int:
    """Organiser: judge the submissions that wait.

    Each model is fetched, compared with the SHA-256 that the team sent, read as data, and refused where it holds
    anything but operations on tensors. Then it is converted, evaluated, profiled and checked in child processes that
    are shut in: see docs/organising.md on what is trusted. After Ctrl-C, or a kill, the same call goes on. Exit status
    2 where something on this side kept a submission waiting.

    \b
    Example
      aic submit work --data challenge
    """
    from aic_helpers.cli import board_commands
    from aic_helpers.core import progress_bars
    from aic_helpers.reporting import text_tables
    from aic_helpers.submissions import judging
    from aic_helpers.submissions.ledgers import RECEIVED

    folder, book = _opened(desk, ledger)
    # A confined child works in another folder, where a path from here leads nowhere.
    data = str(Path(data).resolve()) if Path(data).is_dir() else data
    place = judging.Desk(folder.absolute(), book, data, limit, private_links)
    judging.require_data(place)
    with progress_bars.units() as tell:
        done = judging.work(place, lambda: board_commands.executor(scheduler, workers), progress=tell)
    if not done:
        click.echo("nothing waits")
        return DONE
    click.echo(text_tables.aligned([_HEAD, *map(_row, done)]))
    _say_confinement(done)
    return INPUT_WRONG if any(entry.state == RECEIVED for entry in done) else DONE


@submit_commands.submit.command()
@click.argument("track")
@desk_options
def close(track: str, desk: str, ledger: str) -> int:
    """Organiser: take no more submissions to a track.

    \b
    Example
      aic submit close enhancement
    """
    return _set_closed(track, True, desk, ledger)


@submit_commands.submit.command("open")
@click.argument("track")
@desk_options
def open_track(track: str, desk: str, ledger: str) -> int:
    """Organiser: take submissions to a track again.

    \b
    Example
      aic submit open enhancement
    """
    return _set_closed(track, False, desk, ledger)


@click.command()
@click.option("--track", default="", metavar="TRACK", help="Only this track, by its name.  [default: all]")
@click.option("--by", default="", metavar="SCORE", help="The score to sort by.  [default: each track's first]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout, and write nothing.")
@desk_options
def leaderboard(track: str, by: str, as_json: bool, desk: str, ledger: str) -> int:
    """Show each team's last successful submission, ranked.

    leaderboard.html, .csv and .json are written into the desk's folder.

    \b
    Example
      aic leaderboard --by C
    """
    from aic_helpers.boards import standings, tables
    from aic_helpers.reporting import text_tables
    from aic_helpers.submissions import leaderboards

    folder, book = _opened(desk, ledger)
    shown = leaderboards.leaderboard(book, folder)
    tracks = standings.named_tracks(shown, track)
    standings.named_order(shown, by)
    if as_json:
        click.echo(json.dumps(leaderboards.as_dict(shown), indent=2))
        return DONE
    lines = "\n".join(tables.lines(shown, tracks, by, rows="team")).strip()
    click.echo(lines or "no successful submission yet")
    click.echo(
        "\n" + text_tables.aligned([(kind, text_tables.typed(path)) for kind, path in leaderboards.write(shown)])
    )
    return DONE


_HEAD = ("number", "received (UTC)", "track", "team", "state", "reason")


def _opened(desk: str, ledger: str, *, make: bool = False) -> tuple[Path, Ledger]:
    """Return the desk's folder and its ledger, which only what writes into it may make."""
    from aic_helpers.submissions import judging
    from aic_helpers.submissions.ledgers import Ledger

    folder = judging.desk_folder(desk)
    return folder, Ledger(ledger or str(folder / "ledger.sqlite"), make=make)


def _set_closed(track: str, closed: bool, desk: str, ledger: str) -> int:
    from aic_helpers.submissions import desk_tracks

    folder, book = _opened(desk, ledger, make=True)
    name = desk_tracks.named(folder, track)
    book.set_closed(name, closed, datetime.now(UTC))
    click.echo(f"{name} is {'closed' if closed else 'open'}")
    return DONE


def _row(entry: Entry) -> tuple[str, ...]:
    team = f"{entry.team_id} {entry.team}"
    when = entry.received_utc[:16].replace("T", " ")
    reason = shown(str(entry.detail.get("reason") or "-"), 120)
    return str(entry.id), when, entry.track, shown(team, 40), entry.state, reason


def _say_confinement(done: list[Entry]) -> None:
    """Say what held for the processes that ran the models, and what didn't."""
    held: dict[str, Any] = next((found for one in done if (found := one.detail.get("confinement"))), {})
    if held:
        kept, lacking = ([name for name, holds in held.items() if holds is wanted] for wanted in (True, False))
        log.info("the models ran with %s%s", ", ".join(kept), f"; not with {', '.join(lacking)}" if lacking else "")
