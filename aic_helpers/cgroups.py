"""A cap on memory that the kernel keeps: a cgroup v2 of one's own, where one may make it."""

from __future__ import annotations

import itertools
import os
from contextlib import suppress
from pathlib import Path

from aic_helpers.families import MIB

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


def confine(pid: int, limit_mib: int) -> MemoryGroup | None:
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
