"""The text of a formula -> its steps; the parser knows numbers, names, operators and a few functions, and nothing else.

Python's own parser would have to be kept from all the rest that it knows, and words its errors anew in each version.
"""

from __future__ import annotations

import keyword
import math
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from aic_helpers.core.errors import InputError, nearest
from aic_helpers.core.safe_texts import shown
from aic_helpers.tracks.arithmetic import FUNCTIONS, MAX_DIGITS, NEGATION, Function, Values, applied

MAX_LENGTH = 2000
"""Characters of a formula."""

MAX_DEPTH = 30
"""Parentheses, powers and minus signs within one another: each is a few calls deep in the parser."""

IN_PARTS = "give a part of it a name, as a formula of its own"

NAMES = "at most 40 letters, digits or _, first a letter, and no word of Python's own"
"""What the names of quantities and formulas are."""

TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<symbol>\*\*|[-+*/(),])"
    r"|(?P<stranger>[^ ])"
)

REMEDIES = {"^": "write ** for a power", **dict.fromkeys("<>=!?:", "a formula neither compares nor assigns")}
"""By a sign that no formula has: what may be meant."""

ALLOWED = f"use numbers, names, + - * / **, parentheses, {', '.join(FUNCTIONS)}"

SHOWN = 120
"""Characters of a formula in a message."""


@dataclass(frozen=True)
class Operation:
    """A step that puts one result in the place of the last `count` ones; `at` counts its characters from 1."""

    symbol: str
    count: int
    at: int

    def result(self, operands: Sequence[Values], called: str) -> Values:
        """Return what `applied` does; `InputError` where that is a single number and none: `called` is the formula."""
        values = applied(self.symbol, operands)
        if not values.ndim and np.isnan(values):
            expected = f"a finite result of {self.symbol} at character {self.at} of {called}"
            found = "none from " + " and ".join(f"{float(operand):g}" for operand in operands)
            raise InputError(expected, found, "check the formula and its quantities")
        return values


Step = float | str | Operation
"""A number, a quantity by its name, or an operation on the results before it."""


@dataclass(frozen=True)
class Token:
    """A piece of the text; at the end one without a kind."""

    kind: str
    text: str
    at: int

    @property
    def found(self) -> str:
        """The piece in words; of a letter that another may be taken for, its name in Unicode."""
        if not self.kind:
            return "the end"
        name = "" if self.text.isascii() else unicodedata.name(self.text, "")
        return _quoted(shown(self.text, 40)) + (f" ({name})" if name else "")


def is_name(text: str) -> bool:
    """Return whether a quantity or a formula may have this name."""
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,39}", text) is not None and not keyword.iskeyword(text)


def told(name: str, text: str) -> str:
    """Return what a message calls a formula: its place in a track's file and its text, or the text alone."""
    quoted = _quoted(shown(text, SHOWN, empty=""))
    return f"formulas.{name} ({quoted})" if name else quoted


def _quoted(text: str) -> str:
    return f'"{text}"' if "'" in text else f"'{text}'"


def parsed(text: str, called: str, known: Collection[str] | None) -> tuple[Step, ...]:
    """Return the steps of a formula, operands before their operation; raises as `read_formula` does.

    Parameters
    ----------
    text : str
        On one line.
    called : str
        The formula in messages.
    known : collection of str or None
        The quantities that there are; None for any.
    """
    return _Parser(text, called, known).steps()


