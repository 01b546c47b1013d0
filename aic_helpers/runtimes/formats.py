"""The formats of converted models, told apart by their files' names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aic_helpers.core.errors import InputError, nearest

LITERT = "litert"
"""What a result calls the runtime."""

PRECISIONS = ("float32", "float16", "dynamic_int8", "int8", "int16x8")
"""Of files that LiteRT runs, in the order of tables; `aic_helpers.quantization.precisions` has what each is."""

GRAPH_SUFFIX, LITERT_SUFFIX = ".pb", ".tflite"


def is_litert(path: str | Path) -> bool:
    """Whether a file is of LiteRT's format, by its name."""
    return Path(path).suffix == LITERT_SUFFIX


def require_precision(name: Any) -> str:
    """Return the name of a precision; `InputError` for another."""
    if name not in PRECISIONS:
        remedy = nearest(str(name), PRECISIONS, "take one of them")
        raise InputError(f"a precision ({', '.join(PRECISIONS)})", str(name), remedy)
    return str(name)
