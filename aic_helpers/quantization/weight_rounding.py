"""Weights rounded by photos: each up or down so that the layer's outputs on photos stay what they were.

Rounding each weight to the nearest step leaves errors whose sum acts on what neighbouring pixels have in common, and
photos are smooth: a 9x9 kernel then changes their brightness. Here a kernel's weights are rounded one after the other,
and those that are still to come take on the error of those that are done, by the covariance of the layer's inputs
(Frantar et al. 2022, "GPTQ"). The file has the same operators and the same types as before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.litert.structures import Operator, Structure, read

Floats = NDArray[np.floating]

STEPS = 127
"""From zero to the largest weight of an output channel, as TensorFlow has it."""

PATCHES = 2000
"""Of each image, at places drawn by chance."""

DAMPING = 0.01
"""Of the mean variance, added to each: directions that no photo shows get no huge corrections."""

MAX_TAPS = 6000
"""Weights of an output channel: their covariance is a matrix of so many rows. 9x9 of 64 channels have 5184."""


@dataclass(frozen=True)
class _Kernel:
    """A convolution: where it reads, its weights (outputs, height, width, inputs), and how it steps over the image."""

    source: int
    weights: Floats
    steps: tuple[int, int]
    dilations: tuple[int, int]
    pads: bool


class WeightRounder:
    """It watches a float network run on images, and rounds the weights of its convolutions by them.

    Parameters
    ----------
    content : bytes
        Of a float32 `.tflite` file.
    seed : int
        Draws the places of patches.
    """

    def __init__(self, content: bytes, seed: int = 0) -> None:
        structure = read(content)
        self._kernels = {
            structure.tensors[step.inputs[1]].name: _kernel(step, structure)
            for step in structure.operators
            if _is_rounded(step, structure)
        }
        self._moments: dict[str, Floats] = {}
        self._rng = np.random.default_rng(seed)

    def look(self, interpreter: Any) -> None:
        """Look at the activations that an interpreter of this network has of its last image."""
        for name, kernel in self._kernels.items():
            patches = _patches(interpreter.get_tensor(kernel.source)[0], kernel, self._rng)
            moment = patches.T @ patches / len(patches)
            self._moments[name] = self._moments.get(name, 0.0) + moment.astype(np.float64)

    def rounded(self) -> dict[str, NDArray[np.float32]]:
        """Return the weights by their tensors' names: whole multiples of the step that TensorFlow finds for them."""
        return {name: rounded(self._kernels[name].weights, moment) for name, moment in self._moments.items()}


def rounded(weights: Floats, moment: Floats) -> NDArray[np.float32]:
    """Return a kernel's weights rounded.

    Parameters
    ----------
    weights : ndarray, shape (outputs, height, width, inputs)
    moment : ndarray, shape (taps, taps)
        Mean product of what two taps of the kernel see; taps are in the order of the weights of an output.

    Returns
    -------
    ndarray of float32
        Of the same shape. The largest of each output channel is what it was.
    """
    left = weights.reshape(len(weights), -1).astype(np.float64)
    step = np.abs(left).max(1) / STEPS
    step[step == 0] = 1.0
    order = np.argsort(-np.diag(moment), kind="stable")  # what counts most while most are left to make it up
    left, largest = left[:, order], np.abs(left[:, order]).argmax(1)
    fixed = left[np.arange(len(left)), largest]
    carried = _carried(moment[np.ix_(order, order)])
    found = np.zeros_like(left)
    for tap in range(left.shape[1]):
        whole = np.clip(np.round(left[:, tap] / step), -STEPS, STEPS) * step
        found[:, tap] = np.where(largest == tap, fixed, whole)  # it is what the step is found by
        error = (left[:, tap] - found[:, tap]) / carried[tap, tap]
        left[:, tap + 1 :] -= np.outer(error, carried[tap, tap + 1 :])
    return found[:, np.argsort(order)].reshape(weights.shape).astype(np.float32)


def save(file: Path, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Write weights and their tensors' names to a file, which `load` reads."""
    names = np.array([*weights], dtype=np.str_)  # not as the arrays' names: a tensor's is any text
    with file.open("wb") as stream:
        np.savez(stream, names, *weights.values())


def load(file: Path) -> dict[str, NDArray[np.float32]]:
    """Return weights by their tensors' names."""
    with np.load(file, allow_pickle=False) as arrays:
        names, *weights = (arrays[name] for name in arrays.files)
    return dict(zip(names.tolist(), weights, strict=True))


def _carried(moment: Floats) -> Floats:
    """Return the upper triangle that says how the taps to come make up for the error of one."""
    damped = moment + (DAMPING * np.mean(np.diag(moment)) + 1e-12) * np.eye(len(moment))
    return np.linalg.cholesky(np.linalg.inv(damped)).T


def nearest(weights: Floats) -> NDArray[np.float32]:
    """Return weights (outputs, ...) each rounded to the nearest step, as TensorFlow does it."""
    step = np.abs(weights).max(axis=tuple(range(1, weights.ndim)), keepdims=True) / STEPS
    step[step == 0] = 1.0
    return (np.round(weights / step) * step).astype(np.float32)


def _is_rounded(step: Operator, structure: Structure) -> bool:
    weights = structure.tensors[step.inputs[1]] if step.name == "CONV_2D" else None
    return bool(weights and weights.is_constant and np.prod(weights.shape[1:]) <= MAX_TAPS)


def _kernel(step: Operator, structure: Structure) -> _Kernel:
    options: dict[str, Any] = structure.options(step)
    return _Kernel(
        source=step.inputs[0],
        weights=structure.content(structure.tensors[step.inputs[1]]),
        steps=(options["strideH"], options["strideW"]),
        dilations=(options["dilationHFactor"], options["dilationWFactor"]),
        pads=options["padding"] == 0,  # SAME
    )


def _patches(image: NDArray[np.float32], kernel: _Kernel, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return what the kernel sees of an image (height, width, channels) at some places, one place a row."""
    height, width = kernel.weights.shape[1:3]
    reach = [(side - 1) * dilation + 1 for side, dilation in zip((height, width), kernel.dilations, strict=True)]
    if kernel.pads:
        image = np.pad(image, (*_padding(image.shape[:2], kernel.steps, reach), (0, 0)))
    views = np.lib.stride_tricks.sliding_window_view(image, reach, axis=(0, 1))
    views = views[:: kernel.steps[0], :: kernel.steps[1], :, :: kernel.dilations[0], :: kernel.dilations[1]]
    rows, columns = (rng.integers(0, count, PATCHES) for count in views.shape[:2])
    return views[rows, columns].transpose(0, 2, 3, 1).reshape(PATCHES, -1)


def _padding(sides: tuple[int, ...], steps: tuple[int, int], reach: list[int]) -> list[tuple[int, int]]:
    """Return the pixels of zeros that SAME puts before and behind each side."""
    needed = [
        max((-(-side // step) - 1) * step + far - side, 0) for side, step, far in zip(sides, steps, reach, strict=True)
    ]
    return [(count // 2, count - count // 2) for count in needed]
