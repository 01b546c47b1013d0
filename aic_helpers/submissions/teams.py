"""A team's own folder: `team.json` with its secret, and the e-mail that registers it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from aic_helpers.core import validation
from aic_helpers.core.errors import InputError
from aic_helpers.core.locks import alone
from aic_helpers.core.project_paths import output_folder, runs_folder
from aic_helpers.core.safe_files import write_private
from aic_helpers.core.safe_texts import shown
from aic_helpers.submissions import eml
from aic_helpers.submissions.example_addresses import ADDRESS, SENDER
from aic_helpers.submissions.messages import (
    MAX_TEAM_ID,
    Member,
    Registration,
    TeamId,
    TeamName,
    Token,
    clean_name,
    clean_number,
)

SCHEMA = 1

FILE, REGISTRATION = "team.json", "registration.eml"


@dataclass(frozen=True)
class Team:
    """A team as its `team.json` has it.

    Attributes
    ----------
    token : str
        The secret, which goes only to the organiser, with each submission.
    team_id : int or None
        What the organiser answered; None before that.
    """

    team: TeamName
    members: tuple[Member, ...]
    token: Token
    team_id: TeamId | None


def team_folder(out: str = "") -> Path:
    """Return the folder of a team's `team.json` and e-mails: what a person named, or `runs/submissions`."""
    return output_folder(out or runs_folder() / "submissions", "the team", "name another with --out")


def register(
    team: str, members: Sequence[Member], *, sender: str = SENDER, address: str = ADDRESS, folder: Path
) -> Path:
    """Write a team's secret (`team.json`) and the e-mail that registers it, and return the path of the e-mail.

    The same team again keeps its secret and its ID; its members are as given now.

    Raises
    ------
    InputError
        A name or address that can't be, or a folder with another team.
    """
    name = clean_name(team, "a team's name")
    known = read_team(folder) if (folder / FILE).exists() else None
    if known and known.team != name:
        raise InputError(f"team {known.team}, as in {folder / FILE}", name, "name another folder (--out) for that one")
    token = known.token if known else secrets.token_urlsafe(32)
    registration = Registration(name, tuple(members), sha256(token.encode()).hexdigest())
    message = eml.registration_mail(registration, sender=sender, address=address)
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder):
        _write(folder, Team(name, registration.members, token, known.team_id if known else None))
        eml.write_mail(message, folder / REGISTRATION)
    return folder / REGISTRATION


def keep_team_id(folder: Path, team_id: int) -> None:
    """Note in `team.json` the ID that the organiser answered."""
    team = read_team(folder)
    clean_number(team_id, MAX_TEAM_ID, "a team ID")
    with alone(folder):
        _write(folder, Team(team.team, team.members, team.token, team_id))


def _write(folder: Path, team: Team) -> None:
    text = json.dumps({"schema": SCHEMA, **asdict(team)}, indent=2, ensure_ascii=False) + "\n"
    write_private(folder / FILE, text.encode())


def read_team(folder: Path) -> Team:
    """Return the team of a folder.

    Raises
    ------
    InputError
        No team was registered from it, or its `team.json` isn't as it was written.
    """
    path = folder / FILE
    if not path.is_file():
        raise InputError(f"a registered team ({FILE}) in {folder}", "none", "register it with: aic submit register")
    try:
        fields = validation.load_json(path, "JSON", "mend it")
        if isinstance(fields, dict) and fields.get("schema") != SCHEMA:
            found = validation.brief(fields.get("schema"))
            raise InputError(f"schema {SCHEMA}", found, "use the version that it is of")
        return validation.fitted(Team, fields, "the fields of a team", "mend it")
    except InputError as error:
        remedy = "bring the file back from a copy, for the team's secret is in it, or name another folder"
        raise InputError(f"a whole team in {path}", f"a damaged one ({error})", remedy) from None


def member(text: str) -> Member:
    """Return the member that a person typed as ``Name, Affiliation``."""
    name, comma, affiliation = text.partition(",")
    if not comma:
        raise InputError("a member as: Name, Affiliation", shown(text), "put a comma between the two")
    return Member(clean_name(name, "a member's name"), clean_name(affiliation, "an affiliation"))
