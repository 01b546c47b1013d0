"""A team's commands on submissions: parse, call, print. Nothing is ever sent."""

from __future__ import annotations

import json
from pathlib import Path

import click

from aic_helpers.cli.exit_codes import DONE, Commands
from aic_helpers.cli.options import json_option, together
from aic_helpers.core.errors import InputError
from aic_helpers.submissions.example_addresses import ADDRESS, SENDER

mail_options = together(
    click.option("--sender", default=SENDER, show_default=True, metavar="ADDRESS", help="The team's e-mail address."),
    click.option("--address", default=ADDRESS, show_default=True, metavar="ADDRESS", help="The organiser's."),
    click.option("--out", default="", metavar="DIR", help="The team's folder.  [default: runs/submissions]"),
)


@click.group(cls=Commands)
def submit() -> None:
    """Register a team, and submit its models by e-mail.

    The e-mails are written as files; nothing is ever sent.

    \b
    Example
      aic submit register --team "Pixel Pirates" --member "Ada Lovelace, University of London"
      aic submit register --team-id 17
      aic submit prepare --run runs/super_resolution/ours --link https://example.org/model.pb
    """


@submit.command()
@click.option("--team", default="", metavar="NAME", help="The team's name.")
@click.option("--member", "members", multiple=True, metavar='"NAME, AFFILIATION"', help="Once for each member.")
@click.option("--team-id", type=int, metavar="N", help="Note what the organiser answered, and write no e-mail.")
@mail_options
def register(team: str, members: tuple[str, ...], team_id: int | None, sender: str, address: str, out: str) -> int:
    """Write a team's registration, or note the ID it got.

    The team's folder gets registration.eml, and team.json with a secret that proves who submits: keep it, and to
    yourselves. The same team again keeps its secret.

    \b
    Example
      aic submit register --team "Pixel Pirates" --member "Ada Lovelace, University of London"
      aic submit register --team-id 17
    """
    from aic_helpers.submissions import preparing, teams

    folder = teams.team_folder(out)
    if team_id is not None:
        if team or members:
            raise InputError("--team or --team-id", "both", "register first, and note the answer when it is there")
        teams.keep_team_id(folder, team_id)
        click.echo(f"team {teams.read_team(folder).team} has the ID {team_id}")
        return DONE
    listed = [teams.member(text) for text in members]
    path = teams.register(team, listed, sender=sender, address=address, folder=folder)
    click.echo("\n".join(preparing.sending_lines(path, address)))
    click.echo("When the organiser answers with the team's ID: aic submit register --team-id N")
    return DONE


@submit.command()
@click.option("--run", "run_folder", required=True, metavar="RUN", help="The run folder of the model.")
@click.option("--link", required=True, metavar="URL", help="Where the organiser gets the model.")
@mail_options
@json_option
def prepare(run_folder: str, link: str, sender: str, address: str, out: str, as_json: bool) -> int:
    """Check a run, and write the e-mail that submits its model.

    RUN must be of all validation images, keep the rules, and hold the very model.pb, or model.tflite, that its figures
    are of. The e-mail has the link, the model's SHA-256 and the result, but not the model.

    \b
    Example
      aic submit prepare --run runs/super_resolution/ours --link https://example.org/model.pb
    """
    from aic_helpers.reporting import text_tables
    from aic_helpers.submissions import checks, preparing, teams

    run, folder = Path(run_folder).expanduser(), teams.team_folder(out)
    found, path = checks.checks(run, folder), None
    if all(check.passed for check in found):
        path = preparing.prepare(run, link, sender=sender, address=address, folder=folder, found=found)
    if as_json:
        click.echo(json.dumps({"checks": [vars(check) for check in found], "mail": path and str(path)}, indent=2))
    else:
        sending = ["", *preparing.sending_lines(path, address)] if path else []
        click.echo("\n".join([text_tables.aligned(checks.check_rows(found)), *sending]))
    checks.require_passed(found)
    return DONE
