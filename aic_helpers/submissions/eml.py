"""The two e-mails of a team to the organiser, composed and read: its registration, and a submission.

Each has a subject and a text for people, and the same as JSON in an attachment. Only the attachment is read; the
subject must agree with it.
"""

from __future__ import annotations

import codecs
import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.header import Header
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime, make_msgid, parseaddr
from pathlib import Path
from typing import Any

from aic_helpers.core import validation
from aic_helpers.core.errors import InputError, require_file
from aic_helpers.core.safe_files import write_private
from aic_helpers.core.safe_texts import shown
from aic_helpers.submissions.example_addresses import ADDRESS, SENDER
from aic_helpers.submissions.messages import (
    WRITE,
    Registration,
    Submission,
    clean_address,
    plain,
    registration,
    submission,
)
from aic_helpers.tracks.catalogue import TRACKS

SCHEMA = 1

REGISTRATION = "AI Mobile Challenge Registration"
SUBMISSION = re.compile(r"\[Track (\S{1,60})\] \[(\S{1,20})\] \[(.*)\] Submission")
SUBJECTS = f"the subject {REGISTRATION}, or [Track X] [Team ID] [Team Name] Submission"

PREFIX = re.compile(
    r"(?:(?:[^\W\d_]{1,12}(?:\[\d+\])?\s?[:\uff1a]|\[(?!Track )[^\[\]]{1,40}\]|\{[^{}]{1,40}\}|\*+[^*]{1,40}\*+)\s*)*"
)
"""What mail programs and servers put before a subject: Re:, AW:, Fwd:, [EXTERNAL], {Spam?}, ***SPAM***."""

MAX_BYTES = 2 << 20
"""Of an e-mail."""

MAX_JSON_BYTES = 512 << 10
"""Of its attachment; a result takes some 20 KB."""

MAX_HEADER_BYTES = 10_000
"""Of one header: the parser takes time that grows with the square of it."""

MAX_LINES, MAX_PARTS = 40_000, 50
"""Every line is held against the boundaries of all parts that it may be in."""


class _SevenBit(policy.EmailPolicy):
    """CRLF, and nothing beyond ASCII: what every server passes on as it is."""

    def __init__(self, **changes: Any) -> None:
        super().__init__(**{"linesep": "\r\n", "cte_type": "7bit"} | changes)

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Return a header in lines. The newer way of the library loses spaces where it folds names beyond ASCII."""
        if name != "Subject":
            return super().fold_binary(name, value)
        return f"{name}: {Header(str(value), header_name=name).encode(linesep=self.linesep)}{self.linesep}".encode()


@dataclass(frozen=True)
class Mail:
    """An e-mail that was read. Anyone can write any address into `sent_by`."""

    content: Registration | Submission
    message_id: str
    sent_by: str


def registration_mail(content: Registration, *, sender: str = SENDER, address: str = ADDRESS) -> EmailMessage:
    """Return the e-mail that registers a team.

    Raises
    ------
    InputError
        A field that `read_mail` would refuse, or no e-mail address.
    """
    content = registration(plain(content))
    lines = [("Team", content.team)]
    lines += [("Member", f"{member.name}, {member.affiliation}") for member in content.members]
    lines += [("SHA-256 of the team's secret", content.token_sha256)]
    return _message(REGISTRATION, lines, content, sender, address)


def submission_mail(content: Submission, *, sender: str = SENDER, address: str = ADDRESS) -> EmailMessage:
    """Return the e-mail that submits a model; raises as `registration_mail` does."""
    content = submission(plain(content))
    track = spoken(content.track)
    # Without the secret: answers quote the text of an e-mail, but not its attachments.
    lines = [
        ("Track", f"{track} ({content.track})" if track != content.track else track),
        ("Team ID", str(content.team_id)),
        ("Team", content.team),
        ("Link to the model", content.link),
        ("SHA-256 of the model", content.sha256),
        ("Bytes of the model", str(content.bytes)),
    ]
    subject = f"[Track {track}] [{content.team_id}] [{content.team}] Submission"
    return _message(subject, lines, content, sender, address)


def spoken(track: str) -> str:
    """Return how the subject of an e-mail calls a track: by its letter where it has one, else by its name."""
    return TRACKS[track].letter or track if track in TRACKS else track


def _message(
    subject: str, lines: list[tuple[str, str]], content: Registration | Submission, sender: str, address: str
) -> EmailMessage:
    message, sender = EmailMessage(_SevenBit()), clean_address(sender, "the sender's address")
    message["From"] = sender
    message["To"] = clean_address(address, "the organiser's address")
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])  # else it names this machine
    message["X-Unsent"] = "1"  # some mail programs open the file as a draft then
    message.set_content("".join(f"{name}: {value}\n" for name, value in lines))
    attached = json.dumps({"schema": SCHEMA, **plain(content)}, indent=2, ensure_ascii=False).encode()
    message.add_attachment(attached, maintype="application", subtype="json", filename=_attachment(type(content)))
    return message


def _attachment(kind: type[Registration | Submission]) -> str:
    return f"{kind.__name__.lower()}.json"


def write_mail(message: EmailMessage, path: Path) -> None:
    """Write an e-mail as an `.eml` file that only its owner may read: a submission holds the team's secret."""
    write_private(path, message.as_bytes())