class _Parser:
    """Recursive descent, one method for each rung of the precedence; what was read stands in `_steps`."""

    def __init__(self, text: str, called: str, known: Collection[str] | None) -> None:
        self._called, self._known = called, known
        pieces = (Token(match.lastgroup or "", match[0], match.start() + 1) for match in TOKEN.finditer(text))
        self._tokens = [*pieces, Token("", "", len(text) + 1)]
        self._next = self._depth = 0
        self._steps: list[Step] = []

    def steps(self) -> tuple[Step, ...]:
        for token in self._tokens:
            if token.kind == "stranger":
                self._refuse("a formula", token, REMEDIES.get(token.text, ALLOWED))
        self._sum()
        if (token := self._tokens[self._next]).kind:
            remedy = 'take it out, or open a "("' if token.text == ")" else "put an operator (+ - * / **) before it"
            self._refuse("an operator or the end", token, remedy)
        return tuple(self._steps)

    def _sum(self) -> None:
        self._product()
        while operator := self._take("+", "-"):
            self._product()
            self._emit(operator.text, 2, operator)

    def _product(self) -> None:
        self._signed()
        while operator := self._take("*", "/"):
            self._signed()
            self._emit(operator.text, 2, operator)

    def _signed(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._refuse(f"at most {MAX_DEPTH} levels in one another", self._tokens[self._next], IN_PARTS)
        if minus := self._take("-"):
            self._signed()
            self._emit(NEGATION, 1, minus)
        else:
            self._power()
        self._depth -= 1

    def _power(self) -> None:
        self._operand()
        if operator := self._take("**"):
            self._signed()
            self._emit(operator.text, 2, operator)

    def _operand(self) -> None:
        token = self._tokens[self._next]
        if token.kind == "number":
            self._next += 1
            self._number(token)
        elif token.kind == "word":
            self._next += 1
            if self._take("("):
                self._call(token)
            else:
                self._name(token)
        elif self._take("("):
            self._sum()
            self._close()
        else:
            self._refuse('a number, a name, - or "("', token, "put one before it")

    def _number(self, token: Token) -> None:
        number = float(token.text)
        if math.isinf(number):
            self._refuse("a number below 1.8e308", token, "write a smaller one")
        self._steps.append(number)

    def _name(self, token: Token) -> None:
        if token.text in FUNCTIONS:
            self._refuse(f"{token.text}(...)", token, "give the function its operands in parentheses")
        if not is_name(token.text):
            self._refuse(f"the name of a quantity ({NAMES})", token, "use another name")
        if self._known is not None and token.text not in self._known:
            names = shown(", ".join(sorted(self._known)), SHOWN)
            self._refuse("the name of a quantity", token, nearest(token.text, self._known, f"there are {names}"))
        self._steps.append(token.text)

    def _call(self, token: Token) -> None:
        function = FUNCTIONS.get(token.text)
        if function is None:
            remedy = nearest(token.text, FUNCTIONS, "write * before a parenthesis that is a factor")
            self._refuse(f"a function ({', '.join(FUNCTIONS)})", token, remedy)
        count = 0
        if self._tokens[self._next].text != ")":
            self._sum()
            count = 1
            while self._take(","):
                self._sum()
                count += 1
        self._close()
        self._check_operands(function, count, token)
        self._emit(token.text, count, token)

    def _check_operands(self, function: Function, count: int, token: Token) -> None:
        if not function.takes(count):
            expected = f"{function.wants} of {token.text}"
            raise InputError(expected, f"{count} {self._at(token)}", "separate them by commas")
        if token.text == "round":
            digits = self._steps[-1]
            if not isinstance(digits, float) or not digits.is_integer() or not 0 <= digits <= MAX_DIGITS:
                expected = f"a whole number of digits, 0 to {MAX_DIGITS}, as the second operand of round"
                raise InputError(expected, f"another {self._at(token)}", "write it as in round(x, 2)")

    def _close(self) -> None:
        if not self._take(")"):
            self._refuse('an operator or ")"', self._tokens[self._next], "close what is open, or put an operator here")

    def _take(self, *symbols: str) -> Token | None:
        """Return the next piece and go on, if it is one of these."""
        token = self._tokens[self._next]
        if token.kind != "symbol" or token.text not in symbols:
            return None
        self._next += 1
        return token

    def _emit(self, symbol: str, count: int, token: Token) -> None:
        """Add an operation, or its result where all its operands are numbers: so 9**9**9 shows while it is read."""
        operation = Operation(symbol, count, token.at)
        numbers = [np.asarray(step) for step in self._steps[-count:] if isinstance(step, float)]
        if symbol == "/" and self._steps[-1] == 0:
            raise InputError("a divisor other than 0", f"0 {self._at(token)}", "change the formula")
        if len(numbers) == count:
            self._steps[-count:] = [float(operation.result(numbers, self._called))]
        else:
            self._steps.append(operation)

    def _refuse(self, expected: str, token: Token, remedy: str) -> NoReturn:
        raise InputError(expected, f"{token.found} {self._at(token)}", remedy)

    def _at(self, token: Token) -> str:
        return f"at character {token.at} of {self._called}"
