"""Formulas against Python's own parser on random texts; what has no value; hostile texts, each refused in one line."""

import ast
import math
import random
import re

import numpy as np
import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.tracks.arithmetic import FUNCTIONS
from aic_helpers.tracks.formulas import read_formula

REFUSED = "refused"

QUANTITIES = {"psnr_db": 27.25, "ms_ssim": 0.953, "speedup": 2.5, "loss": -1.5}

NUMPY = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.USub: np.negative,
    **{name: getattr(np, name) for name in ("exp", "log", "log2", "sqrt", "abs")},
    "min": lambda *values: min(values),
    "max": lambda *values: max(values),
    "round": lambda value, digits: round(float(value), int(digits)),
}

EXACT = ("min", "max", "sqrt", "abs", "round")
"""Functions that give the same over an array as one by one, whatever the processor."""


def random_text(rng, functions, depth=0):
    """Return a text of the grammar; most of its operands are such texts themselves, down to some depth."""
    choice = rng.random() if depth < 5 else rng.random() * 0.35
    if choice < 0.2:
        return rng.choice(list(QUANTITIES))
    if choice < 0.35:
        return rng.choice(["0.5", "2", "3.", ".25", "1e1", "0", "1.5E-1", "7"])
    first, second = random_text(rng, functions, depth + 1), random_text(rng, functions, depth + 1)
    if choice < 0.7:
        operators = ["+", "-", "*", "/", " + ", " - ", " * ", "\n/ "] + ["**"] * ("exp" in functions)
        return f"{first}{rng.choice(operators)}{second}"
    if choice < 0.8:
        return f"-{first}"
    if choice < 0.9:
        return f"( {first})"
    return random_call(rng.choice(functions), first, second)


def random_call(function, first, second):
    operands = {"min": f"{first},{second}, 3", "max": f"{first}, {second}", "round": f"{first}, 2"}
    return f"{function}({operands.get(function, first)})"


def by_python(node):
    """Return the value of what Python's parser made of a text; ArithmeticError where any part of it is not finite."""
    match node:
        case ast.Constant(value=number):
            return np.float64(number)
        case ast.Name(id=name):
            return np.float64(QUANTITIES[name])
        case ast.UnaryOp(op=operator, operand=operand):
            value = NUMPY[type(operator)](by_python(operand))
        case ast.BinOp(left=left, op=operator, right=right):
            value = NUMPY[type(operator)](by_python(left), by_python(right))
        case ast.Call(func=ast.Name(id=name), args=operands):
            value = NUMPY[name](*map(by_python, operands))
    if not math.isfinite(value):
        raise ArithmeticError
    return value


def read_as_python(text):
    try:
        with np.errstate(all="ignore"):
            return float(by_python(ast.parse(f"({text})", mode="eval").body))
    except ArithmeticError:
        return None


def read_as_formula(text):
    """Return the value of a text; None where it has none, REFUSED where it is no formula."""
    try:
        return read_formula(text, known=QUANTITIES).value(QUANTITIES)
    except InputError as error:
        return None if re.match("expected a (finite result|divisor other than 0)", str(error)) else REFUSED


@pytest.mark.parametrize("seed", range(10))
def test_random_texts_have_the_value_that_python_gives_them(seed):
    rng = random.Random(seed)
    texts = [random_text(rng, list(FUNCTIONS)) for _ in range(200)]
    expected = {text: read_as_python(text) for text in texts}
    assert {text: read_as_formula(text) for text in texts} == expected
    undefined = sum(value is None for value in expected.values())
    assert 5 < undefined < len(expected) / 2


@pytest.mark.parametrize("seed", range(5))
def test_a_text_with_a_slip_has_no_value_but_what_python_gives_it(seed):
    rng = random.Random(seed)
    texts = [with_a_slip(rng, random_text(rng, list(FUNCTIONS), depth=2)) for _ in range(500)]
    found = {text: read_as_formula(text) for text in texts if not re.search(r"\b0\d", text)}  # octal, to Python
    read = {text: value for text, value in found.items() if isinstance(value, float)}
    assert 50 < len(read) < len(found) - 50
    assert read == {text: read_as_python(text) for text in read}


def with_a_slip(rng, text):
    """Return a text with one letter taken out, or replaced by another of its letters or by a sign."""
    place = rng.randrange(len(text))
    return text[:place] + rng.choice(["", rng.choice(text), rng.choice("+-*/(),. 1")]) + text[place + 1 :]


