"""A process and what it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from aic_helpers.processes import process_limits, workers
from aic_helpers.processes.process_limits import ProcessTree

PARENT = """
import subprocess, sys, time
work = "import time; b = bytearray(80_000_000); print('ready', flush=True); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", work])
time.sleep(600)
"""


def test_the_memory_of_descendants_counts_and_they_end_too() -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as leader:
        tree = ProcessTree(leader.pid)
        try:
            assert leader.stdout is not None
            assert leader.stdout.readline() == b"ready\n"
            assert tree.rss_mib() > 80
            members = [psutil.Process(leader.pid), *psutil.Process(leader.pid).children()]
            assert len(members) == 2
        finally:
            tree.kill()
    _, alive = psutil.wait_procs(members, timeout=10)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This process is in `user/session`; `user` hands the memory controller on to its groups."""
    own = tmp_path / "own"
    own.write_text("9:name=systemd:/\n0::/user/session\n")
    (tmp_path / "fs" / "user" / "session").mkdir(parents=True)
    (tmp_path / "fs" / "user" / "cgroup.subtree_control").write_text("cpu memory pids\n")
    monkeypatch.setattr(process_limits, "ROOT", tmp_path / "fs")
    monkeypatch.setattr(process_limits, "OWN", own)
    return tmp_path / "fs" / "user"


def only_group(tree: Path) -> Path:
    (folder,) = tree.glob("aic-*")
    return folder


def test_a_process_is_put_into_a_group_with_a_limit(tree: Path) -> None:
    group = process_limits.cap_memory(4711, 100)
    assert group is not None
    folder = only_group(tree)
    wrote = {file.name: file.read_text() for file in folder.iterdir()}
    assert wrote == {"memory.max": str(100 * 2**20), "memory.swap.max": "0", "cgroup.procs": "4711"}
    assert not group.overrun()
    (folder / "memory.events").write_text("low 0\nmax 31\noom 1\noom_kill 1\n")
    assert group.overrun()


def test_a_group_is_removed_at_the_end(tree: Path) -> None:
    group = process_limits.cap_memory(4711, 100)
    assert group is not None
    for file in only_group(tree).iterdir():
        file.unlink()  # the kernel's own files don't keep a group from being removed
    group.close()
    assert list(tree.glob("aic-*")) == []


@pytest.mark.parametrize("controllers", ["cpu pids\n", None])
def test_without_the_memory_controller_there_is_no_group(tree: Path, controllers: str | None) -> None:
    control = tree / "cgroup.subtree_control"
    control.unlink() if controllers is None else control.write_text(controllers)
    assert process_limits.cap_memory(os.getpid(), 100) is None
    assert list(tree.glob("aic-*")) == []


def test_where_nothing_can_be_written_there_is_no_group(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_text", refuse)
    assert process_limits.cap_memory(os.getpid(), 100) is None
    assert list(tree.glob("aic-*")) == []


def test_a_child_that_the_kernel_ended_for_its_memory_says_so(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "fixtures"), prepend=os.pathsep)
    with workers.Worker("child_targets:echo", timeout_s=60, max_rss_mib=1000) as worker:
        folder = only_group(tree)
        assert (folder / "cgroup.procs").read_text() == str(worker.pid)
        assert (folder / "memory.max").read_text() == str((1000 + workers.RLIMIT_MARGIN_MIB) * 2**20)
        (folder / "memory.events").write_text("oom_kill 1\n")
        os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(workers.ChildError, match=r"above 1512 MiB \(cgroup v2\)") as caught:
            worker.ask({})
    assert (caught.value.kind, caught.value.mechanism, caught.value.mib) == ("memory", "cgroup v2", 1512)
