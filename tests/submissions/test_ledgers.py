"""The ledger counts right whoever writes at once, loses nothing, and says in one line what it can't do."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sql
from fixtures import ledger_crowd, postgres

from aic_helpers.core.errors import InputError
from aic_helpers.submissions import ledger_tables
from aic_helpers.submissions.ledgers import DONE, FAILED, RECEIVED, REJECTED, RETURNED, STARTED, Ledger
from aic_helpers.submissions.messages import Submission

CROWD = Path(__file__).parents[1] / "fixtures" / "ledger_crowd.py"
NOW = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)
SECRET = hashlib.sha256(b"secret").hexdigest()


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    folder = postgres.programs()
    if folder is None:
        # In CI, where this variable is set, Debian's package is installed.
        stop = pytest.fail if os.environ.get("AIC_REQUIRE_BROWSER") else pytest.skip
        stop("no PostgreSQL server here: apt-get install postgresql")
    with postgres.server(folder) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The place of an empty ledger."""
    if request.param == "sqlite":
        yield str(tmp_path / "ledger.sqlite")
        return
    url = request.getfixturevalue("postgres_url")
    yield url
    engine = sql.create_engine(url)
    ledger_tables.metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture
def ledger(place: str) -> Iterator[Ledger]:
    found = Ledger(place)
    yield found
    found.close()


def register(ledger: Ledger, count: int = 1) -> None:
    for number in range(1, count + 1):
        ledger.register(f"team {number}", [{"name": "Ada", "affiliation": "Home"}], SECRET, f"<r{number}>", NOW)


def receive(
    ledger: Ledger, message: str = "<1>", now: datetime = NOW, team: int = 1, **changes: object
) -> tuple[int, bool]:
    return ledger.receive(replace(ledger_crowd.submission(team), **changes), message, now)


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(InputError) as caught:
        action()
    assert "\n" not in str(caught.value)
    return str(caught.value)


