"""Votes in SQLite: written the moment they are given, one transaction each, never changed and never doubled."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aic_helpers.core.errors import InputError

VERSION = 1
WAIT_S = 20.0
"""How long a vote waits for the votes of others; each takes some milliseconds."""

TABLES = """
CREATE TABLE study (id TEXT PRIMARY KEY, closed_utc TEXT);
CREATE TABLE raters (
  rater TEXT PRIMARY KEY, token_sha256 TEXT NOT NULL UNIQUE, place INTEGER NOT NULL DEFAULT 0, begun_utc TEXT,
  window TEXT, CHECK (place >= 0)
);
CREATE TABLE votes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, rater TEXT NOT NULL REFERENCES raters ON DELETE CASCADE,
  place INTEGER NOT NULL, code TEXT NOT NULL, answer INTEGER NOT NULL, revision INTEGER NOT NULL,
  given_utc TEXT NOT NULL, viewed_ms INTEGER, UNIQUE (rater, place, revision)
);
"""

CURRENT = """
SELECT rater, place, code, answer, revision, given_utc, viewed_ms FROM votes AS vote
WHERE revision = (SELECT MAX(revision) FROM votes WHERE rater = vote.rater AND place = vote.place)
ORDER BY rater, place
"""

CLOSED, TWICE = "closed", "twice"
"""Why a vote isn't taken."""


@dataclass(frozen=True)
class State:
    """How far a rater is.

    Attributes
    ----------
    place : int
        Of the showing that is due, from 0.
    answered : int
        How many places have a vote; one more than `place` where the rater went back.
    given : int or None
        The vote that the place has already.
    """

    place: int
    answered: int
    given: int | None
    begun: bool
    closed: bool


@dataclass(frozen=True)
class Vote:
    """A vote as it counts: the last one of its rater for its place."""

    rater: str
    place: int
    code: str
    answer: int
    revision: int
    given_utc: str
    viewed_ms: int | None


