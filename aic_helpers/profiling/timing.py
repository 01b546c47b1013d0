"""Paired timing: networks in turn until the intervals of their ratios are narrow enough."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from aic_helpers.core.errors import InputError
from aic_helpers.core.statistics import median_ci95

if TYPE_CHECKING:
    import pandas as pd

MIN_PAIRS = 4
"""A B B A twice: the fewest after which neither ran first more often, and that have an interval."""

DEFAULT_BUDGET_S = 60.0
"""On a quiet machine the interval is reached long before. Where single runs vary by 5 %, ten pairs leave the median off
by more than 2 % in one of four tries, thirty in none of a hundred."""

MAX_BUDGET_S = 86_400.0

StopReason = Literal["interval", "time budget", "repetitions"]
Run = Callable[[], float]
"""Runs a network once and returns the milliseconds that it took."""


@dataclass(frozen=True)
class Limits:
    """When the timed runs stop: at the first of these.

    Attributes
    ----------
    interval : float
        Width of the 95 % interval of the speedup, as a share of the speedup, or of 1 where that is more: the score adds
        the speedup itself, so a tenth of a speedup of 0.1 counts for no more than a hundredth of 1. Met by four pairs
        at the least.
    time_budget_s : float or None
        For the timed runs. None: 60 s, or what four pairs take where that is longer. A budget that is given is
        kept even where it leaves fewer than four pairs.
    max_repetitions : int
        Runs of the baseline, and of the model, at the most.
    """

    interval: float = 0.02
    time_budget_s: float | None = None
    max_repetitions: int = 60

    def __post_init__(self) -> None:
        if not 0 < self.interval <= 1:
            raise InputError("a target for the interval above 0, at most 1", f"{self.interval}", "0.02 means 2 %")
        if self.time_budget_s is not None and not 0 < self.time_budget_s <= MAX_BUDGET_S:
            expected = f"a time budget above 0 s, at most {MAX_BUDGET_S:.0f} (a day)"
            raise InputError(expected, f"{self.time_budget_s}", "change it, or leave it out")
        if self.max_repetitions < MIN_PAIRS:
            raise InputError(f"a limit of at least {MIN_PAIRS} repetitions", f"{self.max_repetitions}", "give more")

    @property
    def shortest(self) -> Limits:
        """The same, but for no more pairs than are taken at the least."""
        return replace(self, max_repetitions=MIN_PAIRS)


@dataclass(frozen=True)
class Sample:
    """One timed run. `start_s` counts from the first; `role` is the network's name in `time_in_turn`."""

    pair: int
    role: str
    start_s: float
    time_ms: float


@dataclass(frozen=True)
class PairedTiming:
    """Samples in the order in which they ran, and why they stopped."""

    samples: list[Sample]
    stop_reason: StopReason

    def times_ms(self, role: str) -> list[float]:
        """Return the times of one role, by pair."""
        return [sample.time_ms for sample in sorted(self.samples, key=lambda s: s.pair) if sample.role == role]

    def ratios(self, role: str = "model", beside: str = "baseline") -> list[float]:
        """Return the time of the network `beside` / that of `role`, of each pair."""
        pairs = zip(self.times_ms(beside), self.times_ms(role), strict=True)
        return [baseline / model for baseline, model in pairs]


def time_in_turn(
    runs: Mapping[str, Run],
    limits: Limits,
    *,
    progress: Callable[[int], None],
    clock: Callable[[], float] = time.monotonic,
) -> PairedTiming:
    """Time networks in turn, A B B A A B ..., so that a machine that drifts slows all of them.

    Parameters
    ----------
    runs : mapping of str to callable
        By name, first the one that the others are held against. They are warmed up. Each call runs the network once and
        returns its milliseconds.
    limits : Limits
        A pair is one run of each.
    progress : callable
        Called with the number of pairs done.
    clock : callable
        Seconds; for tests.

    Raises
    ------
    InputError
        The first pair alone took longer than the time budget given.
    """
    samples: list[Sample] = []
    started_s = clock()
    for pair in range(limits.max_repetitions):
        for role, run in runs.items() if pair % 2 == 0 else reversed([*runs.items()]):
            start_s = clock() - started_s
            samples.append(Sample(pair, role, start_s, run()))
        progress(pair + 1)
        timing = PairedTiming(samples, _reason_to_stop(samples, pair + 1, clock() - started_s, limits))
        if timing.stop_reason != "repetitions":
            return timing
    return timing


def _reason_to_stop(samples: list[Sample], pairs: int, elapsed_s: float, limits: Limits) -> StopReason:
    """Return the limit that is met; ``repetitions`` where none of the others is."""
    budget_s = limits.time_budget_s
    if budget_s is not None:
        if pairs == 1 and elapsed_s > budget_s:
            found = f"{budget_s:g} s, where one run of each takes {elapsed_s:.1f} s"
            raise InputError("a time budget for at least one run of baseline and model", found, "give more time")
        if elapsed_s * (pairs + 1) / pairs > budget_s:
            return "time budget"
    # Only after A B B A is complete: until then one of the two ran first more often.
    if pairs >= MIN_PAIRS and pairs % 2 == 0:
        if _narrow_enough(samples, limits.interval):
            return "interval"
        if budget_s is None and elapsed_s > DEFAULT_BUDGET_S:
            return "time budget"
    return "repetitions"


def _narrow_enough(samples: list[Sample], interval: float) -> bool:
    timing = PairedTiming(samples, "interval")
    first, *others = dict.fromkeys(sample.role for sample in samples if sample.pair == 0)
    return all(_is_narrow(timing.ratios(role, first), interval) for role in others)


def _is_narrow(ratios: list[float], interval: float) -> bool:
    ci95 = median_ci95(ratios)
    return ci95 is not None and ci95[1] - ci95[0] <= interval * max(1.0, float(np.median(ratios)))


def frame(samples: Sequence[Sample]) -> pd.DataFrame:
    """Return timed runs as a table, a row each in the order in which they ran."""
    import pandas as pd

    columns = ["pair", "role", "start_s", "time_ms"]
    return pd.DataFrame([asdict(sample) for sample in samples], columns=columns)
