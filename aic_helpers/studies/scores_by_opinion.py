"""Opinions and runs -> scores A, B and C with opinion in place of MS-SSIM, and the ranks before and after."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from aic_helpers.core.statistics import difference_ci95, paired_means
from aic_helpers.studies import power
from aic_helpers.studies.plans import REFERENCE, Model, Plan
from aic_helpers.tracks.catalogue import TRACKS
from aic_helpers.tracks.definitions import Track
from aic_helpers.tracks.scoring import total_scores
from aic_helpers.tracks.significance import Contender, Lead, Part, combined, leads, less, speed_part
from aic_helpers.tracks.TODO import Coefficients

METRICS = ("psnr_db", "ms_ssim")


def scores(plan: Plan, models: pd.DataFrame, pairs: pd.DataFrame, slope: float) -> tuple[pd.DataFrame, list[str]]:
    """Return the table of scores before and after, by the slope of a mapping, and what is lacking for it."""
    measured = [model for model in plan.models if _measured(model) and model.name in models.index]
    lacking = [model.name for model in plan.models if model.name != REFERENCE and not _measured(model)]
    notes = [f"No scores of {', '.join(lacking)}: no run with figures and a profile."] if lacking else []
    if not plan.baseline or plan.baseline not in models.index:
        return pd.DataFrame(), [*notes, "No scores by opinion: the track's SRCNN is not among the models."]
    rows = []
    for score in TRACKS[plan.track].scores:
        before = _before(TRACKS[plan.track], score, measured)
        after = _after(plan, score, measured, pairs, slope)
        for model in measured:
            row = {"score": score, "model": model.name}
            rows.append(row | before[model.name] | after[model.name])
    return pd.DataFrame(rows), notes


def _measured(model: Model) -> bool:
    figures = model.figures
    return all(figures.get(name) is not None for name in ("psnr_db", "ms_ssim", "speedup")) and bool(model.images)


def _interval(model: Model, name: str) -> tuple[float, float] | None:
    found = model.figures.get(f"{name}_ci95")
    return None if found is None else (float(found[0]), float(found[1]))


def _speed(coefficients: Coefficients, model: Model) -> Part:
    return speed_part(coefficients, model.figures["speedup"], _interval(model, "speedup"))


def _times(factor: float, value: float, interval: tuple[float, float] | None) -> Part:
    return factor * value, None if interval is None else (factor * interval[0], factor * interval[1])


def _before(track: Track, score: str, measured: Sequence[Model]) -> dict[str, dict[str, Any]]:
    """Return the scores with MS-SSIM, as runs have them; ranks are those among the models of the study."""
    totals = {}
    for model in measured:
        figures: dict[str, Any] = {name: model.figures[name] for name in (*METRICS, "speedup")}
        figures |= {f"{name}_ci95": _interval(model, name) for name in [*figures]}
        total = total_scores(track, **figures)[score]
        totals[model.name] = Lead(total.value, total.ci95)
    ordered = sorted(measured, key=lambda model: -totals[model.name].value)
    contenders = [
        Contender(
            np.array(model.images["psnr_db"], dtype=float),
            np.array(model.images["ms_ssim"], dtype=float),
            model.figures["speedup"],
            _interval(model, "speedup"),
        )
        for model in ordered
    ]
    same = len({tuple(model.images["image"]) for model in ordered}) == 1
    found = leads(track.scores[score], contenders) if same else [Lead(math.nan, None)] * (len(ordered) - 1)
    return _ranked("before", [model.name for model in ordered], totals, found)


def _after(
    plan: Plan, score: str, measured: Sequence[Model], pairs: pd.DataFrame, slope: float
) -> dict[str, dict[str, Any]]:
    """Return the scores with the mean opinion score in place of MS-SSIM.

    Images, raters and timings have nothing to do with each other, so the three intervals are combined as those of
    independent figures (see `aic_helpers.tracks.significance.leads`).
    """
    track, coefficients = TRACKS[plan.track], TRACKS[plan.track].scores[score]
    opinion = coefficients.beta * slope
    totals = {}
    for model in measured:
        gain, ends = model.figures["psnr_db"] - track.psnr_base_db, _interval(model, "psnr_db")
        gains = None if ends is None else (ends[0] - track.psnr_base_db, ends[1] - track.psnr_base_db)
        parts = [_times(coefficients.alpha, gain, gains)]
        parts += [_times(opinion, *_difference(pairs, model.name, plan.baseline))]
        totals[model.name] = combined([*parts, _speed(coefficients, model)])
    ordered = sorted(measured, key=lambda model: -totals[model.name].value)
    found = []
    for model, following in pairwise(ordered):
        quality = _times(coefficients.alpha, *_paired(model, following))
        liked = _times(opinion, *_difference(pairs, model.name, following.name))
        found.append(combined([quality, liked, _speed(coefficients, model), less(_speed(coefficients, following))]))
    return _ranked("after", [model.name for model in ordered], totals, found)


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


def _paired(first: Model, second: Model) -> Part:
    """Return the mean difference of PSNR over the images of both runs, in dB."""
    if first.images["image"] != second.images["image"]:
        return first.figures["psnr_db"] - second.figures["psnr_db"], None
    values = np.stack([np.array(model.images["psnr_db"], dtype=float) for model in (first, second)], axis=1)
    difference, draws = float((values[:, 0] - values[:, 1]).mean()), paired_means(values)
    return difference, difference_ci95(draws[:, 0], draws[:, 1], difference=difference, images=len(values))


def _ranked(
    when: str, names: Sequence[str], totals: Mapping[str, Lead], found: Sequence[Lead]
) -> dict[str, dict[str, Any]]:
    words = [*(lead.words for lead in found), ""]
    rows: dict[str, dict[str, Any]] = {}
    for place, name in enumerate(names):
        low, high = totals[name].ci95 or (math.nan, math.nan)
        rows[name] = {when: totals[name].value, f"{when}_low": low, f"{when}_high": high}
        rows[name] |= {f"{when}_rank": place + 1, f"{when}_against_next": words[place]}
    return rows
