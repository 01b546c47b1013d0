"""A process with its descendants: how much memory they hold together, and how to end them all."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

import psutil

MIB = 2**20
READINGS_PER_LIST = 25
"""Descendants are listed at every 25th reading: that walks all of /proc, while reading one process costs 30 us."""


class Family:
    """The process that leads a session of its own, and what it started."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._members: list[psutil.Process] = []
        self._readings = 0

    def look(self) -> None:
        """List the family anew; who was in it stays in it, also when the leader is gone."""
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
