"""The shape of each tensor of a `.tflite` file for an image of one size, found without running the network.

What is computed on sizes is computed here as well, by NumPy on a few numbers. An image is an array that has its shape
and takes no memory: cutting and turning such arrays gives shapes as it would on real ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.litert.structures import Operator, Structure

MAX_VALUES = 1000
"""Numbers that a tensor may have whose values are followed."""

MADE, OUTPUTS = "the output's type", "how many outputs it has"
"""Among an operator's settings, beside those of the schema."""

SAME = 0
"""Padding by the schema: SAME, else VALID."""

Shape = tuple[int, ...]
Values = NDArray[Any]
Given = list[Values]
Settings = dict[str, Any]
Rule = Callable[[Given, Settings], Values | list[Values]]


class _Unknown(Exception):  # noqa: N818 (not a fault: the shape stays open)
    """A shape hangs on something that isn't followed."""


def shapes(structure: Structure, height_px: int, width_px: int) -> list[Shape | None]:
    """Return the shape of each of a file's tensors, by index, for one image of that size.

    Parameters
    ----------
    structure : Structure
    height_px, width_px : int

    Returns
    -------
    list of tuple of int
        None for a tensor whose shape isn't known before the network runs, or behind an operator that has no rule in
        `RULES`.

    Raises
    ------
    ValueError
        The file's input has another size, or isn't one image.
    """
    known: dict[int, Values] = {
        tensor.index: _constant(structure, tensor.index) for tensor in structure.tensors if tensor.is_constant
    }
    known[structure.inputs[0].index] = _dummy(_input_shape(structure, height_px, width_px))
    for step in structure.operators:
        known.update(zip(step.outputs, _made(structure, step, known), strict=False))
    return [known[tensor.index].shape if tensor.index in known else None for tensor in structure.tensors]


def _input_shape(structure: Structure, height_px: int, width_px: int) -> Shape:
    declared = [end.shape_signature for end in structure.inputs]
    if len(declared) != 1 or len(declared[0]) != 4:
        raise ValueError(f"the file has {len(declared)} inputs, or none of four sides")
    wanted = (1, height_px, width_px, declared[0][3] or 3)
    if any(side not in (None, given) for side, given in zip(declared[0], wanted, strict=True)):
        sides = ", ".join("any" if side is None else str(side) for side in declared[0])
        raise ValueError(f"the input is declared as ({sides}), the image is {wanted}")
    return wanted


def _constant(structure: Structure, index: int) -> Values:
    """Return a constant of a few numbers as it is, and any other as its shape."""
    tensor = structure.tensors[index]
    followed = tensor.dtype in ("float32", "int32", "int64") and not tensor.scales and not tensor.is_sparse
    return _short(structure.content(tensor)) if followed else _dummy(tensor.shape)


def _short(values: Values) -> Values:
    """Return an array with its numbers where they are few, else its shape."""
    return values if values.size <= MAX_VALUES else _dummy(values.shape)


def _dummy(shape: Sequence[int]) -> Values:
    """Return an array that stands for its shape alone: of no numbers, and of no size in memory."""
    if any(side < 0 for side in shape):
        raise _Unknown
    return np.broadcast_to(np.False_, tuple(shape))


def _is_known(*arrays: Values) -> bool:
    """Return whether arrays hold their numbers."""
    return all(values.dtype.kind in "iuf" for values in arrays)


def _whole(values: Values) -> list[int]:
    """Return the numbers of a tensor of sizes."""
    if values.dtype.kind not in "iu":
        raise _Unknown
    return np.ravel(values).tolist()


