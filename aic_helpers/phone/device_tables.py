"""What was measured on a device, as lines of text."""

from __future__ import annotations

from typing import Any

from aic_helpers.phone import output_checks
from aic_helpers.phone.device_results import DeviceResult
from aic_helpers.phone.readings import Readings
from aic_helpers.reporting.text_tables import Row, counted

NOT_TOLD = "not told"


def rows(result: DeviceResult) -> list[Row]:
    """Return a result as rows of a label and words; what wasn't measured has none."""
    figures = result.figures()
    found = [("device", result.device.words), ("measured by", _program(result)), ("model", result.model.words)]
    found += [("ran on", _ran(result, "model")), ("time", _time(result, figures, ""))]
    if result.baseline is not None:
        found += [("baseline", result.baseline.words), ("ran on", _ran(result, "baseline"))]
        found += [("time", _time(result, figures, "baseline_")), ("speedup", _speedup(result, figures))]
    found += [("temperature", _temperatures(result.before, result.after)), ("clocks", _clocks(result))]
    if result.sustained:
        found.append(("sustained", _sustained(result, figures)))
    found.append(("throttled", _throttled(figures)))
    found += [("output", output_checks.words(result.output))] if result.output else []
    found += [("note", note) for note in result.notes]
    return found + ([("stopped", result.stopped)] if result.stopped else [])


def _program(result: DeviceResult) -> str:
    program, plan = result.program, result.plan
    version = f" of {program.version}" if program.version else ""
    runs = sorted({sample.times.runs for sample in result.samples}) or [plan.runs]
    of_runs = f"{runs[0]} to {runs[-1]} runs" if len(runs) > 1 else counted(runs[0], "run")
    rounds, threads = counted(plan.rounds, "round"), counted(plan.threads, "thread")
    return f"{program.name}{version}, {rounds} of {of_runs}, {threads} of the CPU"


def _ran(result: DeviceResult, role: Any) -> str:
    ran = result.delegated.get(role)
    left = f"; it doesn't take {', '.join(ran.left[:3])}" if ran and ran.left else ""
    return ran.words + left if ran else NOT_TOLD


def _time(result: DeviceResult, figures: dict[str, Any], role: str) -> str:
    statistic = "median" if all(sample.times.median_ms is not None for sample in result.samples) else "mean"
    rounds = result.whole_rounds
    of_rounds = f"the {statistic} of one round" if rounds == 1 else f"median of {rounds} rounds' {statistic}s"
    interval = _between(figures[f"{role}time_ms_ci95"], ".2f")
    return f"{figures[f'{role}time_ms']:.2f} ms{interval}, {of_rounds}"


def _speedup(result: DeviceResult, figures: dict[str, Any]) -> str:
    if figures["speedup"] is None:
        return "not measured"
    return f"{figures['speedup']:.3f}{_between(figures['speedup_ci95'], '.3f')}, both on this device, in turn"


def _between(interval: tuple[float, float] | None, digits: str) -> str:
    return "" if interval is None else f" ({interval[0]:{digits}} to {interval[1]:{digits}})"


def _temperatures(before: Readings | None, after: Readings | None) -> str:
    """Return the temperatures of each kind before and after."""
    first, last = (one.temperatures_c if one else {} for one in (before, after))
    told = [f"{kind} {_degrees(first.get(kind))} to {_degrees(last.get(kind))}" for kind in {**first, **last}]
    return ", ".join(told) or NOT_TOLD


def _degrees(value_c: float | None) -> str:
    return "?" if value_c is None else f"{value_c:.1f} °C"


def _clocks(result: DeviceResult) -> str:
    """Return how far the cores may go before and after, of what they can, and how fast they were."""
    readings = [one for one in (result.before, result.after) if one]
    shares = [f"{one.cap_share:.0%}" for one in readings if one.cap_share is not None]
    clocks = [f"{max(one.clocks_mhz):.0f}" for one in readings if one.clocks_mhz]
    allowed = [f"allowed {' and then '.join(shares)} of the highest"] if shares else []
    fastest = [f"fastest core {' and then '.join(clocks)} MHz, read between runs"] if clocks else []
    return ", ".join([*allowed, *fastest]) or NOT_TOLD


def _sustained(result: DeviceResult, figures: dict[str, Any]) -> str:
    first, last = result.sustained[0], result.sustained[-1]
    slowdown = "" if figures["slowdown"] is None else f" ({figures['slowdown']:.2f} times, last quarter to first)"
    return f"{first.time_ms:.2f} ms at first, {last.time_ms:.2f} ms after {last.end_s:.0f} s without a pause{slowdown}"


def _throttled(figures: dict[str, Any]) -> str:
    seen = "; ".join(figures["throttled_because"])
    if figures["throttled"] is None:
        why = f"{seen}, and the device doesn't say why" if seen else "the device says nothing of it"
        return f"not told: {why}"
    return f"yes: {seen}" if figures["throttled"] else "no"
