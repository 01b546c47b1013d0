"""A phone over adb."""

from __future__ import annotations

import hashlib
import re
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from aic_helpers.core.errors import InputError
from aic_helpers.core.safe_texts import shown
from aic_helpers.phone import readings
from aic_helpers.phone.adb_calls import Adb, Listed
from aic_helpers.phone.devices import DeviceGone, Facts, Ran
from aic_helpers.phone.readings import Readings

FOLDER = "/data/local/tmp"
"""Where programs that adb brings may run, on every phone."""

PROPERTY = re.compile(r"^\[([^\]]+)\]: \[(.*)\]$", re.MULTILINE)

CPUFREQ = "/sys/devices/system/cpu/cpu[0-9]*/cpufreq"
READ = {
    "temperatures": "dumpsys thermalservice",
    "battery": "dumpsys battery",
    "clocks": f"cat {CPUFREQ}/scaling_cur_freq",
    "caps": f"cat {CPUFREQ}/scaling_max_freq",
    "limits": f"cat {CPUFREQ}/cpuinfo_max_freq",
    "zones": 'for z in /sys/class/thermal/thermal_zone*; do echo "$(cat $z/type) $(cat $z/temp)"; done',
}
"""What is read, all in one call, so that it is of one moment."""

MARK = "== "
"""Before the name of each, on a line of its own."""


class AndroidDevice:
    """A phone over adb, with a folder of its own on it until it is closed."""

    def __init__(self, phone: Listed) -> None:
        self._adb = Adb(phone.serial)
        self.facts = facts(properties(self._adb.shell_line("getprop")), phone)
        self.notes: list[str] = []
        self._folder = f"{FOLDER}/aic-{secrets.token_hex(4)}"
        self._adb.done("shell", f"mkdir -p {self._folder}", what="a folder on the phone")

    def place(self, path: Path, name: str, *, runs: bool = False) -> str:
        """Bring a file there, and return its path there."""
        there = self.path(name)
        self._adb.done("push", str(path), there, what=f"{path.name} brought to the phone")
        if runs:
            self._adb.done("shell", f"chmod 755 {there}", what=f"{path.name} that may run on the phone")
        return there

    def path(self, name: str) -> str:
        """Return the path there of a file that a program is to write."""
        return f"{self._folder}/{name}"

    def run(self, arguments: Sequence[str], *, timeout_s: float) -> Ran:
        """Run a program there."""
        return self._adb.shell(arguments, timeout_s=timeout_s)

    def content(self, name: str) -> bytes | None:
        """Return what a file there holds; None where there is none."""
        with tempfile.TemporaryDirectory(prefix="aic-phone-") as folder:
            here = Path(folder) / name
            ran = self._adb.call("pull", self.path(name), str(here))
            return here.read_bytes() if ran.status == 0 and here.is_file() else None

    def readings(self) -> Readings:
        """Return temperatures and clocks as they are now; what the phone doesn't tell is left out."""
        told = self._told()
        temperatures_c, status = readings.thermal_service(told["temperatures"])
        battery = readings.battery(told["battery"])
        return Readings(
            temperatures_c=readings.battery_c(battery) | (temperatures_c or readings.thermal_zones(told["zones"])),
            thermal_status=status,
            clocks_mhz=readings.clocks_mhz(told["clocks"]),
            caps_mhz=readings.clocks_mhz(told["caps"]),
            limits_mhz=readings.clocks_mhz(told["limits"]),
            battery_percent=readings.battery_percent(battery),
            charging=readings.charging(battery),
        )

    def close(self) -> None:
        """Remove all that was brought there, if the phone still is."""
        with suppress(DeviceGone, InputError):
            self._adb.call("shell", f"rm -rf {self._folder}")

    def _told(self) -> dict[str, str]:
        """Return what the phone printed, by the names in `READ`."""
        script = "; ".join(f"echo '{MARK}{name}'; {command} 2>/dev/null" for name, command in READ.items())
        parts = f"\n{self._adb.shell_line(script)}".split(f"\n{MARK}")[1:]
        return dict.fromkeys(READ, "") | {name: text for name, _, text in (part.partition("\n") for part in parts)}


def properties(text: str) -> dict[str, str]:
    """Return what `getprop` prints, by the properties' names; each as it may stand in a line."""
    return {name: shown(value, 200, empty="") for name, value in PROPERTY.findall(text)}


def facts(told: Mapping[str, str], phone: Listed) -> Facts:
    """Return what a phone says of itself."""
    maker, model = (told.get(f"ro.product.{name}", "") for name in ("manufacturer", "model"))
    whole = model if model.lower().startswith(maker.lower()) else f"{maker} {model}".strip()
    emulated = "1" in (told.get("ro.kernel.qemu"), told.get("ro.boot.qemu"))
    return Facts(
        kind="emulator" if emulated else "phone",
        name=whole or shown(phone.model or phone.serial),
        chip=_chip(told),
        android=told.get("ro.build.version.release") or None,
        abi=told.get("ro.product.cpu.abi") or None,
        build=told.get("ro.build.id") or None,
        id=hashlib.sha256(phone.serial.encode()).hexdigest()[:12],
    )


def _chip(told: Mapping[str, str]) -> str | None:
    """Return the chip's name: its own from Android 12 on, else that of the board it is on."""
    own = f"{told.get('ro.soc.manufacturer', '')} {told.get('ro.soc.model', '')}".strip()
    return own or told.get("ro.board.platform") or told.get("ro.hardware") or None
