"""The formats of converted models, told apart by their files' names, and what runs each."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from aic_helpers.core.errors import InputError, nearest
from aic_helpers.core.installation import needed

PRECISIONS = ("float32", "float16", "dynamic_int8", "int8", "int16x8")
"""Of files that LiteRT runs, in the order of tables; `aic_helpers.quantization.precisions` has what each is."""


@dataclass(frozen=True)
class Format:
    """A format of converted models.

    Attributes
    ----------
    kinds : tuple of str
        Of model sources that become such a file: first those that are one already.
    suffix : str
        What its files' names end in.
    runtime : str
        What results call that which runs it; TensorFlow in parts is ``tensorflow-light`` there.
    words : str
        What people call that.
    packages : tuple of str
        Those whose versions change figures.
    extra : str
        Of the workbench, brings the runtime; empty where it is always there.
    modules : tuple of str
        What that brings, in Python.
    runs_as_it_is : bool
        Whether a person's own file is run as it is; where it isn't, what the person says of it, and what is found out,
        is built around it first.
    """

    kinds: tuple[str, ...]
    suffix: str
    runtime: str
    words: str
    packages: tuple[str, ...]
    extra: str = ""
    modules: tuple[str, ...] = ("tensorflow",)
    runs_as_it_is: bool = True

    @property
    def model_file(self) -> str:
        """What the converted model is called in a run folder."""
        return f"model{self.suffix}"

    def require(self) -> None:
        """Raise `InputError` where the package that runs such files is missing."""
        if self.extra:
            with needed(self.extra):
                for module in self.modules:
                    import_module(module)


FROZEN = Format(("frozen",), ".pb", "tensorflow", "TensorFlow", ("tensorflow",))
LITERT = Format(
    ("litert",), ".tflite", "litert", "LiteRT", ("tensorflow", "ai-edge-litert"), "mobile", ("ai_edge_litert",)
)
"""TensorFlow makes the baseline that its files are timed beside."""
ONNX = Format(
    ("onnx", "torch"),
    ".onnx",
    "onnxruntime",
    "ONNX Runtime",
    ("onnx", "onnxruntime"),
    "onnx",
    ("onnx", "onnxruntime"),
    False,
)

FORMATS = (FROZEN, LITERT, ONNX)


def format_of(path: str | Path) -> Format:
    """Return the format of a converted model's file, by its name: a frozen graph's unless it says another."""
    return next((one for one in FORMATS if one.suffix == Path(path).suffix), FROZEN)


def format_by_kind(kind: str) -> Format:
    """Return the format that sources of a kind are converted to."""
    return next((one for one in FORMATS if kind in one.kinds), FROZEN)


def format_by_runtime(runtime: str) -> Format:
    """Return the format that a runtime runs, by its name in a result."""
    return next((one for one in FORMATS if one.runtime == runtime), FROZEN)


def require_precision(name: Any) -> str:
    """Return the name of a precision; `InputError` for another."""
    if name not in PRECISIONS:
        remedy = nearest(str(name), PRECISIONS, "take one of them")
        raise InputError(f"a precision ({', '.join(PRECISIONS)})", str(name) or "nothing", remedy)
    return str(name)
