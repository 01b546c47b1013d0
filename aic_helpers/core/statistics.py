"""95 % intervals: over images by bootstrap, over raters by Student, of medians; sign-flip test, Holm's correction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 4000
SEED = 2018

Interval = tuple[float, float]


UNBOUNDED: Interval = (-math.inf, math.inf)


def mean_ci95(values: Sequence[float] | NDArray[np.floating], *, bounds: Interval = UNBOUNDED) -> Interval | None:
    """Return a 95 % interval of the mean over images, within the bounds of what the values are of.

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
    means = sample[_draws(sample.size)].mean(axis=1)
    return _within(_widened(means, float(sample.mean()), sample.size), bounds)


def median_ci95(values: Sequence[float]) -> Interval | None:
    """Return a 95 % interval of the median of ratios, one a pair; None below three.

    The median, because a pair that something else on the machine disturbed says nothing about the networks.

    Notes
    -----
    Of six values and more it runs from the k-th lowest to the k-th highest. That holds the true median unless fewer
    than k values are on one side of it, which for any distribution is a matter of tossing coins: k is the largest with
    at least 95 %. Six values have 96.9 % between the lowest and the highest. A bootstrap gives about the same interval
    of many values, but too narrow a one of few.

    Of three to five ratios it runs from the lowest to the highest, made longer by as much at both ends, as factors: on
    the logarithmic scale one and a half ranges from the middle, where normal noise asks for 1.3 ranges with three
    values and 0.7 with four (Lord 1947).
    """
    count, ranked = len(values), sorted(values)
    if count < 3:
        return None
    if count < 6:
        spread = ranked[-1] / ranked[0]
        return ranked[0] / spread, ranked[-1] * spread
    k, outside = 0, 0.0
    while (outside := outside + 2 * math.comb(count, k) / 2**count) <= 0.05:
        k += 1
    return ranked[k - 1], ranked[count - k]


def raters_ci95(values: Sequence[float] | NDArray[np.floating], *, bounds: Interval = UNBOUNDED) -> Interval | None:
    """Return a 95 % interval of the mean over raters, by Student's t as ITU-R BT.500 and ITU-T P.910 have it.

    It stays within the bounds of what the values are of. Raters are few, and a percentile bootstrap over eight of them
    covers the truth in nine of ten cases only.

    Returns
    -------
    (low, high), or None below two values.
    """
    sample = np.asarray(values, dtype=np.float64)
    if sample.size < 2:
        return None
    reach = student(0.975, sample.size - 1) * float(sample.std(ddof=1)) / math.sqrt(sample.size)
    return _within((float(sample.mean()) - reach, float(sample.mean()) + reach), bounds)


def _within(interval: Interval, bounds: Interval) -> Interval:
    low, high = (min(max(end, bounds[0]), bounds[1]) for end in interval)
    return low, high


def student(share: float, freedom: int) -> float:
    """Return the quantile of Student's distribution: exact for 1 and 2 degrees of freedom, else by its expansion.

    The expansion is around the normal quantile (Fisher and Cornish 1960): within 1 % for 0.975 from 3 degrees on.
    """
    if freedom == 1:
        return math.tan(math.pi * (share - 0.5))
    if freedom == 2:
        return (2 * share - 1) * math.sqrt(2 / (1 - (2 * share - 1) ** 2))
    z = NormalDist().inv_cdf(share)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def paired_means(values: NDArray[np.floating], *, stratum: int = 0) -> NDArray[np.float64]:
    """Return the means of every column over the same draws of images, so that columns can be subtracted.

    Parameters
    ----------
    values : ndarray, shape (images, columns), finite
    stratum : int
        Which of several sets of images these are: each is drawn from by itself, whether or not it has as many.

    Returns
    -------
    ndarray, shape (RESAMPLES, columns)
    """
    return _how_often(len(values), stratum) @ np.asarray(values, dtype=np.float64) / len(values)


def difference_ci95(
    first: NDArray[np.floating], second: NDArray[np.floating], *, difference: float, images: int
) -> Interval | None:
    """Return a 95 % interval of a difference of two means, in the way of `mean_ci95`.

    Parameters
    ----------
    first, second : ndarray, shape (RESAMPLES,)
        Two columns of `paired_means`.
    difference : float
        Of the two means themselves.
    images : int
    """
    return None if images < 2 else _widened(first - second, difference, images)


@lru_cache(maxsize=4)
def _how_often(count: int, stratum: int) -> NDArray[np.float64]:
    """Return how often each image is in each of the draws; a board asks for the same ones again and again."""
    return np.apply_along_axis(np.bincount, 1, _draws(count, stratum), minlength=count).astype(np.float64)


def _draws(count: int, stratum: int = 0) -> NDArray[np.int64]:
    return np.random.default_rng(SEED + stratum).integers(0, count, (RESAMPLES, count))


def _widened(means: NDArray[np.floating], centre: float, count: int) -> Interval:
    low, high = centre + (_ends(means) - centre) * np.sqrt(count / (count - 1))
    return float(low), float(high)


def _ends(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return what `np.quantile` does for 0.025 and 0.975: a board asks thousands of times, and sorting is faster."""
    ranked = np.sort(values)
    places = np.array([0.025, 0.975]) * (ranked.size - 1)
    below = np.floor(places).astype(int)
    return ranked[below] + (ranked[below + 1] - ranked[below]) * (places - below)


FLIPS = 20_000


def sign_flip_p(values: NDArray[np.float64]) -> float:
    """Return how often a mean as far from 0 comes about where each rater might as well have seen it the other way."""
    if values.size < 2:
        return 1.0
    means = np.abs(_signs(values.size) @ values) / values.size
    return float((1 + (means >= abs(values.mean()) - 1e-12).sum()) / (1 + FLIPS))


@lru_cache(maxsize=4)
def _signs(count: int) -> NDArray[np.float64]:
    return np.random.default_rng(SEED).choice([-1.0, 1.0], (FLIPS, count))


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return p-values corrected for their number by Holm's method (1979)."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate(np.minimum(1, p[order] * np.arange(p.size, 0, -1)))
    corrected = np.empty_like(stepped)
    corrected[order] = stepped
    return corrected
