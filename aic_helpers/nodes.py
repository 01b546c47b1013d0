"""What is known of an operation of a TensorFlow graph before the graph runs."""

from __future__ import annotations

from typing import Any

from aic_helpers.spans import Axes, NotLocalError

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
