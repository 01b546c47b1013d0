"""What is changed in a frozen graph before it becomes a `.tflite` file; TensorFlow works in this process.

Both changes leave what is computed as it is: one tells TensorFlow what it lost, the other the order of a sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aic_helpers.core.quiet_tensorflow import import_tensorflow
from aic_helpers.quantization.graph_conversion import Size, refusal

PIN = "pinned"
CHANNELS_AXIS = 3

ROWS, COLUMNS = 1, 2
"""Axes of an image in a batch."""


def with_means_in_two(graph_def: Any) -> Any:
    """Return a graph that takes the mean of an image's pixels in two steps, along rows and then of these.

    LiteRT adds the values up one by one. Over the pixels of 1280x720 a mean is 1e-5 off then, and the output of
    `resnet_6_16` with its instance normalisation 2.4e-4; in two steps that is 4e-5.
    """
    changed = type(graph_def)()
    changed.CopyFrom(graph_def)
    constants = {node.name: node for node in graph_def.node if node.op == "Const"}
    for node in changed.node:
        if node.op == "Mean" and node.input[1] in constants and _axes(constants[node.input[1]]) == {ROWS, COLUMNS}:
            rows = changed.node.add()
            rows.CopyFrom(node)
            rows.name = f"{node.name}/rows"
            rows.input[1] = _add_axis(changed, f"{rows.name}/axis", COLUMNS)
            node.input[:] = [rows.name, _add_axis(changed, f"{node.name}/axis", ROWS)]
    return changed


def with_channels(graph_def: Any, sizes: tuple[Size, Size]) -> Any:
    """Return a graph that knows its channels where its height and width are free.

    After paddings that are computed and after slices TensorFlow loses them, and LiteRT's convolutions ask for them.
    Where a tensor has the same number of channels at two sizes, and an unknown one at free size, it is reshaped to
    what it is, with that number.

    Parameters
    ----------
    graph_def : GraphDef
    sizes : two of (int, int)
        Widths and heights in px that the network takes.
    """
    one, other = (_shapes(graph_def, size) for size in sizes)
    pinned, seen = graph_def, set[str]()
    while lost := _first_without_channels(pinned, one, other, seen):
        pinned = _pinned(pinned, lost, one[lost][CHANNELS_AXIS] or 0)
        seen.add(lost)
    return pinned


def _shapes(graph_def: Any, size: Size | None) -> dict[str, list[int | None]]:
    """Return what TensorFlow knows of the shape of each node's first output, where it has four sides."""
    import_tensorflow()
    import tensorflow as tf

    width_px, height_px = size or (None, None)
    with tf.Graph().as_default() as graph:
        images = tf.compat.v1.placeholder(tf.float32, [1, height_px, width_px, 3], name="images_of_a_size")
        try:
            tf.import_graph_def(graph_def, {"input:0": images}, name="")
        except ValueError as error:
            raise refusal(error, size) from None
    firsts = [(node.name, node.outputs[0].shape) for node in graph.get_operations() if node.outputs]
    return {name: shape.as_list() for name, shape in firsts if shape.rank == 4}


def _first_without_channels(graph_def: Any, one: Any, other: Any, seen: set[str]) -> str | None:
    free = _shapes(graph_def, None)
    for node in graph_def.node:
        known = [shapes.get(node.name, [None] * 4)[CHANNELS_AXIS] for shapes in (one, other, free)]
        if node.name not in seen and known[0] is not None and known[0] == known[1] and known[2] is None:
            return str(node.name)
    return None


def _pinned(graph_def: Any, name: str, channels: int) -> Any:
    """Return a graph in which all that takes a node's output gets it with its channels known."""
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        tensor = tf.compat.v1.placeholder(tf.float32, [None] * 4, name="tensor")
        sides = tf.shape(tensor)
        tf.reshape(tensor, tf.stack([1, sides[1], sides[2], channels]), name=PIN)
    changed = type(graph_def)()
    changed.CopyFrom(graph_def)
    for node in changed.node:
        node.input[:] = [f"{name}/{PIN}" if taken in (name, f"{name}:0") else taken for taken in node.input]
    for node in graph.as_graph_def().node:
        if node.name != "tensor":
            added = changed.node.add()
            added.CopyFrom(node)
            added.name = f"{name}/{node.name}"
            added.input[:] = [name if taken == "tensor" else f"{name}/{taken}" for taken in node.input]
    return changed


def _axes(constant: Any) -> set[int]:
    from tensorflow.python.framework.tensor_util import MakeNdarray

    return {int(axis) % 4 for axis in MakeNdarray(constant.attr["value"].tensor).reshape(-1)}


def _add_axis(graph_def: Any, name: str, axis: int) -> str:
    from tensorflow.python.framework.tensor_util import make_tensor_proto

    node = graph_def.node.add()
    node.op, node.name = "Const", name
    tensor = make_tensor_proto(np.array([axis], np.int32))
    node.attr["dtype"].type = tensor.dtype
    node.attr["value"].tensor.CopyFrom(tensor)
    return name
