"""Children reply, keep their limits, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.processes import fork_server, parent_pipes, workers
from aic_helpers.processes.workers import ChildError, Worker

FIXTURES = Path(__file__).parents[1] / "fixtures"
LONG_S = 60.0
"""Longer than any of these takes: a limit that a test isn't about must not be met on a busy machine."""


@pytest.fixture(autouse=True)
def _targets_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(FIXTURES), prepend=os.pathsep)


def call(name: str, request: dict | None = None, **limits: float) -> dict:
    return workers.call(f"child_targets:{name}", request or {}, **{"timeout_s": LONG_S, **limits})


def failure(name: str, **limits: float) -> ChildError:
    with pytest.raises(ChildError) as caught:
        call(name, **limits)
    assert "\n" not in str(caught.value)
    return caught.value


def assert_gone(*pids: int) -> None:
    """A killed process takes a moment to be reaped by whoever has it."""
    processes = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


def test_reply_is_not_disturbed_by_what_the_child_prints() -> None:
    request = {"text": "é\n" * 100_000, "number": 0.1}
    assert call("echo", request) == request


def test_environment_is_set_for_the_child_only() -> None:
    reply = workers.call(
        "child_targets:environment", {"name": "AIC_TEST"}, timeout_s=LONG_S, environment={"AIC_TEST": "7"}
    )
    assert reply == {"value": "7"}
    assert "AIC_TEST" not in os.environ


def test_input_error_comes_back_as_itself() -> None:
    with pytest.raises(InputError, match=r"^expected a whole number, found 2\.5: round it$"):
        call("input_error")


def test_other_errors_say_what_and_where_in_the_users_file() -> None:
    error = failure("user_error")
    assert error.kind == "raised"
    assert str(error).startswith("JSONDecodeError: Expecting property name")
    line = (FIXTURES / "child_targets.py").read_text().splitlines().index('    return json.loads("{")') + 1
    assert f"({FIXTURES / 'child_targets.py'}:{line})" in str(error)


def test_long_error_keeps_both_ends() -> None:
    message = str(failure("long_error"))
    assert "the first words" in message
    assert "the last words" in message
    assert len(message) < 600


def test_unknown_target_is_an_error_of_the_child() -> None:
    assert "has no attribute 'nothing'" in str(failure("nothing"))


def test_timeout_ends_the_child() -> None:
    with Worker("child_targets:loop", timeout_s=1.0) as worker:
        with pytest.raises(ChildError, match="no reply within 1 s") as caught:
            worker.ask({})
        assert caught.value.kind == "timeout"
        assert_gone(worker.pid)
        with pytest.raises(ChildError, match="has ended already"):
            worker.ask({})


@pytest.mark.parametrize("name", ["grow", "grow_in_grandchild"])
def test_watchdog_stops_growth_step_by_step(name: str) -> None:
    with Worker(f"child_targets:{name}", timeout_s=LONG_S, max_rss_mib=200) as worker:
        with pytest.raises(ChildError, match="above the cap of 200 MiB") as caught:
            worker.ask({})
        assert (caught.value.kind, caught.value.mechanism) == ("memory", "watchdog")
        assert caught.value.mib is not None
        assert caught.value.mib > 200
        assert_gone(worker.pid)


def test_one_large_allocation_is_refused() -> None:
    error = failure("allocate", max_rss_mib=200)
    assert (error.kind, error.mechanism, error.mib) == ("memory", "RLIMIT_DATA", 712.0)
    assert "above the cap of 200 MiB was refused (RLIMIT_DATA 712 MiB): MemoryError" in str(error)


def test_a_crash_for_want_of_memory_is_told_as_such_under_a_cap() -> None:
    error = failure("crash_for_want_of_memory", max_rss_mib=200)
    assert (error.kind, error.mechanism) == ("memory", "RLIMIT_DATA")
    assert failure("crash_for_want_of_memory").kind == "signal"


def test_signals_are_named() -> None:
    error = failure("abort")
    assert error.kind == "signal"
    assert str(error) == "it died of SIGABRT; it last printed: a last word"
    assert error.log == ["a last word"]
    assert str(failure("kill")).startswith("it died of SIGKILL (which the kernel sends when")


def test_exit_without_reply() -> None:
    error = failure("leave")
    assert (error.kind, str(error)) == ("exit", "it exited with status 3 before it replied")


def test_grandchildren_end_too_even_in_a_session_of_their_own() -> None:
    assert_gone(call("leave_grandchild")["pid"])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to the nearest that asks for them")
def test_an_orphan_ends_too() -> None:
    assert_gone(call("leave_an_orphan")["pid"])


def test_a_child_that_prints_without_end_is_ended() -> None:
    error = failure("flood")
    assert (error.kind, str(error)) == ("exit", "it printed more than 64 MiB; it was ended")


def test_worker_keeps_its_state_and_lives_on_after_an_error() -> None:
    with Worker("child_targets:Counter", timeout_s=LONG_S) as worker:
        assert worker.ask({"add": 2}) == {"total": 2}
        assert worker.ask({"add": 3}) == {"total": 5}
        with pytest.raises(ChildError, match="below zero"):
            worker.ask({"add": -9})
        assert worker.ask({"add": 10}) == {"total": 6}
        assert worker.peak_rss_mib > 0
    assert_gone(worker.pid)


