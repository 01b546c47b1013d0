"""Boards run to their end, whatever ends them in between; a bad model is a row, and nothing is done twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fixtures import reading, run_folders, small_boards

from aic_helpers.boards import executors, journals, scheduling
from aic_helpers.core import project_paths, safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.processes.workers import ChildError
from aic_helpers.profiling.timing import Limits
from aic_helpers.runs import cache_keys, results, schema

pytestmark = pytest.mark.tensorflow

PROFILE = {**run_folders.empty(schema.Profile), **run_folders.result()["profile"]}


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A board of four models, two of them bad, that nothing disturbed; the folder with board.toml and out."""
    folder = tmp_path_factory.mktemp("board")
    spec = small_boards.spec(folder, good=2, bad=("always_nan", "aborts"))
    scheduling.run(spec, executors.LocalExecutor(2))
    return folder


def begun(folder: Path) -> list[str]:
    return [line["unit"] for line in journals.lines(folder) if line["event"] == "begun"]


def test_every_model_is_a_row_the_bad_ones_with_their_reason(unbroken: Path) -> None:
    table = small_boards.table(unbroken / "out")
    assert sorted(begun(unbroken / "out")) == [
        f"enhancement/{name}" for name in ("aborts", "always_nan", "good_0", "good_1")
    ]
    rows = {line.split(",")[0]: line for line in table.splitlines()}
    assert "returned NaN or infinity" in rows["always_nan"]
    assert "died of SIGABRT" in rows["aborts"]
    assert results.read(unbroken / "out" / "enhancement" / "good_1").metrics.images == 3


def test_a_second_call_does_nothing(unbroken: Path) -> None:
    before = begun(unbroken / "out")
    spec = small_boards.read_spec(unbroken / "board.toml", unbroken / "out")
    assert scheduling.run(spec, executors.LocalExecutor(2)) == {"entries": 4, "there": 4, "done": 0, "failed": 0}
    assert begun(unbroken / "out") == before


KILL = """
import os, signal, sys
from aic_helpers.boards import executors, journals, scheduling, specs
note, seen = journals.note, [0]

def counted(folder, event, unit, stage, **more):
    note(folder, event, unit, stage, **more)
    seen[0] += event == sys.argv[3]
    if seen[0] == int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)

journals.note = counted
scheduling.run(specs.read_spec(sys.argv[1], sys.argv[2]), executors.LocalExecutor(2))
"""


def killed(board: Path, out: Path, event: str, count: int) -> None:
    """Run a board in a process of its own that is killed outright at its so manyth event of a kind."""
    call = [sys.executable, "-c", KILL, str(board), str(out), event, str(count)]
    assert subprocess.run(call, capture_output=True).returncode == -signal.SIGKILL


def recorded(folder: Path) -> set[str]:
    """Return the units whose results are in their run folders."""
    found = set()
    for path in folder.glob("*/*/result.json"):
        if results.read(path.parent).raw["requirements"] is not None:
            found.add(f"{path.parent.parent.name}/{path.parent.name}")
    return found


def test_a_board_that_is_killed_goes_on_and_ends_as_if_nothing_had_been(unbroken: Path) -> None:
    board, out = unbroken / "board.toml", unbroken / "killed"
    for event, count in (("begun", 1), ("begun", 2), ("done", 1), ("done", 2), ("", 0)):
        before, lines = recorded(out), len(begun(out))
        if event:
            killed(board, out, event, count)
        else:
            scheduling.run(small_boards.read_spec(board, out), executors.LocalExecutor(2))
        assert not before & set(begun(out)[lines:]), "done again after it had been recorded"
    assert small_boards.table(out) == small_boards.table(unbroken / "out")
    assert not list(out.glob("*/*/.partial-*"))


INTERRUPT = """
import os, signal, subprocess, sys
import psutil
from aic_helpers.boards import executors, journals, scheduling, specs

def interrupt(folder, event, unit, stage, **more):
    if event == "done":
        os.kill(os.getpid(), signal.SIGINT)

other = subprocess.Popen(["sleep", "600"])
signal.signal(signal.SIGINT, signal.default_int_handler)
journals.note = interrupt
try:
    scheduling.run(specs.read_spec(sys.argv[1], sys.argv[2]), executors.LocalExecutor(1))
except KeyboardInterrupt:
    left = psutil.Process().children(recursive=True)
    print("interrupted, and left:", [child.cmdline() for child in left])
    other.kill()
"""
"""In a process of its own, for the interrupt's sake; it has a child that isn't the board's, and isn't ended with it."""


