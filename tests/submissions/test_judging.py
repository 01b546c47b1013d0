"""The desk from e-mails to a leaderboard: strangers' models are fetched, read, run shut in, and judged."""

from __future__ import annotations

import hashlib
import http.server
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fixtures import hostile_graphs, litert_files, onnx_files, processes, run_folders, small_boards, team_runs

from aic_helpers.boards import executors
from aic_helpers.core import isolation
from aic_helpers.core.errors import InputError
from aic_helpers.core.locks import alone
from aic_helpers.evaluation import isolated
from aic_helpers.models import conversion
from aic_helpers.processes import fork_server
from aic_helpers.profiling import requirements
from aic_helpers.runs import results, schema
from aic_helpers.submissions import eml, intake, judging, leaderboards, messages
from aic_helpers.submissions.ledgers import DONE, FAILED, RECEIVED, REJECTED, RETURNED, STARTED, Ledger

pytestmark = pytest.mark.tensorflow

FIXTURES_ROOT = Path(__file__).parents[1]

TOKEN = "t" * 43
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Timed(executors.LocalExecutor):
    """This machine, where times are made up: a test of the desk is none of times."""

    def profile(self, settings: Any, limits: Any, progress: Any) -> None:
        key = self.profile_key(settings, limits, results.read(settings.folder))
        made_up = {**run_folders.empty(schema.Profile), **team_runs.result()["profile"]}
        results.write_part(settings, "profile", made_up, key)


