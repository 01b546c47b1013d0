"""The arithmetic of LiteRT's int8 in floats: layers that a training can see quantisation by.

As LiteRT has it: kernels in 8 bits, symmetric, with a scale for each output channel; what an operation gives in 8
bits, asymmetric, with one scale, once a bias and a ReLU that LiteRT makes part of it are done. Where rounding has no
slope the gradient passes as if nothing had been rounded; beyond a range it is 0 (Jacob et al. 2018, "Quantization and
training of neural networks for efficient integer-arithmetic-only inference").
"""

from __future__ import annotations

from typing import Any, ClassVar

import keras
import numpy as np
from keras import layers, ops
from keras.quantizers import fake_quant_with_min_max_vars

from aic_helpers.training.initializers import CentredConv2D

Range = tuple[float, float]

DECAY = 0.99
"""How much of a range is kept at each step; the rest is the batch's own."""

PENALTY = 0.1
"""Weight in the loss of what lies beyond the bounds, as a share of what lies between them, squared."""

GREY = np.array([0.2989, 0.5870, 0.1140], np.float32).reshape(1, 1, 3, 1)
"""Of red, green and blue, as `ops.image.rgb_to_grayscale` has them."""


def grey(images: Any) -> Any:
    """Return grey images as int8 has them, whose weights for the colours are rounded too."""
    return ops.conv(images, in_steps(ops.convert_to_tensor(GREY), channels=3))


def in_steps(kernel: Any, channels: int | None) -> Any:
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
        return super().convolution_op(inputs, in_steps(kernel, self.rounded["kernel"]))


class QuantizedCentredConv2D(QuantizedConv2D, CentredConv2D):
    """A centred convolution whose kernel is rounded to int8."""


class QuantizedConv2DTranspose(layers.Conv2DTranspose):
    """A transposed convolution whose kernel is rounded to int8."""

    rounded: ClassVar[dict[str, int | None]] = {"kernel": 2}

    def call(self, inputs: Any) -> Any:
        kernel = in_steps(self.kernel, self.rounded["kernel"])
        outputs = ops.conv_transpose(inputs, kernel, strides=list(self.strides), padding=self.padding)
        return self.activation(outputs + self.bias if self.use_bias else outputs)


class QuantizedPReLU(layers.PReLU):
    """A PReLU whose slopes are rounded to int8, with one size of step."""

    rounded: ClassVar[dict[str, int | None]] = {"alpha": None}

    def call(self, inputs: Any) -> Any:
        return ops.relu(inputs) - in_steps(self.alpha, self.rounded["alpha"]) * ops.relu(-inputs)


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
        self.add_loss(PENALTY * ops.mean(ops.square(beyond / (self.highest - self.lowest + keras.config.epsilon()))))
