"""The machine that a figure is made on: its cores, its load, the settings that change a timing, a process's memory."""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

MIB = 2**20

SETTINGS = (
    "CUDA_VISIBLE_DEVICES",
    "DNNL_DEFAULT_FPMATH_MODE",
    "DNNL_MAX_CPU_ISA",
    "GLIBC_TUNABLES",
    "KMP_AFFINITY",
    "KMP_BLOCKTIME",
    "LD_PRELOAD",
    "MALLOC_ARENA_MAX",
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TRIM_THRESHOLD_",
    "MKL_NUM_THREADS",
    "NVIDIA_TF32_OVERRIDE",
    "OMP_NUM_THREADS",
    "OMP_PLACES",
    "OMP_PROC_BIND",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "ONEDNN_MAX_CPU_ISA",
    "OPENBLAS_NUM_THREADS",
    "TF_CPU_ALLOCATOR_USE_BFC",
    "TF_DETERMINISTIC_OPS",
    "TF_DISABLE_MKL",
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_GPU_ALLOCATOR",
    "TF_MKL_ALLOC_MAX_BYTES",
    "TF_MKL_OPTIMIZE_PRIMITIVE_MEMUSE",
    "TF_NUM_INTEROP_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_ONEDNN_ASSUME_FROZEN_WEIGHTS",
    "TF_ONEDNN_THREADPOOL_USE_CALLER_THREAD",
    "TF_ONEDNN_USE_SYSTEM_ALLOCATOR",
    "TF_OVERRIDE_GLOBAL_THREADPOOL",
    "TF_SET_ONEDNN_FPMATH_MODE",
    "TF_XLA_FLAGS",
    "XLA_FLAGS",
)
"""Environment variables that change how fast TensorFlow runs, or how much memory it takes."""

THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTEROP_THREADS", "TF_NUM_INTRAOP_THREADS")
"""Those of them that a timed process gets anew."""

ARITHMETIC = (
    "CUDA_VISIBLE_DEVICES",
    "DNNL_DEFAULT_FPMATH_MODE",
    "DNNL_MAX_CPU_ISA",
    "NVIDIA_TF32_OVERRIDE",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "ONEDNN_MAX_CPU_ISA",
    "TF_DETERMINISTIC_OPS",
    "TF_DISABLE_MKL",
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_SET_ONEDNN_FPMATH_MODE",
    "TF_XLA_FLAGS",
    "XLA_FLAGS",
)
"""Those that change which operations compute a graph, and so the last digits of what it gives."""

BUSY_SHARE = 0.1
"""Of all cores: a machine on which other programs use more than this is called busy."""


def usable_cores() -> int:
    """Return how many cores this process may use (``taskset`` and containers narrow it)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def timing_settings(threads: int, device: str) -> dict[str, str]:
    """Return the environment variables that a timed process gets, those that it inherits included."""
    return inherited_settings(device) | dict.fromkeys(THREADS, str(threads))


def inherited_settings(device: str) -> dict[str, str]:
    """Return those of them that hang on this process's own, and not on how many threads were asked for."""
    inherited = {name: os.environ[name] for name in SETTINGS if name in os.environ and name not in THREADS}
    inherited["TF_ENABLE_ONEDNN_OPTS"] = os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1")
    return inherited | ({"CUDA_VISIBLE_DEVICES": "-1"} if device == "cpu" else {})


def arithmetic_settings() -> dict[str, str]:
    """Return the environment variables that change the last digits of a network's output, where they are set."""
    return {name: os.environ[name] for name in ARITHMETIC if name in os.environ}


def load_average() -> float:
    """Return the mean number of processes that ran or waited to run in the last minute."""
    return psutil.getloadavg()[0]


class OtherLoad:
    """How many cores everything but some processes of ours keeps busy, from the moment it is made.

    Time that a hypervisor took from this machine counts as other load too.
    """

    def __init__(self, pids: Sequence[int]) -> None:
        self._processes = [psutil.Process(pid) for pid in (os.getpid(), *pids)]
        self._start = self._read()

    def cores(self) -> float:
        """Return the mean number of cores since the start."""
        seconds, busy_s, own_s = (now - then for now, then in zip(self._read(), self._start, strict=True))
        return max(0.0, busy_s - own_s) / max(seconds, 1e-9)

    def _read(self) -> tuple[float, float, float]:
        times = psutil.cpu_times()
        # Guests' time is counted in `user` already.
        idle_s = times.idle + getattr(times, "iowait", 0.0) + getattr(times, "guest", 0.0)
        busy_s = sum(times) - idle_s - getattr(times, "guest_nice", 0.0)
        own_s = 0.0
        for process in self._processes:
            with suppress(psutil.Error):
                own = process.cpu_times()
                own_s += own.user + own.system
        return time.monotonic(), busy_s, own_s


def load_notes(load: dict[str, Any]) -> list[str]:
    """Return sentences that say so where the machine was busy with other things; ``load`` as `profiler` keeps it."""
    busiest = max(load["other_cores_before"], load["other_cores_during"])
    if busiest <= BUSY_SHARE * load["cores"]:
        return []
    return [
        f"The machine was busy: other programs used {load['other_cores_before']:.1f} of {load['cores']} cores before "
        f"the timed runs and {load['other_cores_during']:.1f} during them. Times are longer than on an idle machine; "
        "the ratio, taken in turn, suffers less. Repeat the profile on an idle machine."
    ]


def own_memory_mib() -> dict[str, float | None]:
    """Return this process's resident size now and at its peak: ``rss_mib``, ``file_mib`` and ``peak_rss_mib``.

    The last two are None off Linux. ``file_mib`` is what of ``rss_mib`` are pages of files, TensorFlow's libraries
    above all: the kernel shares them between processes, drops them when it likes, and maps more or fewer of them
    at a touch, as its page cache stands.

    The peak is the kernel's ``VmHWM``, which starts anew with a program; `resource.getrusage` doesn't, it inherits
    the size of the parent that forked.
    """
    rss_mib = psutil.Process().memory_info().rss / MIB
    return {"rss_mib": rss_mib, "file_mib": _status_mib("RssFile"), "peak_rss_mib": _status_mib("VmHWM")}


def spare_memory_mib() -> float:
    """Return how much memory a process of ours may take without harm to the machine: four fifths of what is free."""
    return 0.8 * psutil.virtual_memory().available / MIB


def _status_mib(name: str) -> float | None:
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
    return None


def identity() -> dict[str, Any]:
    """Return what tells one machine from another: ``cpu``, ``cores`` that this process may use, and ``host``."""
    return {"cpu": cpu_name(), "cores": usable_cores(), "host": platform.node()}


def cpu_name() -> str:
    """Return the processor's name as the system gives it."""
    info = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*:\s*(.+)", info.read_text("utf-8", "replace")) if info.is_file() else None
    return named[1].strip() if named else platform.processor() or platform.machine()


def environment() -> dict[str, Any]:
    """Return what a figure depends on beside the model and the data: versions, processor, date."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in ("tensorflow", "keras", "numpy", "pillow")},
        "workbench": version("aic-workbench"),
        **identity(),
        "platform": platform.platform(),
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
    }
