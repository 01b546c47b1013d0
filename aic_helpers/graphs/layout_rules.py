"""Operations that move what is in a tensor: borders, parts, stacks, other shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from aic_helpers.graphs.axis_spans import (
    Axes,
    Axis,
    Inputs,
    NotLocalError,
    attribute,
    broadcast,
    fixed_value,
    is_plain,
    plain,
    regrouped,
    shape_of,
    side_of,
    span_of,
    spanned,
)


def _photo(axes: Axes | None) -> Axes:
    if axes is None:
        raise NotLocalError("is steered by what is in the photo")
    return axes


def _pad(operation: Any, inputs: Inputs) -> list[Axes]:
    axes, paddings = _photo(inputs[0]), fixed_value(operation, 1).tolist()
    mirrored = operation.type == "MirrorPad"
    return [tuple(_padded(axis, before, after, mirrored) for axis, (before, after) in zip(axes, paddings, strict=True))]


def _padded(axis: Axis, before: int, after: int, mirrored: bool) -> Axis:
    if before == after == 0:
        return axis
    span, side = span_of(axis), side_of(axis) + before + after
    if span is None:
        return plain(side)
    # Near the border, a mirrored pixel lies up to twice the padding from where it is put.
    below, above = (2 * after, 2 * before) if mirrored else (0, 0)
    return spanned(side, span.window(1, -before - below, above - before))


def _slice(operation: Any, inputs: Inputs) -> list[Axes]:
    axes, begins, sides = _photo(inputs[0]), fixed_value(operation, 1).tolist(), shape_of(operation.outputs[0])
    return [
        tuple(_part(axis, slice(begin, begin + side)) for axis, begin, side in zip(axes, begins, sides, strict=True))
    ]


def _strided_slice(operation: Any, inputs: Inputs) -> list[Axes]:
    axes = list(_photo(inputs[0]))
    result: list[Axis] = []
    for what, part in _spec(operation, len(axes)):
        if what == "new":
            result.append(())
        elif what == "ellipsis":
            kept, axes = axes[: part.start], axes[part.start :]
            result += kept
        else:
            axis = _part(axes.pop(0), part)
            if what == "one" and not is_plain(axis):
                raise NotLocalError("takes one row or column of the photo")
            result += [] if what == "one" else [axis]
    return [(*result, *axes)]


def _spec(operation: Any, rank: int) -> Iterator[tuple[str, slice]]:
    """Yield what a slice does to one axis after the other; an ellipsis comes as ``slice(number of axes, None)``."""
    begins, ends, steps = (fixed_value(operation, index).tolist() for index in (1, 2, 3))
    bits = {name: attribute(operation, f"{name}_mask", 0) for name in ("begin", "end", "ellipsis", "new_axis")}
    ones = attribute(operation, "shrink_axis_mask", 0)
    own = sum(1 for i in range(len(begins)) if not (bits["ellipsis"] | bits["new_axis"]) >> i & 1)
    for i, (begin, end, step) in enumerate(zip(begins, ends, steps, strict=True)):
        if bits["ellipsis"] >> i & 1:
            yield "ellipsis", slice(rank - own, None)
        elif bits["new_axis"] >> i & 1:
            yield "new", slice(None)
        elif ones >> i & 1:
            yield "one", slice(begin, begin + 1 or None)
        else:
            first = None if bits["begin"] >> i & 1 else begin
            yield "part", slice(first, None if bits["end"] >> i & 1 else end, step)


def _part(axis: Axis, part: slice) -> Axis:
    side = side_of(axis)
    begin, end, step = part.indices(side)
    if (begin, end, step) == (0, side, 1):
        return axis
    span, side = span_of(axis), len(range(begin, end, step))
    if span is None:
        return plain(side)
    if step < 0:
        raise NotLocalError("turns the photo round")
    return spanned(side, span.window(step, begin, begin))


def _concatenated(operation: Any, inputs: Inputs) -> list[Axes]:
    shape, index = shape_of(operation.outputs[0]), int(fixed_value(operation, len(inputs) - 1))
    return [_along(operation, inputs[:-1], index % len(shape), shape)]


def _along(operation: Any, inputs: Inputs, index: int, shape: list[int]) -> Axes:
    """Return the axes of tensors put together along an axis, which must not run over the photo."""
    others: list[Axes] = []
    for axes, tensor in zip(inputs, operation.inputs, strict=False):
        axes = tuple(plain(side) for side in shape_of(tensor)) if axes is None else axes
        if not is_plain(axes[index]):
            raise NotLocalError("puts pictures beside each other")
        others.append((*axes[:index], (), *axes[index + 1 :]))
    joined = broadcast(others)
    return (*joined[:index], plain(shape[index]), *joined[index + 1 :])


def _packed(operation: Any, inputs: Inputs) -> list[Axes]:
    shape = shape_of(operation.outputs[0])
    index = operation.get_attr("axis") % len(shape)
    axes = [
        tuple(plain(side) for side in shape_of(tensor)) if own is None else own
        for own, tensor in zip(inputs, operation.inputs, strict=True)
    ]
    joined = broadcast(axes)
    return [(*joined[:index], plain(shape[index]), *joined[index:])]


def _unpacked(operation: Any, inputs: Inputs) -> list[Axes]:
    axes = _photo(inputs[0])
    index = operation.get_attr("axis") % len(axes)
    if not is_plain(axes[index]):
        raise NotLocalError("takes the photo apart by rows or columns")
    return [(*axes[:index], *axes[index + 1 :])] * len(operation.outputs)


def _split(operation: Any, inputs: Inputs) -> list[Axes]:
    pixels, where = (1, 0) if operation.type == "Split" else (0, 2)
    axes = _photo(inputs[pixels])
    index = int(fixed_value(operation, where)) % len(axes)
    if not is_plain(axes[index]):
        raise NotLocalError("takes the photo apart by rows or columns")
    sides = [shape_of(output)[index] for output in operation.outputs]
    return [(*axes[:index], plain(side), *axes[index + 1 :]) for side in sides]


def _gathered(operation: Any, inputs: Inputs) -> list[Axes]:
    axes = _photo(inputs[0])
    index = int(fixed_value(operation, 2)) % len(axes)
    if inputs[1] is not None or attribute(operation, "batch_dims", 0) or not is_plain(axes[index]):
        raise NotLocalError("picks places of the photo by number")
    chosen = tuple(plain(side) for side in shape_of(operation.inputs[1]))
    return [(*axes[:index], *chosen, *axes[index + 1 :])]


def _transposed(operation: Any, inputs: Inputs) -> list[Axes]:
    axes = _photo(inputs[0])
    return [tuple(axes[index] for index in fixed_value(operation, 1).tolist())]


def _reshaped(operation: Any, inputs: Inputs) -> list[Axes]:
    return [regrouped(_photo(inputs[0]), shape_of(operation.outputs[0]))]


def _repeated(operation: Any, inputs: Inputs) -> list[Axes]:
    axes, counts = _photo(inputs[0]), fixed_value(operation, 1).tolist()
    if any(count != 1 and not is_plain(axis) for axis, count in zip(axes, counts, strict=True)):
        raise NotLocalError("repeats the photo")
    repeated = [axis if count == 1 else plain(side_of(axis) * count) for axis, count in zip(axes, counts, strict=True)]
    return [tuple(repeated)]


RULES: dict[str, Callable[[Any, Inputs], list[Axes]]] = {
    "ConcatV2": _concatenated,
    "ExpandDims": _reshaped,
    "GatherV2": _gathered,
    "MirrorPad": _pad,
    "Pack": _packed,
    "Pad": _pad,
    "PadV2": _pad,
    "Reshape": _reshaped,
    "Slice": _slice,
    "Split": _split,
    "SplitV": _split,
    "Squeeze": _reshaped,
    "StridedSlice": _strided_slice,
    "Tile": _repeated,
    "Transpose": _transposed,
    "Unpack": _unpacked,
}
