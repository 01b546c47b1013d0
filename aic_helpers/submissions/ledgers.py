"""The organiser's ledger: teams, their submissions, and what became of each.

A submission is `RECEIVED` where its team has one left for that track and UTC day, `STARTED` by one machine, and ends
as `DONE`, `FAILED` (the model's fault: it counts), `REJECTED` before it was run, or `RETURNED` (the organiser's fault);
the last two don't count against the quota.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aic_helpers.core import installation
from aic_helpers.core.errors import InputError
from aic_helpers.submissions.ledger_tables import closings, connect, events, reading, submissions, teams, told
from aic_helpers.submissions.messages import Submission

with installation.needed("desk"):
    import sqlalchemy as sql
    from sqlalchemy import Connection

PER_DAY = 2
"""Submissions of a team to a track in a UTC day."""

RECEIVED, STARTED, DONE, FAILED, REJECTED, RETURNED = STATES = (
    "received",
    "started",
    "done",
    "failed",
    "rejected",
    "returned",
)
GIVEN_BACK = (REJECTED, RETURNED)


@dataclass(frozen=True)
class Entry:
    """A submission with how it stands now.

    Attributes
    ----------
    number : int
        Of its last event; the next has one more.
    detail : dict
        Of the last event.
    tries : int
        How often it was started.
    """

    id: int
    team_id: int
    team: str
    track: str
    received_utc: str
    link: str
    sha256: str
    bytes: int
    state: str
    at_utc: str
    number: int
    detail: dict[str, Any]
    tries: int


class Ledger:
    """A ledger at a place; see `aic_helpers.submissions.ledger_tables.connect`. Every method is one transaction."""

    def __init__(self, place: str, *, make: bool = True) -> None:
        self.place = place
        self._engine = connect(place, make=make)

    def close(self) -> None:
        """Close its connections."""
        self._engine.dispose()

    def register(
        self, name: str, members: Sequence[Mapping[str, str]], token_sha256: str, message_id: str, now: datetime
    ) -> tuple[int, bool]:
        """Return a team's number, and whether it is new.

        Raises
        ------
        InputError
            Another team has that name.
        """
        row = {"name": name, "name_key": name_key(name), "members": [dict(member) for member in members]}
        row |= {"token_sha256": token_sha256, "message_id": message_id, "registered_utc": _stamp(now)}
        with told(self.place), self._engine.begin() as connection:
            if self._engine.dialect.name == "postgresql":
                connection.execute(sql.text("LOCK TABLE teams IN SHARE ROW EXCLUSIVE MODE"))
            query = sql.select(teams).where((teams.c.name_key == row["name_key"]) | (teams.c.message_id == message_id))
            for other in connection.execute(query):
                if other.token_sha256 == token_sha256 and other.name_key == row["name_key"]:
                    return other.id, False
                found = f"that of team {other.id}" if other.name_key == row["name_key"] else "an e-mail with its number"
                raise InputError(f"a team name that is free for {name}", found, "take another name")
            return _inserted(connection, teams, row), True

    def receive(self, arrival: Submission, message_id: str, now: datetime) -> tuple[int, bool]:
        """Return a submission's number, and whether it is new: a second e-mail of one Message-ID isn't.

        Raises
        ------
        InputError
            The team isn't registered or gave no right secret, the track is closed, or the day's quota is used up.
            Nothing is recorded then.
        """
        with told(self.place), self._engine.begin() as connection:
            team = self._team(connection, arrival)
            there = sql.select(submissions.c.id).where(submissions.c.message_id == message_id)
            if (known := connection.scalar(there)) is not None:
                return known, False
            if arrival.track in _closed(connection):
                raise InputError("a submission to an open track", f"{arrival.track}, closed", "ask when it opens")
            _require_quota(connection, team, arrival.track, now)
            return _add(connection, arrival, message_id, now), True

    def _team(self, connection: Connection, arrival: Submission) -> Any:
        """Return the team of a submission, held so that its other submissions wait until this one is decided."""
        query = sql.select(teams).where(teams.c.id == arrival.team_id).with_for_update()  # SQLite holds all anyhow
        team = connection.execute(query).first()
        if team is None or team.name_key != name_key(arrival.team):
            whose = "no team" if team is None else f"team {team.name}"
            expected = f"a submission of a registered team ({arrival.team} as number {arrival.team_id})"
            raise InputError(expected, f"{whose} with that number", "register first: aic submit register")
        if hashlib.sha256(arrival.token.encode()).hexdigest() != team.token_sha256:
            remedy = "send it from the folder that the team registered with"
            raise InputError(f"the secret that team {team.id} ({team.name}) registered with", "another", remedy)
        return team

    def add_event(self, entry: Entry, state: str, detail: Mapping[str, Any], now: datetime) -> bool:
        """Record what became of a submission; False where another machine was first, and nothing is recorded."""
        if state not in STATES:
            raise ValueError(f"state must be one of {', '.join(STATES)}, not {state!r}")
        row = {"submission_id": entry.id, "number": entry.number + 1, "state": state, "at_utc": _stamp(now)}
        with told(self.place):
            try:
                with self._engine.begin() as connection:
                    connection.execute(sql.insert(events).values(**row, detail=dict(detail)))
            except sql.exc.IntegrityError:
                return False
        return True

    def entries(self, states: Sequence[str] = STATES, *, last: int | None = None) -> list[Entry]:
        """Return the submissions in these states, the oldest first; `last` of them where that is given."""
        started = (
            sql.select(sql.func.count())
            .where(events.c.submission_id == submissions.c.id, events.c.state == STARTED)
            .correlate(submissions)
            .scalar_subquery()
        )
        query = (
            _standing(sql.select(submissions, teams.c.name, events, started.label("tries")))
            .join(teams, teams.c.id == submissions.c.team_id)
            .where(events.c.state.in_(states))
            .order_by(submissions.c.id.desc())
            .limit(last)
        )
        with told(self.place), reading(self._engine) as connection:
            return [_entry(row) for row in reversed(connection.execute(query).all())]

    def last_done(self, track: str) -> list[Entry]:
        """Return each team's last successful submission to a track, by the teams' numbers."""
        latest = (
            sql.select(sql.func.max(submissions.c.id))
            .join(events, (events.c.submission_id == submissions.c.id) & (events.c.state == DONE))
            .where(submissions.c.track == track)
            .group_by(submissions.c.team_id)
        )
        query = (
            sql.select(submissions, teams.c.name, events, sql.literal(1).label("tries"))
            .join(teams, teams.c.id == submissions.c.team_id)
            .join(events, (events.c.submission_id == submissions.c.id) & (events.c.state == DONE))
            .where(submissions.c.id.in_(latest))
            .order_by(submissions.c.team_id)
        )
        with told(self.place), reading(self._engine) as connection:
            return [_entry(row) for row in connection.execute(query)]

    def history(self, submission_id: int) -> list[dict[str, Any]]:
        """Return every change of a submission's state, the first first."""
        query = sql.select(events).where(events.c.submission_id == submission_id).order_by(events.c.number)
        with told(self.place), reading(self._engine) as connection:
            return [dict(row._mapping) for row in connection.execute(query)]

    def counts(self) -> dict[str, int]:
        """Return how many teams there are, and how many submissions in each state."""
        query = _standing(sql.select(events.c.state, sql.func.count().label("submissions"))).group_by(events.c.state)
        with told(self.place), reading(self._engine) as connection:
            found = {row.state: row.submissions for row in connection.execute(query)}
            registered = connection.scalar(sql.select(sql.func.count()).select_from(teams)) or 0
        return {"teams": registered} | {state: found.get(state, 0) for state in STATES}

    def tracks(self) -> set[str]:
        """Return the tracks that something was submitted to, and those that are closed."""
        with told(self.place), reading(self._engine) as connection:
            return {*connection.scalars(sql.select(submissions.c.track).distinct())} | _closed(connection)

    def set_closed(self, track: str, closed: bool, now: datetime) -> None:
        """Close a track for submissions, or open it again."""
        row = {"track": track, "closed": closed, "at_utc": _stamp(now)}
        with told(self.place), self._engine.begin() as connection:
            connection.execute(sql.insert(closings).values(**row))

    def closed(self) -> set[str]:
        """Return the tracks that are closed."""
        with told(self.place), reading(self._engine) as connection:
            return _closed(connection)


