"""The commands on tracks: list, show and check.

Each imports what it needs when it runs, so that `aic --help` answers at once.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aic_helpers.cli import options
from aic_helpers.cli.exit_codes import DONE, Commands
from aic_helpers.core.errors import InputError

if TYPE_CHECKING:
    from aic_helpers.tracks.definitions import Track


@click.group(cls=Commands)
def track() -> None:
    """List, explain and check tracks: what a challenge asks for, and how it scores.

    \b
    Example
      aic track list
    """


@track.command(name="list")
@options.json_option
def list_tracks(as_json: bool) -> int:
    """List the tracks that come with the workbench.

    \b
    Example
      aic track list
    """
    from aic_helpers.reporting import text_tables
    from aic_helpers.tracks import explanations
    from aic_helpers.tracks.catalogue import TRACKS

    if as_json:
        click.echo(json.dumps([_in_short(one) for one in TRACKS.values()], indent=2))
        return DONE
    rows = [
        (one.name, one.title, f"x{one.task.scale}", one.task.input, explanations.ways(one)) for one in TRACKS.values()
    ]
    click.echo(text_tables.aligned([("name", "title", "scale", "input", "scores"), *rows]))
    return DONE


def _in_short(track: Track) -> dict[str, Any]:
    about = {"name": track.name, "title": track.title, "scale": track.task.scale, "input": track.task.input}
    return about | {"scores": dict(track.scores.better)}


@track.command()
@click.argument("typed", metavar="TRACK")
@options.json_option
@click.option("--toml", "as_toml", is_flag=True, help="Print the track's file itself, to start one of your own from.")
def show(typed: str, as_json: bool, as_toml: bool) -> int:
    """Explain a track: task, protocol, rules, baseline, scores and source.

    TRACK is a name of aic track list, or a .toml file.

    \b
    Examples
      aic track show ntire_esr_2026
      aic track show classic_x4 --toml > ours.toml
    """
    from aic_helpers.reporting import text_tables
    from aic_helpers.tracks import catalogue, explanations

    if as_json and as_toml:
        raise InputError("--json or --toml", "both", "leave one out")
    found = catalogue.find_track(typed)
    if as_toml:
        file = Path(typed).expanduser() if catalogue.is_own(found) else catalogue.SHIPPED / f"{found.name}.toml"
        click.echo(file.read_text("utf-8"), nl=False)
    elif as_json:
        click.echo(json.dumps(_in_full(found), indent=2))
    else:
        click.echo(text_tables.aligned(explanations.explained(found)))
    return DONE


def _in_full(track: Track) -> dict[str, Any]:
    from aic_helpers.tracks import explanations

    full = {"name": track.name, **track.model_dump(mode="json", by_alias=True)}
    full["protocol"]["label"] = track.protocol.label
    return full | {"lacks": explanations.lacks(track)}


@track.command()
@click.argument("file", metavar="FILE")
def check(file: str) -> int:
    """Check a track's file of your own, and say what was understood.

    A mistake is one line that names its place, and the exit status is 2. Otherwise the track is explained, its scores
    are tried on figures that a network may have, and what may be a slip is told.

    \b
    Example
      aic track check ours.toml
    """
    from aic_helpers.reporting import text_tables
    from aic_helpers.tracks import catalogue, explanations

    click.echo(text_tables.aligned(explanations.checked(catalogue.find_track(file))))
    return DONE
