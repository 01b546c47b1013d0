"""A network -> a copy that computes in floats what its int8 file would compute in integers, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.models import networks
from aic_helpers.training.fake_quantization import QUANTIZED, FakeQuantized, Range, grey, in_steps
from aic_helpers.training.initializers import weights_at_black

ENDING = "_range"
"""Of the name of a layer that holds a range."""

MEASURED = {
    *("Conv2D", "CentredConv2D", "Conv2DTranspose", "SharedBias", "PReLU"),
    *("RGBToGrayscale", "Add", "Subtract", "Multiply"),
}
"""Operations whose outputs have a range of their own."""

PASSING = {"PadToGrid", "CropLike", "DepthToSpace", "Tile"}
"""Operations that only move values: what they give keeps the range of what they get."""

FIXED: dict[str, Range] = {"Tanh": (-1.0, 127 / 128), "Sigmoid": (0.0, 255 / 256)}
"""Operations whose range is always the same in LiteRT."""

PIXELS: Range = (0.0, 1.0)
"""The range of what goes in, which has 8 bits as it comes, and of what comes out: 255 is white."""

INPUT, OUTPUT = "input", "output"
"""What these ranges are called."""

SHORT = {"Multiply": "mul", "Subtract": "sub"}
"""Operations that TensorFlow, and so a `.tflite` file, calls otherwise than Keras."""

ACTIVATIONS = ("linear", "relu")
"""What LiteRT makes part of a convolution."""


def quantized(model: keras.Model, network: str) -> keras.Model:
    """Return a copy that computes as the int8 file of a network would; its ranges are empty yet: see `calibrate`.

    Raises
    ------
    InputError
        The network has an operation of which it isn't known here how LiteRT computes it in int8.
    """
    for operation in model.operations:
        _require_known(operation, network)
    names = _range_names(model)

    def copied(layer: layers.Layer) -> layers.Layer:
        return QUANTIZED.get(type(layer), type(layer)).from_config(layer.get_config())

    def called(operation: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = grey(*args) if _kind(operation) == "RGBToGrayscale" else operation(*args, **kwargs)
        if (name := names.get(operation.name)) is None:
            return outputs
        fixed = PIXELS if name == OUTPUT else FIXED.get(_kind(operation))
        return FakeQuantized(f"{name}{ENDING}", fixed)(outputs)

    learner = keras.models.clone_model(model, clone_function=copied, call_function=called)
    for layer in model.layers:
        if layer.weights:
            learner.get_layer(layer.name).set_weights(layer.get_weights())
    return learner


def _require_known(operation: Any, network: str) -> None:
    kind, activation = _kind(operation), getattr(getattr(operation, "activation", None), "__name__", None)
    if kind not in MEASURED | PASSING | FIXED.keys() | {"InputLayer"}:
        found = f"{kind} in {operation.name}"
    elif activation not in (None, *ACTIVATIONS):
        found = f"the activation {activation} in {operation.name}"
    else:
        return
    expected = "for --quantised a network of operations whose int8 form is known here"
    raise InputError(expected, f"{found} of {network}", "train it without --quantised")


def _kind(operation: Any) -> str:
    return type(operation).__name__


def _range_names(model: keras.Model) -> dict[str, str]:
    """Return, by the names of the operations that have one, what their ranges are called.

    Layers have names of their own; other operations are numbered within their network: ``add``, ``add_1``. A bias that
    is a layer of its own has the range of the convolution that LiteRT makes it part of. The last is `OUTPUT`.
    """
    names: dict[str, str] = {}
    seen = Counter[str]()
    for operation in model.operations:
        kind = _kind(operation)
        if kind not in MEASURED | FIXED.keys():
            continue
        if isinstance(operation, networks.SharedBias):
            names[operation.name] = names.pop(operation.input._keras_history.operation.name)
        elif isinstance(operation, layers.Layer):
            names[operation.name] = operation.name
        else:
            name = SHORT.get(kind, kind.lower())
            names[operation.name] = f"{name}_{seen[kind]}" if seen[kind] else name
            seen[kind] += 1
    return names | {list(names)[-1]: OUTPUT}


def calibrate(learner: keras.Model, model: keras.Model, batches: Iterable[NDArray], clip_percentile: float) -> None:
    """Begin the ranges of a quantised copy with what its model gives for some batches of photos.

    A range goes from the lowest to the highest value in all batches. With a `clip_percentile` below 100 it goes from
    one percentile to the other of each batch, the widest of these, and keeps to that: see `FakeQuantized`.
    """
    measured = [layer for layer in _ranges(learner) if not layer.fixed]
    if not measured:
        return
    operations = {f"{name}{ENDING}": operation for operation, name in _range_names(model).items()}
    outputs = {operation.name: operation.output for operation in model.operations}
    probe = keras.Model(model.inputs, {layer.name: outputs[operations[layer.name]] for layer in measured})
    found = [_ends(probe.predict_on_batch(batch), clip_percentile) for batch in batches]
    for layer in measured:
        lows, highs = zip(*(ends[layer.name] for ends in found), strict=True)
        layer.begin((min(0.0, *lows), max(0.0, *highs)), is_clipped=clip_percentile < 100)


def _ends(outputs: Mapping[str, NDArray], percentile: float) -> dict[str, Range]:
    ends = {name: np.percentile(values, (100 - percentile, percentile)) for name, values in outputs.items()}
    return {name: (float(low), float(high)) for name, (low, high) in ends.items()}


def _ranges(learner: keras.Model) -> list[FakeQuantized]:
    return [layer for layer in learner.layers if isinstance(layer, FakeQuantized)]


def ranges_of(learner: keras.Model) -> dict[str, Range]:
    """Return the lowest and highest value of each operation's 8 bits, in a quantised copy; of the input too."""
    found = {layer.name.removesuffix(ENDING): (float(layer.low), float(layer.high)) for layer in _ranges(learner)}
    return {INPUT: PIXELS} | found


def ordinary_weights(learner: keras.Model, model: keras.Model) -> list[NDArray]:
    """Return the weights that a copy to train has for the model that it was copied from.

    Those of a quantised copy are rounded as its int8 file has them: unrounded they are a place between two steps from
    which the next step of the training leaves, and a network that was never looked at.
    """
    values = dict(zip((weight.path for weight in learner.weights), weights_at_black(learner), strict=True))
    for layer in learner.layers:
        for weight, channels in getattr(layer, "rounded", {}).items():
            path = getattr(layer, weight).path
            values[path] = np.asarray(in_steps(ops.convert_to_tensor(values[path]), channels))
    return [values[weight.path] for weight in model.weights]
