"""A converted model's file -> a callable on arrays, by the runtime of its format."""

from __future__ import annotations

from pathlib import Path

from aic_helpers.runtimes import frozen_models
from aic_helpers.runtimes.formats import LITERT, ONNX, format_of
from aic_helpers.runtimes.frozen_models import FrozenModel
from aic_helpers.runtimes.litert_models import LitertModel
from aic_helpers.runtimes.onnx_models import OnnxModel


def load(path: str | Path, threads: int | None = None) -> FrozenModel | LitertModel | OnnxModel:
    """Return the model in a `.pb`, `.tflite` or `.onnx` file."""
    if format_of(path) is ONNX:
        return OnnxModel(path, threads)
    return LitertModel(path, threads) if format_of(path) is LITERT else frozen_models.load(path, threads)
