"""Opinion scores -> what they say: mean opinion scores, raters who vote at random, and which models differ.

Votes are a table of one row a vote: ``rater``, ``photo``, ``model`` and ``grade``, 1 (bad) to 5 (excellent), in the
words of ITU-T P.800. A rater may leave some out; what a rater votes twice counts as the mean of both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, cast

import numpy as np
import pandas as pd

from aic_helpers.core.errors import InputError
from aic_helpers.core.statistics import holm, raters_ci95, sign_flip_p

GRADES = {5: "excellent", 4: "good", 3: "fair", 2: "poor", 1: "bad"}

MOST_APART = max(GRADES) - min(GRADES)

COLUMNS = ("rater", "photo", "model", "grade")

MOST_ROUNDS, SMALL_CHANGE = 1000, 1e-9

LEAST_NOISE = 12**-0.5
"""What rounding to whole grades alone leaves. Without a bound, the likelihood grows for ever as one rater, who happens
to give the means, gets all the weight."""

APART = 3.0
"""Robust standard deviations (1.4826 times the median distance from the median) above which a rater is set apart."""

REJECTED_SHARE, ONE_SIDED = 0.05, 0.3
"""BT.500: a rater is rejected whose votes lie far out more often than the first, unless they do so to one side."""


@dataclass(frozen=True)
class Raters:
    """What the votes say of raters and pictures by the model of ITU-T P.910 (see `rater_model`).

    Attributes
    ----------
    quality : Series by (photo, model)
        In grades, with every rater's bias removed and consistent raters counting more.
    raters : DataFrame by rater
        ``votes``, ``bias`` (how much higher than the others, in grades) and ``inconsistency`` (the standard deviation
        of what is left, in grades).
    """

    quality: pd.Series
    raters: pd.DataFrame


def mean_opinion_scores(votes: pd.DataFrame) -> pd.DataFrame:
    """Return each model's mean opinion score.

    Returns
    -------
    DataFrame by model
        ``mos``, ``mos_low`` and ``mos_high`` (95 %), ``votes`` and ``raters``. The interval is over raters: what other
        raters would have said of these photos. It is that of a model by itself; two models that were seen by the same
        raters differ more surely than their intervals show (see `differences`).

    Raises
    ------
    InputError
        Fewer than two raters of a model, which leave no interval.
    """
    means = _by_rater(_checked(votes))
    rows = {}
    for model in means.columns:
        own = means[model].dropna().to_numpy()
        interval = raters_ci95(own, bounds=(min(GRADES), max(GRADES)))
        if interval is None:
            raise InputError(f"votes of at least 2 raters on {model}", f"{own.size}", "let more people vote")
        count = int((votes["model"] == model).sum())
        low, high = interval
        rows[model] = {"mos": own.mean(), "mos_low": low, "mos_high": high, "votes": count}
        rows[model]["raters"] = own.size
    found = pd.DataFrame.from_dict(rows, orient="index").astype({"votes": int, "raters": int})
    return found.rename_axis("model").sort_values("mos", ascending=False)


def differences(votes: pd.DataFrame) -> pd.DataFrame:
    """Return how much each pair of models differs, and whether that is decided.

    Returns
    -------
    DataFrame
        ``first``, ``second``, ``difference`` (first less second, in grades), ``low`` and ``high`` (95 %, of that pair
        alone), ``p`` (sign-flip test over the raters who saw both), ``p_holm`` (corrected for all pairs by Holm's
        method), ``decided`` (``p_holm`` below 0.05) and ``raters``.
    """
    means = _by_rater(_checked(votes))
    order = means.mean().sort_values(ascending=False).index
    rows = []
    for first, second in combinations(order, 2):
        own = (means[first] - means[second]).dropna().to_numpy()
        low, high = raters_ci95(own, bounds=(-MOST_APART, MOST_APART)) or (np.nan, np.nan)
        rows.append(
            {
                "first": first,
                "second": second,
                "difference": own.mean() if own.size else np.nan,
                "low": low,
                "high": high,
            }
            | {"p": sign_flip_p(own), "raters": own.size}
        )
    return decided(rows)


def decided(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows with ``p`` as a table, with ``p_holm``, corrected for all of them, and ``decided`` (below 0.05)."""
    table = pd.DataFrame(rows)
    table["p_holm"] = holm(table["p"].to_numpy())
    table["decided"] = table["p_holm"] < 0.05
    return table


