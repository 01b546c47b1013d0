"""Opinions and runs -> a track's scores with opinion in place of a metric, and the ranks before and after."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from aic_helpers.core.statistics import Interval, difference_ci95, paired_means
from aic_helpers.studies import power
from aic_helpers.studies.plans import REFERENCE, Model, Plan
from aic_helpers.tracks import scoring
from aic_helpers.tracks.definitions import COLUMNS, Opinion, Track
from aic_helpers.tracks.scoring import Figure
from aic_helpers.tracks.significance import Contender, Lead, Part, combined, leads, less, signed, speed_part


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
        return pd.DataFrame(), [f"No scores by opinion: those of {track.title} have none in place of a metric."]
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
    speed = figures.get("speedup") or _speed_of(figures)
    contender = Contender(images, speed.value, speed.ci95, known) if speed else Contender(images, fixed=known)
    return _Judged(model, figures, contender)


def _figures(model: Model) -> Iterator[tuple[str, Figure]]:
    """Return what a model's run measured, by the names of quantities."""
    names = {column: name for name, column in COLUMNS.items()}
    for key, value in model.figures.items():
        if not key.endswith("_ci95") and value is not None:
            ends = model.figures.get(f"{key}_ci95")
            yield names.get(key, key), Figure(float(value), (float(ends[0]), float(ends[1])) if ends else None)


def _speed_of(figures: Mapping[str, Figure]) -> Figure | None:
    """Return a speed of 1 with the interval of a time, where the track knows no speedup."""
    time = figures.get("time_ms")
    if time is None:
        return None
    return Figure(1.0, time.ci95 and (time.value / time.ci95[1], time.value / time.ci95[0]))


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
    """Return the scores with opinion in place of the metric.

    Images, raters and timings have nothing to do with each other. So the score is computed with each of them at the
    ends of its interval and the others as they are, and the distances are added as squares, as in
    `aic_helpers.tracks.significance.leads`.
    """
    track = plan.made_for
    grades = {one.model.name: _difference(pairs, one.model.name, plan.baseline) for one in measured}
    totals = {one.model.name: _total(track, opinion, score, one, grades[one.model.name]) for one in measured}
    ordered = _ordered(track, score, measured, totals)
    found = []
    for one, following in pairwise(ordered):
        apart = _difference(pairs, one.model.name, following.model.name)
        found.append(_lead(track, opinion, score, (one, following), grades[following.model.name][0], apart))
    return _ranked("after", ordered, totals, found)


def _total(track: Track, opinion: Opinion, score: str, one: _Judged, grades: Part) -> Lead:
    """Return a score by opinion: `grades` is how much better than the baseline the model was found."""
    means = {**one.means, opinion.in_place_of: opinion.in_place(grades[0])}
    value = float(signed(track, score, one.contender.quantities(means)))
    parts: list[Part] = [(value, (value, value)), speed_part(track, score, one.contender, means, value)]
    for name in means:
        ends = one.figures[name].ci95 if name != opinion.in_place_of else _in_place(opinion, grades[1])
        parts.append(_moved(track, score, one, means, name, ends, value))
    total = combined(parts)
    if track.scores.better[score] == "higher":
        return total
    return Lead(*less((total.value, total.ci95)))


def _lead(
    track: Track, opinion: Opinion, score: str, both: tuple[_Judged, _Judged], grades: float, apart: Part
) -> Lead:
    """Return a model's lead over the next: `grades` is that one's over the baseline, `apart` how far they are apart."""
    one, following = both
    first = {**one.means, opinion.in_place_of: opinion.in_place(grades + apart[0])}
    second = {**following.means, opinion.in_place_of: opinion.in_place(grades)}
    values = [
        float(signed(track, score, judged.contender.quantities(means)))
        for judged, means in ((one, first), (following, second))
    ]
    liked = None if apart[1] is None else (grades + apart[1][0], grades + apart[1][1])
    return combined(
        [
            (values[0] - values[1], _over_images(track, score, both, (first, second), opinion.in_place_of, values)),
            _moved(track, score, one, first, opinion.in_place_of, _in_place(opinion, liked), values[0]),
            speed_part(track, score, one.contender, first, values[0]),
            less(speed_part(track, score, following.contender, second, values[1])),
        ]
    )


def _over_images(
    track: Track,
    score: str,
    both: tuple[_Judged, _Judged],
    means: tuple[Mapping[str, float], Mapping[str, float]],
    replaced: str,
    values: Sequence[float],
) -> Interval | None:
    """Return the interval of a lead over the images of both runs, with all else as it is."""
    difference = values[0] - values[1]
    metrics = [name for name in track.scores.needs(score) if name in means[0] and name != replaced]
    if not metrics:
        return difference, difference
    if both[0].model.images["image"] != both[1].model.images["image"]:
        return None
    drawn = []
    for place, one in enumerate(both):
        own = {name: paired_means(one.contender.images[name][:, None])[:, 0] for name in metrics}
        drawn.append(np.asarray(signed(track, score, one.contender.quantities({**means[place], **own}))))
    return difference_ci95(drawn[0], drawn[1], difference=difference, images=len(both[0].model.images["image"]))


def _moved(
    track: Track,
    score: str,
    one: _Judged,
    means: Mapping[str, float],
    name: str,
    ends: Interval | None,
    value: float,
) -> Part:
    """Return 0, with the interval of what a quantity's uncertainty adds to a signed score, which has a value."""
    if name not in track.scores.needs(score):
        return 0.0, (0.0, 0.0)
    if ends is None:
        return 0.0, None
    moved = [float(signed(track, score, one.contender.quantities({**means, name: end}))) - value for end in ends]
    return 0.0, (min(*moved, 0.0), max(*moved, 0.0))


def _in_place(opinion: Opinion, grades: Interval | None) -> Interval | None:
    return None if grades is None else (opinion.in_place(grades[0]), opinion.in_place(grades[1]))


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
    """Return the models, the best first."""
    sign = -1 if track.scores.better[score] == "higher" else 1
    return sorted(measured, key=lambda one: sign * totals[one.model.name].value)


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
