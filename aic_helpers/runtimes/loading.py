"""A converted model's file -> a callable on arrays, by the runtime of its format."""

from __future__ import annotations

from pathlib import Path

from aic_helpers.runtimes import frozen_models
from aic_helpers.runtimes.formats import LITERT, format_of
from aic_helpers.runtimes.frozen_models import FrozenModel
from aic_helpers.runtimes.litert_models import LitertModel


def load(path: str | Path, threads: int | None = None) -> FrozenModel | LitertModel:
    """Return the model in a `.pb` or `.tflite` file; see `FrozenModel` and `LitertModel`."""
    return LitertModel(path, threads) if format_of(path) is LITERT else frozen_models.load(path, threads)
