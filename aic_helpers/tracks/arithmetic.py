"""What a formula can do to numbers and arrays, and where that gives no number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
"""A number, as an array of no dimension, or one number for each sample or row."""

MAX_DIGITS = 12
"""Decimals to which `round` rounds."""


@dataclass(frozen=True)
class Function:
    """What an operator or the name of a function stands for, and how many operands it takes; None: any number."""

    compute: Callable[..., Any]
    least: int
    most: int | None

    def takes(self, count: int) -> bool:
        """Return whether that many operands are right."""
        return self.least <= count and (self.most is None or count <= self.most)

    @property
    def wants(self) -> str:
        """How many operands, in words."""
        return f"{self.least}{' or more' * (self.most is None)} operand{'s' * (self.least > 1)}"


def _exactly_rounded(values: Values, digits: Values) -> Values:
    """Return what printing with so many decimals shows, as Python's `round` does; `np.round` scales, and can differ."""
    return np.vectorize(round, otypes=[np.float64])(values, int(digits))


NEGATION = "negation"

OPERATORS = {
    "+": Function(np.add, 2, 2),
    "-": Function(np.subtract, 2, 2),
    "*": Function(np.multiply, 2, 2),
    "/": Function(np.divide, 2, 2),
    "**": Function(np.power, 2, 2),
    NEGATION: Function(np.negative, 1, 1),
}

FUNCTIONS = {
    "min": Function(lambda *operands: reduce(np.minimum, operands), 2, None),
    "max": Function(lambda *operands: reduce(np.maximum, operands), 2, None),
    "exp": Function(np.exp, 1, 1),
    "log": Function(np.log, 1, 1),
    "log2": Function(np.log2, 1, 1),
    "sqrt": Function(np.sqrt, 1, 1),
    "abs": Function(np.abs, 1, 1),
    "round": Function(_exactly_rounded, 2, 2),
}
"""By the name that a formula calls."""

_OPERATIONS = OPERATORS | FUNCTIONS


def applied(symbol: str, operands: Sequence[Values]) -> Values:
    """Return an operation's results, element by element; NaN where there is none.

    That is where a result isn't finite (a division by 0, the logarithm of 0, an overflow), and where an operand is NaN.
    Otherwise ``1 / (1 / 0)`` would be 0, and ``(0 / 0) ** 0`` would be 1.
    """
    with np.errstate(all="ignore"):
        results = _OPERATIONS[symbol].compute(*operands)
    defined = np.isfinite(results)
    for values in operands:
        defined = defined & ~np.isnan(values)
    return np.where(defined, results, np.nan)
