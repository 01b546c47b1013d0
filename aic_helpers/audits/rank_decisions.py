"""Scores of published rows -> ranks, and which of them single images decide."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aic_helpers.audits import recomputed_scores
from aic_helpers.audits.published_tables import BySet, Published, Values
from aic_helpers.audits.recomputed_scores import Baseline
from aic_helpers.core.statistics import RESAMPLES, Interval, difference_ci95, paired_means
from aic_helpers.tracks.definitions import Track
from aic_helpers.tracks.score_sets import Better, ranks
from aic_helpers.tracks.significance import NOISE, Lead

HUGE = 1e6
"""From here on a score is shown with three digits."""


@dataclass(frozen=True)
class Draws:
    """Figures over draws of images.

    Attributes
    ----------
    figures : dict of str to ndarray, shape (rows, RESAMPLES)
        The same draws for all rows, so that rows can be subtracted.
    images : int
        Of the smallest set.
    """

    figures: Mapping[str, Values]
    images: int


@dataclass(frozen=True)
class Standing:
    """How the rows stand by one score.

    Attributes
    ----------
    values, ranks : ndarray, shape (rows,)
        NaN where there is none.
    order : list of int
        The rows: ranked ones, the best first, then the others.
    ci95 : list of Interval or None
        Of each row's own score.
    leads : dict of int to Lead
        By how much a ranked row is better than the next one.
    ties : dict of int to list of int
        By row, those from which it can't be told apart: the 95 % interval of the paired difference holds 0. Rows that
        are within noise of none aren't there.
    """

    score: str
    better: Better
    values: Values
    ranks: Values
    order: list[int]
    ci95: list[Interval | None]
    leads: dict[int, Lead]
    ties: dict[int, list[int]]

    @property
    def is_sampled(self) -> bool:
        """Whether single images say how sure the score is."""
        return any(interval is not None for interval in self.ci95)

    def words(self, row: int) -> str:
        """Return a row's score and rank."""
        if np.isnan(self.values[row]):
            return "none"
        rank = f"rank {self.ranks[row]:.0f}" if np.isfinite(self.ranks[row]) else "not ranked"
        return f"{in_digits(self.values[row])} ({rank})"


def in_digits(value: float, decimals: int = 2) -> str:
    """Return a score in words: a huge one with three digits, none at all as nothing."""
    return "" if np.isnan(value) else f"{value:.{decimals}f}" if abs(value) < HUGE else f"{value:.3g}"


def draws(published: Published) -> Draws | None:
    """Return a table's figures over draws of its images; None where it has none, or but one in a set."""
    counts = [values.shape[1] for found in published.images.values() for values in found.values()]
    if not counts or min(counts) < 2:
        return None
    by_set: BySet = {
        of_set: {name: paired_means(values.T, stratum=stratum).T for name, values in found.items()}
        for stratum, (of_set, found) in enumerate(published.images.items())
    }
    of_images = {
        name: np.mean([found[name] for found in by_set.values()], axis=0) for name in next(iter(by_set.values()))
    }
    shape = (len(published.names), RESAMPLES)
    others = {name: np.broadcast_to(values[:, None], shape) for name, values in published.figures.items()}
    return Draws(others | of_images, min(counts))


def standing(
    track: Track,
    score: str,
    figures: Mapping[str, Values],
    drawn: Draws | None,
    baseline: Baseline,
    apart: Collection[int],
) -> Standing:
    """Return how the rows stand by a score; those that are set apart have no rank."""
    better = track.scores.better[score]
    values = recomputed_scores.score_values(track, score, figures, baseline)
    samples = recomputed_scores.score_values(track, score, drawn.figures, baseline) if drawn else None
    places = ranks(np.where(np.isin(np.arange(values.size), list(apart)), np.nan, values), better)
    costs = values if better == "lower" else -values
    order = [int(row) for row in np.lexsort((costs, places))]  # NaN comes last
    ranked = [row for row in order if np.isfinite(places[row])]
    compared = _Compared(costs, samples if samples is None or better == "lower" else -samples, drawn)
    rivals = ranked if baseline.row is None or baseline.row in ranked else [*ranked, baseline.row]
    return Standing(
        score=score,
        better=better,
        values=values,
        ranks=places,
        order=order,
        ci95=[own_ci95(values, samples, drawn, row) for row in range(values.size)],
        leads={one: compared.lead(one, other) for one, other in itertools.pairwise(ranked)},
        ties=compared.ties(rivals),
    )


def own_ci95(values: Values, samples: Values | None, drawn: Draws | None, row: int) -> Interval | None:
    """Return the 95 % interval of a row's own value; None where it can't be told."""
    if samples is None or drawn is None or not np.isfinite(samples[row]).all():
        return None
    return difference_ci95(samples[row], np.zeros(RESAMPLES), difference=float(values[row]), images=drawn.images)


@dataclass(frozen=True)
class _Compared:
    """What rows cost by a score, the less the better, and over draws of images."""

    costs: Values
    samples: Values | None
    drawn: Draws | None

    def lead(self, one: int, other: int) -> Lead:
        """Return by how much a row is better than another."""
        difference = float(self.costs[other] - self.costs[one])
        if self.samples is None or self.drawn is None or not np.isfinite(self.samples[[one, other]]).all():
            return Lead(difference, None)
        pair = self.samples[other], self.samples[one]
        return Lead(difference, difference_ci95(*pair, difference=difference, images=self.drawn.images))

    def ties(self, rows: Sequence[int]) -> dict[int, list[int]]:
        """Return by row which others are within noise of it, in the order of the rows."""
        found: dict[int, list[int]] = {}
        for one, other in itertools.combinations(rows, 2) if self.samples is not None else ():
            if self.lead(one, other).words == NOISE:
                found.setdefault(one, []).append(other)
                found.setdefault(other, []).append(one)
        return found
