"""A Keras model of a notebook or script -> a SavedModel folder, which another process can read without its code."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from aic_helpers.core.error_reasons import named_reason
from aic_helpers.core.errors import InputError
from aic_helpers.models.adapters import read_adapters
from aic_helpers.models.built_functions import is_keras_model
from aic_helpers.models.sources import ModelSource


def require(model: Any, checkpoint: str | Path | None) -> None:
    """Raise where this isn't a Keras model, or has a checkpoint beside it."""
    if not is_keras_model(model):
        found = f"{type(model).__module__}.{type(model).__name__}"
        raise InputError("a model source in text, or a keras.Model", found, "give one of these")
    if checkpoint:
        raise InputError(
            "a checkpoint only beside file.py:function", "one beside a Keras model", "load it into the model"
        )


def exported(model: Any, folder: Path, adapt: Mapping[str, Any] | None) -> ModelSource:
    """Write a Keras model as a SavedModel and return it as a source.

    Raises
    ------
    InputError
        It isn't built, or Keras can't export it.
    """
    try:
        with redirect_stdout(io.StringIO()):  # Keras prints what it exports
            model.export(str(folder))
    except Exception as error:
        remedy = "build it from a keras.Input of (None, None, 3), or call it on an image first"
        raise InputError(f"a Keras model that can be exported as {model.name}", named_reason(error), remedy) from None
    typed = f"the Keras model {model.name}"
    return ModelSource("saved_model", model.name, folder, None, None, None, typed, read_adapters(adapt))
