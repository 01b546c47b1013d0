"""A frozen graph -> how far around a pixel its output looks, or why it can't be told from nearby pixels.

The same way through the graph, along the batch in place of the photo, tells whether it keeps a batch's images apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from aic_helpers.core.error_reasons import reason
from aic_helpers.graphs import layout_rules, window_rules
from aic_helpers.graphs.axis_spans import (
    Axes,
    Inputs,
    NotLocalError,
    Span,
    attribute,
    broadcast,
    fixed_value,
    is_plain,
    picture,
    plain,
    shape_of,
    side_of,
    span_of,
    spanned,
)
from aic_helpers.graphs.tensorflow_runtime import runtime

PERIOD_PX = 960
"""The graph is followed at two sizes so far apart, both with the photo's remainders; a total stride divides it."""

ELEMENTWISE = set(
    "Abs Add AddN AddV2 Atan BiasAdd Cast Ceil CheckNumerics ClipByValue Cos Div DivNoNan Elu Equal "  # noqa: SIM905
    "Erf Exp Expm1 "
    "FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel Floor FloorDiv FloorMod "
    "Greater GreaterEqual Identity Inv IsFinite IsNan LRN LeakyRelu Less LessEqual Log Log1p LogicalAnd LogicalNot "
    "LogicalOr Maximum Minimum Mod Mul Neg NotEqual OnesLike Pow PreventGradient RealDiv Reciprocal Relu Relu6 Rint "
    "Round Rsqrt SelectV2 Selu Sigmoid Sign Sin Softplus Softsign Sqrt Square SquaredDifference StopGradient Sub Tan "
    "Tanh Xlogy ZerosLike".split()
)
"""Operations whose output at a place takes in their inputs at that place, of all channels at most."""

STEERED = {
    "BatchToSpaceND": {1, 2},
    "Conv2DBackpropInput": {0},
    "ExpandDims": {1},
    "MirrorPad": {1},
    "Pad": {1},
    "PadV2": {1},
    "Reshape": {1},
    "Slice": {1, 2},
    "SpaceToBatchND": {1, 2},
    "StridedSlice": {1, 2, 3},
    "Tile": {1},
    **{name: {1} for name in window_rules.RESIZES},
}
"""Inputs that say how large or where, and so may follow the photo's size; no value is computed from them."""

REDUCTIONS = {"All", "Any", "ArgMax", "ArgMin", "EuclideanNorm", "Max", "Mean", "Min", "Prod", "Sum"}


@dataclass(frozen=True)
class ReceptiveField:
    """What of the input a network's output at a pixel depends on.

    Attributes
    ----------
    radius_px : int
        The output at a pixel depends on the input at most so many pixels away, in rows and in columns. Of a network
        that enlarges: away from the pixel of the input that it lies in.
    multiple_px : int
        The total stride: an input moved by a multiple of it gives the output moved alike.
    enlarges : int
        How many times as high and wide as the input the output is.
    obstacle : str or None
        Why that isn't so: the operation that takes in more, and what it does. The numbers mean nothing then.
    """

    radius_px: int = 0
    multiple_px: int = 1
    enlarges: int = 1
    obstacle: str | None = None


def receptive_field(graph_def: Any, height_px: int, width_px: int) -> ReceptiveField:
    """Return the receptive_field of a frozen graph for images of one size.

    Every operation between ``input:0`` and ``output:0`` is followed; one that isn't known counts as an obstacle.
    The padding of a stride depends on the size's remainders, so they are kept.
    """
    sizes = [(height_px % PERIOD_PX + times * PERIOD_PX, width_px % PERIOD_PX + times * PERIOD_PX) for times in (1, 2)]
    try:
        one, two = (
            _followed(graph_def, ((), spanned(height, Span(0)), spanned(width, Span(1)), plain(3)))
            for height, width in sizes
        )
        spans = _compared(one, two, PERIOD_PX)
        return _outcome(one["output:0"], spans)
    except NotLocalError as error:
        return ReceptiveField(obstacle=str(error))