class NotTakenError(Exception):
    """A vote was not taken, and nothing changed; `why` is `CLOSED` or `TWICE`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Store:
    """The votes of one study.

    Parameters
    ----------
    path : Path
        An SQLite file that `make` wrote.
    study : str
        The study's identity in its plan.

    Raises
    ------
    InputError
        No file, one that isn't a store, a damaged one, or that of another study.
    """

    def __init__(self, path: Path, study: str) -> None:
        self._path = path
        if not path.is_file():
            raise InputError(f"the votes of the study at {path}", "nothing", "bring back the file, or make a new study")
        with self._read() as base:
            version = base.execute("PRAGMA user_version").fetchone()[0]
            if version != VERSION:
                raise InputError(f"votes of version {VERSION} in {path}", f"{version}", "use the workbench they are of")
            found = base.execute("SELECT id FROM study").fetchone()
            if found is None or found[0] != study:
                raise InputError(f"votes of this study in {path}", "another study's", "bring back its own file")

    @classmethod
    def make(cls, path: Path, study: str, tokens: Mapping[str, str]) -> Store:
        """Make the store of a new study; `tokens` by rater, of which only a hash is kept."""
        path.touch(mode=0o600, exist_ok=False)
        base = sqlite3.connect(path)
        try:
            with base:
                base.executescript(TABLES)
                base.execute(f"PRAGMA user_version = {VERSION}")
                base.execute("INSERT INTO study (id) VALUES (?)", (study,))
                rows = [(rater, _hash(token)) for rater, token in tokens.items()]
                base.executemany("INSERT INTO raters (rater, token_sha256) VALUES (?, ?)", rows)
        finally:
            base.close()
        return cls(path, study)

    def rater_of(self, token: str) -> str | None:
        """Return whose token it is; None for nobody's."""
        with self._read() as base:
            row = base.execute("SELECT rater FROM raters WHERE token_sha256 = ?", (_hash(token),)).fetchone()
        return row[0] if row else None

    def state(self, rater: str) -> State:
        """Return how far a rater is."""
        with self._read() as base:
            return _state(base, rater)

    def begin(self, rater: str, window: str) -> None:
        """Note when a rater began, and how large their window is, the first time."""
        with self._open() as base:
            _require_open(base)
            sql = "UPDATE raters SET begun_utc = ?, window = ? WHERE rater = ? AND begun_utc IS NULL"
            base.execute(sql, (_now(), window, rater))

    def vote(self, rater: str, place: int, code: str, answer: int, viewed_ms: int | None) -> None:
        """Write a vote for the place that is due, and go on to the next.

        Raises
        ------
        NotTakenError
            The study is closed, or another place is due: this vote was given before.
        """
        with self._open() as base:
            _require_open(base)
            _require_due(base, rater, place)
            revision = _revisions(base, rater, place)
            values = (rater, place, code, answer, revision, _now(), viewed_ms)
            names = "rater, place, code, answer, revision, given_utc, viewed_ms"
            base.execute(f"INSERT INTO votes ({names}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)
            base.execute("UPDATE raters SET place = place + 1 WHERE rater = ?", (rater,))

    def back(self, rater: str, place: int) -> None:
        """Make the place before the due one due again; its vote stands until there is another.

        Raises
        ------
        NotTakenError
            The study is closed, another place is due, it is the first, or the rater went back already.
        """
        with self._open() as base:
            _require_open(base)
            _require_due(base, rater, place)
            if place == 0 or _state(base, rater).answered > place:
                raise NotTakenError(TWICE)
            base.execute("UPDATE raters SET place = place - 1 WHERE rater = ?", (rater,))

    def votes(self) -> list[Vote]:
        """Return the votes that count, by rater and place."""
        with self._read() as base:
            return [Vote(*row) for row in base.execute(CURRENT)]

    def progress(self) -> dict[str, int]:
        """Return by rater how many places have a vote."""
        sql = "SELECT rater, (SELECT COUNT(DISTINCT place) FROM votes WHERE votes.rater = raters.rater) FROM raters"
        with self._read() as base:
            return dict(base.execute(f"{sql} ORDER BY rater").fetchall())

    def windows(self) -> dict[str, str]:
        """Return by rater how large their window was, as far as they began."""
        sql = "SELECT rater, window FROM raters WHERE window IS NOT NULL ORDER BY rater"
        with self._read() as base:
            return dict(base.execute(sql).fetchall())

    @property
    def closed(self) -> bool:
        with self._read() as base:
            return _closed(base)

    def set_closed(self, closed: bool) -> None:
        """Take no more votes, or take votes again."""
        with self._open() as base:
            base.execute("UPDATE study SET closed_utc = ?", (_now() if closed else None,))

    def delete(self, rater: str) -> int:
        """Remove a rater with all of their votes, and their bytes from the file; return how many votes counted."""
        with self._open() as base:
            count = base.execute("SELECT COUNT(DISTINCT place) FROM votes WHERE rater = ?", (rater,)).fetchone()[0]
            base.execute("DELETE FROM raters WHERE rater = ?", (rater,))
        return int(count)

    def _read(self) -> AbstractContextManager[sqlite3.Connection]:
        """Give a connection to read by, which keeps no vote waiting."""
        return self._open("BEGIN")

    @contextmanager
    def _open(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[sqlite3.Connection]:
        """Give a connection inside one transaction, which is on the disk when this ends well."""
        base = None
        try:
            base = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=rw", timeout=WAIT_S, uri=True)
            base.isolation_level = None
            for setting in ("foreign_keys = ON", "synchronous = FULL", "secure_delete = ON"):
                base.execute(f"PRAGMA {setting}")
            base.execute(begin)
            yield base
            base.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            raise _unusable(self._path, error) from None
        finally:
            if base is not None:
                base.close()  # what was not committed goes


def is_store(path: Path) -> bool:
    """Return whether a file holds the votes of a study."""
    if not path.is_file():
        return False
    try:
        base = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            names = {row[0] for row in base.execute("SELECT name FROM sqlite_master")}
        finally:
            base.close()
    except sqlite3.Error:
        return False
    return {"study", "raters", "votes"} <= names


def _state(base: sqlite3.Connection, rater: str) -> State:
    row = base.execute("SELECT place, begun_utc FROM raters WHERE rater = ?", (rater,)).fetchone()
    if row is None:
        raise InputError("a rater of this study", rater, "their votes were deleted")
    answered = base.execute("SELECT COUNT(DISTINCT place) FROM votes WHERE rater = ?", (rater,)).fetchone()[0]
    sql = "SELECT answer FROM votes WHERE rater = ? AND place = ? ORDER BY revision DESC LIMIT 1"
    given = base.execute(sql, (rater, row[0])).fetchone()
    return State(row[0], answered, given[0] if given else None, row[1] is not None, _closed(base))


def _closed(base: sqlite3.Connection) -> bool:
    return base.execute("SELECT closed_utc FROM study").fetchone()[0] is not None


def _require_open(base: sqlite3.Connection) -> None:
    if _closed(base):
        raise NotTakenError(CLOSED)


def _require_due(base: sqlite3.Connection, rater: str, place: int) -> None:
    row = base.execute("SELECT place FROM raters WHERE rater = ?", (rater,)).fetchone()
    if row is None or row[0] != place:
        raise NotTakenError(TWICE)


def _revisions(base: sqlite3.Connection, rater: str, place: int) -> int:
    sql = "SELECT COUNT(*) FROM votes WHERE rater = ? AND place = ?"
    return int(base.execute(sql, (rater, place)).fetchone()[0])


def _unusable(path: Path, error: sqlite3.DatabaseError) -> InputError:
    if "locked" in str(error):
        return InputError(f"{path} free within {WAIT_S:g} s", str(error), "end what else works with it")
    if isinstance(error, sqlite3.OperationalError) and "no such" not in str(error):
        return InputError(f"{path} to be read and written", str(error), "check the file, its folder and the disk")
    return InputError(f"the votes of a study in {path}", str(error), "bring back the file from a copy")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
