"""What a network of another form takes and gives, as a person says it: range, layout, colours, channels, names.

`model.pb` always takes and gives RGB in [0, 1], (batch, height, width, 3); what is said here is built into it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aic_helpers.core.errors import InputError, nearest
from aic_helpers.runtimes.formats import require_precision

CHOICES = {"range": ("1", "255"), "layout": ("nhwc", "nchw"), "colour": ("rgb", "bgr"), "channels": ("rgb", "y")}
"""What may be said of each; first what the workbench itself has."""

NAMES = ("input", "output", "code", "fixed", "python")

KEYS = (*CHOICES, *NAMES, "precision", "set", "args")

WORDS = {
    "range": "takes and gives 0 to 255",
    "layout": "takes and gives channels first",
    "colour": "takes and gives BGR",
    "channels": "takes and gives luma (BT.601, 16 to 235 of 255); the colours are the input's",
}

Value = bool | float

Argument = bool | int | float | str | tuple[bool | int | float | str, ...]

NUMBERS: tuple[Callable[[str], int | float], ...] = (int, float)

Shape = list[int | None]


@dataclass(frozen=True)
class Adapters:
    """What a network takes and gives where that isn't RGB in [0, 1] with the channels last.

    Attributes
    ----------
    range : {"1", "255"}
        What white is.
    layout : {"", "nhwc", "nchw"}
        Where the channels are; empty where nothing is said: found out of an `.onnx`, and last in other sources.
    colour : {"rgb", "bgr"}
    channels : {"rgb", "y"}
        ``y`` for luma alone.
    input, output : str
        Names of a graph's own tensors, or of a signature's; empty where it is for the workbench to find them.
    code : str
        A Python file with the own layers of a network that Keras saved.
    fixed : str
        A `.tflite` file of the same network at one size, which is timed in place of one of any size.
    precision : str
        One of `aic_helpers.runtimes.formats.PRECISIONS`, in which the network is exported to LiteRT, and judged; empty
        for TensorFlow.
    set : tuple of (name, value)
        Values of a graph's other placeholders.
    python : str
        The interpreter that has torch and a PyTorch network's packages; empty for `AIC_PYTHON`, or this one.
    args : tuple of (name, value)
        What a PyTorch network's class or function is called with.
    """

    range: str = "1"
    layout: str = ""
    colour: str = "rgb"
    channels: str = "rgb"
    input: str = ""
    output: str = ""
    code: str = ""
    fixed: str = ""
    precision: str = ""
    set: tuple[tuple[str, Value], ...] = ()
    python: str = ""
    args: tuple[tuple[str, Argument], ...] = ()

    @property
    def forms(self) -> dict[str, str]:
        """What of range, layout, colour and channels is other than the workbench has it."""
        return {key: said for key, choices in CHOICES.items() if (said := getattr(self, key)) not in ("", choices[0])}

    @property
    def shapes(self) -> list[Shape]:
        """The shapes that a network of any size takes: with any batch, and with a batch of 1."""
        channels = 1 if self.channels == "y" else 3
        sides = [channels, None, None] if self.layout == "nchw" else [None, None, channels]
        return [[None, *sides], [1, *sides]]

    @property
    def given(self) -> dict[str, Any]:
        """The mapping that `read_adapters` makes this of: what was said, and nothing else."""
        names = {name: said for name in (*NAMES, "precision") if (said := getattr(self, name))}
        args = {name: [*value] if isinstance(value, tuple) else value for name, value in self.args}
        return {
            **self.forms,
            **({"layout": self.layout} if self.layout else {}),
            **names,
            **({"set": dict(self.set)} if self.set else {}),
            **({"args": args} if args else {}),
        }

    @property
    def lines(self) -> list[str]:
        """What was said of the network's form, and what was set, a line each."""
        return [*(WORDS[key] for key in self.forms), *(f"{name} is set to {_shown(value)}" for name, value in self.set)]


AS_IT_IS = Adapters()