@pytest.mark.usefixtures("no_fork_server")
def test_an_interrupt_ends_all_children_and_keeps_what_is_recorded(tmp_path: Path) -> None:
    board, out = small_boards.write(tmp_path, good=2), tmp_path / "out"
    call = [sys.executable, "-c", INTERRUPT, str(board), str(out)]
    done = subprocess.run(call, capture_output=True, text=True)
    assert done.stdout == "interrupted, and left: [['sleep', '600']]\n", done.stderr
    assert recorded(out) == {"enhancement/good_0"}
    assert not list(out.glob("*/*/.partial-*"))


class Stub:
    """An executor that measures nothing; it notes what it was asked for, and fails as it is told to."""

    side_by_side, timed_at_once = 2, 1

    def __init__(self, fail: str = "") -> None:
        self.done: list[tuple[str, str]] = []
        self.fail = fail

    def _do(self, what: str, settings: Any) -> None:
        self.done.append((what, settings.source.name))
        if what == self.fail:
            raise InputError("a model that runs", "one that doesn't", "mend it")

    def evaluate(self, settings: Any, progress: Any) -> None:
        self._do("evaluate", settings)
        key = cache_keys.metrics_key(settings, results.read(settings.folder).model_sha256)
        results.write_part(settings, "metrics", {"psnr_db": 30.0, "ms_ssim": 0.9}, key)

    def profile(self, settings: Any, limits: Any, progress: Any) -> None:
        self._do("profile", settings)
        key = self.profile_key(settings, limits, results.read(settings.folder))
        results.write_part(settings, "profile", PROFILE, key)

    def check(self, settings: Any, weighed: bool) -> None:
        self._do("check", settings)
        key = cache_keys.requirements_key(settings, results.read(settings.folder), weighed=weighed)
        results.write_part(settings, "requirements", [], key)

    def profile_key(self, settings: Any, limits: Any, result: schema.Result) -> dict[str, Any]:
        return {"model": result.model_sha256, "time_budget_s": limits.time_budget_s}

    def stop(self) -> None:
        pass