def _made(structure: Structure, step: Operator, known: dict[int, Values]) -> Sequence[Values]:
    """Return what an operator makes, or nothing where its rule or an input isn't known."""
    ends = [end for end in step.inputs if end >= 0]
    rule = RULES.get(step.name)
    if rule is None or not step.outputs or any(end not in known for end in ends):
        return []
    settings = {**structure.options(step), MADE: structure.tensors[step.outputs[0]].dtype}
    settings[OUTPUTS] = len(step.outputs)
    try:
        with np.errstate(all="ignore"):
            made = rule([known[end] for end in ends], settings)
    except (_Unknown, ValueError, IndexError, KeyError, TypeError, ZeroDivisionError, OverflowError):
        return []
    return [_short(values) for values in (made if isinstance(made, list) else [made])]


def _same(given: Given, settings: Settings) -> Values:
    return _dummy(given[0].shape)


def _cast(given: Given, settings: Settings) -> Values:
    if not _is_known(given[0]):
        return given[0]
    return given[0].astype(settings[MADE])


def _elementwise(compute: Callable[..., Any]) -> Rule:
    """Return a rule that computes on numbers, and of images gives the shape that both go together in."""

    def rule(given: Given, settings: Settings) -> Values:
        if _is_known(*given):
            return np.asarray(compute(*given))
        return _dummy(np.broadcast_shapes(*(values.shape for values in given)))

    return rule


def _divided(one: Values, other: Values) -> Values:
    """Return a quotient as LiteRT has it: of whole numbers it is cut towards zero."""
    whole = one.dtype.kind == "i" and other.dtype.kind == "i"
    return np.trunc(one / other).astype(one.dtype) if whole else one / other


def _reduced(compute: Callable[..., Any]) -> Rule:
    def rule(given: Given, settings: Settings) -> Values:
        axes, kept = tuple(axis % given[0].ndim for axis in _whole(given[1])), settings["keepDims"]
        if _is_known(given[0]):
            return np.asarray(compute(given[0], axis=axes, keepdims=kept))
        sides = [1 if axis in axes else side for axis, side in enumerate(given[0].shape)]
        return _dummy(sides if kept else [side for axis, side in enumerate(sides) if axis not in axes])

    return rule


def _window(given: Given, settings: Settings, kernel: Sequence[int], channels: int) -> Values:
    """Return what a window that moves over an image gives."""
    images, *sides, _ = given[0].shape
    strides = settings["strideH"], settings["strideW"]
    dilations = settings.get("dilationHFactor", 1), settings.get("dilationWFactor", 1)
    spans = [(length - 1) * dilation + 1 for length, dilation in zip(kernel, dilations, strict=True)]
    places = (
        sides if settings["padding"] == SAME else [side - span + 1 for side, span in zip(sides, spans, strict=True)]
    )
    return _dummy(
        [images, *(math.ceil(place / stride) for place, stride in zip(places, strides, strict=True)), channels]
    )


def _convolution(given: Given, settings: Settings) -> Values:
    return _window(given, settings, given[1].shape[1:3], given[1].shape[0])


def _depthwise(given: Given, settings: Settings) -> Values:
    return _window(given, settings, given[1].shape[1:3], given[1].shape[3])


def _pool(given: Given, settings: Settings) -> Values:
    return _window(given, settings, (settings["filterHeight"], settings["filterWidth"]), given[0].shape[3])


def _sized(given: Given, settings: Settings) -> Values:
    """The first input is the output's shape."""
    return _dummy(_whole(given[0]))


def _shaped_as(given: Given, settings: Settings) -> Values:
    """The second input is the output's shape."""
    return _dummy(np.broadcast_shapes(given[0].shape, tuple(_whole(given[1]))))


def _resized(given: Given, settings: Settings) -> Values:
    images, _, _, channels = given[0].shape
    return _dummy([images, *_whole(given[1]), channels])


