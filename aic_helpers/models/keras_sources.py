"""Keras models, as a function builds them or a file holds them, brought to life and frozen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from aic_helpers.core.errors import InputError
from aic_helpers.models.adapters import Adapters
from aic_helpers.models.checkpoints import load_weights, match_variables, open_checkpoint
from aic_helpers.models.originals import Original, freeze_callable
from aic_helpers.models.user_code import checked_output, load_function, user_code


def keras_function(path: Path, name: str, checkpoint: Path | None, adapt: Adapters) -> Original:
    import keras

    function = load_function(path, name)
    with user_code(path):
        images = keras.Input(adapt.shapes[0][1:], name="input")
        output = function(images)
    model = keras.Model(images, checked_output(output, path, adapt))
    unused = _restore_keras(model, function, checkpoint, name) if model.weights else []
    return _from_keras_model(model, unused, adapt)


def _restore_keras(model: Any, function: Any, checkpoint: Path | None, name: str) -> list[str]:
    if checkpoint is not None and checkpoint.name.endswith(".h5"):
        load_weights(model, checkpoint, name)
        return []
    names = getattr(function, "checkpoint_names", {weight.path: weight.path for weight in model.weights})
    reader = open_checkpoint(checkpoint, name)
    shapes = {names[weight.path]: list(weight.shape) for weight in model.weights}
    unused = match_variables(reader, shapes, name)
    for weight in model.weights:
        weight.assign(reader.get_tensor(names[weight.path]))
    return unused


def keras_file(path: Path, name: None, checkpoint: None, adapt: Adapters) -> Original:
    import keras

    with user_code(path):
        model = keras.models.load_model(path, compile=False)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise InputError(
            f"one input and one output in {path}", f"{len(model.inputs)} and {len(model.outputs)}", "save a network"
        )
    checked_output(model.outputs[0], path, adapt)
    return _from_keras_model(model, [], adapt)


def _from_keras_model(model: Any, unused: list[str], adapt: Adapters) -> Original:
    def call(images: Any) -> Any:
        return model(images, training=False)

    images = model.inputs[0]
    frozen = freeze_callable(call, list(images.shape), adapt, images.dtype)
    return Original(frozen, lambda batch: np.asarray(call(batch)), "keras", unused=unused)
