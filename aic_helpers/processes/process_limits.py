"""A process with its descendants: their memory together, their end, and a cgroup v2 where one may be made."""

from __future__ import annotations

import itertools
import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil

MIB = 2**20
READINGS_PER_LIST = 25
"""Descendants are listed at every 25th reading: that walks all of /proc, while reading one process costs 30 us."""


class ProcessTree:
    """The process that leads a session of its own, and what it started."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._members: list[psutil.Process] = []
        self._readings = 0

    def look(self) -> None:
        """List the tree anew; who was in it stays in it, also when the leader is gone."""
        with suppress(psutil.Error):
            leader = psutil.Process(self._pid)
            found = [leader, *leader.children(recursive=True)]
            self._members = [*found, *(one for one in self._members if one not in found and one.is_running())]

    def rss_mib(self) -> float:
        """Return the resident size of all together."""
        if self._readings % READINGS_PER_LIST == 0:
            self.look()
        self._readings += 1
        return sum(_rss_mib(process) for process in self._members)

    def kill(self) -> None:
        """Kill the leader's process group, and those of the last list that left it."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)
        for process in self._members:
            with suppress(psutil.Error):
                process.kill()


def _rss_mib(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        return process.memory_info().rss / MIB
    return 0.0


ROOT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")

_numbers = itertools.count()


class MemoryGroup:
    """A control group for a process and its descendants; the kernel kills what goes above its limit."""

    def __init__(self, folder: Path, limit_mib: int) -> None:
        self.limit_mib = limit_mib
        self._folder = folder

    def overrun(self) -> bool:
        """Return whether the kernel killed a process of the group for its memory."""
        with suppress(OSError):
            events = dict(line.split() for line in (self._folder / "memory.events").read_text().splitlines())
            return int(events.get("oom_kill", 0)) > 0
        return False

    def close(self) -> None:
        """Remove the group; its processes must have ended."""
        with suppress(OSError):
            self._folder.rmdir()


def cap_memory(pid: int, limit_mib: int) -> MemoryGroup | None:
    """Put a process into a group with a limit on its memory, swap included.

    Returns
    -------
    MemoryGroup or None
        None where no cgroup v2 with a memory controller can be written to: in most containers, on macOS, and where
        the system doesn't delegate to this user.
    """
    for parent in _parents():
        folder = parent / f"aic-{os.getpid()}-{next(_numbers)}"
        try:
            if "memory" not in (parent / "cgroup.subtree_control").read_text().split():
                continue
            folder.mkdir()
        except OSError:
            continue
        group = MemoryGroup(folder, limit_mib)
        try:
            (folder / "memory.max").write_text(str(limit_mib * MIB))
            with suppress(FileNotFoundError):  # a kernel without swap accounting
                (folder / "memory.swap.max").write_text("0")
            (folder / "cgroup.procs").write_text(str(pid))
            return group
        except OSError:
            group.close()
    return None


def _parents() -> list[Path]:
    """Return where a group could be made: beside this process's own group, or in it."""
    with suppress(OSError):
        for line in OWN.read_text().splitlines():
            if line.startswith("0::"):
                own = ROOT / line[3:].strip("/")
                return [own.parent, own] if own != ROOT else [own]
    return []