def test_descriptors_are_given_back() -> None:
    before = psutil.Process().num_fds()
    call("echo")
    failure("leave")
    assert psutil.Process().num_fds() == before


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_parent_that_is_interrupted_or_killed_leaves_no_child(sent: signal.Signals, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    request = {"fifo": str(fifo)}
    code = f"from aic_helpers.processes import workers; workers.call('child_targets:loop', {request}, timeout_s=60)"
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as parent:
        child = int(fifo.read_text())
        parent.send_signal(sent)
    assert_gone(child)


@pytest.fixture(scope="module")
def forks() -> Iterator[None]:
    """A fork server that lives as long as these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(FIXTURES), prepend=os.pathsep)
        patch.delenv(fork_server.VARIABLE, raising=False)  # that of the whole run doesn't know these targets
        kinds = {"plain": (), "tensorflow": ["aic_helpers.core.quiet_tensorflow:import_tensorflow"]}
        with fork_server.started(kinds):
            yield


def forked(name: str, request: dict | None = None, kind: str = "plain", **limits: float) -> dict:
    with Worker(f"child_targets:{name}", **{"timeout_s": LONG_S, **limits}, warm=kind) as worker:  # type: ignore[arg-type]
        assert isinstance(worker._process, fork_server.Forked)
        return worker.ask(request or {})


@pytest.mark.tensorflow
@pytest.mark.usefixtures("forks")
class TestForkedChildren:
    """Children of a fork server do as all children do."""

    def test_it_replies(self) -> None:
        assert forked("echo", {"text": "ä"}) == {"text": "ä"}

    def test_it_has_what_its_kind_needs_already(self) -> None:
        has = {kind: forked("has_tensorflow", kind=kind)["value"] for kind in ("plain", "tensorflow", "plain")}
        assert has == {"plain": False, "tensorflow": True}

    def test_a_kind_that_the_fork_server_does_not_know_starts_in_the_ordinary_way(self) -> None:
        with Worker("child_targets:echo", timeout_s=LONG_S, warm="another") as worker:
            assert isinstance(worker._process, subprocess.Popen)
            assert worker.ask({"a": 1}) == {"a": 1}

    def test_it_has_this_environment_and_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("A_VARIABLE", "here")
        assert forked("environment", {"name": "A_VARIABLE"}) == {"value": "here"}
        assert forked("folder") == {"value": str(tmp_path)}

    def test_what_it_raises_comes_back(self) -> None:
        with pytest.raises(InputError, match=r"expected a whole number, found 2\.5: round it"):
            forked("input_error")

    def test_a_signal_has_its_name(self) -> None:
        with pytest.raises(ChildError, match="it died of SIGABRT") as error:
            forked("abort")
        assert error.value.kind == "signal"

    def test_an_exit_has_its_status(self) -> None:
        with pytest.raises(ChildError, match="it exited with status 3 before it replied"):
            forked("leave")

    def test_the_caps_hold(self) -> None:
        with pytest.raises(ChildError, match="above the cap of 300 MiB"):
            forked("grow", max_rss_mib=300.0)
        with pytest.raises(ChildError, match=r"no reply within 0\.5 s"):
            forked("loop", timeout_s=0.5)

    def test_nothing_of_it_is_left(self) -> None:
        with Worker("child_targets:echo", timeout_s=LONG_S, warm="tensorflow") as worker:
            worker.ask({})
            process = psutil.Process(worker.pid)
        with suppress(psutil.NoSuchProcess):
            assert process.status() == psutil.STATUS_ZOMBIE

    def test_many_at_once(self) -> None:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda number: forked("echo", {"number": number}), range(24)))
        assert found == [{"number": number} for number in range(24)]


def test_where_the_fork_server_was_ended_children_start_in_the_ordinary_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fork_server.VARIABLE, "/nowhere")
    with Worker("child_targets:echo", timeout_s=LONG_S, warm="plain") as worker:
        assert isinstance(worker._process, subprocess.Popen)
        assert worker.ask({"a": 1}) == {"a": 1}


def test_a_fork_server_ends_with_its_process() -> None:
    code = (
        "from aic_helpers.processes import fork_server\n"
        "from aic_helpers.processes.workers import call\n"
        "with fork_server.started({'first': (), 'second': ('json',)}):\n"
        "    call('child_targets:echo', {}, timeout_s=60, warm='second')\n"
        "    print('started', flush=True)\n"
        "    input()\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != fork_server.VARIABLE}
    environment["PYTHONPATH"] = str(FIXTURES)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], **pipes, env=environment) as owner:
        try:
            assert owner.stdout is not None
            assert owner.stdout.readline() == b"started\n"
            (supervisor,) = psutil.Process(owner.pid).children()
            # Not every descendant: the worker that ended may not have been reaped yet.
            servers = [supervisor, *supervisor.children()]
            assert len(servers) == 3, "one for each kind, and the one that forked them"
        finally:
            owner.kill()
    assert psutil.wait_procs(servers, LONG_S)[1] == []


class TestArrays:
    """Arrays go to a child and come back as bytes, and a child that lies about them is ended."""

    @pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float32", "complex128"])
    def test_they_come_back_the_same(self, dtype: str) -> None:
        sent = (np.arange(3 * 70_000) % 251).reshape(3, 1, -1).astype(dtype)
        with Worker("child_targets:echo_array", timeout_s=LONG_S) as worker:
            for array in (sent, sent[:, :, ::7], sent[:0]):
                reply = worker.ask({}, array, max_array_bytes=array.nbytes)
                assert (reply["dtype"], reply["shape"]) == (dtype, list(array.shape))
                assert reply["array"].dtype == dtype
                assert np.array_equal(reply["array"], array)

    def test_one_longer_than_a_pipe_holds_comes_back_the_same(self) -> None:
        sent = np.random.default_rng(0).random((2000, 1500), np.float32)
        with Worker("child_targets:echo_array", timeout_s=LONG_S) as worker:
            assert np.array_equal(worker.ask({}, sent, max_array_bytes=sent.nbytes)["array"], sent)

    def test_one_that_nobody_expects_ends_the_child(self) -> None:
        with Worker("child_targets:echo_array", timeout_s=LONG_S) as worker:
            with pytest.raises(ChildError, match=r"in at most 0 bytes was expected, found .*; it was ended"):
                worker.ask({}, np.ones(3, np.float32))
            assert_gone(worker.pid)

    def test_what_cannot_be_sent_is_an_error_of_the_child(self) -> None:
        with Worker("child_targets:unsendable", timeout_s=LONG_S) as worker:
            for _ in range(2):
                with pytest.raises(ChildError, match="TypeError: an array of object can't be sent") as caught:
                    worker.ask({})
                assert caught.value.kind == "raised"

    def test_one_too_large_for_the_child_is_refused_there(self) -> None:
        sent = np.zeros(800 * 2**20, np.uint8)
        with Worker("child_targets:echo_array", timeout_s=LONG_S, max_rss_mib=200.0) as worker:
            with pytest.raises(ChildError, match="above the cap of 200 MiB was refused") as caught:
                worker.ask({}, sent)
            assert (caught.value.kind, caught.value.mechanism) == ("memory", "RLIMIT_DATA")

    def test_a_child_that_does_not_read_meets_the_time_limit(self) -> None:
        with Worker("child_targets:echo", timeout_s=LONG_S) as worker:
            worker.ask({})
            os.kill(worker.pid, signal.SIGSTOP)
            with pytest.raises(ChildError, match="no reply within 1 s"):
                worker.ask({}, np.zeros(2**23, np.uint8), timeout_s=1.0)
            assert_gone(worker.pid)


HEADER = '{"reply": {}, "array": {"dtype": "uint8", "shape": [1000]}}\n'
RAW = {
    "dies in the middle of the bytes": (HEADER + "abc", "end", "exit", "exited with status 3 before it replied"),
    "stops in the middle of the bytes": (HEADER + "abc", "wait", "timeout", "no reply within 2 s"),
    "claims too much": (HEADER.replace("1000", "1001"), "wait", "exit", "at most 1000 bytes was expected"),
    "claims objects": (HEADER.replace("uint8", "object"), "wait", "exit", "an array of numbers .* was expected"),
    "sends no JSON": ("{\n", "wait", "exit", "its reply can't be understood; it was ended"),
    "sends something else": ("[7]\n", "wait", "exit", "its reply can't be understood"),
    "sends a deep nest": ("[" * 60_000 + "\n", "wait", "exit", "its reply can't be understood"),
    "sends no reply": ('{"array": {"dtype": "uint8", "shape": [1]}}\n', "wait", "exit", "can't be understood"),
    "sends both": ('{"reply": {}, "error": 7}\n', "wait", "exit", "can't be understood"),
    "sends an error with an array": (HEADER.replace("reply", "error"), "wait", "exit", "can't be understood"),
    "sends an odd error": ('{"error": {}}\n', "wait", "raised", "None"),
}


@pytest.mark.skipif(sys.platform != "linux", reason="the target finds its pipe in /proc")
@pytest.mark.parametrize("name", RAW)
def test_a_child_that_writes_what_it_likes_is_an_error(name: str) -> None:
    text, then, kind, message = RAW[name]
    timeout_s = 2.0 if kind == "timeout" else LONG_S
    with Worker("child_targets:raw", timeout_s=LONG_S) as worker:
        with pytest.raises(ChildError, match=message) as caught:
            worker.ask({"text": text, "then": then}, timeout_s=timeout_s, max_array_bytes=1000)
        assert caught.value.kind == kind
        worker.close()
        assert_gone(worker.pid)


def test_a_reply_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent_pipes, "MAX_LINE_BYTES", 10_000)
    with pytest.raises(ChildError, match="its reply is longer than 0 MiB; it was ended"):
        call("echo", {"text": 2**23 * "x"})


def test_a_worker_process_that_gets_no_array_does_without_numpy() -> None:
    code = "import sys; from aic_helpers.processes import worker_main; print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
