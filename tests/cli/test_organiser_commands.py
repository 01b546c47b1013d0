"""The organiser's commands: what they print, their exit status, and one line where something is wrong."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fixtures import desks

from aic_helpers.cli import main
from aic_helpers.submissions import eml, judging, messages
from aic_helpers.submissions.ledgers import REJECTED, Ledger

Result = tuple[int, str, str]
WHO = {"sender": "ada@example.org", "address": "desk@example.org"}


@pytest.fixture
def aic(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Result]:
    """Call `aic` with a desk of its own; returns exit status, stdout and stderr."""

    def call(*words: object) -> Result:
        status = main.status([*map(str, words), "--desk", str(tmp_path / "desk")])
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The e-mails of a team: its registration, and three submissions."""
    token_sha256 = hashlib.sha256(desks.TOKEN.encode()).hexdigest()
    registration = messages.Registration("Alpha", (messages.Member("Ada", "Home"),), token_sha256)
    eml.write_mail(eml.registration_mail(registration, **WHO), tmp_path / "mails" / "registration.eml")
    for number in range(3):
        eml.write_mail(eml.submission_mail(submission(), **WHO), tmp_path / "mails" / f"{number}.eml")
    return tmp_path / "mails"


def submission(**changes: Any) -> messages.Submission:
    fields = {"track": "enhancement", "team_id": 1, "team": "Alpha", "link": "https://example.org/model.pb"}
    fields |= {"sha256": "0" * 64, "bytes": 1000, "token": desks.TOKEN, "result": {}}
    return messages.Submission(**fields | changes)


def test_ingest_tells_of_each_e_mail(aic: Callable[..., Result], folder: Path) -> None:
    status, stdout, stderr = aic("submit", "ingest", folder)
    lines = stdout.splitlines()
    assert (status, stderr, len(lines)) == (0, "", 4)
    assert lines[0].split(maxsplit=2) == ["registered", "registration.eml", "team 1: Alpha"]
    assert "submission 2 of team 1 (Alpha) to enhancement" in lines[2]
    assert lines[3].startswith("refused")
    assert "at most 2 submissions of team 1 (Alpha) to enhancement in a UTC day" in lines[3]


def test_single_e_mail_that_is_refused_is_one_line(aic: Callable[..., Result], folder: Path) -> None:
    status, stdout, stderr = aic("submit", "ingest", folder / "0.eml")
    assert (status, stdout) == (2, "")
    assert stderr == (
        "aic: expected a submission of a registered team (Alpha as number 1), found no team with that number: "
        "register first: aic submit register\n"
    )
    assert aic("submit", "queue")[1] == ("0 teams, 0 received, 0 started, 0 done, 0 failed, 0 rejected, 0 returned\n")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"Subject: cheap watches\r\nFrom: x@example.org\r\nMessage-ID: <1@x>\r\n\r\nbuy\r\n", "cheap watches"),
        (b"", "Submission"),
        (b"\x00" * 1000, "Submission"),
    ],
)
def test_what_is_no_e_mail_of_a_team(aic: Callable[..., Result], tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "other.eml").write_bytes(content)
    status, stdout, stderr = aic("submit", "ingest", tmp_path / "other.eml")
    assert (status, stdout, stderr.count("\n")) == (2, "", 1)
    assert words in stderr


