"""What the two e-mails of a team say: a registration, a submission; and which fields of each can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from aic_helpers.errors import InputError
from aic_helpers.mail_fields import (
    WRITE,
    clean_link,
    clean_name,
    clean_number,
    clean_sha256,
    clean_text,
    clean_token,
    shown,
)
from aic_helpers.tracks import TRACKS

MAX_DEPTH = 16
"""Of what is nested in the attached result."""

MAX_MEMBERS = 20
MAX_TEAM_ID, MAX_MODEL_BYTES, MAX_NUMBER = 2**31 - 1, 10**12, 2**63 - 1

KINDS = {str: "a text", int: "a whole number", list: "a list", dict: "an object", type(None): "nothing"}

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Member:
    """A member of a team."""

    name: str
    affiliation: str


@dataclass(frozen=True)
class Registration:
    """What a team registers with; `token_sha256` is of its secret, which stays with the team until it submits."""

    team: str
    members: tuple[Member, ...]
    token_sha256: str


@dataclass(frozen=True)
class Submission:
    """A model that a team submits.

    Attributes
    ----------
    track : str
        ``super_resolution`` or ``enhancement``.
    team_id : int
        What the organiser answered to the registration.
    team : str
    link : str
        Where `model.pb` is.
    sha256 : str
        Of `model.pb`.
    bytes : int
        Of `model.pb`.
    token : str
        The team's secret, whose SHA-256 it registered: nobody else can use up its quota.
    result : dict
        The team's own result. A claim.
    """

    track: str
    team_id: int
    team: str
    link: str
    sha256: str
    bytes: int
    token: str
    result: dict[str, Any]


def plain(content: Registration | Submission) -> dict[str, Any]:
    """Return the fields as JSON can hold them."""
    fields = asdict(content)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}


def registration(fields: Mapping[str, Any]) -> Registration:
    """Return a registration; `InputError` where a field is missing, of another type or beyond its limits."""
    members = _field(fields, "members", list)
    if not 1 <= len(members) <= MAX_MEMBERS:
        raise InputError(f"1 to {MAX_MEMBERS} members", str(len(members)), "name each as: Name, Affiliation")
    return Registration(
        team=clean_name(_field(fields, "team", str), "a team's name"),
        members=tuple(_member(member) for member in members),
        token_sha256=clean_sha256(_field(fields, "token_sha256", str), "a token_sha256"),
    )


def _member(fields: Any) -> Member:
    if not isinstance(fields, dict):
        raise InputError("an object for each member", kind_of(fields), WRITE)
    return Member(
        name=clean_name(_field(fields, "name", str), "a member's name"),
        affiliation=clean_name(_field(fields, "affiliation", str), "an affiliation"),
    )


def submission(fields: Mapping[str, Any]) -> Submission:
    """Return a submission of these fields; raises as `registration` does."""
    track = _field(fields, "track", str)
    if track not in TRACKS:
        raise InputError(f"a track ({' or '.join(TRACKS)})", shown(track), WRITE)
    return Submission(
        track=track,
        team_id=clean_number(_field(fields, "team_id", int), MAX_TEAM_ID, "a team ID"),
        team=clean_name(_field(fields, "team", str), "a team's name"),
        link=clean_link(_field(fields, "link", str)),
        sha256=clean_sha256(_field(fields, "sha256", str), "a sha256"),
        bytes=clean_number(_field(fields, "bytes", int), MAX_MODEL_BYTES, "a size in bytes"),
        token=clean_token(_field(fields, "token", str)),
        result=_clean(_field(fields, "result", dict)),
    )


def _field(fields: Mapping[str, Any], name: str, kind: type[Kind]) -> Kind:
    value = fields.get(name)
    if type(value) is not kind:  # a bool is no int here
        raise InputError(f"{KINDS[kind]} as {name}", kind_of(value), WRITE)
    return value


def kind_of(value: Any) -> str:
    """Return the type of a value of JSON in words."""
    return KINDS.get(type(value), "something else")


def _clean(value: Any, depth: int = 0) -> Any:
    """Return a part of a result with texts that can be shown and stored; refuse what some reader could stumble over."""
    if depth > MAX_DEPTH:
        raise InputError(f"a result of at most {MAX_DEPTH} levels", "more", WRITE)
    if isinstance(value, dict):
        return {clean_text(str(key)): _clean(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item, depth + 1) for item in value]
    if isinstance(value, str):
        return clean_text(value)
    if not (isinstance(value, bool | None) or abs(value) <= MAX_NUMBER):  # NaN isn't either
        raise InputError("a result of finite numbers up to 2^63", "another number", WRITE)
    return value