def read_adapters(given: Mapping[str, Any] | None) -> Adapters:
    """Return what a mapping says; its keys are the names of `Adapters`, and ``set`` is a mapping in it.

    Numbers may come as texts, as a command line has them.

    Raises
    ------
    InputError
        Another key, or a value that the key can't have.
    """
    given = {} if given is None else given
    keys = ", ".join(KEYS)
    if not isinstance(given, Mapping):
        raise InputError(f"adapt as a mapping with keys of {keys}", repr(given), "say for example range = 255")
    for key in given:
        if key not in KEYS:
            raise InputError(f"adapt with keys of {keys}", str(key), nearest(str(key), KEYS, "leave it out"))
    said = {key: _choice(key, given[key]) for key in CHOICES if key in given}
    names = {key: _name(key, given[key]) for key in NAMES if key in given}
    precision = require_precision(given["precision"]) if "precision" in given else ""
    found = Adapters(
        **said, **names, precision=precision, set=_values(given.get("set", {})), args=_args(given.get("args", {}))
    )
    if found.channels == "y" and found.colour == "bgr":
        raise InputError("colour beside three channels", "colour bgr beside channels y", "leave the colour out")
    return found


def shape_words(shape: Shape) -> str:
    """Return one of `Adapters.shapes` in words."""
    free = iter(("batch", "height", "width"))
    return f"({', '.join(next(free) if side is None else str(side) for side in shape)})"


def _choice(key: str, value: Any) -> str:
    text = str(value).lower()
    if text not in CHOICES[key]:
        raise InputError(f"{key} of {' or '.join(CHOICES[key])}", str(value) or "nothing", "take one of them")
    return text


def _name(key: str, value: Any) -> str:
    if not isinstance(value, str):
        paths = {
            "code": "the path of a Python file",
            "fixed": "the path of a .tflite file",
            "python": "the path of an interpreter",
        }
        what = paths.get(key, "the name of a tensor")
        raise InputError(f"{key} as {what}", repr(value), "give a text")
    return value


def _values(given: Any) -> tuple[tuple[str, Value], ...]:
    if not isinstance(given, Mapping):
        raise InputError("set as names with values", repr(given), "say for example is_training = false")
    return tuple((str(name), _value(str(name), value)) for name, value in sorted(given.items()))


def _value(name: str, value: Any) -> Value:
    """Return a number, or true or false."""
    if isinstance(value, str):
        value = {"true": True, "false": False}.get(value.lower(), value)
    if isinstance(value, bool):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InputError(f"true, false or a number for {name}", str(value) or "nothing", "set it to one") from None


def _args(given: Any) -> tuple[tuple[str, Argument], ...]:
    """Return arguments from a mapping, or from text as in ``scale=4 blocks=8``."""
    example = "say for example scale=4 blocks=8"
    if isinstance(given, str):
        words = given.split()
        if bare := next((word for word in words if not word.partition("=")[0].isidentifier() or "=" not in word), None):
            raise InputError("args as NAME=VALUE, a blank between two", bare, example)
        names = [word.partition("=")[0] for word in words]
        if double := next((name for name in names if names.count(name) > 1), None):
            raise InputError("args of different names", f"{double} twice", "leave one of them out")
        if empty := next((word for word in words if word.endswith("=")), None):
            raise InputError("args as NAME=VALUE, a blank between two", empty, example)
        given = dict(word.split("=", 1) for word in words)
    if not isinstance(given, Mapping):
        raise InputError("args as names with values", repr(given), example)
    return tuple((_parameter(name), _argument(str(name), value)) for name, value in sorted(given.items()))


def _parameter(name: Any) -> str:
    if not str(name).isidentifier():
        raise InputError("args with names of Python's", repr(name), "say for example scale=4")
    return str(name)


def _argument(name: str, value: Any) -> Argument:
    """Return a number, true or false, a text, or several; of a text what it says, as in ``4``, ``true`` and ``1,2``."""
    if isinstance(value, list | tuple):
        found = tuple(_argument(name, one) for one in value)
        if any(isinstance(one, tuple) for one in found):
            raise InputError(f"a list of numbers for {name} of args", repr(value), "give one list, and none in it")
        return found  # type: ignore[return-value]  # no tuples in it
    if isinstance(value, bool | int | float):
        return value
    if not isinstance(value, str):
        expected = f"a number, true, false, a text or a list of numbers for {name} of args"
        raise InputError(expected, repr(value), "give one of these")
    if "," in value:
        return _argument(name, [part for part in value.split(",") if part])
    for read in NUMBERS:
        with suppress(ValueError):
            return read(value)
    return {"true": True, "false": False}.get(value.lower(), value)


def args_words(args: Mapping[str, Any]) -> str:
    """Return arguments as `read_adapters` reads them from a text."""
    return " ".join(f"{name}={_argument_words(value)}" for name, value in args.items())


def _argument_words(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(_argument_words, value)) + "," * (len(value) < 2)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shown(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}"
