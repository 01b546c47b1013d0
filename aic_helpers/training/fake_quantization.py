"""A network that computes in floats what its int8 file computes in integers: quantisation that a training can see.

As LiteRT has it: kernels in 8 bits, symmetric, with a scale for each output channel; what an operation gives in 8
bits, asymmetric, with one scale, once a bias and a ReLU that LiteRT makes part of it are done. Where rounding has no
slope the gradient passes as if nothing had been rounded; beyond a range it is 0 (Jacob et al. 2018, "Quantization and
training of neural networks for efficient integer-arithmetic-only inference").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, ClassVar

import keras
import numpy as np
from keras import layers, ops
from keras.quantizers import fake_quant_with_min_max_vars
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.models import networks
from aic_helpers.training.initializers import CentredConv2D, weights_at_black

Range = tuple[float, float]

ENDING = "_range"
"""Of the name of a layer that holds a range."""

DECAY = 0.99
"""How much of a range is kept at each step; the rest is the batch's own."""

PENALTY = 0.1
"""Weight in the loss of what lies beyond the bounds, as a share of what lies between them, squared."""

MEASURED = {
    *("Conv2D", "CentredConv2D", "Conv2DTranspose", "SharedBias", "PReLU"),
    *("RGBToGrayscale", "Add", "Subtract", "Multiply"),
}
"""Operations whose outputs have a range of their own."""

PASSING = {"PadToGrid", "CropLike", "DepthToSpace", "Tile"}
"""Operations that only move values: what they give keeps the range of what they get."""

FIXED: dict[str, Range] = {"Tanh": (-1.0, 127 / 128), "Sigmoid": (0.0, 255 / 256)}
"""Operations whose range is always the same in LiteRT."""

INPUT: Range = (0.0, 1.0)
"""The range of photos, which have 8 bits as they come."""

ACTIVATIONS = ("linear", "relu")
"""What LiteRT makes part of a convolution."""

GREY = np.array([0.2989, 0.5870, 0.1140], np.float32).reshape(1, 1, 3, 1)
"""Of red, green and blue, as `ops.image.rgb_to_grayscale` has them."""


def _in_steps(kernel: Any, channels: int | None) -> Any:
    """Return a kernel as its int8 form has it: from -127 to 127 steps, of another size for each of the output channels.

    `channels` is their axis; None for one size of step.
    """
    others = [axis for axis in range(len(kernel.shape)) if axis != channels]
    highest = ops.maximum(ops.stop_gradient(ops.max(ops.abs(kernel), axis=others)), keras.config.epsilon())
    return fake_quant_with_min_max_vars(kernel, -highest, highest, narrow_range=True, axis=channels)


class QuantizedConv2D(layers.Conv2D):
    """A convolution whose kernel is rounded to int8."""

    rounded: ClassVar[dict[str, int | None]] = {"kernel": 3}

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        return super().convolution_op(inputs, _in_steps(kernel, self.rounded["kernel"]))


class QuantizedCentredConv2D(QuantizedConv2D, CentredConv2D):
    """A centred convolution whose kernel is rounded to int8."""


class QuantizedConv2DTranspose(layers.Conv2DTranspose):
    """A transposed convolution whose kernel is rounded to int8."""

    rounded: ClassVar[dict[str, int | None]] = {"kernel": 2}

    def call(self, inputs: Any) -> Any:
        kernel = _in_steps(self.kernel, self.rounded["kernel"])
        outputs = ops.conv_transpose(inputs, kernel, strides=list(self.strides), padding=self.padding)
        return self.activation(outputs + self.bias if self.use_bias else outputs)


class QuantizedPReLU(layers.PReLU):
    """A PReLU whose slopes are rounded to int8, with one size of step."""

    rounded: ClassVar[dict[str, int | None]] = {"alpha": None}

    def call(self, inputs: Any) -> Any:
        return ops.relu(inputs) - _in_steps(self.alpha, self.rounded["alpha"]) * ops.relu(-inputs)


QUANTIZED: dict[type[layers.Layer], type[layers.Layer]] = {
    layers.Conv2D: QuantizedConv2D,
    CentredConv2D: QuantizedCentredConv2D,
    layers.Conv2DTranspose: QuantizedConv2DTranspose,
    layers.PReLU: QuantizedPReLU,
}
"""Layers with weights that int8 rounds -> the same with weights rounded."""


class FakeQuantized(layers.Layer):
    """Round to 8 bits what an operation gives, within a range that follows it while the network learns.

    The range holds 0, as LiteRT's do, which have a step for it. A range has bounds where outputs are clipped: it ends
    there, and a penalty draws in what lies beyond. In the int8 file that costs nothing, because integers end at their
    range anyway. A bound in the network itself would be an operator more (MINIMUM); LiteRT makes only a bound of 6 part
    of a convolution, and our networks give far less than 6.
    """

    def __init__(self, name: str, fixed: Range | None = None) -> None:
        super().__init__(name=name)
        self.fixed = fixed
        self.is_clipped = False

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        low, high = self.fixed or (0.0, 0.0)
        for end, value in (("low", low), ("high", high), ("lowest", -np.inf), ("highest", np.inf)):
            initializer = keras.initializers.Constant(value)
            setattr(self, end, self.add_weight(name=end, shape=(), initializer=initializer, trainable=False))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def begin(self, found: Range, is_clipped: bool) -> None:
        """Begin with a range; clipped, never leave it."""
        self.is_clipped = is_clipped
        for end, bound, value in zip((self.low, self.high), (self.lowest, self.highest), found, strict=True):
            end.assign(value)
            if is_clipped:
                bound.assign(value)

    def call(self, inputs: Any, training: bool = False) -> Any:
        if training and not self.fixed:
            self._follow(ops.stop_gradient(inputs))
        if training and self.is_clipped:
            self._draw_in(inputs)
        return fake_quant_with_min_max_vars(inputs, self.low, self.high)

    def _follow(self, inputs: Any) -> None:
        for end, found in ((self.low, ops.minimum(ops.min(inputs), 0)), (self.high, ops.maximum(ops.max(inputs), 0))):
            within = ops.clip(found, self.lowest, self.highest)
            end.assign(DECAY * end + (1 - DECAY) * within)

    def _draw_in(self, inputs: Any) -> None:
        beyond = ops.relu(inputs - self.highest) + ops.relu(self.lowest - inputs)
        self.add_loss(PENALTY * ops.mean(ops.square(beyond / (self.highest - self.lowest))))


