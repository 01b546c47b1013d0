"""This machine as a device: the same way as on a phone, so that it can be tried without one."""

from __future__ import annotations

import hashlib
import platform
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from aic_helpers.core import machine
from aic_helpers.core.errors import InputError
from aic_helpers.phone.devices import Facts, Ran
from aic_helpers.phone.readings import Readings
from aic_helpers.processes import workers
from aic_helpers.processes.workers import ChildError

RUN = "aic_helpers.phone.host_worker:run"


class HostDevice:
    """This machine, with a folder for what programs write."""

    def __init__(self) -> None:
        name = platform.node().encode()
        self.facts = Facts(
            kind="host",
            name="host",
            chip=machine.cpu_name(),
            android=None,
            abi=platform.machine(),
            build=None,
            id=hashlib.sha256(name).hexdigest()[:12],
        )
        self.notes = _busy()
        self._folder = tempfile.TemporaryDirectory(prefix="aic-phone-")

    def place(self, path: Path, name: str, *, runs: bool = False) -> str:
        """Return a file's own path: it is here."""
        return str(path.resolve())

    def path(self, name: str) -> str:
        """Return the path of a file that a program is to write."""
        return str(Path(self._folder.name) / name)

    def run(self, arguments: Sequence[str], *, timeout_s: float) -> Ran:
        """Run a program, in a process with limits."""
        request, most_mib = {"command": [*arguments]}, machine.spare_memory_mib()
        try:
            return Ran(**workers.call(RUN, request, timeout_s=timeout_s, max_rss_mib=most_mib))
        except ChildError as error:
            raise InputError("a measurement that ends on this machine", str(error), "try a smaller network") from None

    def content(self, name: str) -> bytes | None:
        """Return what a file holds that a program wrote; None where there is none."""
        file = Path(self.path(name))
        return file.read_bytes() if file.is_file() else None

    def readings(self) -> Readings:
        """Return temperatures and clocks, where the system tells them; virtual machines tell none."""
        sensors: dict[str, list[Any]] = getattr(psutil, "sensors_temperatures", dict)()
        warmest_c = [
            sensor.current for name, found in sensors.items() if "core" in name or "cpu" in name for sensor in found
        ]
        clocks = psutil.cpu_freq(percpu=True) if hasattr(psutil, "cpu_freq") else []
        return Readings(
            temperatures_c={"CPU": max(warmest_c)} if warmest_c else {},
            clocks_mhz=[clock.current for clock in clocks or []],
        )

    def close(self) -> None:
        """Remove what programs wrote."""
        self._folder.cleanup()


def _busy() -> list[str]:
    """Say so where other programs kept this machine busy before."""
    processes, cores = machine.load_average(), machine.usable_cores()
    if processes <= machine.BUSY_SHARE * cores:
        return []
    busy = f"{processes:.1f} processes ran or waited on {cores} cores in the last minute"
    longer = "Times are longer than on an idle machine; the ratio, taken in turn, suffers less."
    return [f"This machine was busy before: {busy}. {longer}"]