def name_key(name: str) -> str:
    """Return what two names share that a reader would take for the same."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _require_quota(connection: Connection, team: Any, track: str, now: datetime) -> None:
    query = (
        _standing(sql.select(sql.func.count()))
        .where(submissions.c.team_id == team.id, submissions.c.track == track, submissions.c.day_utc == _day(now))
        .where(events.c.state.not_in(GIVEN_BACK))
    )
    used = connection.scalar(query) or 0
    if used >= PER_DAY:
        tomorrow = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        minutes = -(-int((tomorrow - now).total_seconds()) // 60)
        wait = f"{minutes // 60} h {minutes % 60} min"
        expected = f"at most {PER_DAY} submissions of team {team.id} ({team.name}) to {track} in a UTC day"
        remedy = f"the next can come in {wait}, from {tomorrow:%Y-%m-%d} 00:00 UTC"
        raise InputError(expected, f"{used} on {_day(now)}", remedy)


def _add(connection: Connection, arrival: Submission, message_id: str, now: datetime) -> int:
    row = {name: getattr(arrival, name) for name in ("team_id", "track", "link", "sha256", "bytes")}
    row |= {"message_id": message_id, "claimed": arrival.result, "day_utc": _day(now), "received_utc": _stamp(now)}
    number = _inserted(connection, submissions, row)
    first = {"submission_id": number, "number": 1, "state": RECEIVED, "at_utc": _stamp(now), "detail": {}}
    connection.execute(sql.insert(events).values(**first))
    return number


def _inserted(connection: Connection, table: sql.Table, row: dict[str, Any]) -> int:
    """Add a row and return its number."""
    return int(connection.execute(sql.insert(table).values(**row).returning(table.c.id)).scalar_one())


def _standing(query: Any) -> Any:
    """Return a query over submissions with the last event of each."""
    others = events.alias("others")
    last = sql.select(sql.func.max(others.c.number)).where(others.c.submission_id == submissions.c.id)
    newest = (events.c.submission_id == submissions.c.id) & (
        events.c.number == last.correlate(submissions).scalar_subquery()
    )
    return query.select_from(submissions).join(events, newest)


def _closed(connection: Connection) -> set[str]:
    last = sql.select(sql.func.max(closings.c.id)).group_by(closings.c.track)
    return set(connection.scalars(sql.select(closings.c.track).where(closings.c.id.in_(last), closings.c.closed)))


def _entry(row: Any) -> Entry:
    names = ("id", "team_id", "track", "received_utc", "link", "sha256", "bytes", "state", "at_utc", "number")
    return Entry(team=row.name, detail=row.detail, tries=row.tries, **{name: getattr(row, name) for name in names})


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="seconds")


def _day(now: datetime) -> str:
    return f"{now.astimezone(UTC):%Y-%m-%d}"
