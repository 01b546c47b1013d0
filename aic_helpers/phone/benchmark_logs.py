"""What programs that time networks print -> times, and what ran."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aic_helpers.core.safe_texts import shown
from aic_helpers.phone.delegates import Asked, Delegated, of_benchmark_model

NUMBER = r"[\d.]+(?:e[+-]?\d+)?"
"""C++ prints from a million on as 1.38151e+06."""

COUNT = re.compile(r"^(?:\w+: )?(count=\d+ .*)$", re.MULTILINE)
FIGURE = re.compile(rf"(\w+)=({NUMBER})")
SUMMARY = re.compile(rf"Inference timings in us: Init: ({NUMBER}), First inference: ({NUMBER})")

ACCELERATED = re.compile(r"^Fully accelerated: +(True|False)$", re.MULTILINE)

RESULT = re.compile(r"^(\w+) ?\(?(\w+)\)?: +([\d.]+) ms(?: \((\d+) runs\))?$", re.MULTILINE)
COMPLAINT = re.compile(r"^\s*(?:ERROR|FATAL|\w+Error)\b:? *(.+)$", re.MULTILINE)


class NoTimes(Exception):  # noqa: N818 (a finding about a model on a device)
    """A program that times networks gave no times; the text is one line of what it printed."""


@dataclass(frozen=True)
class Times:
    """The times of some runs after one another.

    Attributes
    ----------
    runs : int
    mean_ms, min_ms, max_ms : float
    median_ms : float or None
        Older programs don't tell it.
    init_ms : float or None
        To load the network and hand it to the delegate.
    first_ms : float or None
        Of the first run of all, before any warm-up.
    """

    runs: int
    mean_ms: float
    min_ms: float
    max_ms: float
    median_ms: float | None
    init_ms: float | None
    first_ms: float | None

    @property
    def time_ms(self) -> float:
        """The median where it is told, else the mean: what rounds are compared by."""
        return self.mean_ms if self.median_ms is None else self.median_ms


@dataclass(frozen=True)
class Benched:
    """What one call of a program that times networks told."""

    times: Times
    delegated: Delegated


def of_google(text: str, asked: Asked) -> Benched:
    """Return what Google's benchmark_model told.

    Raises
    ------
    NoTimes
        It printed none.
    """
    lines, summary = COUNT.findall(text), SUMMARY.search(text)
    if not lines or summary is None:
        raise NoTimes(_complaint(text))
    figures = {name: float(value) for name, value in FIGURE.findall(lines[-1])}
    one_ms = figures.get("curr", 0.0) / 1000  # where it ran once, that is all it prints
    in_ms = {name: value / 1000 for name, value in figures.items() if name != "count"}
    times = Times(
        runs=int(figures["count"]),
        mean_ms=in_ms.get("avg", one_ms),
        min_ms=in_ms.get("min", one_ms),
        max_ms=in_ms.get("max", one_ms),
        median_ms=in_ms.get("median"),
        init_ms=float(summary[1]) / 1000,
        first_ms=float(summary[2]) / 1000,
    )
    return Benched(times, of_benchmark_model(text, asked))


def of_litert(text: str, asked: Asked) -> Benched:
    """Return what the litert-benchmark of the package ai-edge-litert told; raises as `of_google` does."""
    figures = {(of, what): (float(value_ms), runs) for of, what, value_ms, runs in RESULT.findall(text)}
    whole = ACCELERATED.search(text)
    if ("Inference", "avg") not in figures or whole is None:
        raise NoTimes(_complaint(text))
    mean_ms, runs = figures["Inference", "avg"]
    times = Times(
        runs=int(runs),
        mean_ms=mean_ms,
        min_ms=figures["Inference", "min"][0],
        max_ms=figures["Inference", "max"][0],
        median_ms=figures["Inference", "median"][0],
        init_ms=figures["Model", "initialization"][0],
        first_ms=figures["Warmup", "first"][0],
    )
    return Benched(times, Delegated(asked, "whole" if whole[1] == "True" else "not whole"))


def _complaint(text: str) -> str:
    """Return the line that says best what went wrong: the last of a failure, else of a complaint, else of all."""
    complaints = COMPLAINT.findall(text)
    failed = [line for line in complaints if "Failed to" in line]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return shown((failed or complaints or lines or ["nothing printed"])[-1].strip(), 200)