def quantized(model: keras.Model, network: str) -> keras.Model:
    """Return a copy that computes as the int8 file of a network would; its ranges are empty yet: see `calibrate`.

    Raises
    ------
    InputError
        The network has an operation of which it isn't known here how LiteRT computes it in int8.
    """
    for operation in model.operations:
        _require_known(operation, network)
    names, fused = _range_names(model), _fused(model)

    def copied(layer: layers.Layer) -> layers.Layer:
        return QUANTIZED.get(type(layer), type(layer)).from_config(layer.get_config())

    def called(operation: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = _grey(*args) if _kind(operation) == "RGBToGrayscale" else operation(*args, **kwargs)
        if operation.name in fused or operation.name not in names:
            return outputs
        return FakeQuantized(f"{names[operation.name]}{ENDING}", FIXED.get(_kind(operation)))(outputs)

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
    known = ", ".join(sorted(kind for kind in (MEASURED | PASSING | FIXED.keys()) - {"CentredConv2D"}))
    expected = f"for --quantised a network of {known}, with {' or '.join(ACTIVATIONS)} as activation"
    raise InputError(expected, f"{found} of {network}", "train it without --quantised")


def _kind(operation: Any) -> str:
    return type(operation).__name__


def _range_names(model: keras.Model) -> dict[str, str]:
    """Return, by the names of the operations that have one, what their ranges are called.

    Layers have names of their own; other operations are numbered within their network: ``add``, ``add_1``.
    """
    names, seen = {}, Counter[str]()
    for operation in model.operations:
        kind = _kind(operation)
        if isinstance(operation, layers.Layer):
            name = operation.name
        else:
            name = f"{kind.lower()}_{seen[kind]}" if seen[kind] else kind.lower()
            seen[kind] += 1
        if kind in MEASURED | FIXED.keys():
            names[operation.name] = name
    return names


def _fused(model: keras.Model) -> set[str]:
    """Return the names of convolutions whose bias is a layer of its own: LiteRT makes it part of them."""
    biases = (operation for operation in model.operations if isinstance(operation, networks.SharedBias))
    return {bias.input._keras_history.operation.name for bias in biases}


def _grey(images: Any) -> Any:
    """Return grey images as int8 has them, whose weights for the colours are rounded too."""
    return ops.conv(images, _in_steps(ops.convert_to_tensor(GREY), channels=3))


def calibrate(learner: keras.Model, model: keras.Model, batches: Iterable[NDArray], clip_percentile: float) -> None:
    """Begin the ranges of a quantised copy with what its model gives for some batches of photos.

    A range goes from the lowest to the highest value in all batches. With a `clip_percentile` below 100 it goes from
    one percentile to the other of each batch, the widest of these, and keeps to that: see `FakeQuantized`. What the
    whole network gives isn't clipped.
    """
    ranges = _ranges(learner)
    measured = [layer for layer in ranges if not layer.fixed]
    percentiles = {layer.name: 100.0 if layer is ranges[-1] else clip_percentile for layer in measured}
    names = {f"{name}{ENDING}": operation for operation, name in _range_names(model).items()}
    outputs = {operation.name: operation.output for operation in model.operations}
    probe = keras.Model(model.inputs, {name: outputs[names[name]] for name in percentiles})
    found = [_ends(probe.predict_on_batch(batch), percentiles) for batch in batches]
    for layer in measured:
        lows, highs = zip(*(ends[layer.name] for ends in found), strict=True)
        layer.begin((min(0.0, *lows), max(0.0, *highs)), is_clipped=percentiles[layer.name] < 100)


def _ends(outputs: dict[str, NDArray], percentiles: dict[str, float]) -> dict[str, Range]:
    ends = {}
    for name, percentile in percentiles.items():
        low, high = np.percentile(outputs[name], (100 - percentile, percentile))
        ends[name] = (float(low), float(high))
    return ends


def _ranges(learner: keras.Model) -> list[FakeQuantized]:
    return [layer for layer in learner.layers if isinstance(layer, FakeQuantized)]


def ranges_of(learner: keras.Model) -> dict[str, Range]:
    """Return the lowest and highest value of each operation's 8 bits, in a quantised copy; of the input too."""
    found = {layer.name.removesuffix(ENDING): (float(layer.low), float(layer.high)) for layer in _ranges(learner)}
    return {"input": INPUT} | found


def ordinary_weights(learner: keras.Model, model: keras.Model) -> list[NDArray]:
    """Return the weights that a copy to train has for the model that it was copied from.

    Those of a quantised copy are rounded as its int8 file has them: unrounded they are a place between two steps from
    which the next step of the training leaves, and a network that was never looked at.
    """
    values = dict(zip((weight.path for weight in learner.weights), weights_at_black(learner), strict=True))
    for layer in learner.layers:
        for weight, channels in getattr(layer, "rounded", {}).items():
            path = getattr(layer, weight).path
            values[path] = np.asarray(_in_steps(ops.convert_to_tensor(values[path]), channels))
    return [values[weight.path] for weight in model.weights]
