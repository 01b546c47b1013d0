"""Temperatures, clocks and battery of a device, from what Android's `dumpsys` and Linux's `/sys` print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

KINDS = {-1: "other", 0: "CPU", 1: "GPU", 2: "battery", 3: "skin", 4: "USB", 5: "power amplifier", 9: "NPU"}
"""Android's types of temperature sensors. 6 to 8 are the battery's voltage, current and charge, not in degrees."""

STATUSES = ("none", "light", "moderate", "severe", "critical", "emergency", "shutdown")
"""Android's thermal statuses: how much it holds the phone back because it is warm."""

SENSOR = re.compile(r"Temperature\{mValue=(-?[\d.]+), mType=(-?\d+), mName=([^,}]*), mStatus=(\d+)\}")
STATUS = re.compile(r"Thermal Status: (\d+)")
OF_THE_HAL = "Current temperatures from HAL:"
AFTER = "Current cooling devices from HAL:"

ZONE_KINDS = (("gpu", "GPU"), ("batt", "battery"), ("skin", "skin"), ("npu", "NPU"), ("cpu", "CPU"))
"""What the name of a thermal zone of Linux's holds -> what is measured there."""

POSSIBLE_C = (1.0, 150.0)
"""Sensors that aren't there read as 0, or as some large negative number."""


@dataclass(frozen=True)
class Readings:
    """How warm a device is, and how fast its processor may run.

    Attributes
    ----------
    temperatures_c : dict of str to float
        The highest of each kind of sensor: ``CPU``, ``GPU``, ``skin``, ``battery``, ...
    thermal_status : str or None
        One of `STATUSES`, where Android says it (from version 10 on).
    clocks_mhz : list of float
        Of each core, in the moment of reading.
    caps_mhz : list of float
        How fast each core may run just now: a warm phone lowers it.
    limits_mhz : list of float
        How fast each core can run.
    battery_percent : int or None
    charging : bool or None
        Whether it is on a cable that gives power, as a phone on adb mostly is.
    """

    temperatures_c: dict[str, float] = field(default_factory=dict)
    thermal_status: str | None = None
    clocks_mhz: list[float] = field(default_factory=list)
    caps_mhz: list[float] = field(default_factory=list)
    limits_mhz: list[float] = field(default_factory=list)
    battery_percent: int | None = None
    charging: bool | None = None

    @property
    def held_back(self) -> bool | None:
        """Whether the system holds the device back because it is warm; None where it doesn't say."""
        if self.thermal_status is None:
            return None
        return self.thermal_status != STATUSES[0]

    @property
    def cap_share(self) -> float | None:
        """How fast the cores may run just now, of how fast they can; None where that isn't told."""
        if not self.limits_mhz or len(self.caps_mhz) != len(self.limits_mhz):
            return None
        return sum(self.caps_mhz) / sum(self.limits_mhz)


def thermal_service(text: str) -> tuple[dict[str, float], str | None]:
    """Return temperatures in degrees Celsius and the thermal status, from `dumpsys thermalservice`."""
    status = STATUS.search(text)
    now = text.partition(OF_THE_HAL)[2].partition(AFTER)[0] or text
    sensors = ((KINDS.get(int(kind)), float(value)) for value, kind, _, _ in SENSOR.findall(now))
    known = int(status[1]) if status else len(STATUSES)
    return _highest(sensors), STATUSES[known] if known < len(STATUSES) else None


def thermal_zones(text: str) -> dict[str, float]:
    """Return temperatures from lines of Linux's thermal zones: a name, and thousandths of a degree."""
    found = []
    for line in text.splitlines():
        name, _, value = line.strip().rpartition(" ")
        if name and re.fullmatch(r"-?\d+", value):
            kind = next((kind for part, kind in ZONE_KINDS if part in name.lower()), "other")
            found.append((kind, int(value) / 1000))
    return _highest(found)


def clocks_mhz(text: str) -> list[float]:
    """Return clocks from lines in kHz, as files of Linux's cpufreq hold them; other lines are left out."""
    return [int(line) / 1000 for line in text.split() if line.isdecimal()]


def battery(text: str) -> Mapping[str, str]:
    """Return the lines of `dumpsys battery` by their names, in small letters."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon and value.strip()}


def battery_percent(lines: Mapping[str, str]) -> int | None:
    """Return how full the battery is."""
    level, scale = lines.get("level", ""), lines.get("scale", "100")
    if not (level.isdecimal() and scale.isdecimal() and int(scale)):
        return None
    return round(100 * int(level) / int(scale))


def battery_c(lines: Mapping[str, str]) -> dict[str, float]:
    """Return the battery's temperature, which is told in tenths of a degree."""
    value = lines.get("temperature", "")
    return _highest([("battery", int(value) / 10)] if re.fullmatch(r"-?\d+", value) else [])


def charging(lines: Mapping[str, str]) -> bool | None:
    """Return whether some cable or pad gives power."""
    told = [value for name, value in lines.items() if name.endswith(" powered")]
    return None if not told else "true" in told


def _highest(sensors: Iterable[tuple[str | None, float]]) -> dict[str, float]:
    highest: dict[str, float] = {}
    for kind, value_c in sensors:
        if kind and POSSIBLE_C[0] <= value_c <= POSSIBLE_C[1]:
            highest[kind] = max(value_c, highest.get(kind, value_c))
    return highest