def test_folder_without_e_mails(aic: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    status, _, stderr = aic("submit", "ingest", tmp_path / "empty")
    assert (status, stderr) == (
        2,
        f"aic: expected e-mails (*.eml) in {tmp_path / 'empty'}, found none: export them there\n",
    )


def test_queue_shows_reasons_and_history(aic: Callable[..., Result], tmp_path: Path) -> None:
    ledger = desks.ledger(tmp_path / "desk", {"Alpha": desks.figures(24)})
    desks.conclude(ledger, "Alpha", {"reason": "expected \x1b[2Jtensors"}, REJECTED)
    ledger.close()
    status, stdout, _ = aic("submit", "queue")
    assert status == 0
    assert stdout.startswith("1 teams, 0 received, 0 started, 1 done, 0 failed, 1 rejected, 0 returned\n")
    assert "rejected  expected \\x1b[2Jtensors" in stdout
    found = json.loads(aic("submit", "queue", "--json", "--last", "1")[1])
    assert [change["state"] for change in found["submissions"][0]["history"]] == ["received", "rejected"]


def test_closing_and_opening_a_track(aic: Callable[..., Result], folder: Path) -> None:
    assert aic("submit", "close", "B") == (0, "enhancement is closed\n", "")
    assert "found enhancement, closed: ask when it opens" in aic("submit", "ingest", folder)[1]
    assert aic("submit", "open", "enhancement") == (0, "enhancement is open\n", "")
    assert aic("submit", "ingest", folder)[1].count("\nreceived") == 2
    status, _, stderr = aic("submit", "close", "enhancment")
    assert (status, stderr.count("\n")) == (2, 1)
    assert "did you mean enhancement?" in stderr


def test_leaderboard_prints_and_writes(aic: Callable[..., Result], tmp_path: Path) -> None:
    desks.ledger(tmp_path / "desk", {"Alpha": desks.figures(24), "Beta": desks.figures(26)}).close()
    status, stdout, stderr = aic("leaderboard")
    assert (status, stderr) == (0, "")
    lines = stdout.splitlines()
    assert lines[0] == "Track B: photo enhancement, by score A"
    assert lines[1].split()[:2] == ["rank", "team"]
    assert [line.split()[:2] for line in lines[2:4]] == [["1", "Beta"], ["2", "Alpha"]]
    assert {path.name for path in (tmp_path / "desk").glob("leaderboard.*")} == {
        "leaderboard.csv",
        "leaderboard.html",
        "leaderboard.json",
    }
    assert json.loads(aic("leaderboard", "--json")[1])["rows"][0]["name"] == "Beta"
    assert aic("leaderboard", "--by", "Z")[0] == 2


def test_leaderboard_without_submissions(aic: Callable[..., Result]) -> None:
    assert aic("leaderboard")[2].endswith("found nothing: aic submit ingest makes one; check --desk and --ledger\n")
    aic("submit", "open", "enhancement")
    assert aic("leaderboard")[1].startswith("no successful submission yet\n")


def test_work_with_nothing_to_do(aic: Callable[..., Result]) -> None:
    aic("submit", "open", "enhancement")
    assert aic("submit", "work") == (0, "nothing waits\n", "")
    for option in ("--limit", "--workers"):
        assert aic("submit", "work", option, "-1")[0] == 2


def test_work_in_a_folder_named_from_here_is_told_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A confined child works in another folder: there a path from here would lead nowhere."""
    seen: list[judging.Desk] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(judging, "work", lambda desk, *_, **__: seen.append(desk) or [])
    main.status(["submit", "open", "enhancement", "--desk", "desk"])
    assert main.status(["submit", "work", "--desk", "desk"]) == 0
    assert [desk.folder for desk in seen] == [tmp_path / "desk"]


def test_work_refuses_data_before_it_takes_anything(aic: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    aic("submit", "ingest", folder)
    status, _, stderr = aic("submit", "work", "--data", tmp_path / "mails")
    assert (status, stderr.count("\n")) == (2, 1)
    assert "2 received, 0 started" in aic("submit", "queue")[1]


def test_newer_and_other_ledgers(aic: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "desk" / "ledger.sqlite"
    Ledger(str(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE ledger SET version = 2")
    status, _, stderr = aic("submit", "queue")
    assert (status, stderr) == (
        2,
        f"aic: expected a ledger of version 1 at {path}, found version 2: use the workbench that made it\n",
    )
    path.write_text("something else, and long enough " * 100)
    assert "name the ledger's own file" in aic("leaderboard")[2]


def test_desk_that_is_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "desk").write_text("")
    assert main.status(["submit", "queue", "--desk", str(tmp_path / "desk")]) == 2
    assert "found a file: name another place with --desk" in capsys.readouterr().err
