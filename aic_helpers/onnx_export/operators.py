"""Operations of TensorFlow that tf2onnx converts to another arithmetic, or to a slow one: what stands in their place.

tf2onnx divides whole numbers towards zero where TensorFlow divides downwards, so a padding to a grid, which is
``-height % 4``, came out negative and cut the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

IMAGE_AXES = (0, 1, 2, 3)

WHOLE = (6, 7)
"""int32 and int64 in ONNX's numbers."""

INT64 = 7

FIRST = -(2**31)
"""Where a slice that runs backwards ends when it ends with the first."""


def handlers(graph_def: Any) -> dict[str, tuple[Any, list[str]]]:
    """Return what tf2onnx takes as ``custom_op_handlers`` for a graph."""
    padded = partial(_mirror_pad, padded_axes(graph_def))
    return {"FloorMod": (_floor_mod, []), "FloorDiv": (_floor_div, []), "MirrorPad": (padded, [])}


def padded_axes(graph_def: Any) -> dict[str, list[int]]:
    """Return for each mirrored padding of a graph the axes that it may pad: those for which no zeros stand there."""
    nodes = {node.name: node for node in graph_def.node}
    found = {}
    for node in graph_def.node:
        if node.op == "MirrorPad":
            rows = _rows(nodes[node.input[1].partition(":")[0]], nodes)
            found[node.name] = [axis for axis, row in enumerate(rows) if row is None or any(row)]
    return found


def _rows(paddings: Any, nodes: dict[str, Any]) -> list[list[int] | None]:
    """Return the padding before and after each axis; None where it is computed."""
    if paddings.op == "Const":
        return [[int(side) for side in row] for row in _values(paddings)]
    if paddings.op == "Pack":
        rows = [nodes[name.partition(":")[0]] for name in paddings.input]
        return [[int(side) for side in _values(row)] if row.op == "Const" else None for row in rows]
    return [None for _ in IMAGE_AXES]


def _values(constant: Any) -> Any:
    from tensorflow.python.framework.tensor_util import MakeNdarray

    return MakeNdarray(constant.attr["value"].tensor)


def _floor_mod(graph: Any, node: Any, name: str, _: list[str]) -> None:
    """Take the remainder that has the sign of the divisor, which ONNX's own has for whole numbers alone."""
    one, other = node.input
    if graph.get_dtype(one) in WHOLE:
        _replace(graph, node, "Mod", [one, other])
        return
    times = graph.make_node("Floor", [graph.make_node("Div", [one, other]).output[0]]).output[0]
    _replace(graph, node, "Sub", [one, graph.make_node("Mul", [times, other]).output[0]])


def _floor_div(graph: Any, node: Any, name: str, _: list[str]) -> None:
    """Divide what is left without the remainder, so that nothing is rounded."""
    one, other = node.input
    if graph.get_dtype(one) in WHOLE:
        remainder = graph.make_node("Mod", [one, other]).output[0]
        _replace(graph, node, "Div", [graph.make_node("Sub", [one, remainder]).output[0], other])
        return
    _replace(graph, node, "Floor", [graph.make_node("Div", [one, other]).output[0]])


def _mirror_pad(axes: dict[str, list[int]], graph: Any, node: Any, name: str, _: list[str]) -> None:
    """Join slices that run backwards to each side; ONNX has no symmetric padding, and this does for reflection too."""
    image, paddings = node.input
    skipped = 0 if node.get_attr_value("mode") == b"SYMMETRIC" else 1
    flat = _whole(graph, paddings)
    for axis in axes.get(name, IMAGE_AXES):
        before, after = (_entry(graph, flat, axis, end) for end in (0, 1))
        image = _mirrored(graph, image, axis, before, after, skipped)
    _replace(graph, node, "Identity", [image])


def _mirrored(graph: Any, image: str, axis: int, before: str, after: str, skipped: int) -> str:
    """Return an image with so many px before and after, mirrored at its borders, which are `skipped` or repeated."""
    border = _numbers(graph, [skipped])
    until = graph.make_node("Add", [before, border]).output[0]
    head = _backwards(graph, _slice(graph, image, border, until, axis, 1), axis)
    start, ones = _numbers(graph, [-1 - skipped]), _numbers(graph, [-1 - skipped])
    tail = _slice(graph, image, start, graph.make_node("Sub", [ones, after]).output[0], axis, -1)
    return str(graph.make_node("Concat", [head, image, tail], attr={"axis": axis}).output[0])


def _backwards(graph: Any, image: str, axis: int) -> str:
    return _slice(graph, image, _numbers(graph, [-1]), _numbers(graph, [FIRST]), axis, -1)


def _slice(graph: Any, image: str, start: str, end: str, axis: int, step: int) -> str:
    inputs = [image, start, end, _numbers(graph, [axis]), _numbers(graph, [step])]
    return str(graph.make_node("Slice", inputs).output[0])


def _whole(graph: Any, paddings: str) -> str:
    """Return the paddings as one row of int64: before and after of the first axis, then of the next."""
    cast = graph.make_node("Cast", [paddings], attr={"to": INT64}).output[0]
    return str(graph.make_node("Reshape", [cast, _numbers(graph, [-1])]).output[0])


def _entry(graph: Any, flat: str, axis: int, end: int) -> str:
    return str(graph.make_node("Gather", [flat, _numbers(graph, [2 * axis + end])]).output[0])


def _numbers(graph: Any, values: Sequence[int]) -> str:
    from tf2onnx import utils

    return str(graph.make_const(utils.make_name("numbers"), np.array(values, np.int64)).output[0])


def _replace(graph: Any, node: Any, operator: str, inputs: list[str]) -> None:
    """Put an operator in a node's place, under its name."""
    name, outputs, shapes, dtypes = node.name, node.output, node.output_shapes, node.output_dtypes
    graph.remove_node(name)
    graph.make_node(operator, inputs, name=name, outputs=outputs, shapes=shapes, dtypes=dtypes)