def read_mail(path: Path) -> Mail:
    """Return what a team sent, as the organiser's mail program saved it.

    Whatever is in the file, this returns texts that `messages` lets pass, or raises `InputError`.

    Raises
    ------
    InputError
        No e-mail of a team, one too large, or a field that is missing, of another type or beyond its limits.
    """
    message = _parsed(path)
    subject = _own_subject(_header(message, "Subject", SUBJECTS))
    kind = _kind(subject)
    fields = _json(_attached(message, _attachment(kind)))
    content = registration(fields) if kind is Registration else submission(fields)
    if isinstance(content, Submission):
        _require_agreement(subject, content)
    return Mail(content, _message_id(message), _sent_by(message))


def _parsed(path: Path) -> EmailMessage:
    size = require_file(path, "an e-mail").stat().st_size
    if size > MAX_BYTES:
        raise InputError(f"an e-mail of at most {MAX_BYTES >> 20} MiB", f"{size / 2**20:.1f} MiB", "attach no model")
    with path.open("rb") as file:
        content = _unmarked(file.read(MAX_BYTES + 1))
    _require_simple(content)
    try:
        return BytesParser(EmailMessage, policy=policy.default).parsebytes(content.lstrip(b"\r\n"))
    except Exception as error:  # the parser raises anything, from IndexError to RecursionError, on hostile headers
        raise _unreadable(error) from None


def _unmarked(content: bytes) -> bytes:
    """Return an e-mail without the byte-order mark that an editor put before it; UTF-16 becomes UTF-8."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = content.decode("utf-16", "replace").encode("utf-8", "replace")
    return content.removeprefix(codecs.BOM_UTF8)


def _require_simple(content: bytes) -> None:
    """Refuse what the parser would take long for."""
    longest = max(map(len, re.sub(rb"(\r\n|\r|\n)[ \t]", b" ", content).splitlines()), default=0)
    lines, parts = len(content.splitlines()), len(re.findall(rb"[\r\n]--", content))
    for count, most, what in (
        (longest, MAX_HEADER_BYTES, "bytes in a line or header"),
        (lines, MAX_LINES, "lines"),
        (parts, MAX_PARTS, "parts"),
    ):
        if count > most:
            raise InputError(f"an e-mail of at most {most} {what}", str(count), WRITE)


def _unreadable(error: Exception) -> InputError:
    return InputError("an e-mail that can be read", f"a damaged one ({type(error).__name__})", WRITE)


def _header(message: EmailMessage, name: str, expected: str) -> str:
    """Return a header that must be there once."""
    try:
        found = [str(value) for value in message.get_all(name, [])]
    except Exception as error:
        raise _unreadable(error) from None
    if len(found) != 1:
        raise InputError(expected, f"{len(found) or 'no'} {name} headers", WRITE)
    return found[0]


def _own_subject(subject: str) -> str:
    """Return a subject as the team wrote it: NFC, single spaces, nothing before it."""
    normal = " ".join(unicodedata.normalize("NFC", subject).split())
    return normal[PREFIX.match(normal).end() :]  # type: ignore[union-attr]


def _kind(subject: str) -> type[Registration | Submission]:
    if subject == REGISTRATION:
        return Registration
    if SUBMISSION.fullmatch(subject):
        return Submission
    raise InputError(SUBJECTS, shown(subject), "this is no e-mail of a team, or its subject was changed")


def _attached(message: EmailMessage, name: str) -> bytes:
    """Return the one attachment of a name."""
    try:
        parts = [part for part in message.walk() if (part.get_filename() or "").lower() == name]
        contents = [part.get_payload(decode=True) for part in parts]
    except Exception as error:
        raise _unreadable(error) from None
    if len(contents) != 1 or not isinstance(contents[0], bytes):
        raise InputError(f"one attachment {name}", str(len(contents) or "none"), WRITE)
    return contents[0]


def _json(content: bytes) -> dict[str, Any]:
    if len(content) > MAX_JSON_BYTES:
        found = f"{len(content) / 1024:.0f} KiB"
        raise InputError(f"an attachment of at most {MAX_JSON_BYTES >> 10} KiB", found, WRITE)
    fields = validation.parse_json(content, "JSON in UTF-8 in the attachment", WRITE)
    if not isinstance(fields, dict):
        raise InputError("an object in the attachment", validation.brief(fields), WRITE)
    if fields.get("schema") != SCHEMA:
        found = shown(repr(fields.get("schema"))[:20])
        raise InputError(f"an attachment of schema {SCHEMA}", found, "read it with the version that it names")
    return fields


def _require_agreement(subject: str, content: Submission) -> None:
    track, team_id, team = SUBMISSION.fullmatch(subject).groups()  # type: ignore[union-attr]
    expected = (spoken(content.track), str(content.team_id), content.team)
    # Mail programs fold long subjects at spaces, and some lose one there.
    if (track, team_id, _without_spaces(team)) != (*expected[:2], _without_spaces(content.team)):
        wished = "[Track {}] [{}] [{}] Submission".format(*expected)
        raise InputError(f"the subject {wished}, as the attachment has it", shown(subject, 160), WRITE)


def _without_spaces(text: str) -> str:
    return "".join(text.split())


def _message_id(message: EmailMessage) -> str:
    found = _header(message, "Message-ID", "one Message-ID").strip()
    if not re.fullmatch(r"<[\x21-\x3b\x3d\x3f-\x7e]{3,250}>", found):
        raise InputError("a Message-ID in <>", shown(found), "save the e-mail again as the mail program got it")
    return found


def _sent_by(message: EmailMessage) -> str:
    return clean_address(parseaddr(_header(message, "From", "one sender (From)"))[1], "a sender's address")