@pytest.mark.parametrize("seed", range(5))
def test_random_texts_over_arrays_have_the_values_of_each_element(seed):
    """Where a number alone is refused, an array has NaN."""
    rng, drawn = random.Random(seed), np.random.default_rng(seed)
    arrays = {name: np.round(drawn.normal(0, 3, 20)) / 2 for name in QUANTITIES}
    arrays["loss"][3] = np.inf
    for text in (random_text(rng, EXACT) for _ in range(100)):
        try:
            formula = read_formula(text)
        except InputError:
            continue
        rows = [{name: float(values[place]) for name, values in arrays.items()} for place in range(20)]
        one_by_one = [value_or_nan(formula, row) for row in rows]
        whole = formula.value(arrays) if formula.names else np.full(20, formula.value({}))
        np.testing.assert_array_equal(whole, one_by_one, err_msg=text)


def value_or_nan(formula, row):
    try:
        return formula.value(row)
    except InputError:
        return math.nan


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-2**2", -4),
        ("2**-1", 0.5),
        ("2**3**2", 512),
        ("(2**3)**2", 64),
        ("7 - 4 - 2", 1),
        ("16 / 4 / 2", 2),
        ("2 + 3 * 4", 14),
        ("--3", 3),
        ("2 * -3", -6),
        ("min(3, 1, 2) + max(3, 1, 2)", 4),
        ("log(exp(3)) + log2(8) + sqrt(16) + abs(-5)", 15),
        ("0**0", 1),
        ("1e3 + .5 + 2.", 1002.5),
        ("\n  1\n  + 1\t", 2),
        ("round(26.895, 2)", 26.89),
        ("round(9452.15, 1)", 9452.1),
    ],
)
def test_by_hand(text, value):
    """The last two are just below the half that they are written as, so printing rounds them down; numpy's doesn't."""
    assert read_formula(text).value({}) == pytest.approx(value, rel=1e-15)


def test_a_number_gives_a_number_and_arrays_an_array():
    formula = read_formula("psnr_db * weight")
    assert type(formula.value({"psnr_db": 27, "weight": np.float64(2)})) is float
    assert formula.value({"psnr_db": np.array([27.0, 28.0]), "weight": 2.0}).tolist() == [54, 56]


def test_names_are_the_quantities_in_the_order_of_their_first_use():
    assert read_formula("b + max(a, b) * c - 2").names == ("b", "a", "c")


def test_a_missing_quantity_gives_no_value_and_all_of_them_are_named():
    formula = read_formula("lpips + dists + psnr_db", name="total")
    quantities = {"psnr_db": 27.0, "dists": None}
    assert formula.missing(quantities) == ("lpips", "dists")
    with pytest.raises(InputError) as caught:
        formula.value(quantities)
    assert str(caught.value) == (
        "expected lpips, dists for formulas.total ('lpips + dists + psnr_db'), found no such quantity: "
        "without all of its quantities a formula has no value"
    )


@pytest.mark.parametrize(
    ("text", "x", "found"),
    [
        ("1 / x", 0, "a finite result of / at character 3 of '1 / x', found none from 1 and 0"),
        ("1 / (1 / x)", 0, "a finite result of / at character 8 of '1 / (1 / x)', found none from 1 and 0"),
        ("(x / x) ** 0", 0, "a finite result of / at character 4 of '(x / x) ** 0', found none from 0 and 0"),
        ("min(exp(x), 4)", 1000, "a finite result of exp at character 5 of 'min(exp(x), 4)', found none from 1000"),
        ("log(x)", 0, "a finite result of log at character 1 of 'log(x)', found none from 0"),
        ("log2(x)", -1, "a finite result of log2 at character 1 of 'log2(x)', found none from -1"),
        ("sqrt(x)", -1, "a finite result of sqrt at character 1 of 'sqrt(x)', found none from -1"),
        ("x ** 0.5", -8, "a finite result of ** at character 3 of 'x ** 0.5', found none from -8 and 0.5"),
        (
            "x ** x ** x",
            99,
            "a finite result of ** at character 3 of 'x ** x ** x', found none from 99 and 3.6973e+197",
        ),
        ("x * 1e300", 1e300, "a finite result of * at character 3 of 'x * 1e300', found none from 1e+300 and 1e+300"),
        ("x", math.inf, "a finite x for 'x', found inf"),
        ("x ** 0", math.nan, "a finite x for 'x ** 0', found nan"),
        ("max(x, 4)", -math.inf, "a finite x for 'max(x, 4)', found -inf"),
    ],
)
def test_no_value_is_infinite_alone_or_in_an_array(text, x, found):
    with pytest.raises(InputError) as caught:
        read_formula(text).value({"x": x})
    assert str(caught.value).startswith(f"expected {found}: check the ")
    values = read_formula(text).value({"x": np.array([2.0, x])})
    assert np.isfinite(values).tolist() == [True, False]
    assert np.isnan(values[1])


