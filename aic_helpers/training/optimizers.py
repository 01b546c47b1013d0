"""By what rule a step changes the weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import Any

import keras
from keras import ops

Schedule = Any
"""A `keras.optimizers.schedules.LearningRateSchedule`."""


class ConvolutionMuon(keras.optimizers.Muon):
    """Muon for the kernels of convolutions, which Keras' own leaves to Adam; Adam for all other weights.

    A kernel (height, width, inputs, outputs) counts as a matrix of all that an output is made of. Its step has the
    direction of Adam's momentum, with all singular values alike (Jordan 2024), and Adam's size (Liu et al. 2025, "Muon
    is scalable for LLM training"), so that learning rates are those of Adam. Weight decay is left out.

    Parameters
    ----------
    learning_rate : keras.optimizers.schedules.LearningRateSchedule
    kernels : collection of str
        Paths of the weights that Muon is for.
    """

    def __init__(self, learning_rate: Schedule, kernels: Collection[str]) -> None:
        super().__init__(learning_rate, weight_decay=None, adam_weight_decay=None)
        self.kernels = frozenset(kernels)

    def _should_use_adamw(self, variable: Any) -> bool:
        return variable.path not in self.kernels

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        """Return the kernel whose matrix is nearest to that of `x` and has singular values near 1."""
        matrix = ops.reshape(x, (-1, x.shape[-1]))
        return ops.reshape(super().zeropower_via_newtonschulz5(matrix, steps), x.shape)

    def lr_adjust(self, x: Any) -> Any:
        """Return a step as large as Adam's, by the sides of its matrix."""
        longest = max(math.prod(x.shape[:-1]), x.shape[-1])
        return x * math.sqrt(longest) * self.rms_rate


def adam(learner: keras.Model, learning_rate: Schedule) -> keras.optimizers.Optimizer:
    """Return Adam (Kingma and Ba 2015)."""
    return keras.optimizers.Adam(learning_rate)


def muon(learner: keras.Model, learning_rate: Schedule) -> keras.optimizers.Optimizer:
    """Return Muon for the convolutions between the first and the last, and Adam for both ends and the biases."""
    convolutions = [layer for layer in learner.layers if isinstance(layer, keras.layers.Conv2D)]
    return ConvolutionMuon(learning_rate, [layer.kernel.path for layer in convolutions[1:-1]])


OPTIMIZERS: dict[str, Callable[[keras.Model, Schedule], keras.optimizers.Optimizer]] = {"adam": adam, "muon": muon}
