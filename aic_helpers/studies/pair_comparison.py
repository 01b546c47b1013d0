"""Choices between two models at a time -> how often each is preferred, and Bradley-Terry strengths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.core.statistics import raters_ci95, sign_flip_p
from aic_helpers.studies.opinion_scores import decided

MOST_ROUNDS, SMALL_CHANGE = 10_000, 1e-9

DRAWS, SEED = 200, 2018


def preferences(choices: pd.DataFrame) -> pd.DataFrame:
    """Return how often one model of each pair is preferred, and whether that is decided.

    Parameters
    ----------
    choices : DataFrame
        One row a vote: ``rater``, ``photo``, ``better`` and ``worse``, two models.

    Returns
    -------
    DataFrame
        ``first``, ``second``, ``share`` (mean over raters of how often they prefer the first), ``low`` and ``high``
        (95 %, over raters), ``p`` and ``p_holm`` as of `aic_helpers.studies.opinion_scores.differences`, ``decided``,
        ``votes`` and ``raters``.
    """
    signed = choices.assign(
        first=choices[["better", "worse"]].min(axis=1),
        second=choices[["better", "worse"]].max(axis=1),
        vote=np.where(choices["better"] < choices["worse"], 1.0, 0.0),
    )
    rows = []
    for (first, second), own in signed.groupby(["first", "second"]):
        by_rater = own.groupby("rater")["vote"].mean().to_numpy()
        turned = by_rater.mean() < 0.5
        shares, names = (1 - by_rater, (second, first)) if turned else (by_rater, (first, second))
        low, high = raters_ci95(shares, bounds=(0, 1)) or (np.nan, np.nan)
        row = {"first": names[0], "second": names[1], "share": shares.mean(), "low": low, "high": high}
        rows.append(row | {"p": sign_flip_p(shares - 0.5), "votes": len(own), "raters": shares.size})
    return decided(rows)


def wins(choices: pd.DataFrame) -> pd.DataFrame:
    """Return how often the model of each row was preferred to that of each column (see `preferences`)."""
    names = sorted({*choices["better"], *choices["worse"]})
    counts = pd.crosstab(choices["better"], choices["worse"])
    return counts.reindex(index=names, columns=names, fill_value=0)


def strengths_ci95(choices: pd.DataFrame, names: list[str]) -> tuple[pd.Series, pd.Series]:
    """Return 95 % intervals of the strengths over raters, by bootstrap; draws in which a model never lost are left out.

    That makes the intervals of models that nearly always win or lose too narrow; their ends are bounds from inside.
    """
    rng = np.random.default_rng(SEED)
    by_rater = [wins(own).reindex(index=names, columns=names, fill_value=0) for _, own in choices.groupby("rater")]
    cube = np.stack([table.to_numpy(dtype=float) for table in by_rater])
    found = []
    for _ in range(DRAWS):
        drawn = cube[rng.integers(0, len(cube), len(cube))].sum(axis=0)
        try:
            found.append(strengths(pd.DataFrame(drawn, index=names, columns=names)).reindex(names))
        except InputError:
            continue
    if len(found) < DRAWS // 2:
        nothing = pd.Series(np.nan, index=names)
        return nothing, nothing
    table = pd.DataFrame(found)
    return table.quantile(0.025), table.quantile(0.975)


def strengths(wins: pd.DataFrame) -> pd.Series:
    """Return the Bradley-Terry strength of each model from comparisons of two at a time, as logarithms of mean 0.

    Parameters
    ----------
    wins : DataFrame, square
        How often the model of the row was preferred to that of the column.

    Raises
    ------
    InputError
        Models that were never compared with the others, or that always won or lost: their strength has no bound.
    """
    count = wins.to_numpy(dtype=float)
    _require_connected(count, list(wins.index))
    games, won = count + count.T, count.sum(axis=1)
    strength = np.ones(len(count))
    for _ in range(MOST_ROUNDS):
        new = won / (games / (strength[:, None] + strength)).sum(axis=1)
        new /= np.exp(np.log(new).mean())
        change, strength = float(np.abs(np.log(new / strength)).max()), new
        if change < SMALL_CHANGE:
            break
    return pd.Series(np.log(strength), index=wins.index, name="strength").sort_values(ascending=False)


def _require_connected(count: NDArray[np.float64], names: Sequence[str]) -> None:
    """Refuse where some models can't be reached from others by wins: maximum likelihood has no answer then (Ford)."""
    reached = (count > 0) | np.eye(len(count), dtype=bool)
    for _ in names:
        reached = (reached.astype(int) @ reached.astype(int)) > 0
    if not reached.all():
        lone = next(
            name for name, row, column in zip(names, reached, reached.T, strict=True) if not (row & column).all()
        )
        expected = "models each of which won and lost, directly or by others, against all"
        raise InputError(expected, f"{lone}, which didn't", "let more people vote")
