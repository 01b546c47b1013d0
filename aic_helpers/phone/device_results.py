"""What was measured on a device, as a JSON file: written after each round, read again, and the figures that follow."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from aic_helpers.core import installation, project_paths, safe_files, validation
from aic_helpers.core.errors import InputError, require_file
from aic_helpers.core.statistics import median_ci95
from aic_helpers.core.validation import OneLine
from aic_helpers.phone.benchmark_logs import Times
from aic_helpers.phone.delegates import Asked, Delegated
from aic_helpers.phone.devices import Facts
from aic_helpers.phone.network_files import NetworkFile
from aic_helpers.phone.readings import STATUSES, Readings

SCHEMA = 1

RUN_FILE = "result.json"
"""By which a run folder is known."""

Role = Literal["baseline", "model"]

SLOWED = 1.1
"""Times at the end, of those at the beginning, from which a device is said to have slowed down."""

CAP_FELL = 0.02
"""By how much the cap of the clocks has to fall to be told."""


@dataclass(frozen=True)
class UsedProgram:
    """The program that took the times: `version` where it tells one, `sha256` where it was brought to the device."""

    name: OneLine
    version: OneLine | None
    sha256: OneLine | None


@dataclass(frozen=True)
class Plan:
    """How it is measured.

    Attributes
    ----------
    delegate : {"cpu", "gpu", "nnapi"}
    threads : int
        Of the CPU.
    rounds : int
        In each the baseline and the network are timed in turn.
    runs, warm_ups : int
        Of each of the two in a round, at the most.
    minutes : float
        For how long the network runs afterwards without a pause; 0 for not at all.
    """

    delegate: Asked
    threads: int
    rounds: int
    runs: int
    warm_ups: int
    minutes: float

    def __post_init__(self) -> None:
        for name, count in (("threads", self.threads), ("rounds", self.rounds), ("runs", self.runs)):
            if count < 1:
                raise InputError(f"at least 1 as --{name}", f"{count}", "give more")
        if not 0 <= self.minutes <= 600:
            raise InputError("--minutes from 0 to 600", f"{self.minutes:g}", "change it")


@dataclass(frozen=True)
class Sample:
    """One network's times in one round; `start_s` counts from the beginning of the call that took it."""

    round: int
    role: Role
    start_s: float
    times: Times


@dataclass(frozen=True)
class Point:
    """A stretch of the sustained run: when it began and ended, how long a run took, and the readings at its end."""

    start_s: float
    end_s: float
    time_ms: float
    readings: Readings


@dataclass(frozen=True)
class OutputCheck:
    """How far the device's output on one photo is from this machine's.

    Attributes
    ----------
    photo : str
    runtime : str
        What computed it here.
    largest_difference : float
        Of values in [0, 1].
    psnr_db : float or None
        Of one to the other; None where they are equal.
    equal_share : float
        Of all values.
    """

    photo: OneLine
    runtime: OneLine
    largest_difference: float
    psnr_db: float | None
    equal_share: float


