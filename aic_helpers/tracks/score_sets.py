"""The scores of a challenge: formulas that may use one another, each score with which way is better; ranks of rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aic_helpers.core.errors import InputError, nearest
from aic_helpers.core.safe_texts import shown
from aic_helpers.tracks.arithmetic import FUNCTIONS
from aic_helpers.tracks.formula_grammar import NAMES, is_name
from aic_helpers.tracks.formulas import Formula, Quantities, Quantity, absent, read_formula, require_all

Better = Literal["higher", "lower"]
"""Which values of a score are the better ones."""

MAX_FORMULAS = 100


@dataclass(frozen=True)
class ScoreSet:
    """The scores of a challenge, as `read_scores` returned them.

    Attributes
    ----------
    formulas : dict of str to Formula
        Scores and what they use, each after those that it uses.
    better : dict of str to {"higher", "lower"}
        By the name of a score, in the order in which they were given.
    """

    formulas: dict[str, Formula]
    better: Mapping[str, Better]

    def needs(self, score: str) -> tuple[str, ...]:
        """Return the quantities that a score needs, those of the formulas that it uses too."""
        names = dict.fromkeys(name for formula in self._used(score) for name in formula.names)
        return tuple(name for name in names if name not in self.formulas)

    def missing(self, score: str, quantities: Quantities) -> tuple[str, ...]:
        """Return which of the quantities that a score needs aren't there, or are None."""
        return absent(self.needs(score), quantities)

    def value(self, score: str, quantities: Quantities) -> Quantity:
        """Return a score, element by element where quantities are arrays.

        Parameters
        ----------
        score : str
            One of `better`.
        quantities : mapping of str to float or ndarray
            As for `Formula.value`. What has the name of one of the formulas isn't looked at.

        Returns
        -------
        float or ndarray of float64
            Never infinite; NaN in an array, and only there, where there is no value.

        Raises
        ------
        InputError
            An unknown score, a missing quantity of any formula that the score uses, and what `Formula.value` raises.
        """
        require_all(self.needs(score), quantities, self.formulas[score].called)
        values: dict[str, Quantity] = {}
        for formula in self._used(score):
            values[formula.name] = formula.value({**quantities, **values})
        return values[score]

    def _used(self, score: str) -> list[Formula]:
        """Return the formulas that a score uses, in the order of computing: its own is the last."""
        if score not in self.better:
            remedy = nearest(score, self.better, "name one of them")
            raise InputError(f"a score ({', '.join(self.better)})", repr(score), remedy)
        used = {score}
        for name in reversed(self.formulas):
            if name in used:
                used.update(self.formulas[name].names)
        return [formula for name, formula in self.formulas.items() if name in used]


def read_scores(texts: Mapping[str, str], better: Mapping[str, str], *, known: Collection[str]) -> ScoreSet:
    """Return the scores that a challenge's formulas give.

    Parameters
    ----------
    texts : mapping of str to str
        Formulas by their names, in any order; see `read_formula`. A formula may use others by name.
    better : mapping of str to {"higher", "lower"}
        Those of them that are scores. The others are parts.
    known : collection of str
        The quantities that there are.

    Raises
    ------
    InputError
        A name that isn't one, or is a function's or quantity's; a formula that can't be read or uses an unknown name;
        formulas that use one another in a circle; a score without a formula, or without a way.
    """
    if len(texts) > MAX_FORMULAS:
        raise InputError(f"at most {MAX_FORMULAS} formulas", str(len(texts)), "use fewer")
    for name in texts:
        check_name("formulas", name, known)
    for score, way in better.items():
        _check_score(score, way, texts)
    formulas = {name: read_formula(text, name=name, known={*known, *texts}) for name, text in texts.items()}
    return ScoreSet(_in_order(formulas), dict(better))  # type: ignore[arg-type]  # _check_score has seen the ways


def ranks(values: ArrayLike, better: Better) -> NDArray[np.float64]:
    """Return the rank of each row among all: 1 for the best, equal values the same, then as many left out (1, 2, 2, 4).

    A rank belongs to a table, not to a row. So no formula makes one: whoever has all rows gives their ranks as
    quantities (``rank_time_ms + rank_parameters``), and a single row lacks them rather than being first of one.

    Parameters
    ----------
    values : array_like, shape (rows,) or (rows, samples)
        With samples, rows are ranked in each sample.
    better : {"higher", "lower"}

    Returns
    -------
    ndarray of float64, shape of values
        NaN for a value that isn't finite; such a row counts for no other.
    """
    costs = np.asarray(values, dtype=np.float64) * (1 if better == "lower" else -1)
    finite = np.isfinite(costs)
    costs = np.where(finite, costs, np.nan)
    return np.where(finite, 1.0 + (costs[np.newaxis] < costs[:, np.newaxis]).sum(axis=1), np.nan)


def check_name(table: str, name: str, known: Collection[str]) -> None:
    """Raise `InputError` where a name in a table of a track's file is none, or stands for something else already."""
    if not is_name(name):
        raise InputError(f"names in {table} ({NAMES})", repr(shown(name)), "use another name")
    for kind, taken in (("function", FUNCTIONS), ("quantity", known)):
        if name in taken:
            found = f"{table}.{name}, and {name} is a {kind} already"
            raise InputError("a name of its own for each quantity and formula", found, "use another name")


def _check_score(score: str, way: str, texts: Collection[str]) -> None:
    if score not in texts:
        remedy = nearest(score, texts, "write it in [formulas], and in [scores] which values are better")
        raise InputError(f"a formula of each score, as formulas.{shown(score)}", f"scores.{shown(score)}", remedy)
    if way not in get_args(Better):
        ways = " or ".join(get_args(Better))
        raise InputError(f"{ways} as scores.{score}", repr(shown(way)), "say which values are the better ones")


def _in_order(formulas: Mapping[str, Formula]) -> dict[str, Formula]:
    uses = {name: [used for used in formula.names if used in formulas] for name, formula in formulas.items()}
    try:
        return {name: formulas[name] for name in TopologicalSorter(uses).static_order()}
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
    raise InputError("formulas that don't use one another in a circle", circle, "take one of them out of it")
