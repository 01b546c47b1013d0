"""A process and what it started."""

from __future__ import annotations

import subprocess
import sys

import psutil

from aic_helpers.processes.process_limits import Family

PARENT = """
import subprocess, sys, time
work = "import time; b = bytearray(80_000_000); print('ready', flush=True); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", work])
time.sleep(600)
"""


def test_the_memory_of_descendants_counts_and_they_end_too() -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as leader:
        family = Family(leader.pid)
        try:
            assert leader.stdout is not None
            assert leader.stdout.readline() == b"ready\n"
            assert family.rss_mib() > 80
            members = [psutil.Process(leader.pid), *psutil.Process(leader.pid).children()]
            assert len(members) == 2
        finally:
            family.kill()
    _, alive = psutil.wait_procs(members, timeout=10)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
