"""Whether paired differences are beyond chance: the sign-flip test, and Holm's correction for many of them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aic_helpers.intervals import SEED

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
