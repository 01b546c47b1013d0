"""Which pixels of the photo the elements of a tensor depend on, and what is known of an operation before it runs.

An axis of a tensor is a row of factors, as a reshape makes it from several axes: the last one runs fastest. A factor
either runs over the photo (it has a `Span`) or not (channels, the phases of a stride).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


class NotLocalError(Exception):
    """The output can't be told from the pixels near it; the text says why.

    Attributes
    ----------
    where : str
        The operation, by type and name.
    """

    def __init__(self, why: str, where: str = "the graph") -> None:
        super().__init__(why)
        self.where = where


@dataclass(frozen=True)
class Span:
    """Element i depends on the pixels from ``i * scale + low`` to ``i * scale + high``, the last one inside.

    Attributes
    ----------
    axis : int
        0 for the photo's rows, 1 for its columns.
    scale, low, high : Fraction
        In px.
    """

    axis: int
    scale: Fraction = Fraction(1)
    low: Fraction = Fraction(0)
    high: Fraction = Fraction(0)

    def window(self, step: Fraction | int, first: Fraction | int, last: Fraction | int) -> Span:
        """Return the span of elements j that depend on this one's elements ``j * step + first`` to ``... + last``."""
        low, high = self.low + first * self.scale, self.high + last * self.scale
        return Span(self.axis, self.scale * step, low, high)

    def joined(self, other: Span) -> Span:
        """Return the span of elements that depend on both."""
        if (self.axis, self.scale) != (other.axis, other.scale):
            raise NotLocalError("brings pixels of different places together")
        return Span(self.axis, self.scale, min(self.low, other.low), max(self.high, other.high))


Factor = tuple[int, Span | None]
Axis = tuple[Factor, ...]
Axes = tuple[Axis, ...]


def plain(side: int) -> Axis:
    """Return an axis that doesn't run over the photo; one of a single element has no factor."""
    return ((side, None),) if side != 1 else ()


def spanned(side: int, span: Span) -> Axis:
    """Return an axis that runs over the photo."""
    return ((side, span),)


def side_of(axis: Axis) -> int:
    """Return how many elements an axis has."""
    return math.prod(side for side, _ in axis)


def is_plain(axis: Axis) -> bool:
    """Return whether no factor of an axis runs over the photo."""
    return all(span is None for _, span in axis)


def span_of(axis: Axis) -> Span | None:
    """Return the one span of an axis, with the factors that run faster merged into it."""
    if is_plain(axis):
        return None
    (_, span), *faster = axis
    if span is None or not is_plain(tuple(faster)):
        raise NotLocalError("runs over rows and columns at once")
    phases = side_of(tuple(faster))
    return span.window(Fraction(1, phases), Fraction(1 - phases, phases), 0)


def regrouped(axes: Axes, shape: list[int]) -> Axes:
    """Return the axes that a reshape makes of others."""
    factors = [factor for axis in axes for factor in axis]
    result = []
    for side in shape:
        group: list[Factor] = []
        while math.prod(own for own, _ in group) < side:
            if not factors:
                raise NotLocalError("has a shape that doesn't add up")
            wanted, rest = divmod(side, math.prod(own for own, _ in group))
            if rest:
                raise NotLocalError("cuts an axis in parts that differ")
            group += _split(factors, wanted)
        result.append(tuple(group))
    return tuple(result)


def _split(factors: list[Factor], wanted: int) -> list[Factor]:
    """Take the first factor, or as many of its elements as are wanted, from a list."""
    side, span = factors.pop(0)
    if side <= wanted:
        return [(side, span)]
    faster, rest = divmod(side, wanted)
    if rest:
        raise NotLocalError("cuts an axis in parts that differ")
    factors.insert(0, (faster, None))
    return [(wanted, span and span.window(faster, 0, faster - 1))]


def broadcast(several: list[Axes]) -> Axes:
    """Return the axes of what is computed from tensors element by element."""
    rank = max(len(axes) for axes in several)
    padded = [((),) * (rank - len(axes)) + axes for axes in several]
    return tuple(_joined([axis for axis in axes if axis]) for axes in zip(*padded, strict=True))


def _joined(axes: list[Axis]) -> Axis:
    if not axes or len({len(axis) for axis in axes}) > 1 or len({tuple(side for side, _ in axis) for axis in axes}) > 1:
        return _joined_whole(axes)
    return tuple((factors[0][0], _joined_spans([span for _, span in factors])) for factors in zip(*axes, strict=True))


def _joined_whole(axes: list[Axis]) -> Axis:
    """Join axes that were made of different factors."""
    if not axes:
        return ()
    span = _joined_spans([span_of(axis) for axis in axes])
    return ((side_of(axes[0]), span),)


def _joined_spans(spans: list[Span | None]) -> Span | None:
    own = [span for span in spans if span is not None]
    if not own:
        return None
    if len(own) < len(spans):
        raise NotLocalError("depends on where in the photo a pixel is")
    result = own[0]
    for span in own[1:]:
        result = result.joined(span)
    return result


Inputs = list[Axes | None]
"""Of each input of an operation: its axes, or None where it doesn't depend on the photo's pixels."""


def attribute(operation: Any, name: str, default: Any) -> Any:
    """Return an attribute, or `default` where the operation has none of that name."""
    return operation.get_attr(name) if name in operation.node_def.attr else default


def shape_of(tensor: Any) -> list[int]:
    """Return the sides of a tensor."""
    sides = None if tensor.shape.rank is None else tensor.shape.as_list()
    if sides is None or None in sides:
        raise NotLocalError("has a size that isn't known before the network runs")
    return sides


def fixed_value(operation: Any, index: int) -> Any:
    """Return the value of an input that doesn't depend on the photo's pixels (on its size it may)."""
    from tensorflow.python.framework.smart_cond import smart_constant_value

    value = smart_constant_value(operation.inputs[index])
    if value is None:
        raise NotLocalError("is steered by a value that isn't known before the network runs")
    return value


def picture(axes: Axes | None) -> Axes:
    """Return the axes of a batch of pictures."""
    if axes is None or len(axes) != 4:
        raise NotLocalError("is given something else than a picture")
    return axes
