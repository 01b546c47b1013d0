"""Formulas that a person wrote, such as ``2**quality * speedup**0.2``: read without `eval`, computed over arrays."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.tracks.arithmetic import Values
from aic_helpers.tracks.formula_grammar import IN_PARTS, MAX_LENGTH, Step, parsed, told

Quantity = float | NDArray[np.float64]
"""A number, or one for each sample or row."""

Quantities = Mapping[str, Quantity | None]
"""By their names; None where one wasn't measured."""


@dataclass(frozen=True)
class Formula:
    """A formula that `read_formula` returned.

    Attributes
    ----------
    text : str
        As it was written, on one line.
    name : str
        What messages call it; may be empty.
    """

    text: str
    name: str
    steps: tuple[Step, ...] = field(repr=False)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The quantities that it needs, in the order of their first use."""
        return tuple(dict.fromkeys(step for step in self.steps if isinstance(step, str)))

    @cached_property
    def called(self) -> str:
        """The formula in messages."""
        return told(self.name, self.text)

    def missing(self, quantities: Quantities) -> tuple[str, ...]:
        """Return which of the quantities that it needs aren't there, or are None."""
        return absent(self.names, quantities)

    def value(self, quantities: Quantities) -> Quantity:
        """Return the formula's value, element by element where quantities are arrays.

        Parameters
        ----------
        quantities : mapping of str to float or ndarray
            Arrays have one shape: (samples,) of a bootstrap, say, or (rows,) of a table. Those that the formula
            doesn't name aren't looked at.

        Returns
        -------
        float or ndarray of float64
            An array where one of its own quantities is one. Never infinite. In an array NaN stands where there is no
            value: a quantity isn't finite, or some part of the formula isn't, by a division by 0, a logarithm of 0 or
            less, or an overflow.

        Raises
        ------
        InputError
            Quantities that are missing, all of them named; arrays of unlike shapes; and among plain numbers what
            would be NaN in an array. So a number that is returned is finite, and can be ranked.
        """
        require_all(self.names, quantities, self.called)
        operands = {name: self._operand(name, quantities[name]) for name in self.names}
        shapes = dict.fromkeys(values.shape for values in operands.values() if values.ndim)
        if len(shapes) > 1:
            found = " and ".join(map(str, shapes))
            raise InputError(f"arrays of one shape for {self.called}", found, "give as many values of each quantity")
        value = self._computed(operands)
        return value if value.ndim else float(value)

    def _operand(self, name: str, quantity: Quantity | None) -> Values:
        values = np.asarray(quantity, dtype=np.float64)
        finite = np.isfinite(values)
        if not values.ndim and not finite:
            raise InputError(f"a finite {name} for {self.called}", str(values), "check the value")
        return np.where(finite, values, np.nan)

    def _computed(self, operands: Mapping[str, Values]) -> Values:
        stack: list[Values] = []
        for step in self.steps:
            if isinstance(step, float):
                stack.append(np.asarray(step))
            elif isinstance(step, str):
                stack.append(operands[step])
            else:
                inputs = stack[-step.count :]
                stack[-step.count :] = [step.result(inputs, self.called)]
        return stack[0]


def absent(names: Iterable[str], quantities: Quantities) -> tuple[str, ...]:
    """Return which of these quantities aren't there, or are None."""
    return tuple(name for name in names if quantities.get(name) is None)


def require_all(names: Iterable[str], quantities: Quantities, called: str) -> None:
    """Raise `InputError` that names all quantities that are missing: a formula is never computed in part."""
    if missing := absent(names, quantities):
        remedy = "without all of its quantities a formula has no value"
        raise InputError(f"{', '.join(missing)} for {called}", "no such quantity", remedy)


def read_formula(text: str, *, name: str = "", known: Collection[str] | None = None) -> Formula:
    """Return the formula that a text holds. Nothing of the text is ever run as code.

    A formula consists of numbers, names of quantities, ``+ - * / **``, parentheses, and the functions ``min``, ``max``,
    ``exp``, ``log``, ``log2``, ``sqrt``, ``abs`` and ``round(x, digits)``. Precedence is Python's. All numbers are
    float64, and parts without a quantity are computed at once.

    Parameters
    ----------
    text : str
        At most 2000 characters, with at most 30 levels of parentheses, powers and minus signs in one another.
    name : str
        What messages call the formula.
    known : collection of str, optional
        The quantities that there are. Without it any name may be one.

    Raises
    ------
    InputError
        Anything else in the text, or a part of it without a finite value (``x / 0``, ``9**9**9``). The line says what
        was found, at which character from 1, and what to do.
    """
    if len(text) > MAX_LENGTH:
        raise InputError(f"a formula of at most {MAX_LENGTH} characters", str(len(text)), IN_PARTS)
    line = " ".join(text.split())
    return Formula(line, name, parsed(line, told(name, line), known))
