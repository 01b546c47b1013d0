"""What the benchmarks share: timing in turn, ratios with intervals, and tables in `benchmarks/results`."""

from __future__ import annotations

import gc
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np

from aic_helpers.core import machine

RESULTS = Path(__file__).parent / "results"
RESAMPLES, SEED = 4000, 2018


class Ratio(NamedTuple):
    """A ratio of medians, and its 95 % interval over the rounds."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{digits(self.value)} ({digits(self.low)} to {digits(self.high)})"

    def against(self, goal: float) -> str:
        """Return the goal and whether the ratio reaches it."""
        return f"at least {goal:g}: {'passed' if self.value >= goal else 'missed'}"


def time_in_turn(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds of each run by name, one a round.

    All run once untimed. In each round all run once, in an order of its own, so that a machine that drifts or other
    programs slow all of them alike, and none always follows the same one.
    """
    orders = np.random.default_rng(SEED)
    names = list(runs)
    for name in names:
        runs[name]()
    times_ms: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        for name in orders.permutation(names):
            gc.collect()
            start_s = time.perf_counter()
            runs[name]()
            times_ms[name].append((time.perf_counter() - start_s) * 1000)
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    return times_ms


def ratio(slow_ms: Sequence[float], fast_ms: Sequence[float]) -> Ratio:
    """Return how many times faster one of two that ran in turn is: ratio of medians, percentile bootstrap of rounds."""
    slow, fast = np.asarray(slow_ms), np.asarray(fast_ms)
    picks = np.random.default_rng(SEED).integers(0, slow.size, (RESAMPLES, slow.size))
    low, high = np.quantile(np.median(slow[picks], axis=1) / np.median(fast[picks], axis=1), [0.025, 0.975])
    return Ratio(float(np.median(slow) / np.median(fast)), float(low), float(high))


def spread(times_ms: Sequence[float]) -> str:
    """Return the median and the range from the 5th to the 95th percentile."""
    low, middle, high = np.quantile(times_ms, [0.05, 0.5, 0.95])
    return f"{digits(middle)} ({digits(low)} to {digits(high)})"


def digits(value: float) -> str:
    """Return a figure with three digits, or all before the point."""
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as Markdown; the first column is words, the others are figures."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write(name: str, title: str, parts: Sequence[str], packages: Sequence[str]) -> None:
    """Print parts of Markdown and keep them in `benchmarks/results/NAME.md`, with what they were made on."""
    text = "\n\n".join([f"# {title}", *parts, made_on(name, packages)]) + "\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text, "utf-8")
    print(text)


def made_on(name: str, packages: Sequence[str]) -> str:
    """Return machine, load, date, versions and command in a paragraph."""
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    return (
        f"Made {datetime.now(UTC):%Y-%m-%d} by `benchmarks/{name}.py` on {machine.cpu_name()}, "
        f"{machine.usable_cores()} cores, {platform.system()}, load average {machine.load_average():.1f} at the end; "
        f"Python {platform.python_version()}, {versions}."
    )