def _fully_connected(given: Given, settings: Settings) -> Values:
    units, inputs = given[1].shape
    if settings.get("keepNumDims"):
        return _dummy([*given[0].shape[:-1], units])
    return _dummy([math.prod(given[0].shape) // inputs, units])


def _product(given: Given, settings: Settings) -> Values:
    one, other = (values.shape for values in given)
    rows = one[-1] if settings["adjX"] else one[-2]
    columns = other[-2] if settings["adjY"] else other[-1]
    return _dummy([*np.broadcast_shapes(one[:-2], other[:-2]), rows, columns])


def _padded(given: Given, settings: Settings) -> Values:
    before, after = _whole(given[1])[::2], _whole(given[1])[1::2]
    return _dummy([sum(sides) for sides in zip(given[0].shape, before, after, strict=True)])


def _to_space(given: Given, settings: Settings) -> Values:
    images, height, width, channels = given[0].shape
    block = settings["blockSize"]
    return _dummy([images, height * block, width * block, channels // block**2])


def _to_depth(given: Given, settings: Settings) -> Values:
    images, height, width, channels = given[0].shape
    block = settings["blockSize"]
    return _dummy([images, height // block, width // block, channels * block**2])


def _strided_slice(given: Given, settings: Settings) -> Values:
    values, begin, end, strides = given[0], *(_whole(numbers) for numbers in given[1:])
    if settings["ellipsisMask"] or settings["newAxisMask"] or settings["offset"]:
        raise _Unknown
    cuts: list[Any] = []
    for axis in range(len(begin)):
        if settings["shrinkAxisMask"] >> axis & 1:
            cuts.append(begin[axis])
            continue
        first = None if settings["beginMask"] >> axis & 1 else begin[axis]
        last = None if settings["endMask"] >> axis & 1 else end[axis]
        cuts.append(slice(first, last, strides[axis]))
    return np.asarray(values[tuple(cuts)])


def _slice(given: Given, settings: Settings) -> Values:
    begin, size = _whole(given[1]), _whole(given[2])
    ends = [None if length < 0 else first + length for first, length in zip(begin, size, strict=True)]
    return given[0][tuple(slice(first, last) for first, last in zip(begin, ends, strict=True))]


def _packed(given: Given, settings: Settings) -> Values:
    if _is_known(*given):
        return np.stack(given, settings["axis"])
    axis = settings["axis"] % (given[0].ndim + 1)
    return _dummy([*given[0].shape[:axis], len(given), *given[0].shape[axis:]])


def _parts(settings: Settings, name: str) -> int:
    """Return into how many parts an operator cuts: a file may name any number, and has as many outputs."""
    if settings[name] != settings[OUTPUTS]:
        raise _Unknown
    return int(settings[name])


def _unpacked(given: Given, settings: Settings) -> list[Values]:
    return [np.moveaxis(given[0], settings["axis"], 0)[place] for place in range(_parts(settings, "num"))]


def _joined(given: Given, settings: Settings) -> Values:
    if _is_known(*given):
        return np.concatenate(given, settings["axis"])
    axis, sides = settings["axis"] % given[0].ndim, list(given[0].shape)
    sides[axis] = sum(values.shape[axis] for values in given)
    return _dummy(sides)


def _split(given: Given, settings: Settings) -> list[Values]:
    return np.split(given[1], _parts(settings, "numSplits"), _whole(given[0])[0])


def _gathered(given: Given, settings: Settings) -> Values:
    if settings["batchDims"]:
        raise _Unknown
    if _is_known(given[0]):
        places = np.reshape(_whole(given[1]), given[1].shape)
        return np.asarray(given[0].take(places, settings["axis"]))
    axis = settings["axis"] % given[0].ndim
    return _dummy([*given[0].shape[:axis], *given[1].shape, *given[0].shape[axis + 1 :]])


def _reshaped(given: Given, settings: Settings) -> Values:
    wanted = _whole(given[1]) if len(given) > 1 else settings["newShape"]
    count = math.prod(given[0].shape)
    rest = math.prod(side for side in wanted if side >= 0)
    sides = [count // rest if side < 0 else side for side in wanted]
    if math.prod(sides) != count:
        raise _Unknown
    return given[0].reshape(sides) if _is_known(given[0]) else _dummy(sides)


def _squeezed(given: Given, settings: Settings) -> Values:
    axes = settings["squeezeDims"]
    return given[0].squeeze(tuple(axes) if axes else None)


def _tiled(given: Given, settings: Settings) -> Values:
    return _dummy([side * times for side, times in zip(given[0].shape, _whole(given[1]), strict=True)])


def _range(given: Given, settings: Settings) -> Values:
    first, last, step = (_whole(values)[0] for values in given)
    if not 0 <= (last - first) // step <= MAX_VALUES:
        raise _Unknown
    return np.arange(first, last, step, dtype=np.int32)


KEEP_THE_SHAPE = frozenset(
    {"COS", "DEQUANTIZE", "ELU", "EXP", "GELU", "HARD_SWISH", "L2_NORMALIZATION", "LEAKY_RELU", "LOG", "LOGISTIC"}
    | {"LOG_SOFTMAX", "QUANTIZE", "RELU", "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1", "RSQRT", "SIN", "SOFTMAX", "SQRT"}
    | {"SQUARE", "TANH"}
)

RULES: dict[str, Rule] = {
    **dict.fromkeys(KEEP_THE_SHAPE, _same),
    "CAST": _cast,
    "ABS": _elementwise(np.abs),
    "CEIL": _elementwise(np.ceil),
    "FLOOR": _elementwise(np.floor),
    "ROUND": _elementwise(np.rint),
    "DIV": _elementwise(_divided),
    "POW": _elementwise(np.power),
    "PRELU": _elementwise(lambda values, slopes: np.where(values < 0, slopes * values, values)),
    "SQUARED_DIFFERENCE": _elementwise(lambda one, other: (one - other) ** 2),
    "ADD": _elementwise(np.add),
    "SUB": _elementwise(np.subtract),
    "MUL": _elementwise(np.multiply),
    "NEG": _elementwise(np.negative),
    "MAXIMUM": _elementwise(np.maximum),
    "MINIMUM": _elementwise(np.minimum),
    "FLOOR_DIV": _elementwise(np.floor_divide),
    "FLOOR_MOD": _elementwise(np.mod),
    "MEAN": _reduced(np.mean),
    "SUM": _reduced(np.sum),
    "REDUCE_PROD": _reduced(np.prod),
    "REDUCE_MAX": _reduced(np.max),
    "REDUCE_MIN": _reduced(np.min),
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "TRANSPOSE_CONV": _sized,
    "FULLY_CONNECTED": _fully_connected,
    "BATCH_MATMUL": _product,
    "AVERAGE_POOL_2D": _pool,
    "MAX_POOL_2D": _pool,
    "L2_POOL_2D": _pool,
    "SHAPE": lambda given, settings: np.array(given[0].shape, np.int32),
    "FILL": _sized,
    "BROADCAST_TO": _shaped_as,
    "RESIZE_BILINEAR": _resized,
    "RESIZE_NEAREST_NEIGHBOR": _resized,
    "PAD": _padded,
    "PADV2": _padded,
    "MIRROR_PAD": _padded,
    "DEPTH_TO_SPACE": _to_space,
    "SPACE_TO_DEPTH": _to_depth,
    "STRIDED_SLICE": _strided_slice,
    "SLICE": _slice,
    "PACK": _packed,
    "UNPACK": _unpacked,
    "CONCATENATION": _joined,
    "SPLIT": _split,
    "GATHER": _gathered,
    "RESHAPE": _reshaped,
    "SQUEEZE": _squeezed,
    "EXPAND_DIMS": lambda given, settings: np.expand_dims(given[0], _whole(given[1])[0]),
    "TRANSPOSE": lambda given, settings: given[0].transpose(_whole(given[1])),
    "TILE": _tiled,
    "RANGE": _range,
}
