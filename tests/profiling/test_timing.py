"""Paired timing on made-up clocks: order, limits, ratio, interval. No wall clock."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.core.statistics import median_ci95
from aic_helpers.profiling.timing import MIN_PAIRS, Limits, PairedTiming, Sample, time_in_turn


class Machine:
    """A clock that runs only while a network does; `slowdown` says how the machine drifts."""

    def __init__(self, baseline_ms: float, model_ms: float, slowdown=lambda now_s: 1.0, noise: float = 0.0) -> None:
        self.now_s = 0.0
        self.order = ""
        self._slowdown = slowdown
        self._noise = noise
        self._random = np.random.default_rng(1)
        self.baseline = lambda: self._run("A", baseline_ms)
        self.model = lambda: self._run("B", model_ms)

    def _run(self, name: str, time_ms: float) -> float:
        self.order += name
        time_ms *= self._slowdown(self.now_s) * np.exp(self._noise * self._random.standard_normal())
        self.now_s += time_ms / 1000
        return time_ms

    def time(self, limits: Limits) -> PairedTiming:
        done: list[int] = []
        runs = {"baseline": self.baseline, "model": self.model}
        timing = time_in_turn(runs, limits, progress=done.append, clock=lambda: self.now_s)
        assert done == list(range(1, len(timing.ratios()) + 1))
        return timing


def test_runs_in_turn_and_stops_at_a_narrow_interval() -> None:
    machine = Machine(300, 150)
    timing = machine.time(Limits())
    assert machine.order == "ABBA" * 2
    assert timing.stop_reason == "interval"
    assert timing.ratios() == [2.0] * MIN_PAIRS
    assert timing.times_ms("model") == [150.0] * MIN_PAIRS
    assert timing.samples[2] == Sample(1, "model", pytest.approx(0.45), 150.0)


def test_more_than_two_run_in_turn_each_beside_the_first() -> None:
    order: list[str] = []

    def runs(name: str, time_ms: float) -> Callable[[], float]:
        return lambda: order.append(name) or time_ms

    networks = {name: runs(name, time_ms) for name, time_ms in (("A", 300.0), ("B", 150.0), ("C", 100.0))}
    timing = time_in_turn(networks, Limits(), progress=lambda done: None, clock=lambda: 0.0)
    assert "".join(order) == "ABCCBA" * 2
    assert timing.stop_reason == "interval"
    assert timing.ratios("B", "A") == [2.0] * MIN_PAIRS
    assert timing.ratios("C", "A") == [3.0] * MIN_PAIRS


def test_stops_at_the_repetitions() -> None:
    timing = Machine(300, 150, noise=0.5).time(Limits(time_budget_s=86_400, max_repetitions=13))
    assert (timing.stop_reason, len(timing.ratios())) == ("repetitions", 13)


def test_a_budget_that_is_given_is_kept() -> None:
    machine = Machine(600, 400, noise=0.01)
    timing = machine.time(Limits(interval=0.0001, time_budget_s=5.2))
    assert timing.stop_reason == "time budget"
    assert machine.now_s < 5.2
    assert len(timing.ratios()) == 5


@pytest.mark.parametrize(("time_ms", "pairs"), [(10_000, 4), (1000, 32)])
def test_by_default_four_pairs_or_a_minute(time_ms: float, pairs: int) -> None:
    timing = Machine(time_ms, time_ms, noise=0.1).time(Limits())
    assert (timing.stop_reason, len(timing.ratios())) == ("time budget", pairs)


def test_a_budget_too_small_for_one_run_is_refused() -> None:
    with pytest.raises(InputError, match=r"^expected a time budget for at least one run .*, found 1 s, where one run"):
        Machine(600, 600).time(Limits(time_budget_s=1))


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"interval": 0.0}, "a target for the interval above 0"),
        (
            {"time_budget_s": 0.0},
            "a time budget above 0 s, at most 86400 .a day., found 0.0: change it, or leave",
        ),
        ({"time_budget_s": math.nan}, "a time budget above 0 s, .*, found nan"),
        ({"time_budget_s": 1e99}, "a time budget .* at most 86400 .a day., found 1e.99"),
        ({"max_repetitions": 3}, "at least 4 repetitions"),
    ],
)
def test_limits_out_of_range_are_refused(limits: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Limits(**limits)


def test_drift_slows_both() -> None:
    """A machine that gets three times slower on the way: the medians are no use, the ratio is."""
    timing = Machine(300, 300, slowdown=lambda now_s: 1 + now_s / 10).time(Limits(interval=1e-9, time_budget_s=20))
    first, last = timing.samples[0].time_ms, timing.samples[-1].time_ms
    assert last > 2.5 * first
    assert np.median(timing.ratios()) == pytest.approx(1, abs=0.02)


def test_a_disturbed_pair_changes_nothing() -> None:
    low, high = median_ci95([1.0, 1.01, 0.99, 1.0, 1.0, 1.01, 0.99, 1.0, 1.0, 1.0, 7.0]) or (0, 0)
    assert (low, high) == (pytest.approx(1, abs=0.011), pytest.approx(1, abs=0.011))


def test_a_slow_model_needs_no_narrower_interval_than_the_score_can_tell() -> None:
    """Of a speedup of 2, two percent are 0.04; of one of 0.1 they would be 0.002, which moves no score."""
    fast, slow = (Machine(300, 300 / speedup, noise=0.01).time(Limits()) for speedup in (2, 0.1))
    assert len(slow.ratios()) == MIN_PAIRS < len(fast.ratios())
    assert (slow.stop_reason, fast.stop_reason) == ("interval", "interval")


def test_the_shortest_timing_has_an_interval_all_the_same() -> None:
    timing = Machine(300, 150, noise=0.5).time(Limits(time_budget_s=86_400).shortest)
    assert (timing.stop_reason, len(timing.ratios())) == ("repetitions", MIN_PAIRS)
    assert median_ci95(timing.ratios()) is not None


def _normal(random: np.random.Generator) -> float:
    return random.standard_normal()


def _heavy(random: np.random.Generator) -> float:
    return random.standard_t(2)


def _now_and_then(random: np.random.Generator) -> float:
    """Something else on the machine slows every fifth run."""
    return 0.5 * random.standard_normal() + (6 * random.exponential() if random.random() < 0.2 else 0)


@pytest.mark.parametrize("noise", [_normal, _heavy, _now_and_then])
@pytest.mark.parametrize("share", [0.002, 0.006, 0.012, 0.02])
@pytest.mark.parametrize("speedup", [0.12, 1.0])
def test_interval_holds_the_true_ratio_as_often_as_it_says_though_the_runs_stop_when_it_is_narrow(
    noise: Callable[[np.random.Generator], float], share: float, speedup: float
) -> None:
    """Least where most timings go on for long and stop at a lucky moment: 93 % of the intervals hold it then."""
    random = np.random.default_rng(3)

    def run(time_ms: float) -> float:
        return time_ms * np.exp(share * noise(random))

    baseline, model, limits = partial(run, 300 * speedup), partial(run, 300), Limits(time_budget_s=86_400)
    timings = [
        time_in_turn({"baseline": baseline, "model": model}, limits, progress=lambda done: None) for _ in range(300)
    ]
    intervals = [median_ci95(timing.ratios()) or (0, 0) for timing in timings]
    assert np.mean([low <= speedup <= high for low, high in intervals]) >= 0.91