class Crowds:
    """One process after the other's crowds; it imports what they need once."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._calls, self._told = process.stdin, process.stdout

    def start(self, place: str, day: datetime, *numbers: int) -> int:
        """Return the process group of a crowd that has begun."""
        print(place, day.isoformat(), *numbers, file=self._calls, flush=True)
        return int(self._told.readline().removeprefix("group "))

    def line(self) -> str:
        return self._told.readline().rstrip()

    def rest(self) -> list[str]:
        return list(iter(self.line, "gone"))


@pytest.fixture(scope="module")
def crowds() -> Iterator[Crowds]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, CROWD], **pipes, text=True) as process:
        yield Crowds(process)


def test_third_submission_of_a_day_is_told_when_the_next_can_come(ledger: Ledger) -> None:
    register(ledger)
    assert [receive(ledger, f"<{n}>") for n in (1, 2)] == [(1, True), (2, True)]
    assert refusal(lambda: receive(ledger, "<3>")) == (
        "expected at most 2 submissions of team 1 (team 1) to enhancement in a UTC day, found 2 on 2026-11-24: "
        "the next can come in 5 h 30 min, from 2026-11-25 00:00 UTC"
    )
    assert receive(ledger, "<4>", track="super_resolution")[1], "the other track has a quota of its own"
    assert receive(ledger, "<5>", now=NOW + timedelta(hours=5, minutes=30))[1], "so has the next day"


def test_day_is_that_of_utc(ledger: Ledger) -> None:
    register(ledger)
    east = datetime.fromisoformat("2026-11-25T01:00:00+03:00")  # 22:00 of the 24th
    assert receive(ledger, "<1>")[1]
    assert receive(ledger, "<2>", now=east)[1]
    assert "2 on 2026-11-24" in refusal(lambda: receive(ledger, "<3>", now=east))


def test_same_mail_is_one_submission(ledger: Ledger) -> None:
    register(ledger)
    assert receive(ledger) == (1, True)
    assert receive(ledger) == (1, False)
    assert ledger.counts() == {
        "teams": 1,
        "received": 1,
        **dict.fromkeys((STARTED, DONE, FAILED, REJECTED, RETURNED), 0),
    }


@pytest.mark.parametrize(("state", "given_back"), [(DONE, False), (FAILED, False), (REJECTED, True), (RETURNED, True)])
def test_what_never_ran_is_given_back(ledger: Ledger, state: str, given_back: bool) -> None:
    register(ledger)
    for message in ("<1>", "<2>"):
        receive(ledger, message)
    entry = ledger.entries()[0]
    assert ledger.add_event(entry, STARTED, {}, NOW)
    assert ledger.add_event(ledger.entries()[0], state, {"reason": "x"}, NOW)
    if given_back:
        assert receive(ledger, "<3>")[1]
    else:
        assert "at most 2" in refusal(lambda: receive(ledger, "<3>"))
    assert [change["state"] for change in ledger.history(entry.id)] == [RECEIVED, STARTED, state]


def test_only_one_can_take_a_submission(ledger: Ledger) -> None:
    register(ledger)
    receive(ledger)
    entry = ledger.entries()[0]
    assert ledger.add_event(entry, STARTED, {"host": "one"}, NOW)
    assert not ledger.add_event(entry, STARTED, {"host": "two"}, NOW)
    assert ledger.entries()[0].detail == {"host": "one"}


def test_last_done_is_each_teams_newest(ledger: Ledger) -> None:
    register(ledger, 3)
    for team, message, state in ((1, "<1>", DONE), (2, "<2>", DONE), (1, "<3>", DONE), (2, "<4>", FAILED)):
        number, _ = receive(ledger, message, team=team)
        ledger.add_event(ledger.entries()[number - 1], state, {"message": message}, NOW)
    assert [(entry.team, entry.detail["message"]) for entry in ledger.last_done("enhancement")] == [
        ("team 1", "<3>"),
        ("team 2", "<2>"),
    ]
    assert ledger.last_done("super_resolution") == []


def test_who_is_refused(ledger: Ledger) -> None:
    register(ledger, 2)
    assert refusal(lambda: receive(ledger, team=7)) == (
        "expected a submission of a registered team (team 7 as number 7), found no team with that number: "
        "register first: aic submit register"
    )
    assert "found team team 2 with that number" in refusal(lambda: receive(ledger, team_id=2))
    assert refusal(lambda: receive(ledger, token="guessed")).startswith(
        "expected the secret that team 1 (team 1) registered with, found another"
    )
    assert ledger.counts()["received"] == 0


def test_closed_track(ledger: Ledger) -> None:
    register(ledger)
    ledger.set_closed("enhancement", True, NOW)
    assert ledger.closed() == {"enhancement"}
    closed = "expected a submission to an open track, found enhancement, closed: ask when it opens"
    assert refusal(lambda: receive(ledger)) == closed
    ledger.set_closed("enhancement", False, NOW)
    assert receive(ledger)[1]


def test_names_that_look_alike_are_one(ledger: Ledger) -> None:
    register(ledger)
    assert ledger.register("Team  1", [], SECRET, "<again>", NOW) == (1, False)
    other = hashlib.sha256(b"other").hexdigest()
    assert "found that of team 1: take another name" in refusal(
        lambda: ledger.register("TEAM 1", [], other, "<x>", NOW)
    )


@pytest.mark.parametrize(
    "text",
    ["'; DROP TABLE teams; --", "=cmd()", "../../etc", "😀" * 80, "x" * 10_000, "שלום", '"quoted"', "%s {} \\"],
    ids=["sql", "formula", "path", "emoji", "long", "right to left", "quotes", "formats"],
)
def test_texts_come_back_as_they_were(ledger: Ledger, text: str) -> None:
    name = text[:80]  # the e-mails allow no more
    number, _ = ledger.register(name, [{"name": name, "affiliation": name}], SECRET, name, NOW)
    claimed = {text: text, "nested": [1.5, None]}
    one = Submission("enhancement", number, name, text, "0" * 64, 1000, "secret", claimed)
    ledger.receive(one, name, NOW)
    entry = ledger.entries()[0]
    assert (entry.team, entry.link) == (name, text)


def test_forty_processes_get_two_a_day(ledger: Ledger, place: str, crowds: Crowds) -> None:
    register(ledger)
    crowds.start(place, NOW, 40, 1, 1)
    lines = crowds.rest()
    accepted = [line for line in lines if line.startswith("accepted")]
    refused = [line for line in lines if line.startswith("refused")]
    assert (len(accepted), len(refused)) == (2, 38)
    assert all(line.endswith("from 2026-11-25 00:00 UTC") for line in refused)
    assert ledger.counts()["received"] == 2
    tomorrow = NOW + timedelta(hours=6)
    crowds.start(place, tomorrow, 40, 1, 1)
    assert sum(line.startswith("accepted") for line in crowds.rest()) == 2
    assert ledger.counts()["received"] == 4


def test_killed_writers_lose_and_double_nothing(ledger: Ledger, place: str, crowds: Crowds) -> None:
    register(ledger, 500)
    chance, acknowledged = random.Random(7), []
    for turn in range(6):
        day = NOW + timedelta(days=turn)
        group = crowds.start(place, day, 8, 200, 500)
        acknowledged += [crowds.line() for _ in range(chance.randint(1, 100))]
        os.killpg(group, signal.SIGKILL)
        acknowledged += crowds.rest()
    numbers = {int(line.split()[1]): line.split()[2] for line in acknowledged if line.startswith("accepted")}
    assert len(numbers) > 100
    there = {entry.id: entry for entry in ledger.entries()}
    assert numbers.keys() <= there.keys(), "an acknowledged submission is lost"
    assert all(entry.number == 1 for entry in there.values()), "one without its first event, or with two"
    per_day: dict[tuple[int, str], int] = {}
    for entry in there.values():
        key = (entry.team_id, entry.received_utc[:10])
        per_day[key] = per_day.get(key, 0) + 1
    assert max(per_day.values()) <= 2


def test_locked_ledger_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_tables, "BUSY_S", 0.2)
    ledger = Ledger(str(tmp_path / "ledger.sqlite"))
    register(ledger)
    with sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        found = refusal(lambda: receive(ledger))
    assert "found database is locked: end the program that holds it" in found
    assert ledger.entries() == []


def test_read_only_ledger_is_one_line_and_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first = Ledger(str(path))
    register(first)
    first.close()
    uri = f"sqlite:///file:{path}?mode=ro&uri=true"  # root may write whatever the mode of a file
    ledger = Ledger(uri)
    assert "readonly database: make the file and its folder writable" in refusal(lambda: receive(ledger))
    assert ledger.counts()["teams"] == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"not a database, but long enough to be looked at" * 30, "file is not a database: name the ledger's own file")],
)
def test_other_files_are_refused_and_left_alone(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(content)
    assert words in refusal(lambda: Ledger(str(path)))
    assert path.read_bytes() == content


def test_newer_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger(str(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE ledger SET version = 9")
    assert refusal(lambda: Ledger(str(path))) == (
        f"expected a ledger of version 1 at {path}, found version 9: use the workbench that made it"
    )


def test_server_that_is_not_there_is_one_line_without_the_password() -> None:
    found = refusal(lambda: Ledger("postgresql+psycopg://aic:geheim@127.0.0.1:1/x"))
    assert found.startswith("expected a ledger at postgresql+psycopg://aic:***@127.0.0.1:1/x that can be read")
    assert "geheim" not in found
    assert "no database driver" not in found


def test_no_query_of_ingest_walks_through_all_submissions(tmp_path: Path) -> None:
    """How long it takes is in benchmarks/desk.py."""
    ledger = Ledger(str(tmp_path / "ledger.sqlite"))
    register(ledger)
    engine = sql.create_engine(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    statements: list[str] = []
    sql.event.listen(ledger._engine, "before_cursor_execute", lambda *call: statements.append((call[2], call[3])))
    receive(ledger)
    with engine.connect() as connection:
        for statement, values in statements:
            if statement.startswith("SELECT"):
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
                assert not any(str(step[3]).startswith(("SCAN submissions", "SCAN events")) for step in plan), plan


@pytest.mark.parametrize("place", [":memory:", "sqlite://", "sqlite:///:memory:"])
def test_ledger_that_nothing_keeps_is_refused(place: str) -> None:
    assert refusal(lambda: Ledger(place)) == (
        f"expected a ledger in a file or on a server, found {place}, which nothing keeps: name a file"
    )


def test_database_of_something_else_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE teams (colour TEXT)")
    before = path.read_bytes()
    assert "found a database of something else, with 1 tables" in refusal(lambda: Ledger(str(path)))
    assert path.read_bytes() == before


@pytest.mark.parametrize("url", ["postgresql+psycopg://u:geheim@127.0.0.1:abc/x", "postgresql+psycopg://[::1/x"])
def test_url_with_a_mistake_is_one_line(url: str) -> None:
    found = refusal(lambda: Ledger(url))
    assert found.startswith("expected a ledger's URL (postgresql+psycopg://")
    assert "geheim" not in found


def test_password_among_the_options_is_not_shown() -> None:
    assert ledger_tables.shown("postgresql://h/x?user=a&password=geheim&x=1") == (
        "postgresql://h/x?user=a&password=***&x=1"
    )


def test_reading_makes_no_ledger(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "ledger.sqlite"
    assert refusal(lambda: Ledger(str(path), make=False)) == (
        f"expected a ledger at {path}, found nothing: aic submit ingest makes one; check --desk and --ledger"
    )
    assert not path.parent.exists()
