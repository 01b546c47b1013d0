"""What the two e-mails of a team say, and what each of their fields may hold.

A name that passes here still has to be escaped by whatever shows it: `=cmd()`, `../` and `<b>` are names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, StrictInt

from aic_helpers.core import validation
from aic_helpers.core.errors import InputError
from aic_helpers.core.safe_texts import replaced, shown
from aic_helpers.submissions.example_addresses import SENDER
from aic_helpers.tracks.catalogue import NAME

MAX_NAME, MAX_LINK, MAX_ADDRESS = 80, 2000, 254
"""Characters."""

REFUSED_CATEGORIES = {
    "Cc": "a control character",
    "Cf": "an invisible format mark",
    "Co": "a character of private use",
    "Cs": "half of a pair",
    "Zl": "a line separator",
    "Zp": "a paragraph separator",
}

BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and signs that show nothing."""

JOINER, EMOJI_VARIATION = "\u200d", "\ufe0f"

ENCODED_WORD = "=?"
"""Begins an encoded word in the header of an e-mail (RFC 2047)."""

LINK = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
EMAIL_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9.-]+")
SHA256 = re.compile(r"[0-9a-f]{64}")
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")

WRITE = "write it with: aic submit"


def clean_name(text: str, what: str) -> str:
    """Return a name of a team, a member or an affiliation as it is kept and compared: NFC, single spaces.

    Letters of any script, emoji and punctuation are allowed. Control characters, marks that turn the direction of
    writing and other invisible ones are not: two names that look alike would differ, or one would break a line.

    Parameters
    ----------
    text : str
    what : str
        Names it in the message, as in "a team's name".

    Raises
    ------
    InputError
        Nothing visible, more than `MAX_NAME` characters, an invisible character, or ``=?``, which readers of e-mail
        take for the beginning of an encoded word.
    """
    problem = _name_problem(text)
    if problem:
        raise InputError(f"{what} of 1 to {MAX_NAME} visible characters", problem, "write it in another way")
    return _normal(text)


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _name_problem(text: str) -> str:
    """Return what is wrong with a name; empty where nothing is."""
    if len(text) > 4 * MAX_NAME or len(_normal(text)) > MAX_NAME:
        return f"{len(text)} characters"
    for place, letter in enumerate(text):
        category = unicodedata.category(letter)
        if category in REFUSED_CATEGORIES and not _joins_emoji(text, place):
            return f"{REFUSED_CATEGORIES[category]} (U+{ord(letter):04X})"
        if letter in BLANKS:
            return f"a letter that shows nothing (U+{ord(letter):04X})"
    if all(unicodedata.category(letter)[0] in "MZ" for letter in text):
        return "nothing that can be seen"
    return f"{ENCODED_WORD}, which begins an encoded word" if ENCODED_WORD in text else ""


def _joins_emoji(text: str, place: int) -> bool:
    """Say whether the character is a joiner between two emoji, as in a family or a flag."""
    before, after = text[:place].rstrip(EMOJI_VARIATION)[-1:], text[place + 1 : place + 2]
    return text[place] == JOINER and _is_emoji(before) and _is_emoji(after)


def _is_emoji(sign: str) -> bool:
    return "\U0001f3fb" <= sign <= "\U0001f3ff" or (sign != "" and unicodedata.category(sign) == "So")


def clean_text(text: str) -> str:
    """Return any text without what breaks a page, a terminal or a database: that is replaced by U+FFFD.

    Line breaks and tabs stay.
    """
    return replaced(text, REFUSED_CATEGORIES)


def clean_link(text: str) -> str:
    """Return a link to a model, without spaces around it.

    Raises
    ------
    InputError
        Not an http or https address with a host, one with a name or password in it, or one too long.
    """
    link = text.strip(" ")
    if len(link) > MAX_LINK:
        raise InputError(f"a link of at most {MAX_LINK} characters", str(len(link)), "send a shorter one")
    try:
        parts = urlsplit(link) if LINK.fullmatch(link) else urlsplit("")
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets without an address in them, a port that is no number
        whole, parts = False, urlsplit("")
    if not whole:
        remedy = "give the address of the model, with % for what an address can't hold"
        raise InputError("an http or https link with a host", shown(link), remedy)
    if "@" in parts.netloc:
        raise InputError("a link without a name or password", "one before the host", "let anyone with the link read")
    return link


