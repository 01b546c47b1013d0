"""Paired timing on made-up clocks: order, limits, ratio, interval. No wall clock."""

from __future__ import annotations

import math

import numpy as np
import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.profiling.timing import MIN_PAIRS, Limits, PairedTiming, Sample, median_ci95, time_in_pairs


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
        timing = time_in_pairs(self.baseline, self.model, limits, progress=done.append, clock=lambda: self.now_s)
        assert done == list(range(1, len(timing.ratios()) + 1))
        return timing


def test_runs_in_turn_and_stops_at_a_narrow_interval() -> None:
    machine = Machine(300, 150)
    timing = machine.time(Limits())
    assert machine.order == "ABBA" * 5
    assert timing.stop_reason == "interval"
    assert timing.ratios() == [2.0] * MIN_PAIRS
    assert timing.times_ms("model") == [150.0] * MIN_PAIRS
    assert timing.samples[2] == Sample(1, "model", pytest.approx(0.45), 150.0)


def test_stops_at_the_repetitions() -> None:
    timing = Machine(300, 150, noise=0.5).time(Limits(time_budget_s=86_400, max_repetitions=13))
    assert (timing.stop_reason, len(timing.ratios())) == ("repetitions", 13)


def test_a_budget_that_is_given_is_kept() -> None:
    machine = Machine(600, 400, noise=0.01)
    timing = machine.time(Limits(interval=0.0001, time_budget_s=5.2))
    assert timing.stop_reason == "time budget"
    assert machine.now_s < 5.2
    assert len(timing.ratios()) == 5


@pytest.mark.parametrize(("time_ms", "pairs"), [(10_000, 10), (1000, 32)])
def test_by_default_ten_pairs_or_a_minute(time_ms: float, pairs: int) -> None:
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
        ({"max_repetitions": 9}, "at least 10 repetitions"),
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


def test_interval_holds_the_true_ratio_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)
    intervals = [median_ci95(list(1.3 * np.exp(0.05 * random.standard_normal(20)))) for _ in range(200)]
    held = [interval is not None and interval[0] <= 1.3 <= interval[1] for interval in intervals]
    assert np.mean(held) >= 0.9


def test_one_value_has_no_interval() -> None:
    assert median_ci95([1.0]) is None