def mixes_images(graph_def: Any, shape: Sequence[int]) -> str | None:
    """Return the operation that may mix the images of a batch; None where each output is that of its image alone.

    Parameters
    ----------
    graph_def : GraphDef
    shape : sequence of int
        Of the batch: images, height, width, 3.
    """
    count, *sides = shape
    alone = Span(0)
    try:
        found, twice = (_followed(graph_def, (spanned(times * count, alone), *map(plain, sides))) for times in (1, 2))
        _compared(found, twice, count)
        batch, *others = found["output:0"]
        if not all(is_plain(axis) for axis in others) or span_of(batch) != alone:
            raise NotLocalError("the images of the output are not those of the input")
    except NotLocalError as error:
        return error.where
    return None


def _followed(graph_def: Any, photo: Axes) -> dict[str, Axes]:
    """Return the axes of every tensor on the way from the input, which has those of `photo`, to the output, by name."""
    tensorflow = runtime()
    with tensorflow.Graph().as_default() as graph:
        image = tensorflow.placeholder("float32", [side_of(axis) for axis in photo], name="photo")
        try:
            tensorflow.import_graph_def(graph_def, input_map={"input:0": image}, name="network")
        except ValueError as error:
            raise NotLocalError(reason(error)) from None
        output = graph.get_tensor_by_name("network/output:0")
        found: dict[str, Axes] = {image.name: photo}
        sized: set[str] = set()
        for operation in _needed(graph, output.op):
            _follow(operation, found, sized)
    if output.name not in found:
        raise NotLocalError("the output doesn't depend on the photo")
    return {name.removeprefix("network/"): axes for name, axes in found.items()}


def _needed(graph: Any, last: Any) -> list[Any]:
    """Return the operations that an operation needs, in the order in which they can run."""
    needed, waiting = {last}, [last]
    while waiting:
        new = {tensor.op for tensor in waiting.pop().inputs} - needed
        needed |= new
        waiting += new
    return [operation for operation in graph.get_operations() if operation in needed]


def _follow(operation: Any, found: dict[str, Axes], sized: set[str]) -> None:
    """Note the axes of an operation's outputs, or in `sized` that they depend on the photo's size alone."""
    inputs = [found.get(tensor.name) for tensor in operation.inputs]
    names = [tensor.name for tensor in operation.outputs]
    try:
        if operation.type in ("Shape", "ShapeN", "Size"):
            sized |= {name for name in names if any(inputs)}
        elif any(axes is not None for axes in inputs):
            steering = [tensor.name in sized for tensor in operation.inputs]
            found |= dict(zip(names, _reach(operation, inputs, steering), strict=True))
        elif operation.op_def.is_stateful and operation.type != "Placeholder":
            raise NotLocalError("gives other values at every call")
        else:
            sized |= {name for name in names if any(tensor.name in sized for tensor in operation.inputs)}
    except NotLocalError as error:
        where = f"{operation.type} ({operation.name.removeprefix('network/')})"
        raise NotLocalError(f"{where} {error}", where) from None


def _reach(operation: Any, inputs: Inputs, by_size: list[bool]) -> list[Axes]:
    """Return the axes of an operation's outputs; `by_size` tells which inputs depend on the photo's size."""
    if attribute(operation, "data_format", b"NHWC") != b"NHWC":
        raise NotLocalError("has its channels first, which isn't followed")
    rule = RULES.get(operation.type)
    if rule is None:
        raise NotLocalError("is not known to look at nearby pixels only")
    if any(sized and index not in STEERED.get(operation.type, ()) for index, sized in enumerate(by_size)):
        raise NotLocalError("computes with the photo's size")
    return rule(operation, inputs)


def _compared(one: dict[str, Axes], two: dict[str, Axes], more: int) -> list[Span]:
    """Return all spans, having checked that at both sizes they are the same, and go as much further, by `more`."""
    spans = []
    for name, axes in one.items():
        for axis, other in zip(axes, two[name], strict=True):
            pairs = list(zip(axis, other, strict=False))
            growth = [(b - a) * span.scale if span else b - a for (a, span), (b, _) in pairs]
            expected = [more if span else 0 for _, span in axis]
            if len(axis) != len(other) or growth != expected or any(a[1] != b[1] for a, b in pairs):
                raise NotLocalError(f"what {name} depends on changes with the photo's size", name)
            spans += [span for _, span in axis if span]
    return spans


