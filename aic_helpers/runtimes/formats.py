"""The formats of converted models, told apart by their files' names."""

from __future__ import annotations

from pathlib import Path

LITERT = "litert"
"""What a result calls the runtime."""

GRAPH_SUFFIX, LITERT_SUFFIX = ".pb", ".tflite"


def is_litert(path: str | Path) -> bool:
    """Whether a file is of LiteRT's format, by its name."""
    return Path(path).suffix == LITERT_SUFFIX
