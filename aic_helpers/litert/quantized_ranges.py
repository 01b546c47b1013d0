"""The ranges that a quantised file gives its tensors -> what looks wrong with them, before anything is run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from aic_helpers.core.safe_texts import shown
from aic_helpers.litert.layer_names import WITH_WEIGHTS
from aic_helpers.litert.size_operators import on_the_image
from aic_helpers.litert.structures import Operator, Structure
from aic_helpers.litert.tensor_tables import Tensor

STEPS = 3
"""Of a tensor's own scale: by so many a calibrated range may miss what it should hold."""

CLOSE = 0.02
"""What an input or output may miss at either end, of images in [0, 1]: five steps of 8 bits."""

BLACK = 0.05
"""An input's range that ends here or below has seen no photo."""

WIDE = 2.0
"""An image's range above this is not of images in [0, 1]."""

FEWEST = 3
"""Layers from which on one range for all of them is no chance."""

NARROW = 1e-6

KEEP_THE_SCALE = frozenset(
    {"BATCH_TO_SPACE_ND", "DEPTH_TO_SPACE", "EXPAND_DIMS", "GATHER", "MAX_POOL_2D", "MIRROR_PAD", "PAD", "RESHAPE"}
    | {"RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "SLICE", "SPACE_TO_BATCH_ND", "SPACE_TO_DEPTH", "SPLIT", "SQUEEZE"}
    | {"STRIDED_SLICE", "TILE", "TRANSPOSE", "UNPACK"}
)
"""Operators that hand whole numbers on as they are: LiteRT takes their output's scale for that of the input."""

FIXED = {"LOGISTIC": (0.0, 1.0), "TANH": (-1.0, 1.0)}
"""What an operator gives whatever it gets; LiteRT asks for this range."""

RELUS = (1, 3)
"""Fused activations that give nothing below 0: RELU and RELU6 of the schema."""

BIAS_TOLERANCE = 1e-3
"""By which a bias's scale may miss the product of the other two, of itself: LiteRT's own is 2%."""


def limits(tensor: Tensor) -> tuple[float, float] | None:
    """Return the range of an activation: by its scale and zero point, or as a calibration left it; None without one."""
    if len(tensor.scales) == 1 and tensor.dtype in ("int8", "uint8", "int16"):
        whole = np.iinfo(tensor.dtype)
        zero = tensor.zero_points[0] if tensor.zero_points else 0
        return (whole.min - zero) * tensor.scales[0], (whole.max - zero) * tensor.scales[0]
    if len(tensor.min) == len(tensor.max) == 1:
        return tensor.min[0], tensor.max[0]
    return None


def doubts(structure: Structure) -> list[str]:
    """Return what looks wrong in a file's ranges, scales and zero points; [] of a file without any.

    Each is a sentence. A range that was calibrated on black images or on values up to 255, an input or output that
    images in [0, 1] don't fit, zero points and scales that contradict their operator.
    """
    steps = on_the_image(structure)
    return [
        *(doubt for end in structure.inputs for doubt in _of_input(end)),
        *(doubt for end in structure.outputs for doubt in _of_output(end)),
        *_of_all(structure, steps),
        *(doubt for step in steps for doubt in _of_step(structure, step)),
    ]


def _of_input(tensor: Tensor) -> Iterator[str]:
    found = limits(tensor)
    if found is None:
        return
    low, high = found
    if high - low <= BLACK:
        yield f"the input holds {_range(found)}: calibrated on black images?"
    elif high > WIDE:
        yield f"the input holds {_range(found)}, images have 0 to 1: calibrated on values up to 255?"
    elif high < 1 - CLOSE:
        yield f"the input holds {_range(found)}: brighter is cut off; calibrated on dark images, or a wrong zero point?"
    elif _begins_elsewhere(tensor, low):
        yield f"the input holds {_range(found)}, and black is 0: a wrong zero point?"


def _begins_elsewhere(tensor: Tensor, low: float) -> bool:
    """Return whether a range begins neither at black nor, as that of int16 has to, as far below as it goes above."""
    return abs(low) > CLOSE and not (tensor.dtype == "int16" and tensor.zero_points in ((), (0,)))


def _of_output(tensor: Tensor) -> Iterator[str]:
    found = limits(tensor)
    if found is None:
        return
    low, high = found
    if high - low <= BLACK:
        yield f"the output holds {_range(found)}: calibrated on black images?"
    elif high > 100:
        yield f"the output holds {_range(found)}, images have 0 to 1: values up to 255?"
    elif low > CLOSE or high < 1 - CLOSE:
        yield f"the output holds {_range(found)}, not all of 0 to 1: the rest is cut off; a wrong scale or zero point?"


def _of_all(structure: Structure, steps: Sequence[Operator]) -> Iterator[str]:
    """Yield what all layers' ranges together tell of a calibration."""
    computed = [step for step in steps if step.name not in KEEP_THE_SCALE | FIXED.keys() | {"QUANTIZE", "DEQUANTIZE"}]
    ranges = [found for step in computed for end in step.outputs if (found := limits(structure.tensors[end]))]
    if len(ranges) >= FEWEST and len(set(ranges)) == 1:
        yield f"all {len(ranges)} layers hold {_range(ranges[0])}: calibrated at all?"
    if ranges and all(high - low <= BLACK for low, high in ranges):
        widest = max(ranges, key=lambda found: found[1] - found[0])
        yield f"no layer holds more than {_range(widest)}: calibrated on black images?"


def _of_step(structure: Structure, step: Operator) -> Iterator[str]:
    given = structure.tensors[step.inputs[0]] if step.inputs and step.inputs[0] >= 0 else None
    for made in (structure.tensors[end] for end in step.outputs):
        yield from _of_tensor(step, made)
        if step.name in KEEP_THE_SCALE and given and given.scales and not _same(given, made):
            yield f"{_named(step)} gives another scale or zero point than it takes"
        if step.name in FIXED:
            yield from _of_fixed(step, made)
    if step.name in WITH_WEIGHTS:
        yield from _of_weights(structure, step)
        yield from _of_relu(structure, step)


def _of_tensor(step: Operator, made: Tensor) -> Iterator[str]:
    if made.scales and made.dtype in ("int8", "uint8", "int16") and min(made.scales) * 255 < NARROW:
        yield f"{_named(step)} holds {_range(limits(made) or (0, 0))}: every output of it is lost"


def _of_fixed(step: Operator, made: Tensor) -> Iterator[str]:
    found, wanted = limits(made), FIXED[step.name]
    if found and made.scales and made.dtype != "int16" and not np.allclose(found, wanted, atol=STEPS * made.scales[0]):
        yield f"{_named(step)} gives {_range(wanted)}, and its output holds {_range(found)}"


def _of_relu(structure: Structure, step: Operator) -> Iterator[str]:
    made = structure.tensors[step.outputs[0]]
    found = limits(made)
    if not found or not made.scales or made.dtype == "int16":
        return
    if structure.options(step).get("fusedActivationFunction") in RELUS and found[0] < -STEPS * made.scales[0]:
        yield f"{_named(step)} gives nothing below 0, and its output holds {_range(found)}: a wrong zero point?"


def _of_weights(structure: Structure, step: Operator) -> Iterator[str]:
    """Yield what contradicts LiteRT's rules: weights' zero point is 0, a bias's scale the product of the other two."""
    given, kernel, bias = (_input(structure, step, place) for place in _places(step))
    if not (kernel and kernel.is_constant and kernel.dtype == "int8" and kernel.scales):
        return
    if any(kernel.zero_points):
        other = next(zero for zero in kernel.zero_points if zero)
        yield f"the weights of {_named(step)} have the zero point {other}, int8 asks for 0"
    if not (given and bias and bias.scales and len(given.scales) == 1):
        return
    wanted = np.multiply(kernel.scales, given.scales[0])
    if len(bias.scales) in (1, len(wanted)) and not np.allclose(bias.scales, wanted, rtol=BIAS_TOLERANCE, atol=0):
        yield f"the biases of {_named(step)} have another scale than its input's times its weights'"


def _places(step: Operator) -> tuple[int, int, int]:
    """Return at which inputs the image, the weights and the biases stand."""
    return (2, 1, 3) if step.name == "TRANSPOSE_CONV" else (0, 1, 2)


def _input(structure: Structure, step: Operator, place: int) -> Tensor | None:
    there = place < len(step.inputs) and step.inputs[place] >= 0
    return structure.tensors[step.inputs[place]] if there else None


def _same(given: Tensor, made: Tensor) -> bool:
    same = given.zero_points == made.zero_points and len(given.scales) == len(made.scales)
    return same and all(
        math.isclose(one, other, rel_tol=1e-5) for one, other in zip(given.scales, made.scales, strict=True)
    )


def _range(found: tuple[float, float]) -> str:
    return " to ".join(f"{0.0 if abs(end) < 5e-8 else end:.3g}" for end in found)


def _named(step: Operator) -> str:
    return f"{step.name} {shown(step.layer)}"