def test_arrays_of_unlike_shapes():
    with pytest.raises(InputError) as caught:
        read_formula("x + y", name="total").value({"x": np.ones(3), "y": np.ones(1)})
    assert str(caught.value) == (
        "expected arrays of one shape for formulas.total ('x + y'), found (3,) and (1,): give as many values of each "
        "quantity"
    )


SIGNS = "expected a formula, found"
OPERATOR = "expected an operator or the end, found"
ALLOWED = "use numbers, names, + - * / **, parentheses, min, max, exp, log, log2, sqrt, abs, round"

HOSTILE = {
    "__import__('os')": f'{SIGNS} "\'" at character 12 of "__import__(\'os\')": {ALLOWED}',
    "__import__(os)": "found '__import__' at character 1 of '__import__(os)'",
    "().__class__": f"{SIGNS} '.' at character 3 of '().__class__': {ALLOWED}",
    "9**9**9": "expected a finite result of ** at character 2 of '9**9**9', found none from 9 and 3.8742e+08: check",
    "9**9**9 * x": "expected a finite result of ** at character 2",
    "(" * 10_000 + "x" + ")" * 10_000: "expected a formula of at most 2000 characters, found 20001: give a part of it",
    "(" * 900 + "x" + ")" * 900: "expected at most 30 levels in one another, found '(' at character 31",
    "exp(" * 300 + "x" + ")" * 300: "expected at most 30 levels in one another, found 'exp' at character 121",
    "-" * 1999 + "x": "expected at most 30 levels in one another, found '-' at character 31",
    "2**" * 600 + "x": "expected at most 30 levels in one another, found '2' at character 91",
    "x" * 1_000_000: "expected a formula of at most 2000 characters, found 1000000",
    " " * 1_000_000: "expected a formula of at most 2000 characters, found 1000000",
    "1" * 1999: "expected a number below 1.8e308, found '1111111111111111111111111111111111111111...' at character 1",
    "1e999": "expected a number below 1.8e308, found '1e999' at character 1 of '1e999': write a smaller one",
    "x\0": r"found '\x00' at character 2 of 'x\x00'",
    "x\x1b[31m": r"found '\x1b' at character 2 of 'x\x1b[31m'",
    "x\u202ey": r"found '\u202e' (RIGHT-TO-LEFT OVERRIDE) at character 2",
    "\ud800": r"found '\ud800' at character 1",
    "\N{CYRILLIC SMALL LETTER ER}snr_db": "(CYRILLIC SMALL LETTER ER) at character 1",
    "\N{FULLWIDTH LATIN SMALL LETTER X} + 1": "(FULLWIDTH LATIN SMALL LETTER X) at character 1",
    "x \N{MINUS SIGN} 1": "(MINUS SIGN) at character 3",
    "x\N{SUPERSCRIPT TWO}": "(SUPERSCRIPT TWO) at character 2",
    "\N{ARABIC-INDIC DIGIT TWO}": "(ARABIC-INDIC DIGIT TWO) at character 1",
    "True": "found 'True' at character 1 of 'True': use another name",
    "None": "found 'None' at character 1",
    "_x": "letters, digits or _, first a letter, and no word of Python's own), found '_x' at character 1",
    "x" * 41: f"found '{'x' * 40}...' at character 1",
    "x if y else z": f"{OPERATOR} 'if' at character 3 of 'x if y else z': put an operator (+ - * / **) before it",
    "x and y": f"{OPERATOR} 'and' at character 3",
    "not x": "found 'not' at character 1",
    "[x]": f"{SIGNS} '[' at character 1",
    "x[0]": f"{SIGNS} '[' at character 2",
    "{x}": f"{SIGNS} '{{' at character 1",
    "x.y": f"{SIGNS} '.' at character 2",
    "f(x)": "expected a function (min, max, exp, log, log2, sqrt, abs, round), found 'f' at character 1 of 'f(x)'",
    "mix(x, 1)": "found 'mix' at character 1 of 'mix(x, 1)': did you mean min?",
    "exp(x)(y)": f"{OPERATOR} '(' at character 7",
    "2(x)": f"{OPERATOR} '(' at character 2",
    "min()": "expected 2 or more operands of min, found 0 at character 1 of 'min()': separate them by commas",
    "max(x)": "expected 2 or more operands of max, found 1 at character 1",
    "exp(x, y)": "expected 1 operand of exp, found 2 at character 1",
    "round(x)": "expected 2 operands of round, found 1 at character 1",
    "round(x, y)": "expected a whole number of digits, 0 to 12, as the second operand of round, found another",
    "round(x, 1.5)": "expected a whole number of digits",
    "round(x, 99)": "expected a whole number of digits",
    "round(x, -1)": "expected a whole number of digits",
    "round(x, digits=2)": f"{SIGNS} '=' at character 16",
    "max(*x)": "expected a number, a name, - or \"(\", found '*' at character 5",
    "max(x,)": "expected a number, a name, - or \"(\", found ')' at character 7",
    "max": "expected max(...), found 'max' at character 1 of 'max': give the function its operands in parentheses",
    "lambda: 0": f"{SIGNS} ':' at character 7",
    "(x := 1)": f"{SIGNS} ':' at character 4",
    "[y for y in x]": f"{SIGNS} '[' at character 1",
    "f'{x}'": f'{SIGNS} "\'" at character 2',
    "x < y": f"{SIGNS} '<' at character 3 of 'x < y': a formula neither compares nor assigns",
    "x ^ 2": f"{SIGNS} '^' at character 3 of 'x ^ 2': write ** for a power",
    "x // y": "expected a number, a name, - or \"(\", found '/' at character 4 of 'x // y': put one before it",
    "x % y": f"{SIGNS} '%' at character 3",
    "1j": f"{OPERATOR} 'j' at character 2",
    "0x10": f"{OPERATOR} 'x10' at character 2",
    "1_000": f"{OPERATOR} '_000' at character 2",
    "2 x": f"{OPERATOR} 'x' at character 3",
    "1.2.3": f"{OPERATOR} '.3' at character 4",
    "x; y": f"{SIGNS} ';' at character 2",
    "x # y": f"{SIGNS} '#' at character 3",
    "+x": "expected a number, a name, - or \"(\", found '+' at character 1",
    "x +": 'expected a number, a name, - or "(", found the end at character 4',
    "(x": 'expected an operator or ")", found the end at character 3',
    "x)": f"{OPERATOR} ')' at character 2 of 'x)': take it out, or open a \"(\"",
    "()": "expected a number, a name, - or \"(\", found ')' at character 2",
    "": "found the end at character 1 of ''",
    "x / 0": "expected a divisor other than 0, found 0 at character 3 of 'x / 0': change the formula",
    "x / (2 - 2)": "expected a divisor other than 0, found 0 at character 3",
    "x + log(0)": "expected a finite result of log at character 5 of 'x + log(0)', found none from 0",
    "0**-1": "expected a finite result of ** at character 2",
}


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:20]))
def test_hostile_and_wrong_texts_are_refused_in_one_line(text):
    with pytest.raises(InputError) as caught:
        read_formula(text)
    line = str(caught.value)
    assert HOSTILE[text] in line
    assert line.replace(" ", "").isprintable()
    assert len(line) < 500


def test_an_unknown_name_is_told_with_the_nearest_that_is_known():
    with pytest.raises(InputError) as caught:
        read_formula("2 * psnr", name="total", known=QUANTITIES)
    assert str(caught.value) == (
        "expected the name of a quantity, found 'psnr' at character 5 of formulas.total ('2 * psnr'): "
        "did you mean psnr_db?"
    )
    with pytest.raises(InputError, match="there are loss, ms_ssim, psnr_db, speedup"):
        read_formula("voltage", known=QUANTITIES)


def test_as_many_operands_as_fit_are_no_deeper():
    text = "+".join(["x"] * 1000)
    assert read_formula(text).value({"x": 1.5}) == 1500