@dataclass(frozen=True)
class DeviceResult:
    """All that was measured of a network on one device.

    Attributes
    ----------
    device, program, model, baseline, plan
    samples : list of Sample
        In the order in which they were taken.
    delegated : dict of str to Delegated
        What ran, by ``model`` and ``baseline``.
    sustained : list of Point
    before, after : Readings or None
    output : OutputCheck or None
    notes : list of str
        What has to be known beside the figures.
    stopped : str or None
        Why it isn't complete.
    """

    device: Facts
    program: UsedProgram
    model: NetworkFile
    baseline: NetworkFile | None
    plan: Plan
    samples: list[Sample] = field(default_factory=list)
    delegated: dict[Role, Delegated] = field(default_factory=dict)
    sustained: list[Point] = field(default_factory=list)
    before: Readings | None = None
    after: Readings | None = None
    output: OutputCheck | None = None
    notes: list[OneLine] = field(default_factory=list)
    stopped: OneLine | None = None
    schema: int = SCHEMA
    workbench: OneLine = field(default_factory=lambda: installation.__version__)
    created_utc: OneLine = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def times_ms(self, role: Role) -> list[float]:
        """Return the times of a network, by round."""
        return [sample.times.time_ms for sample in self.samples if sample.role == role]

    def ratios(self) -> list[float]:
        """Return baseline time / model time of each whole round: both were taken on this device, in turn."""
        pairs = zip(self.times_ms("baseline"), self.times_ms("model"), strict=False)
        return [baseline / model for baseline, model in pairs if model > 0]

    @property
    def whole_rounds(self) -> int:
        """How many rounds are complete."""
        return len(self.times_ms("model") if self.baseline is None else self.ratios())

    def figures(self) -> dict[str, Any]:
        """Return what follows from the rest: medians over the rounds with their intervals, and the ratio."""
        model_ms, baseline_ms, ratios = self.times_ms("model"), self.times_ms("baseline"), self.ratios()
        throttled, reasons = throttling(self)
        return {
            "time_ms": _median(model_ms),
            "time_ms_ci95": median_ci95(model_ms),
            "baseline_time_ms": _median(baseline_ms),
            "baseline_time_ms_ci95": median_ci95(baseline_ms),
            "speedup": _median(ratios),
            "speedup_ci95": median_ci95(ratios),
            "slowdown": slowdown(self.sustained),
            "throttled": throttled,
            "throttled_because": reasons,
        }


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def slowdown(points: Sequence[Point]) -> float | None:
    """Return how many times as long a run took in the last quarter as in the first; None of fewer than two points."""
    if len(points) < 2:
        return None
    quarter = max(1, len(points) // 4)
    first, last = (statistics.median(point.time_ms for point in part) for part in (points[:quarter], points[-quarter:]))
    return last / first if first > 0 else None


def throttling(result: DeviceResult) -> tuple[bool | None, list[str]]:
    """Return whether the device held itself back because it got warm, and what was seen; None where nothing tells.

    That it got slower tells nothing by itself: something else may have run there.
    """
    course = [one for one in (result.before, *(point.readings for point in result.sustained), result.after) if one]
    slower = slowdown(result.sustained)
    got_slower = slower is not None and slower >= SLOWED
    seen = [f"a run took {slower:.2f} times as long at the end as at the beginning"] if got_slower else []
    if reasons := [*_status_rose(course), *_cap_fell(course)]:
        return True, reasons + seen
    told = any(one.held_back is not None or one.cap_share is not None for one in course)
    return (False if told and not seen else None), seen


def _status_rose(course: Sequence[Readings]) -> list[str]:
    statuses = [STATUSES.index(one.thermal_status) for one in course if one.thermal_status in STATUSES]
    if not statuses or max(statuses) == statuses[0] == 0:
        return []
    if max(statuses) > statuses[0]:
        return [f"Android's thermal status rose from {STATUSES[statuses[0]]} to {STATUSES[max(statuses)]}"]
    return [f"Android's thermal status was {STATUSES[statuses[0]]} from the beginning"]


def _cap_fell(course: Sequence[Readings]) -> list[str]:
    caps = [one.cap_share for one in course if one.cap_share is not None]
    if not caps or caps[0] - min(caps) < CAP_FELL:
        return []
    return [f"the cores were held to {min(caps):.0%} of their highest clock, {caps[0]:.0%} before"]


def place(network: Path, result: DeviceResult) -> Path:
    """Return where a result goes of which no other place was named: the folder `phones` of the run folder.

    That is the one in which the network lies, or the folder above, as `aic export` puts it; else `phones` stands beside
    the network. No other device and no other network has the same place.
    """
    near = (network.parent, network.parent.parent)
    home = next((folder for folder in near if (folder / RUN_FILE).is_file()), network.parent)
    device, model = (
        f"{result.device.name[:40]}_{result.device.id[:8]}",
        f"{network.stem[:30]}_{result.model.sha256[:8]}",
    )
    name = f"{device}_{model}_{result.plan.delegate}"
    return home / "phones" / f"{project_paths.folder_name(name)}.json"


def write(path: Path, result: DeviceResult) -> None:
    """Write a result, with the figures that follow from it; the file is whole at any moment."""
    safe_files.write_json(path, {**asdict(result), "figures": result.figures()})


def read(path: Path) -> DeviceResult:
    """Return what a file holds that `write` wrote.

    Raises
    ------
    InputError
        No file, or something else in it.
    """
    expected, remedy = f"a result of aic phone run in {path}", "name another file with --out"
    content = validation.load_json(require_file(path, "a result of aic phone run"), expected, remedy)
    result = validation.fitted(DeviceResult, content, expected, remedy)
    if result.schema != SCHEMA:
        raise InputError(expected, f"one of schema {result.schema}, where this version has {SCHEMA}", remedy)
    return result


def goes_on(path: Path, wanted: DeviceResult) -> DeviceResult | None:
    """Return what an earlier call left unfinished, if it was of the same networks, device, program and plan.

    A sustained run begins anew: the device has cooled down meanwhile.

    Raises
    ------
    InputError
        The file holds something else.
    """
    if not path.exists():
        return None
    found = read(path)
    same = ("device", "program", "model", "baseline", "plan")
    if found.stopped is None or any(getattr(found, name) != getattr(wanted, name) for name in same):
        return None
    return found
