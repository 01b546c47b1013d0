"""The schema of `.tflite` files, as LiteRT's package has it: names by their numbers, and what reads settings."""

from __future__ import annotations

from functools import cache
from typing import Any

from aic_helpers.core.installation import needed


@cache
def names(enumeration: str) -> dict[int, str]:
    """Return the names of an enumeration of the schema by their numbers."""
    return {number: name for name, number in vars(getattr(schema(), enumeration)).items() if isinstance(number, int)}


def schema() -> Any:
    """Return the module that was made of the schema. It needs neither LiteRT itself nor TensorFlow."""
    with needed("mobile"):
        from ai_edge_litert import schema_py_generated
    return schema_py_generated
