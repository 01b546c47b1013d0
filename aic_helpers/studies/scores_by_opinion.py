"""Opinions and runs -> a track's scores with opinion in place of a metric, and the ranks before and after."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.core.statistics import Interval, difference_ci95, paired_means
from aic_helpers.studies import power
from aic_helpers.studies.plans import REFERENCE, Model, Plan
from aic_helpers.tracks import scoring
from aic_helpers.tracks.definitions import COLUMNS, Opinion, Track
from aic_helpers.tracks.scoring import Figure
from aic_helpers.tracks.significance import (
    Contender,
    Lead,
    Part,
    combined,
    leads,
    less,
    signed,
    speed_of,
    speed_part,
)


@dataclass(frozen=True)
class _Judged:
    """A model whose run has all that the track's scores ask for: its figures by the names of quantities."""

    model: Model
    figures: dict[str, Figure]
    contender: Contender

    @property
    def means(self) -> dict[str, float]:
        return {name: figure.value for name, figure in self.figures.items() if name in COLUMNS}


def scores(plan: Plan, models: pd.DataFrame, pairs: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the table of scores before and after, and sentences on what is lacking for it."""
    track = plan.made_for
    if track.opinion is None:
        return pd.DataFrame(), [
            f"No scores by opinion: on the track {track.title} opinion takes the place of no metric."
        ]
    measured, notes = _measured(plan, models)
    if not plan.baseline or plan.baseline not in models.index:
        return pd.DataFrame(), [*notes, f"No scores by opinion: {baseline_words(track)} is not among the models."]
    rows = []
    for score in track.scores.better:
        before = _before(track, score, measured)
        after = _after(plan, track.opinion, score, measured, pairs)
        for one in measured:
            row = {"score": score, "model": one.model.name}
            rows.append(row | before[one.model.name] | after[one.model.name])
    return pd.DataFrame(rows), notes


def baseline_words(track: Track) -> str:
    """Return what a study's baseline is, in words."""
    if not track.baseline.model:
        return f"the workbench's reference ({track.timed_beside})"
    return f"the track's baseline ({track.baseline.name or Path(track.baseline.model).stem})"


def _measured(plan: Plan, models: pd.DataFrame) -> tuple[list[_Judged], list[str]]:
    """Return the models that have all scores, and a sentence on the others, for each thing that they lack."""
    found, lacking = [], {}
    for model in plan.models:
        judged = _judged(plan.made_for, model)
        if missing := _missing(plan.made_for, judged):
            lacking[model.name] = missing
        elif model.name in models.index:
            found.append(judged)
    lacking.pop(REFERENCE, None)
    reasons = {reason: [name for name, own in lacking.items() if own == reason] for reason in lacking.values()}
    return found, [f"No scores of {', '.join(names)}: {reason}." for reason, names in reasons.items()]


def _judged(track: Track, model: Model) -> _Judged:
    figures = dict(_figures(model))
    columns = {name: column for name, column in COLUMNS.items() if column in model.images}
    images = {name: np.array(model.images[column], dtype=float) for name, column in columns.items()}
    fixed = {name: figure.value for name, figure in figures.items() if name not in (*COLUMNS, "speedup")}
    known = {**track.fixed, **fixed}
    return _Judged(model, figures, Contender(images, *speed_of(figures), known))


def _figures(model: Model) -> Iterator[tuple[str, Figure]]:
    """Return what a model's run measured, by the names of quantities."""
    names = {column: name for name, column in COLUMNS.items()}
    for key, value in model.figures.items():
        if not key.endswith("_ci95") and value is not None:
            ends = model.figures.get(f"{key}_ci95")
            yield names.get(key, key), Figure(float(value), (float(ends[0]), float(ends[1])) if ends else None)


def _missing(track: Track, one: _Judged) -> str:
    """Return what a model lacks for the scores, in words."""
    if not one.model.images:
        return "no run with figures and a profile"
    found = scoring.scores(track, one.figures).values()
    reasons = [score.missing for score in found if score.missing]
    return f"without {reasons[0]}" if reasons else ""


def _before(track: Track, score: str, measured: Sequence[_Judged]) -> dict[str, dict[str, Any]]:
    """Return the scores with the metric, as runs have them; ranks are those among the models of the study."""
    totals = {}
    for one in measured:
        found = scoring.scores(track, one.figures)[score]
        totals[one.model.name] = Lead(found.value if found.value is not None else math.nan, found.ci95)
    ordered = _ordered(track, score, measured, totals)
    same = len({tuple(one.model.images["image"]) for one in ordered}) == 1
    contenders = [one.contender for one in ordered]
    found_leads = leads(track, score, contenders) if same else [Lead(math.nan, None)] * (len(ordered) - 1)
    return _ranked("before", ordered, totals, found_leads)


def _after(
    plan: Plan, opinion: Opinion, score: str, measured: Sequence[_Judged], pairs: pd.DataFrame
) -> dict[str, dict[str, Any]]:
    """Return the scores with opinion in place of the metric."""
    track, by_opinion = plan.made_for, _ByOpinion(plan.made_for, opinion, score)
    grades = {one.model.name: _difference(pairs, one.model.name, plan.baseline) for one in measured}
    totals = {one.model.name: by_opinion.total(one, grades[one.model.name]) for one in measured}
    ordered = _ordered(track, score, measured, totals)
    found = []
    for one, following in pairwise(ordered):
        apart = _difference(pairs, one.model.name, following.model.name)
        found.append(by_opinion.lead(one, following, grades[following.model.name][0], apart))
    return _ranked("after", ordered, totals, found)


@dataclass(frozen=True)
class _ByOpinion:
    """A score with opinion in place of a metric.

    Images, raters and timings have nothing to do with each other. So the score is computed with each of them at the
    ends of its interval and the others as they are, and the distances are added as squares, as in
    `aic_helpers.tracks.significance.leads`.
    """

    track: Track
    opinion: Opinion
    score: str

    def total(self, one: _Judged, grades: Part) -> Lead:
        """Return the score of a model that was found so many grades better than the baseline."""
        means = self._means(one, grades[0])
        value = self._value(one, means)
        ends = {name: one.figures[name].ci95 for name in one.means} | {self.opinion.in_place_of: self._ends(grades[1])}
        moved = [self._moved(one, means, name, own) for name, own in ends.items()]
        if not math.isfinite(value):
            return Lead(math.nan, None)
        total = combined([(value, (value, value)), *moved, self._speed(one, means)])
        return total if self.track.scores.better[self.score] == "higher" else Lead(*less((total.value, total.ci95)))

    def lead(self, one: _Judged, following: _Judged, grades: float, apart: Part) -> Lead:
        """Return a lead over the next model, which is `grades` better than the baseline, this one `apart` from it."""
        first, second = self._means(one, grades + apart[0]), self._means(following, grades)
        ahead = self._value(one, first) - self._value(following, second)
        if not math.isfinite(ahead):
            return Lead(math.nan, None)
        liked = None if apart[1] is None else (grades + apart[1][0], grades + apart[1][1])
        return combined(
            [
                (ahead, self._over_images(one, first, following, second)),
                self._moved(one, first, self.opinion.in_place_of, self._ends(liked)),
                self._speed(one, first),
                less(self._speed(following, second)),
            ]
        )

    def _means(self, one: _Judged, grades: float) -> dict[str, float]:
        return {**one.means, self.opinion.in_place_of: self.opinion.in_place(grades)}

    def _ends(self, grades: Interval | None) -> Interval | None:
        return None if grades is None else (self.opinion.in_place(grades[0]), self.opinion.in_place(grades[1]))

    def _value(self, one: _Judged, means: Mapping[str, float]) -> float:
        """Return the signed score; NaN where the formula has none, as where nobody saw a model and the baseline."""
        try:
            return float(signed(self.track, self.score, one.contender.quantities(means)))
        except InputError:
            return math.nan

    def _moved(self, one: _Judged, means: Mapping[str, float], name: str, ends: Interval | None) -> Part:
        """Return 0, with the interval of what a quantity's uncertainty adds to the signed score."""
        if name not in self.track.scores.needs(self.score):
            return 0.0, (0.0, 0.0)
        if ends is None:
            return 0.0, None
        reached = [self._value(one, {**means, name: end}) - self._value(one, means) for end in ends]
        return 0.0, (min(*reached, 0.0), max(*reached, 0.0)) if np.isfinite(reached).all() else None

    def _speed(self, one: _Judged, means: Mapping[str, float]) -> Part:
        try:
            return speed_part(self.track, self.score, one.contender, means, self._value(one, means))
        except InputError:
            return 0.0, None

    def _over_images(
        self, one: _Judged, first: Mapping[str, float], following: _Judged, second: Mapping[str, float]
    ) -> Interval | None:
        """Return the interval of a lead over the images of both runs, with all else as it is."""
        ahead = self._value(one, first) - self._value(following, second)
        metrics = {*self.track.scores.needs(self.score)} & {*one.means} - {self.opinion.in_place_of}
        if not metrics:
            return ahead, ahead
        images = one.model.images["image"]
        if images != following.model.images["image"]:
            return None
        drawn = [self._drawn(judged, means, metrics) for judged, means in ((one, first), (following, second))]
        return difference_ci95(*drawn, difference=ahead, images=len(images)) if np.isfinite(drawn).all() else None

    def _drawn(self, one: _Judged, means: Mapping[str, float], metrics: Iterable[str]) -> NDArray[np.float64]:
        """Return the signed score in each draw of images, the same for all models of as many images."""
        own = {name: paired_means(one.contender.images[name][:, None])[:, 0] for name in metrics}
        return np.asarray(signed(self.track, self.score, one.contender.quantities({**means, **own})))


def _difference(pairs: pd.DataFrame, first: str, second: str) -> Part:
    """Return how much better one model was found than another, in grades.

    Without an interval where so few raters saw both that no pair can be decided: then no rank can be either.
    """
    if first == second:
        return 0.0, (0.0, 0.0)
    for one, other, sign in ((first, second, 1), (second, first, -1)):
        row = pairs[(pairs["first"] == one) & (pairs["second"] == other)]
        if len(row):
            value, low, high = (float(row.iloc[0][name]) for name in ("difference", "low", "high"))
            few = row["raters"].iloc[0] < power.least_raters(len({*pairs["first"], *pairs["second"]}))
            part: Part = (value, None if few or math.isnan(low) else (low, high))
            return part if sign > 0 else less(part)
    return math.nan, None


def _ordered(track: Track, score: str, measured: Sequence[_Judged], totals: Mapping[str, Lead]) -> list[_Judged]:
    """Return the models, the best first, those without a value last."""
    sign = -1 if track.scores.better[score] == "higher" else 1
    values = {name: sign * total.value for name, total in totals.items() if math.isfinite(total.value)}
    return sorted(measured, key=lambda one: values.get(one.model.name, math.inf))


def _ranked(
    when: str, ordered: Sequence[_Judged], totals: Mapping[str, Lead], found: Sequence[Lead]
) -> dict[str, dict[str, Any]]:
    words = [*(lead.words for lead in found), ""]
    rows: dict[str, dict[str, Any]] = {}
    for place, one in enumerate(ordered):
        total = totals[one.model.name]
        low, high = total.ci95 or (math.nan, math.nan)
        rows[one.model.name] = {when: total.value, f"{when}_low": low, f"{when}_high": high}
        rows[one.model.name] |= {f"{when}_rank": place + 1, f"{when}_against_next": words[place]}
    return rows