@pytest.fixture
def timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Read a board with times, of two models that nothing converts."""

    def convert(source: Any, out: Path, **asked: Any) -> dict[str, Any]:
        out.write_bytes(source.path.read_bytes())
        return {
            "name": source.name,
            "sha256": safe_files.sha256(out),
            "read_files": {},
            "adapters": [],
            "kind": "frozen",
        }

    monkeypatch.setattr("aic_helpers.models.conversion.convert", convert)
    monkeypatch.setenv(project_paths.CACHE_VARIABLE, str(tmp_path / "cache"))  # what is made up is for this test alone
    board = small_boards.write(tmp_path, good=2)
    board.write_text(board.read_text().replace("profile = false", "profile = true"))
    return lambda: small_boards.read_spec(board, tmp_path / "out")


def test_times_are_taken_after_all_are_judged(timed: Any) -> None:
    executor = Stub()
    assert scheduling.run(timed(), executor)["done"] == 2
    assert [what for what, _ in executor.done] == ["evaluate", "evaluate", "profile", "check", "profile", "check"]
    again = Stub()
    assert scheduling.run(timed(), again)["there"] == 2
    assert again.done == []


def test_only_what_a_changed_model_needs_is_done(timed: Any, tmp_path: Path) -> None:
    scheduling.run(timed(), Stub())
    (tmp_path / "nets" / "good_1.pb").write_bytes(b"another net")
    executor = Stub()
    scheduling.run(timed(), executor)
    assert {name for _, name in executor.done} == {"good_1"}


@pytest.mark.parametrize("fresh", [False, True])
def test_another_model_by_the_name_of_one_is_refused(timed: Any, tmp_path: Path, fresh: bool) -> None:
    scheduling.run(timed(), Stub())
    board, before = tmp_path / "board.toml", small_boards.table(tmp_path / "out")
    named = '{ name = "good_1", model = "nets/good_0.pb" }'
    board.write_text(board.read_text().replace('"nets/*.pb"', named))
    executor = Stub()
    with pytest.raises(InputError) as error:
        scheduling.run(timed(), executor, fresh=fresh)
    assert str(error.value) == (
        f"expected a run of {tmp_path}/nets/good_0.pb in {tmp_path}/out/enhancement/good_1, found one of "
        f"{tmp_path}/nets/good_1.pb: give it another name, or name another board with --out"
    )
    assert (executor.done, small_boards.table(tmp_path / "out")) == ([], before)


def test_where_all_is_in_place_each_result_is_parsed_once(timed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduling.run(timed(), Stub())
    counts = reading.counted(monkeypatch)
    assert scheduling.run(timed(), Stub())["there"] == 2
    assert (counts["result.json"], counts["hashed"]) == (2, 2)


def test_another_time_budget_takes_the_times_anew(timed: Any, tmp_path: Path) -> None:
    scheduling.run(timed(), Stub())
    board = tmp_path / "board.toml"
    board.write_text("time_budget_s = 20\n" + board.read_text())
    executor = Stub()
    scheduling.run(timed(), executor)
    assert [what for what, _ in executor.done] == ["profile", "check"] * 2


class Timer(Stub):
    """Times of three models: good_0 and good_1 are so close that four pairs leave their ranks within noise."""

    psnr_db = {"good_0": 30.0, "good_1": 29.98, "good_2": 25.0}  # noqa: RUF012

    def __init__(self, killed_at: int = 0) -> None:
        super().__init__()
        self.timed: list[tuple[str, int]] = []
        self._killed_at = killed_at

    def evaluate(self, settings: Any, progress: Any) -> None:
        mean_db = self.psnr_db[settings.source.name]
        figures = {"psnr_db": [mean_db - 1, mean_db + 1], "ms_ssim": [0.9, 0.9]}
        results.write_table(settings, "images", pd.DataFrame({"image": ["a", "b"], **figures}))
        key = cache_keys.metrics_key(settings, results.read(settings.folder).model_sha256)
        results.write_part(
            settings, "metrics", {"protocol": "pirm2018", "psnr_db": mean_db, "ms_ssim": 0.9, "images": 2}, key
        )

    def profile(self, settings: Any, limits: Limits, progress: Any) -> None:
        key = self.profile_key(settings, limits, results.read(settings.folder))
        if not cache_keys.stale(results.read(settings.folder), settings.folder, "profile", key):
            return
        self.timed.append((settings.source.name, limits.max_repetitions))
        if len(self.timed) == self._killed_at:
            raise SystemExit
        short = limits == Limits().shortest
        width = 0.2 if short else 0.001
        told = {"speedup": 2.0, "speedup_ci95": [2 - width, 2 + width], "repetitions": limits.max_repetitions}
        results.write_part(settings, "profile", PROFILE | told | {"stop_reason": "repetitions"}, key)

    def check(self, settings: Any, weighed: bool) -> None:
        self.done.append(("check", settings.source.name))
        key = cache_keys.requirements_key(settings, results.read(settings.folder), weighed=weighed)
        rule = {"name": "file size", "passed": True, "limit": "", "found": "", "evidence": "", "remedy": None}
        results.write_part(settings, "requirements", [rule], key)

    def profile_key(self, settings: Any, limits: Limits, result: schema.Result) -> dict[str, Any]:
        return {"model": result.model_sha256, **asdict(limits)}


SHORTLY = [("good_0", 4), ("good_1", 4), ("good_2", 4)]
LONGER = [("good_0", 60), ("good_1", 60)]


@pytest.fixture
def three(timed: Any, tmp_path: Path) -> Any:
    """A board of three models that nothing converts, and of which `Timer` knows the times."""
    (tmp_path / "nets" / "good_2.pb").write_bytes(b"a third net")
    return timed()


def timed_until(spec: Any, until: str, **how: Any) -> tuple[list[tuple[str, int]], dict[str, int]]:
    """Run a board; return who was timed, with how many repetitions at the most, and what was counted."""
    timer = Timer()
    count = scheduling.run(replace(spec, until=until), timer, **how)
    return timer.timed, count


def test_until_decided_only_those_are_timed_longer_whose_ranks_hang_on_it(three: Any) -> None:
    timed, count = timed_until(three, "decided")
    assert timed == SHORTLY + LONGER
    assert count == {"entries": 3, "there": 0, "done": 3, "failed": 0}
    shown = small_boards.table(three.folder).splitlines()
    assert [line.split(",")[0] for line in shown[1:]] == ["good_0", "good_1", "good_2"]
    assert all("within noise" not in line for line in shown)
    assert timed_until(three, "decided") == ([], {"entries": 3, "there": 3, "done": 0, "failed": 0})
    assert timed_until(three, "decided", fresh=True)[0] == SHORTLY + LONGER


def test_until_the_interval_all_are_timed_in_full_and_that_serves_until_decided_too(three: Any) -> None:
    every = [(name, 60) for name, _ in SHORTLY]
    assert timed_until(three, "interval")[0] == every
    assert timed_until(three, "decided")[0] == []
    timed_until(three, "decided", fresh=True)
    assert timed_until(three, "interval")[0] == [("good_2", 60)]


@pytest.mark.parametrize("killed_at", range(1, 6))
def test_until_decided_a_board_that_is_ended_goes_on_as_if_nothing_had_been(three: Any, killed_at: int) -> None:
    spec = replace(three, until="decided")
    with pytest.raises(SystemExit):
        scheduling.run(spec, Timer(killed_at))
    timer = Timer()
    scheduling.run(spec, timer)
    assert timer.timed == (SHORTLY + LONGER)[killed_at - 1 :]


def test_until_decided_somebody_must_take_the_longer_times(three: Any) -> None:
    spec, nobody = replace(three, until="decided"), Timer()
    with pytest.raises(SystemExit):
        scheduling.run(spec, Timer(killed_at=4))
    nobody.timed_at_once = 0
    with pytest.raises(InputError, match="expected a worker that takes times"):
        scheduling.run(spec, nobody)


def test_until_decided_new_rules_take_no_times_anew(three: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    timed_until(three, "decided")
    monkeypatch.setattr(cache_keys, "requirements_key", lambda *of, **how: {"code": "another"})
    timed, count = timed_until(three, "decided")
    assert (timed, count["done"]) == ([], 3)


def test_a_failure_is_recorded_and_tried_again_when_asked_or_when_the_model_changes(timed: Any, tmp_path: Path) -> None:
    told = []
    count = scheduling.run(timed(), Stub("profile"), progress=lambda *words: told.append(words))
    assert count["failed"] == 2
    failure = json.loads((tmp_path / "out" / "enhancement" / "good_0" / "failure.json").read_text())
    assert (failure["stage"], failure["kind"]) == ("measure", "input")
    assert failure["reason"] == "expected a model that runs, found one that doesn't: mend it"
    assert ("enhancement/good_0", 0, 0, f"failed: {failure['reason']}") in told
    again = Stub()
    assert scheduling.run(timed(), again)["failed"] == 2
    assert again.done == []
    (tmp_path / "nets" / "good_0.pb").write_bytes(b"another net")
    assert scheduling.run(timed(), Stub())["failed"] == 1
    assert scheduling.run(timed(), Stub(), retry=True)["failed"] == 0
    fresh = Stub()
    scheduling.run(timed(), fresh, fresh=True)
    assert len(fresh.done) == 6


def test_a_model_that_could_not_be_judged_is_judged_when_asked_or_when_it_changes(timed: Any, tmp_path: Path) -> None:
    assert scheduling.run(timed(), Stub("evaluate"))["failed"] == 2
    again = Stub("evaluate")
    assert scheduling.run(timed(), again, retry=True)["failed"] == 2
    assert [what for what, _ in again.done] == ["evaluate"] * 2
    failure = json.loads((tmp_path / "out" / "enhancement" / "good_0" / "failure.json").read_text())
    assert failure["reason"] == "expected a model that runs, found one that doesn't: mend it"
    (tmp_path / "nets" / "good_0.pb").write_bytes(b"another net")
    assert scheduling.run(timed(), Stub())["failed"] == 1
    assert scheduling.run(timed(), Stub(), retry=True)["failed"] == 0


def test_a_failure_of_other_bytes_is_forgotten_when_the_old_ones_are_back(timed: Any, tmp_path: Path) -> None:
    net = tmp_path / "nets" / "good_0.pb"
    good = net.read_bytes()
    scheduling.run(timed(), Stub())
    net.write_bytes(b"another net")
    assert scheduling.run(timed(), Stub("evaluate"))["failed"] == 1
    net.write_bytes(good)
    executor = Stub()
    assert scheduling.run(timed(), executor)["failed"] == 0
    assert executor.done == []


def test_a_result_that_was_removed_or_edited_is_made_anew(timed: Any, tmp_path: Path) -> None:
    scheduling.run(timed(), Stub())
    (tmp_path / "out" / "enhancement" / "good_0" / "result.json").unlink()
    edited = tmp_path / "out" / "enhancement" / "good_1" / "result.json"
    edited.write_text(edited.read_text().replace('"psnr_db": 30.0', '"psnr_db": "x"'))
    executor = Stub()
    assert scheduling.run(timed(), executor) == {"entries": 2, "there": 0, "done": 2, "failed": 0}
    assert sorted(name for what, name in executor.done if what == "evaluate") == ["good_0", "good_1"]
    assert results.read(edited.parent).metrics.psnr_db == 30.0


def test_a_new_board_refuses_a_folder_with_a_persons_own_files(timed: Any, tmp_path: Path) -> None:
    own = tmp_path / "out" / "enhancement" / "good_1" / "images.csv"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    for _ in range(2):
        with pytest.raises(InputError, match=r"a new folder for the board at .*out, found images.csv without a"):
            scheduling.run(timed(), Stub())
    assert own.read_text() == "mine"


def test_times_that_nobody_takes_are_told_before_the_work(timed: Any) -> None:
    executor = Stub()
    executor.timed_at_once = 0
    with pytest.raises(InputError, match=r"expected a worker that takes times, as this board wants them, found none"):
        scheduling.run(timed(), executor)
    assert executor.done == []
    scheduling.run(timed(), Stub())
    assert scheduling.run(timed(), executor)["there"] == 2


def test_a_stop_is_repeated_until_no_unit_goes_on(timed: Any) -> None:
    class Late(Stub):
        """Interrupted, it starts its child all the same, and only a second stop finds that."""

        stops = 0
        ended = threading.Event()

        def evaluate(self, settings: Any, progress: Any) -> None:
            if settings.source.name == "good_0":
                raise OSError("the board ends here")
            assert self.ended.wait(30)
            raise ChildError("it died of SIGKILL", "signal")

        def stop(self) -> None:
            self.stops += 1
            if self.stops == 2:
                self.ended.set()

    executor = Late()
    with pytest.raises(OSError, match="the board ends here"):
        scheduling.run(timed(), executor)
    assert executor.stops >= 2
    assert not (timed().entries[1].settings.folder / "failure.json").exists()


def test_units_that_never_began_keep_no_stop_waiting(timed: Any, tmp_path: Path) -> None:
    class OneByOne(Stub):
        side_by_side = 1
        stopped = threading.Event()

        def evaluate(self, settings: Any, progress: Any) -> None:
            self.done.append(("evaluate", settings.source.name))
            if settings.source.name == "good_0":
                raise OSError("the board ends here")
            assert self.stopped.wait(30)
            raise ChildError("it died of SIGKILL", "signal")

        def stop(self) -> None:
            self.stopped.set()

    (tmp_path / "nets" / "good_2.pb").write_bytes((tmp_path / "nets" / "good_1.pb").read_bytes())
    executor = OneByOne()

    def run() -> None:
        with pytest.raises(OSError, match="the board ends here"):
            scheduling.run(timed(), executor)

    running = threading.Thread(target=run, daemon=True)
    running.start()
    running.join(30)
    assert not running.is_alive()
    assert executor.done == [("evaluate", "good_0"), ("evaluate", "good_1")]


def test_a_full_disk_ends_the_board_and_keeps_what_is_there(
    timed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduling.run(timed(), Stub())
    (tmp_path / "nets" / "good_1.pb").write_bytes(b"another net")
    before = results.read(tmp_path / "out" / "enhancement" / "good_0")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(results, "write_part", full)
        with pytest.raises(OSError, match="No space left on device"):
            scheduling.run(timed(), Stub())
    assert results.read(tmp_path / "out" / "enhancement" / "good_0") == before
    assert scheduling.run(timed(), Stub())["done"] == 1


def test_one_board_at_a_time_in_a_folder(timed: Any, tmp_path: Path) -> None:
    class Second(Stub):
        def evaluate(self, settings: Any, progress: Any) -> None:
            with pytest.raises(InputError, match=r"expected a folder that no other command works in at .*, found one"):
                scheduling.run(timed(), Stub())
            super().evaluate(settings, progress)

    assert scheduling.run(timed(), Second())["done"] == 2


def test_a_line_that_a_kill_cut_off_is_left_out(tmp_path: Path) -> None:
    journals.note(tmp_path, "begun", "a", "judge")
    with (tmp_path / journals.FILE).open("a") as file:
        file.write('{"utc": "20')
    assert [line["unit"] for line in journals.lines(tmp_path)] == ["a"]
