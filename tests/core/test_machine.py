"""What is written down about the machine."""

from __future__ import annotations

import os
import sys

import numpy as np
import psutil
import pytest

from aic_helpers.core import machine


def test_settings_say_threads_and_device_and_keep_what_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMP_BLOCKTIME", "0")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    settings = machine.timing_settings(2, "cpu")
    assert settings["OMP_NUM_THREADS"] == settings["TF_NUM_INTRAOP_THREADS"] == "2"
    assert settings["CUDA_VISIBLE_DEVICES"] == "-1"
    assert settings["KMP_BLOCKTIME"] == "0"
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert "CUDA_VISIBLE_DEVICES" not in machine.timing_settings(2, "gpu")


def test_other_load_leaves_out_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """In 10 s the machine's cores are busy for 12 s and idle for 8; our process accounts for 9 of the 12."""
    times = type(psutil.cpu_times())
    zero = times(*[0.0] * len(times._fields))
    readings = iter([(0.0, zero, 5.0), (10.0, zero._replace(user=11.0, system=1.0, idle=8.0), 14.0)])
    now: list[tuple] = []

    def monotonic() -> float:
        return now[-1][0]

    def cpu_times() -> tuple:
        now.append(next(readings))
        return now[-1][1]

    class Process:
        def __init__(self, pid: int) -> None:
            assert pid == os.getpid()

        def cpu_times(self):
            return type("Times", (), {"user": now[-1][2], "system": 0.0})

    monkeypatch.setattr(machine.psutil, "cpu_times", cpu_times)
    monkeypatch.setattr(machine.psutil, "Process", Process)
    monkeypatch.setattr(machine.time, "monotonic", monotonic)
    assert machine.OtherLoad([]).cores() == pytest.approx(0.3)


def test_a_busy_machine_is_said_in_words() -> None:
    idle = {"cores": 2, "other_cores_before": 0.05, "other_cores_during": 0.1}
    assert machine.load_notes(idle) == []
    (note,) = machine.load_notes(idle | {"other_cores_during": 0.9})
    assert note.startswith("The machine was busy: other programs used 0.1 of 2 cores before the timed runs and 0.9")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps VmHWM")
def test_the_peak_stays_when_what_was_touched_is_gone() -> None:
    block = np.ones(2**28, np.uint8)
    during = machine.own_memory_mib()
    del block
    after = machine.own_memory_mib()
    assert during["rss_mib"] is not None
    assert after["rss_mib"] is not None
    assert after["peak_rss_mib"] is not None
    assert after["rss_mib"] < during["rss_mib"] - 200
    assert after["peak_rss_mib"] > during["rss_mib"] - 5
