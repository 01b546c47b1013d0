"""Operations that look at a window around each place: convolutions, pools, resizes, phases of a grid."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from aic_helpers.graphs.axis_spans import (
    Axes,
    Axis,
    Inputs,
    NotLocalError,
    Span,
    attribute,
    fixed_value,
    is_plain,
    picture,
    plain,
    regrouped,
    shape_of,
    side_of,
    span_of,
    spanned,
)

RESIZES = {"ResizeArea": 2, "ResizeBicubic": 3, "ResizeBilinear": 2, "ResizeNearestNeighbor": 1}
"""How many elements of the input, rounded up, lie at most between the place asked for and one that counts."""


def _padded_before(side: int, size: int, step: int, padding: bytes, explicit: list[int], axis: int) -> int:
    """Return the elements that TensorFlow puts before the first one; `size` is that of the dilated window."""
    if padding == b"SAME":
        outputs = -(-side // step)
        return max((outputs - 1) * step + size - side, 0) // 2
    return explicit[2 * axis] if padding == b"EXPLICIT" else 0


def _window(operation: Any, axes: Axes, sizes: list[int], channels: Axis) -> list[Axes]:
    """Convolutions and pools."""
    steps, padding = operation.get_attr("strides"), operation.get_attr("padding")
    dilations = attribute(operation, "dilations", [1] * 4)
    explicit = attribute(operation, "explicit_paddings", [])
    result = [axes[0]]
    for axis in (1, 2):
        span = span_of(axes[axis])
        size = (sizes[axis - 1] - 1) * dilations[axis] + 1
        before = _padded_before(side_of(axes[axis]), size, steps[axis], padding, explicit, axis)
        side = shape_of(operation.outputs[0])[axis]
        result.append(_axis(side, span and span.window(steps[axis], -before, size - 1 - before)))
    return [(*result, channels)]


def _convolution(operation: Any, inputs: Inputs) -> list[Axes]:
    axes = picture(inputs[0])
    if inputs[1] is not None or not is_plain(axes[3]):
        raise NotLocalError("filters the photo with what it found in it")
    channels = plain(shape_of(operation.outputs[0])[3])
    return _window(operation, axes, shape_of(operation.inputs[1])[:2], channels)


def _pool(operation: Any, inputs: Inputs) -> list[Axes]:
    axes = picture(inputs[0])
    return _window(operation, axes, operation.get_attr("ksize")[1:3], axes[3])


def _transposed(operation: Any, inputs: Inputs) -> list[Axes]:
    """Output j gets something from input i where ``j = i * step - before + k``, with k up to the window's size."""
    axes = picture(inputs[2])
    if inputs[1] is not None:
        raise NotLocalError("filters the photo with what it found in it")
    steps, padding = operation.get_attr("strides"), operation.get_attr("padding")
    dilations, explicit = attribute(operation, "dilations", [1] * 4), attribute(operation, "explicit_paddings", [])
    kernel, shape = shape_of(operation.inputs[1]), shape_of(operation.outputs[0])
    result = [axes[0]]
    for axis in (1, 2):
        span, step = span_of(axes[axis]), steps[axis]
        size = (kernel[axis - 1] - 1) * dilations[axis] + 1
        before = _padded_before(shape[axis], size, step, padding, explicit, axis)
        first, last = Fraction(before - (size - 1), step), Fraction(before, step)
        result.append(_axis(shape[axis], span and span.window(Fraction(1, step), first, last)))
    return [(*result, plain(shape[3]))]


def _resize(operation: Any, inputs: Inputs) -> list[Axes]:
    axes = picture(inputs[0])
    if attribute(operation, "align_corners", False):
        raise NotLocalError("scales by a factor that depends on the photo's size (align_corners)")
    shape, around = shape_of(operation.outputs[0]), RESIZES[operation.type]
    result = [axes[0]]
    for axis in (1, 2):
        span = span_of(axes[axis])
        factor = Fraction(side_of(axes[axis]), shape[axis])
        result.append(_axis(shape[axis], span and span.window(factor, -around, around + max(factor, Fraction(1)))))
    return [(*result, axes[3])]


def _to_depth(operation: Any, inputs: Inputs) -> list[Axes]:
    axes, block = picture(inputs[0]), operation.get_attr("block_size")
    return [(axes[0], *(_stretched(axis, block) for axis in axes[1:3]), plain(shape_of(operation.outputs[0])[3]))]


def _to_space(operation: Any, inputs: Inputs) -> list[Axes]:
    axes, block = picture(inputs[0]), operation.get_attr("block_size")
    return [(axes[0], *(_squeezed(axis, block) for axis in axes[1:3]), plain(shape_of(operation.outputs[0])[3]))]


def _stretched(axis: Axis, block: int, before: int = 0, after: int = 0) -> Axis:
    span = span_of(axis)
    side = (side_of(axis) + before + after) // block
    return _axis(side, span and span.window(block, -before, block - 1 - before))


def _squeezed(axis: Axis, block: int, before: int = 0, after: int = 0) -> Axis:
    span = span_of(axis)
    side = side_of(axis) * block - before - after
    first, last = Fraction(before - block + 1, block), Fraction(before, block)
    return _axis(side, span and span.window(Fraction(1, block), first, last))


def _axis(side: int, span: Span | None) -> Axis:
    return plain(side) if span is None else spanned(side, span)


def _space_to_batch(operation: Any, inputs: Inputs) -> list[Axes]:
    axes, blocks = inputs[0] or (), math.prod(fixed_value(operation, 1).tolist())
    return [((*plain(blocks), *axes[0]), *_rearranged(operation, axes, _stretched))]


def _batch_to_space(operation: Any, inputs: Inputs) -> list[Axes]:
    axes, blocks = inputs[0] or (), math.prod(fixed_value(operation, 1).tolist())
    phases, batch = regrouped((axes[0],), [blocks, side_of(axes[0]) // blocks])
    if not is_plain(phases):
        raise NotLocalError("takes images of a batch for places of a photo")
    return [(batch, *_rearranged(operation, axes, _squeezed))]


def _rearranged(operation: Any, axes: Axes, change: Callable[[Axis, int, int, int], Axis]) -> Axes:
    """Return the axes after that of the batch, those among them changed that blocks are taken of."""
    blocks, borders = fixed_value(operation, 1), fixed_value(operation, 2)
    count = len(blocks)
    changed = [
        change(axis, int(block), int(border[0]), int(border[1]))
        for axis, block, border in zip(axes[1 : 1 + count], blocks, borders, strict=True)
    ]
    return (*changed, *axes[1 + count :])


RULES: dict[str, Callable[[Any, Inputs], list[Axes]]] = {
    "AvgPool": _pool,
    "BatchToSpaceND": _batch_to_space,
    "Conv2D": _convolution,
    "Conv2DBackpropInput": _transposed,
    "DepthToSpace": _to_space,
    "DepthwiseConv2dNative": _convolution,
    "MaxPool": _pool,
    "SpaceToBatchND": _space_to_batch,
    "SpaceToDepth": _to_depth,
    **dict.fromkeys(RESIZES, _resize),
}
