"""How small a difference a study can find, before anybody has voted."""

from __future__ import annotations

import math
from statistics import NormalDist

from aic_helpers.core.statistics import student

NOISE, DISAGREEMENT = 0.75, 0.35
"""Assumed before there are votes, in grades: how far votes of one rater on pictures of one worth scatter, and how far
raters differ in how much better they find one model than another."""

POWER, LEVEL = 0.8, 0.05


def difference_found(
    raters: int, photos: int, models: int, *, noise: float = NOISE, disagreement: float = DISAGREEMENT
) -> float:
    """Return the smallest difference of two models, in grades, that a study finds in four of five cases.

    Parameters
    ----------
    raters : int
        At least 2.
    photos : int
        That each rater sees of each model.
    models : int
        All pairs of them are compared; the level is 0.05 shared by all, as Holm's method does for its first.
    noise, disagreement : float
        See `NOISE` and `DISAGREEMENT`.

    Notes
    -----
    A rater's difference between two models has the variance disagreement^2 + 2 noise^2 / photos, and a paired test over
    raters finds what is larger than (t(1 - level / 2) + t(power)) times the standard error of its mean.
    """
    spread = math.sqrt(disagreement**2 + 2 * noise**2 / photos)
    return (
        (student(1 - LEVEL / pairs_of(models) / 2, raters - 1) + student(POWER, raters - 1))
        * spread
        / math.sqrt(raters)
    )


def preference_found(raters: int, photos: int, models: int) -> float:
    """Return the smallest share of preferences above one half, such as 0.6, that a study of pairs finds so.

    Votes are taken as independent; raters who agree with themselves more than with others find less.
    """
    reach = NormalDist().inv_cdf(1 - LEVEL / pairs_of(models) / 2) + NormalDist().inv_cdf(POWER)
    return min(1.0, 0.5 + reach * 0.5 / math.sqrt(raters * photos))


def least_raters(models: int) -> int:
    """Return how many raters it takes to decide anything, even of one mind: below, chance alone does as much."""
    return 1 + math.ceil(math.log2(pairs_of(models) / LEVEL) + 1e-9)


def pairs_of(models: int) -> int:
    """Return how many pairs there are of so many models."""
    return models * (models - 1) // 2