def _outcome(output: Axes, spans: list[Span]) -> ReceptiveField:
    if len(output) != 4:
        raise NotLocalError("the output is no picture")
    multiple = math.lcm(*(span.scale.numerator for span in spans))
    ends = [span_of(axis) for axis in output[1:3]]
    if PERIOD_PX % multiple:
        raise NotLocalError(f"a total stride of {multiple} px is more than is followed")
    enlarges = ends[0].scale.denominator if ends[0] else 1
    expected = [(axis, Fraction(1, enlarges)) for axis in (0, 1)]
    if [(span.axis, span.scale) if span else None for span in ends] != expected:
        raise NotLocalError("the output has another size than the photo")
    # The last of a pixel's rows or columns, when it is enlarged, lies nearly one further.
    after = Fraction(enlarges - 1, enlarges)
    radius = max(math.floor(max(-span.low, span.high + after)) for span in ends if span)
    return ReceptiveField(max(radius, 0), multiple, enlarges)


def _elementwise(operation: Any, inputs: Inputs) -> list[Axes]:
    own = [axes for axes in inputs if axes is not None]
    fixed = [shape_of(tensor) for tensor, axes in zip(operation.inputs, inputs, strict=True) if axes is None]
    result = broadcast(own)
    return [broadcast([result, *(tuple(plain(side) for side in shape) for shape in fixed)])]


def _handed_on(operation: Any, inputs: Inputs) -> list[Axes]:
    shapes = [shape_of(tensor) for tensor in operation.inputs]
    return [
        tuple(plain(side) for side in shape) if axes is None else axes
        for axes, shape in zip(inputs, shapes, strict=True)
    ]


def _batch_norm(operation: Any, inputs: Inputs) -> list[Axes]:
    if attribute(operation, "is_training", True):
        raise NotLocalError("takes the mean and variance of the whole photo")
    axes = picture(inputs[0])
    return [axes, *[()] * (len(operation.outputs) - 1)]


def _softmax(operation: Any, inputs: Inputs) -> list[Axes]:
    axes = inputs[0] or ()
    if not is_plain(axes[-1]):
        raise NotLocalError("weighs all places of the photo against each other")
    return [axes]


def _reduction(operation: Any, inputs: Inputs) -> list[Axes]:
    axes = inputs[0] or ()
    value = fixed_value(operation, 1)
    reduced = {int(index) % len(axes) for index in value.reshape(-1)}
    if not all(is_plain(axes[index]) for index in reduced):
        raise NotLocalError("takes in the whole photo")
    kept = attribute(operation, "keep_dims", False)
    return [tuple(() if i in reduced else axis for i, axis in enumerate(axes) if kept or i not in reduced)]


def _product(operation: Any, inputs: Inputs) -> list[Axes]:
    left, right = inputs[0], inputs[1]
    if left is None or not is_plain(left[-1]):
        raise NotLocalError("multiplies all places of the photo with each other")
    if any(attribute(operation, name, False) for name in ("transpose_a", "adj_x")):
        raise NotLocalError("is a product of a kind that isn't followed")
    if right is not None:
        return [_product_of_both(operation, left, right)]
    if len(shape_of(operation.inputs[1])) != 2 and len(shape_of(operation.inputs[0])) != 2:
        weights = shape_of(operation.inputs[1])[:-2]
        if any(side != 1 for side in weights):
            raise NotLocalError("is a product of a kind that isn't followed")
    return [(*left[:-1], plain(shape_of(operation.outputs[0])[-1]))]


def _product_of_both(operation: Any, left: Axes, right: Axes) -> Axes:
    """Of two that depend on the photo: along the axes before the last two they go together."""
    swapped = any(attribute(operation, name, False) for name in ("transpose_b", "adj_y"))
    summed, kept = (right[-1], right[-2]) if swapped else (right[-2], right[-1])
    if not is_plain(summed):
        raise NotLocalError("multiplies all places of the photo with each other")
    return (*broadcast([left[:-2], right[:-2]]), left[-2], kept)


RULES: dict[str, Callable[[Any, Inputs], list[Axes]]] = {
    **window_rules.RULES,
    **layout_rules.RULES,
    "IdentityN": _handed_on,
    **dict.fromkeys(ELEMENTWISE, _elementwise),
    **dict.fromkeys(REDUCTIONS, _reduction),
    **dict.fromkeys(("BatchMatMul", "BatchMatMulV2", "MatMul"), _product),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), _batch_norm),
    **dict.fromkeys(("LogSoftmax", "Softmax"), _softmax),
}