@dataclass
class Office:
    """A desk, the folder that a server serves, and the e-mails that come."""

    folder: Path
    address: str
    desk: judging.Desk
    sent: int = 0
    hashes: dict[str, str] = field(default_factory=dict)

    def register(self, *teams: str) -> None:
        for team in teams:
            token_sha256 = hashlib.sha256(TOKEN.encode()).hexdigest()
            content = messages.Registration(team, (messages.Member("Ada", "Home"),), token_sha256)
            self.take(eml.registration_mail(content, sender="ada@example.org", address="desk@example.org"))

    def submit(self, team_id: int, team: str, content: bytes, **changes: Any) -> intake.Taken:
        name = f"{hashlib.sha256(content).hexdigest()}.pb"
        (self.folder / "web" / name).write_bytes(content)
        submission = messages.Submission(
            track="enhancement",
            team_id=team_id,
            team=team,
            link=f"{self.address}/{name}",
            sha256=hashlib.sha256(content).hexdigest(),
            bytes=len(content),
            token=TOKEN,
            result={"metrics": {"psnr_db": 99.0}},
        )
        submission = replace(submission, **changes)
        return self.take(eml.submission_mail(submission, sender="ada@example.org", address="desk@example.org"))

    def take(self, message: Any) -> intake.Taken:
        self.sent += 1
        path = self.folder / "mails" / f"{self.sent:03d}.eml"
        eml.write_mail(message, path)
        return intake.ingest(self.desk.ledger, path, self.desk.folder, NOW)

    def work(self, executor: Any = None) -> dict[int, Any]:
        return {entry.id: entry for entry in judging.work(self.desk, lambda: nullcontext(executor or Timed(2)))}


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.delenv(fork_server.VARIABLE, raising=False)  # strangers get a fork server of their own
    (tmp_path / "web").mkdir()
    small_boards.write(tmp_path, good=0)
    handler = partial(Quiet, directory=str(tmp_path / "web"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        ledger = Ledger(str(tmp_path / "desk" / "ledger.sqlite"))
        desk = judging.Desk(tmp_path / "desk", ledger, str(tmp_path / "photos"), private_links=True)
        yield Office(tmp_path, f"http://127.0.0.1:{server.server_port}", desk)
        ledger.close()
        server.shutdown()
        thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def graph(gain: float) -> bytes:
    return hostile_graphs.content(hostile_graphs.good(gain))


def test_from_emails_to_a_leaderboard(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(isolated.Evaluator.__init__.__kwdefaults__, "timeout_s", 15.0)
    monkeypatch.setitem(requirements.check.__kwdefaults__, "run_timeout_s", 5.0)
    monkeypatch.setattr(conversion, "TRIAL_TIMEOUT_S", 2.0)
    monkeypatch.setenv("AIC_SECRET", "the organiser's")
    hostile_graphs.MARK.unlink(missing_ok=True)
    office.register("Alpha", "=cmd()", "<b>Gamma</b>", "Delta")
    office.submit(1, "Alpha", graph(0.9))
    office.submit(1, "Alpha", graph(1.0))
    office.submit(2, "=cmd()", graph(0.95))
    office.submit(3, "<b>Gamma</b>", hostile_graphs.content(hostile_graphs.beside(hostile_graphs.write_file)))
    office.submit(3, "<b>Gamma</b>", hostile_graphs.content(hostile_graphs.endless_loop()))
    office.submit(4, "Delta", hostile_graphs.content(hostile_graphs.huge_fill()))
    office.submit(4, "Delta", graph(1.3), sha256="0" * 64)

    found = office.work()
    reasons = {number: entry.detail.get("reason", "") for number, entry in found.items()}
    states = [found[number].state for number in range(1, 8)]
    assert states == [DONE, DONE, DONE, REJECTED, FAILED, FAILED, REJECTED], reasons
    assert reasons[4].startswith("expected operations on tensors alone, found WriteFile (node evil)")
    assert "no reply within" in reasons[5]
    assert reasons[6].startswith("judge: expected constants of at most 3584 MiB in ")
    assert reasons[7].startswith("expected a file of SHA-256 000000000000... at the link")
    assert not hostile_graphs.MARK.exists()
    assert office.work() == {}, "nothing waits any more"
    assert_no_child_left()

    shown = leaderboards.leaderboard(office.desk.ledger, office.desk.folder)
    assert shown.table["name"].tolist() == ["Alpha", "=cmd()"]
    assert shown.table["submission"].tolist() == [2, 3], "each team's last successful one"
    assert shown.table["rank_A"].tolist() == [1, 2]
    files = dict(leaderboards.write(shown))
    assert "\n3," not in files["csv"].read_text()
    assert ",'=cmd()," in files["csv"].read_text()
    assert "99.0" not in files["json"].read_text(), "what a team claims is no figure of ours"
    if os.geteuid() == 0:
        held = found[1].detail["confinement"]
        assert held == dict.fromkeys(held, True)


def assert_no_child_left() -> None:
    names = [process.cmdline()[-3:] for process in processes.below()]
    assert names == []


OWN = (
    'title = "Small and good"\n[protocol]\nmetrics = ["psnr"]\n[rules]\nmax_file_mb = 0.5\n'
    '[formulas]\nworth = "psnr - parameters"\n[scores]\nworth = "higher"\n'
)


def test_a_track_of_the_desks_own(office: Office) -> None:
    place = office.desk.folder / "tracks" / "mine.toml"
    place.parent.mkdir()
    place.write_text(OWN)
    track_file = office.desk.tracks["mine"].content
    office.register("Alpha", "Beta")
    told = office.submit(1, "Alpha", graph(0.9), track="mine", result={"track_file": track_file})
    assert told.words == "submission 1 of team 1 (Alpha) to mine"
    office.submit(2, "Beta", graph(1.0), track="mine", result={"track_file": track_file})
    office.submit(2, "Beta", graph(0.8), track="mine", result={"track_file": track_file}, bytes=600_000)
    found = office.work()
    assert [found[number].state for number in (1, 2, 3)] == [DONE, DONE, REJECTED]
    assert found[3].detail["reason"].startswith("expected a model of at most 500000 bytes, found 600000 bytes")
    shown = leaderboards.leaderboard(office.desk.ledger, office.desk.folder)
    assert list(shown.tracks) == ["mine"]
    assert shown.table["rank_worth"].tolist() == [1, 2]
    page = dict(leaderboards.write(shown))["html"].read_text()
    assert ("Small and good" in page, "Ranked by score worth." in page) == (True, True)
    place.unlink()
    office.submit(1, "Alpha", graph(0.7))
    again = replace(office.desk)  # as another call sees it
    shown = leaderboards.leaderboard(again.ledger, again.folder)
    assert (len(shown.table), shown.notes) == (0, ["Left out, for want of the track's file in tracks: mine."])


@pytest.mark.parametrize(
    ("track", "result", "line"),
    [
        ("other", {}, "expected a submission to a track of this desk, found other: put its file into "),
        ("enhancment", {}, "found enhancment: did you mean enhancement?"),
        ("mine", {}, "expected a run by the mine.toml of this desk, found one by another: send the team your file"),
        (
            "mine",
            {"track_file": {"title": "Small and easy"}},
            "expected a run by the mine.toml of this desk, found one",
        ),
    ],
)
def test_a_track_that_the_desk_has_not_is_refused(office: Office, track: str, result: Any, line: str) -> None:
    (office.desk.folder / "tracks").mkdir()
    (office.desk.folder / "tracks" / "mine.toml").write_text(OWN)
    office.register("Alpha")
    with pytest.raises(InputError) as error:
        office.submit(1, "Alpha", graph(1.0), track=track, result=result)
    assert line in str(error.value)
    assert "\n" not in str(error.value)
    assert office.desk.ledger.entries() == []


def test_a_file_that_went_while_a_submission_waits_is_told(office: Office) -> None:
    place = office.desk.folder / "tracks" / "mine.toml"
    place.parent.mkdir()
    place.write_text(OWN)
    office.register("Alpha")
    office.submit(1, "Alpha", graph(1.0), track="mine", result={"track_file": office.desk.tracks["mine"].content})
    place.unlink()
    line = f"expected the file of track mine, to which a submission waits, in {place.parent}, found none: put it back"
    with pytest.raises(InputError, match=line):
        judging.require_data(replace(office.desk))


def test_files_of_litert_are_judged_behind_the_same_walls(office: Office) -> None:
    office.register("Alpha", "Beta")
    good = litert_files.float_network(free=True).content()
    office.submit(1, "Alpha", good)
    office.submit(1, "Alpha", good[: len(good) // 2])
    office.submit(2, "Beta", litert_files.with_custom_operator(litert_files.float_network(free=True)).content())
    found = office.work()
    reasons = {number: entry.detail.get("reason", "") for number, entry in found.items()}
    assert [found[number].state for number in (1, 2, 3)] == [DONE, REJECTED, REJECTED], reasons
    assert "before its parts do" in reasons[2]
    assert reasons[3].startswith("expected operators on tensors alone, found the custom operator StrangersOp (layer")
    assert [path.suffix for path in office.desk.models.glob(f"{hashlib.sha256(good).hexdigest()}*")] == [".tflite"]
    assert (office.desk.folder / "board" / found[1].detail["folder"] / "model.tflite").read_bytes() == good
    if os.geteuid() == 0:
        held = found[1].detail["confinement"]
        assert held == dict.fromkeys(held, True)


HOSTILE_ONNX = {
    "a custom operator": (
        onnx_files.with_custom_operator,
        "found StrangersOp of the domain com.stranger (node strange)",
    ),
    "a loop without end": (onnx_files.with_endless_loop, "found Loop (node forever)"),
    "a function": (onnx_files.with_function, "found the function Twice"),
    "a path with ..": (
        lambda: onnx_files.naming_another_file("../../../etc/passwd"),
        "found one that names ../../../etc/passwd (conv1.weight)",
    ),
    "data outside of the folder": (lambda: onnx_files.naming_another_file("/etc/passwd"), "names /etc/passwd (conv1"),
    "2 GB declared": (onnx_files.declaring_2_gb, "found 432, where 2147483648 are declared (conv1.weight)"),
    "a cut file": (lambda: onnx_files.network().SerializeToString()[:679], "found a truncated, too deeply nested or"),
}


def test_files_of_onnx_are_judged_behind_the_same_walls(office: Office) -> None:
    good = onnx_files.clipped(onnx_files.network()).SerializeToString()
    office.register("Alpha", "Beta")
    office.submit(1, "Alpha", good)
    office.submit(2, "Beta", onnx_files.BOMBS["Tile"]().SerializeToString())
    found = office.work()
    reasons = {number: entry.detail.get("reason", "") for number, entry in found.items()}
    assert [found[number].state for number in (1, 2)] == [DONE, FAILED], reasons
    place = office.desk.folder / "board" / found[1].detail["folder"]
    assert [path.suffix for path in office.desk.models.glob(f"{hashlib.sha256(good).hexdigest()}*")] == [".onnx"]
    assert (place / "model.onnx").read_bytes() == good
    if os.geteuid() == 0:
        held = found[1].detail["confinement"]
        assert held == dict.fromkeys(held, True)


def test_hostile_files_of_onnx_are_rejected_unrun_each_with_its_reason(office: Office) -> None:
    office.register(*(f"Team {number}" for number in range(len(HOSTILE_ONNX))))
    for number, (make, _) in enumerate(HOSTILE_ONNX.values(), start=1):
        made = make()
        content = made if isinstance(made, bytes) else made.SerializeToString()
        office.submit(number, f"Team {number - 1}", content)
    found = office.work()
    assert {entry.state for entry in found.values()} == {REJECTED}
    for number, (_, words) in enumerate(HOSTILE_ONNX.values(), start=1):
        assert words in found[number].detail["reason"]
    assert not list((office.desk.folder / "board").rglob("result.json"))


def test_given_back_after_a_rejection(office: Office) -> None:
    office.register("Alpha")
    for content in (b"no graph", b"no graph at all"):
        office.submit(1, "Alpha", content)
    with pytest.raises(InputError, match="at most 2 submissions of team 1"):
        office.submit(1, "Alpha", graph(1.0))
    assert {entry.state for entry in office.work().values()} == {REJECTED}
    assert office.submit(1, "Alpha", graph(1.0)).outcome == "received"


def test_size_must_be_that_of_the_e_mail(office: Office) -> None:
    office.register("Alpha")
    office.submit(1, "Alpha", graph(1.0), bytes=5)
    (entry,) = office.work().values()
    assert entry.state == REJECTED
    assert entry.detail["reason"].startswith("expected a model of 5 bytes, as its e-mail says, found ")


def test_second_work_at_one_desk_takes_nothing(office: Office) -> None:
    office.register("Alpha")
    office.submit(1, "Alpha", graph(1.0))
    with alone(office.desk.folder), pytest.raises(InputError, match="no other command works in"):
        office.work()
    assert [entry.state for entry in office.desk.ledger.entries()] == [RECEIVED]


def test_too_large_is_rejected_unfetched(office: Office) -> None:
    office.register("Alpha")
    office.submit(1, "Alpha", b"x", bytes=100_000_001)
    (entry,) = office.work().values()
    assert (entry.state, entry.detail["reason"][:59]) == (
        REJECTED,
        "expected a model of at most 100000000 bytes, found 10000000",
    )


def test_what_fails_on_this_side_is_tried_three_times_and_given_back(office: Office) -> None:
    office.register("Alpha")
    office.submit(1, "Alpha", graph(1.0), link="http://127.0.0.1:1/model.pb")
    states = [next(iter(office.work().values())).state for _ in range(3)]
    assert states == [RECEIVED, RECEIVED, RETURNED]
    history = office.desk.ledger.history(1)
    assert [change["state"] for change in history].count(STARTED) == 3
    assert history[-1]["detail"]["reason"].startswith("127.0.0.1 doesn't answer (Connection refused)")


WORK = """
import os, signal, sys
from contextlib import nullcontext
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from test_judging import Timed
from aic_helpers.boards import journals
from aic_helpers.submissions import judging
from aic_helpers.submissions.ledgers import Ledger
note = journals.note

def killed(folder, event, unit, stage, **more):
    note(folder, event, unit, stage, **more)
    if event == "done" and stage == "judge":
        os.kill(os.getpid(), signal.SIGKILL)

journals.note = killed
folder = Path(sys.argv[1])
desk = judging.Desk(folder, Ledger(str(folder / "ledger.sqlite")), sys.argv[2], private_links=True)
judging.work(desk, lambda: nullcontext(Timed(1)))
"""


def test_killed_work_goes_on_where_it_was(office: Office) -> None:
    office.register("Alpha")
    office.submit(1, "Alpha", graph(0.9))
    office.submit(1, "Alpha", graph(1.0))
    call = [sys.executable, "-c", WORK, office.desk.folder, office.desk.data, Path(__file__).parent, FIXTURES_ROOT]
    assert subprocess.run(call, capture_output=True, timeout=200).returncode == -signal.SIGKILL
    assert {entry.state for entry in office.desk.ledger.entries()} == {STARTED}
    assert {entry.state for entry in office.work().values()} == {DONE}
    starts = [change["state"] for change in office.desk.ledger.history(1)]
    assert starts == [RECEIVED, STARTED, STARTED, DONE]


def test_ingest_of_a_folder_takes_registrations_first_and_tells_each(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "arrived"
    token_sha256 = hashlib.sha256(TOKEN.encode()).hexdigest()
    registration = messages.Registration("Alpha", (messages.Member("Ada", "Home"),), token_sha256)
    submission = messages.Submission("enhancement", 1, "Alpha", "https://example.org/m.pb", "0" * 64, 5, TOKEN, {})
    who = {"sender": "ada@example.org", "address": "desk@example.org"}
    eml.write_mail(eml.submission_mail(submission, **who), folder / "a.eml")
    eml.write_mail(eml.registration_mail(registration, **who), folder / "b.eml")
    (folder / "c.eml").write_bytes(b"Subject: cheap watches\r\n\r\nbuy\r\n")
    (folder / "._a.eml").write_bytes(b"Mac OS X")
    taken = list(intake.ingest_folder(office.desk.ledger, folder, office.desk.folder, NOW))
    assert [(one.file, one.outcome) for one in taken] == [
        ("b.eml", "registered"),
        ("a.eml", "received"),
        ("c.eml", "refused"),
    ]
    again = list(intake.ingest_folder(office.desk.ledger, folder, office.desk.folder, NOW))
    assert [one.outcome for one in again] == ["there already", "there already", "refused"]


def test_unknown_data_is_refused_before_anything_is_taken(office: Office) -> None:
    office.register("Alpha")
    office.submit(1, "Alpha", graph(1.0))
    desk = replace(office.desk, data="nowhere")
    with pytest.raises(InputError, match="nowhere"):
        judging.require_data(desk)


def test_nothing_stays_confined(office: Office) -> None:
    office.work()
    assert not isolation.active()