def clean_address(text: str, what: str) -> str:
    """Return an e-mail address, without spaces around it; `what` names it in the message of `InputError`."""
    address = text.strip(" ")
    if len(address) > MAX_ADDRESS or not EMAIL_ADDRESS.fullmatch(address):
        raise InputError(f"{what} such as {SENDER}", shown(address), "give the address alone")
    return address


def clean_sha256(text: str, what: str) -> str:
    """Return a SHA-256 in 64 lower-case hexadecimal digits, or raise `InputError`."""
    return _matching(SHA256, text, f"{what} of 64 lower-case hexadecimal digits")


def clean_token(text: Any) -> str:
    """Return a team's secret, or raise `InputError`; the message doesn't repeat it."""
    if not (isinstance(text, str) and TOKEN.fullmatch(text)):
        found = f"{len(text)} characters of another kind" if isinstance(text, str) else "something else"
        raise InputError("a team's secret of 43 letters and digits", found, WRITE)
    return text


def clean_number(value: int, most: int, what: str) -> int:
    """Return a whole number from 1 to `most`, or raise `InputError`."""
    if not 1 <= value <= most:
        found = str(value) if abs(value) < 10**20 else "one of many digits"
        raise InputError(f"{what} from 1 to {most}", found, "give the right one")
    return value


def _matching(pattern: re.Pattern[str], text: str, expected: str) -> str:
    if not pattern.fullmatch(text):
        raise InputError(expected, shown(text), WRITE)
    return text


MAX_DEPTH = 16
"""Of what is nested in the attached result."""

MAX_MEMBERS = 20
MAX_TEAM_ID, MAX_MODEL_BYTES, MAX_NUMBER = 2**31 - 1, 10**12, 2**63 - 1


def _track(name: str) -> str:
    return _matching(NAME, name, "a track's name")


def _some(members: Sequence[Any]) -> Sequence[Any]:
    if not 1 <= len(members) <= MAX_MEMBERS:
        raise InputError(f"1 to {MAX_MEMBERS} members", str(len(members)), "name each as: Name, Affiliation")
    return members


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


TeamName = Annotated[str, AfterValidator(partial(clean_name, what="a team's name"))]
TeamId = Annotated[StrictInt, AfterValidator(partial(clean_number, most=MAX_TEAM_ID, what="a team ID"))]
Token = Annotated[str, BeforeValidator(clean_token)]


@dataclass(frozen=True)
class Member:
    """A member of a team."""

    name: Annotated[str, AfterValidator(partial(clean_name, what="a member's name"))]
    affiliation: Annotated[str, AfterValidator(partial(clean_name, what="an affiliation"))]


@dataclass(frozen=True)
class Registration:
    """What a team registers with; `token_sha256` is of its secret, which stays with the team until it submits."""

    team: TeamName
    members: Annotated[tuple[Member, ...], AfterValidator(_some)]
    token_sha256: Annotated[str, AfterValidator(partial(clean_sha256, what="a token_sha256"))]


@dataclass(frozen=True)
class Submission:
    """A model that a team submits.

    Attributes
    ----------
    track : str
        A name; whether the desk has it is for the desk to say.
    team_id : int
        What the organiser answered to the registration.
    team : str
    link : str
        Where the model is.
    sha256 : str
        Of the model.
    bytes : int
        Of the model.
    token : str
        The team's secret, whose SHA-256 it registered: nobody else can use up its quota.
    result : dict
        The team's own result. A claim.
    """

    track: Annotated[str, AfterValidator(_track)]
    team_id: TeamId
    team: TeamName
    link: Annotated[str, AfterValidator(clean_link)]
    sha256: Annotated[str, AfterValidator(partial(clean_sha256, what="a sha256"))]
    bytes: Annotated[StrictInt, AfterValidator(partial(clean_number, most=MAX_MODEL_BYTES, what="a size in bytes"))]
    token: Token
    result: Annotated[dict[str, Any], AfterValidator(_clean)]


def plain(content: Registration | Submission) -> dict[str, Any]:
    """Return the fields as JSON can hold them."""
    fields = asdict(content)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}


def registration(fields: Mapping[str, Any]) -> Registration:
    """Return a registration; `InputError` where a field is missing, of another type or beyond its limits."""
    return validation.fitted(Registration, fields, "the fields of a registration", WRITE)


def submission(fields: Mapping[str, Any]) -> Submission:
    """Return a submission of these fields; raises as `registration` does."""
    return validation.fitted(Submission, fields, "the fields of a submission", WRITE)
