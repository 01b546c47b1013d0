"""E-mails of teams -> the ledger: each is taken whole, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from aic_helpers.core.errors import InputError, in_words
from aic_helpers.data.system_litter import is_litter
from aic_helpers.submissions import desk_tracks
from aic_helpers.submissions.eml import Mail, read_mail
from aic_helpers.submissions.ledgers import Ledger
from aic_helpers.submissions.messages import Registration


@dataclass(frozen=True)
class Taken:
    """What became of one e-mail.

    Attributes
    ----------
    file : str
    outcome : {"registered", "received", "there already", "refused"}
    words : str
        One line.
    """

    file: str
    outcome: str
    words: str


def ingest(ledger: Ledger, path: Path, desk: Path, now: datetime | None = None) -> Taken:
    """Take one e-mail into the ledger; `desk` is the desk's folder, which may have tracks of its own.

    Raises
    ------
    InputError
        It is no e-mail of a team, its track isn't the desk's, or the ledger refuses it; the message says why.
    """
    return _take(ledger, path.name, read_mail(path), desk, now or datetime.now(UTC))


def ingest_folder(ledger: Ledger, folder: Path, desk: Path, now: datetime | None = None) -> Iterator[Taken]:
    """Take all e-mails of a folder, registrations first; one that is refused is told in its place."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".eml" and not is_litter(path.name))
    if not files:
        raise InputError(f"e-mails (*.eml) in {folder}", "none", "export them there")
    read = [(path.name, _read(path)) for path in files]
    for name, found in sorted(read, key=lambda pair: not _is_registration(pair[1])):
        try:
            yield _take(ledger, name, found, desk, now or datetime.now(UTC)) if isinstance(found, Mail) else found
        except InputError as error:
            yield Taken(name, "refused", str(error))


def _read(path: Path) -> Mail | Taken:
    """Return an e-mail, or that it is refused."""
    try:
        return read_mail(path)
    except InputError as error:
        return Taken(path.name, "refused", str(error))
    except OSError as error:
        return Taken(path.name, "refused", in_words(error))


def _is_registration(found: Mail | Taken) -> bool:
    return isinstance(found, Mail) and isinstance(found.content, Registration)


def _take(ledger: Ledger, name: str, mail: Mail, desk: Path, now: datetime) -> Taken:
    content = mail.content
    if isinstance(content, Registration):
        members = [asdict(member) for member in content.members]
        team_id, new = ledger.register(content.team, members, content.token_sha256, mail.message_id, now)
        return Taken(name, "registered" if new else "there already", f"team {team_id}: {content.team}")
    desk_tracks.require_known(desk_tracks.tracks_of(desk), content, desk)
    number, new = ledger.receive(content, mail.message_id, now)
    words = f"submission {number} of team {content.team_id} ({content.team}) to {content.track}"
    return Taken(name, "received" if new else "there already", words)
