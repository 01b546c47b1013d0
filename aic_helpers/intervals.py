"""95 % intervals by bootstrap, one way for every figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 4000
SEED = 2018

Interval = tuple[float, float]


def mean_ci95(values: Sequence[float] | NDArray[np.floating]) -> Interval | None:
    """Return a 95 % interval of the mean over images.

    Percentile bootstrap, widened by sqrt(n / (n - 1)): resampling n values underestimates the variance of
    a mean by (n - 1) / n, which matters for the five or six images of Track A (Hesterberg 2015, "What
    teachers should know about the bootstrap", section 4.3).

    Returns
    -------
    (low, high), or None where fewer than two values, or any that isn't finite, leave no interval.
    """
    sample = np.sort(np.asarray(values, dtype=np.float64))  # so that the order of the images doesn't count
    if sample.size < 2 or not np.isfinite(sample).all():
        return None
    generator = np.random.default_rng(SEED)
    means = sample[generator.integers(0, sample.size, (RESAMPLES, sample.size))].mean(axis=1)
    widen = np.sqrt(sample.size / (sample.size - 1))
    low, high = sample.mean() + (np.quantile(means, [0.025, 0.975]) - sample.mean()) * widen
    return float(low), float(high)
