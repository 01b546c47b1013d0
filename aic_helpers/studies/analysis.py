"""Votes of a study -> what they say: models, raters, pairs, and scores by opinion."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from aic_helpers.core.errors import InputError
from aic_helpers.studies import opinion_scores, pair_comparison, power, scores_by_opinion
from aic_helpers.studies.plans import Plan
from aic_helpers.studies.stores import Vote
from aic_helpers.tracks.catalogue import PIRM2018
from aic_helpers.tracks.scoring import MAPPING_NOTE

LEAST_RATERS, LEAST_VOTES = 2, 8
"""Raters for an interval; votes of a rater before they are judged by them, or others are by theirs."""

RANDOM_GRADES, RANDOM_CHOICES = 1.0, 0.35
"""Below, nobody is taken to vote at random: an inconsistency in grades (at random it is about 1.4), and a share of
choices against the majority (at random it is 0.5)."""


@dataclass(frozen=True)
class Analysis:
    """What a study says.

    Attributes
    ----------
    votes : DataFrame
        Those that count: ``rater``, ``photo``, ``model``, ``grade``, or ``better`` and ``worse``; and ``role``.
    models : DataFrame by model
        ``mos`` with ``_low`` and ``_high``, ``votes``, ``raters``, ``mos_all`` (with the raters that were left out),
        ``quality`` (by `opinion_scores.rater_model`); of pairs ``strength`` with its interval, ``won`` and ``votes``.
    raters : DataFrame by rater
        ``votes``, ``planned``, ``bias`` and ``inconsistency`` (of pairs ``against``, the share of their votes against
        the majority), ``repeats`` (mean distance of the two votes; of pairs, the share that changed),
        ``viewed_s`` (median), ``left_out`` (why, else empty).
    pairs : DataFrame
        See `opinion_scores.differences` and `pair_comparison.preferences`.
    alpha : float
        Krippendorff's; NaN of pairs.
    pictures : DataFrame
        ``photo``, ``model``, ``mos`` and the track's metrics; empty of pairs.
    correlations : dict of str to dict
        By metric: ``pearson``, ``spearman``, ``pictures``, and ``within_photos``: Pearson's, with the mean of each
        photo taken off both, since a metric's level differs more between photos than between models.
    scores : DataFrame
        ``score``, ``model``, ``before``, ``after``, each with ``_low``, ``_high``, ``_rank`` and
        ``_against_next``. Empty where a part is lacking; `notes` say which.
    notes : list of str
    """

    plan: Plan
    votes: pd.DataFrame
    models: pd.DataFrame
    raters: pd.DataFrame
    pairs: pd.DataFrame
    alpha: float
    pictures: pd.DataFrame = field(default_factory=pd.DataFrame)
    correlations: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: Sequence[str] = ()


def analyse(
    plan: Plan,
    votes: Sequence[Vote],
    figures: pd.DataFrame,
    *,
    keep_all: bool = False,
) -> Analysis:
    """Return what the votes of a study say.

    Parameters
    ----------
    plan : Plan
    votes : sequence of Vote
        Of `Store.votes`.
    figures : DataFrame
        ``photo``, ``model`` and the track's metrics.
    keep_all : bool
        Leave no rater out. Otherwise those are left out whom BT.500 rejects, and those who are far less consistent than
        the others.

    Raises
    ------
    InputError
        Fewer raters than an interval needs.
    """
    table = _table(plan, votes)
    counted = table[table["role"] != "training"]
    _require_votes(counted)
    raters = _raters(plan, counted)
    if keep_all:
        raters["left_out"] = ""
    kept = counted[~counted["rater"].isin(raters.index[raters["left_out"] != ""])]
    if plan.method == "pairs":
        return _of_pairs(plan, kept, raters)
    return _of_grades(plan, counted, kept, raters, figures)


def _table(plan: Plan, votes: Sequence[Vote]) -> pd.DataFrame:
    shown, rows = plan.by_code(), []
    for vote in votes:
        one = shown.get((vote.rater, vote.code))
        if one is None:
            raise InputError("votes on pictures of the plan", f"one of {vote.rater} on another", "bring back plan.json")
        row: dict[str, Any] = {"rater": vote.rater, "photo": one.pictures[0][0], "role": one.role}
        row |= {"place": vote.place, "viewed_ms": vote.viewed_ms, "given_utc": vote.given_utc}
        names = [model for _, model in one.pictures]
        if len(names) == 1:
            row |= {"model": names[0], "grade": vote.answer}
        else:
            row |= {"better": names[vote.answer - 1], "worse": names[2 - vote.answer], "shown": "|".join(names)}
        rows.append(row)
    own = ["model", "grade"] if plan.method == "acr" else ["better", "worse", "shown"]
    return pd.DataFrame(rows, columns=["rater", "photo", "role", "place", "viewed_ms", "given_utc", *own])


def _require_votes(counted: pd.DataFrame) -> None:
    found = counted["rater"].nunique()
    if found < LEAST_RATERS:
        remedy = "let more people vote: an interval needs two at the least, and 24 are usual"
        raise InputError(f"votes of at least {LEAST_RATERS} raters, practice left aside", f"{found}", remedy)


def _raters(plan: Plan, counted: pd.DataFrame) -> pd.DataFrame:
    """Return a row a rater who voted, with why they are left out."""
    by_rater = counted.groupby("rater")
    table = pd.DataFrame({"votes": by_rater.size(), "viewed_s": by_rater["viewed_ms"].median().astype(float) / 1000})
    table["planned"] = [sum(one.role != "training" for one in plan.raters[rater]) for rater in table.index]
    judged = table["votes"] >= LEAST_VOTES
    if plan.method == "pairs":
        table["against"] = _against_majority(counted)
        apart = opinion_scores.set_apart(table.loc[judged, "against"], RANDOM_CHOICES)
        reasons = {"votes against the majority": apart.reindex(table.index, fill_value=False)}
    else:
        model = opinion_scores.rater_model(counted).raters
        table[["bias", "inconsistency"]] = model[["bias", "inconsistency"]]
        rejected = opinion_scores.screened(counted)["rejected"].reindex(table.index, fill_value=False)
        apart = opinion_scores.set_apart(table.loc[judged, "inconsistency"], RANDOM_GRADES)
        reasons = {"inconsistent": apart.reindex(table.index, fill_value=False)}
        reasons |= {"rejected by BT.500": rejected & judged & (judged.sum() >= 6)}
    table["repeats"] = _repeats(counted, plan.method).reindex(table.index)
    words = pd.DataFrame({word: np.where(holds, word, "") for word, holds in reasons.items()}, index=table.index)
    table["left_out"] = words.apply(lambda row: ", ".join(word for word in row if word), axis=1)
    return table


def _against_majority(counted: pd.DataFrame) -> pd.Series:
    """Return by rater the share of votes against what most of the other raters chose of that pair; ties count half."""
    key = [counted["photo"], counted[["better", "worse"]].min(axis=1), counted[["better", "worse"]].max(axis=1)]
    vote = pd.Series(np.where(counted["better"] < counted["worse"], 1.0, -1.0), index=counted.index)
    others = vote.groupby(key).transform("sum") - vote
    against = (1 - np.sign(others) * vote) / 2
    return against.groupby(counted["rater"]).mean()


def _repeats(counted: pd.DataFrame, method: str) -> pd.Series:
    """Return by rater how far the votes on what they saw twice lie apart."""
    if method == "pairs":
        pair = counted[["better", "worse"]].min(axis=1) + "|" + counted[["better", "worse"]].max(axis=1)
        seen = counted.assign(pair=pair, value=(counted["better"] < counted["worse"]).astype(float))
        key = ["rater", "photo", "pair"]
    else:
        seen, key = counted.assign(value=counted["grade"].astype(float)), ["rater", "photo", "model"]
    groups = seen.groupby(key)["value"]
    apart = (groups.max() - groups.min())[groups.size() > 1]
    return apart.groupby("rater").mean()


def _of_grades(
    plan: Plan, counted: pd.DataFrame, kept: pd.DataFrame, raters: pd.DataFrame, figures: pd.DataFrame
) -> Analysis:
    models = opinion_scores.mean_opinion_scores(kept)
    models["mos_all"] = opinion_scores.mean_opinion_scores(counted)["mos"].reindex(models.index)
    models["quality"] = opinion_scores.rater_model(kept).quality.groupby("model").mean().reindex(models.index)
    pairs = opinion_scores.differences(kept)
    metrics = plan.made_for.protocol.columns
    pictures = _pictures(kept, figures, metrics)
    scores, lacking = scores_by_opinion.scores(plan, models, pairs)
    mapped = [MAPPING_NOTE] if len(scores) and plan.track in PIRM2018 else []
    notes = [*_notes(plan, raters, models), *lacking, *mapped]
    alpha = opinion_scores.agreement(kept)
    return Analysis(
        plan, counted, models, raters, pairs, alpha, pictures, _correlations(pictures, metrics), scores, notes
    )


def _of_pairs(plan: Plan, kept: pd.DataFrame, raters: pd.DataFrame) -> Analysis:
    counts = pair_comparison.wins(kept)
    notes = _notes(plan, raters, counts)
    games = counts + counts.T
    models = pd.DataFrame({"won": counts.sum(axis=1) / games.sum(axis=1), "votes": games.sum(axis=1)})
    models[["strength", "strength_low", "strength_high"]] = np.nan
    try:
        models["strength"] = pair_comparison.strengths(counts)
        low, high = pair_comparison.strengths_ci95(kept, list(counts.index))
        models["strength_low"], models["strength_high"] = low, high
    except InputError as error:
        notes.append(f"No Bradley-Terry strengths: {error}.")
    notes.append("Pair comparison gives no mean opinion scores, so scores by opinion can't be made.")
    models = models.rename_axis("model").sort_values(["strength", "won"], ascending=False)
    return Analysis(plan, kept, models, raters, pair_comparison.preferences(kept), math.nan, notes=notes)


def _notes(plan: Plan, raters: pd.DataFrame, models: pd.DataFrame) -> list[str]:
    missing = [name for name in plan.model_names() if name not in models.index]
    notes = [f"No votes on {', '.join(missing)}."] if missing else []
    left = raters[raters["left_out"] != ""]
    if len(left):
        named = "; ".join(f"{rater} ({reason})" for rater, reason in left["left_out"].items())
        notes.append(f"Left out: {named}. With --keep-all they count.")
    unfinished = raters.index[raters["votes"] < raters["planned"]]
    if len(unfinished):
        notes.append(f"{len(unfinished)} of {len(raters)} raters have not finished; what they voted counts.")
    least = power.least_raters(len(models))
    if len(raters) - len(left) < least:
        notes.append(
            f"{len(raters) - len(left)} raters can't decide any pair of {len(models)} models, even of one mind: "
            f"{least} are needed."
        )
    return notes


def _pictures(kept: pd.DataFrame, figures: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    means = kept.groupby(["photo", "model"])["grade"].mean().rename("mos").reset_index()
    if figures.empty:
        return means.assign(**dict.fromkeys(metrics, np.nan))
    return means.merge(figures, on=["photo", "model"], how="left")


def _correlations(pictures: pd.DataFrame, metrics: Sequence[str]) -> dict[str, dict[str, float]]:
    found = {}
    for metric in metrics:
        known = pictures[np.isfinite(pictures[metric])]
        own = known[["mos", metric]]
        if len(own) < 3 or (own.nunique() < 2).any():
            continue
        beside = own - own.groupby(known["photo"]).transform("mean")
        found[metric] = {
            "within_photos": float(beside.corr().iloc[0, 1]),
            "pearson": float(own.corr().iloc[0, 1]),
            "spearman": float(own.rank().corr().iloc[0, 1]),
            "pictures": len(own),
        }
    return found