def rater_model(votes: pd.DataFrame) -> Raters:
    """Return the maximum-likelihood estimate of what each picture is worth, and of each rater's bias and consistency.

    A vote is taken as quality of the picture + bias of the rater + noise of the rater. The estimate alternates: with
    biases and noises known, qualities are weighted means; with qualities known, biases are means of what is left and
    noises its standard deviations (ITU-T P.910, and Li, Bampis, Krasula, Janowski, Katsavounidis 2020, "A simple model
    for subject behavior in subjective experiments"). Biases are relative: all votes of all raters have a mean of them
    near 0.
    """
    table = _by_picture(votes)
    grades = table.to_numpy(dtype=float)
    quality = np.nanmean(grades, axis=0)
    bias = np.nanmean(grades - quality, axis=1)
    for _ in range(MOST_ROUNDS):
        noise = np.nanstd(grades - quality - bias[:, None], axis=1)
        weights = np.where(np.isnan(grades), 0, 1 / np.maximum(noise, LEAST_NOISE)[:, None] ** 2)
        new = np.nansum((grades - bias[:, None]) * weights, axis=0) / weights.sum(axis=0)
        bias = np.nanmean(grades - new, axis=1)
        change, quality = float(np.linalg.norm(new - quality)), new
        if change < SMALL_CHANGE:
            break
    noise = np.nanstd(grades - quality - bias[:, None], axis=1)
    about = pd.DataFrame({"votes": table.notna().sum(axis=1), "bias": bias, "inconsistency": noise}, index=table.index)
    return Raters(pd.Series(quality, index=table.columns, name="quality"), about)


def screened(votes: pd.DataFrame) -> pd.DataFrame:
    """Return for each rater whether ITU-R BT.500 would reject them.

    Returns
    -------
    DataFrame by rater
        ``above`` and ``below`` (votes outside the range that BT.500 gives for a picture: two standard deviations where
        the votes on it look normal, else the root of 20), ``votes``, and ``rejected``.

    Notes
    -----
    BT.500 looks for raters who contradict both ways. It misses those who vote at random near the middle:
    ``inconsistency`` of `rater_model` shows them.
    """
    table = _by_picture(votes)
    grades = table.to_numpy(dtype=float)
    several = table.notna().sum(axis=0).to_numpy() > 1
    mean, deviation = np.nanmean(grades, axis=0), np.zeros(grades.shape[1])
    deviation[several] = np.nanstd(grades[:, several], axis=0, ddof=1)
    second = np.nanmean((grades - mean) ** 2, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        kurtosis = np.nanmean((grades - mean) ** 4, axis=0) / second**2
    reach = np.where((kurtosis >= 2) & (kurtosis <= 4), 2, np.sqrt(20)) * deviation
    above = np.nansum((grades >= mean + reach) & (deviation > 0), axis=1)
    below = np.nansum((grades <= mean - reach) & (deviation > 0), axis=1)
    count = table.notna().sum(axis=1).to_numpy()
    outside = above + below
    with np.errstate(invalid="ignore"):
        both_ways = np.abs(above - below) / np.where(outside > 0, outside, 1) < ONE_SIDED
    rejected = (outside / count > REJECTED_SHARE) & both_ways & (outside > 0)
    columns = {"above": above, "below": below, "votes": count, "rejected": rejected}
    return pd.DataFrame(columns, index=table.index)


def set_apart(values: pd.Series, least: float) -> pd.Series:
    """Return which values, such as the inconsistency of raters, lie far above the others.

    On a logarithmic scale, further than `APART` robust standard deviations above the median, and above `least` too:
    where all agree, who differs once does not vote at random. None of fewer than six.
    """
    logarithms = np.log(np.maximum(values.astype(float), 1e-6))
    middle = logarithms.median()
    spread = 1.4826 * (logarithms - middle).abs().median()
    return (logarithms > middle + APART * max(spread, 0.05)) & (values > least) & (len(values) >= 6)


def agreement(votes: pd.DataFrame) -> float:
    """Return Krippendorff's alpha of the grades as an interval scale: 1 full agreement, 0 what chance gives.

    NaN where all grades are the same, of which nothing can be said.

    Source: Krippendorff 2011, "Computing Krippendorff's alpha-reliability".
    """
    table = _by_picture(votes)
    grades = table.loc[:, table.notna().sum() > 1].to_numpy(dtype=float)
    values = grades[~np.isnan(grades)]
    if values.size < 2:
        raise InputError("pictures that two raters voted on", "none", "let more people vote on the same pictures")
    counts = (~np.isnan(grades)).sum(axis=0)
    within = float((2 * counts * np.nanvar(grades, axis=0) * counts / (counts - 1)).sum() / values.size)
    among = float(2 * values.var(ddof=1))
    return np.nan if among == 0 else 1 - within / among


def _checked(votes: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in COLUMNS if name not in votes]
    if missing:
        raise InputError(f"votes with the columns {', '.join(COLUMNS)}", f"no {missing[0]}", "export them again")
    if votes.empty:
        raise InputError("votes", "none", "let people vote first")
    wrong = votes.loc[~votes["grade"].isin(GRADES), "grade"]
    if len(wrong):
        raise InputError("grades of 1 to 5", f"{wrong.iloc[0]}", "export the votes again")
    return votes


def _by_picture(votes: pd.DataFrame) -> pd.DataFrame:
    """Return each rater's grade of each picture: a row a rater, a column a photo and model."""
    return _checked(votes).pivot_table(index="rater", columns=["photo", "model"], values="grade", aggfunc="mean")


def _by_rater(votes: pd.DataFrame) -> pd.DataFrame:
    """Return each rater's mean of each model: over photos of their own votes on it."""
    pictures = votes.groupby(["rater", "model", "photo"])["grade"].mean()
    return cast(pd.DataFrame, pictures.groupby(["rater", "model"]).mean().unstack())
