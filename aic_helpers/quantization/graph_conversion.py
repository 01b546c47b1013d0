"""A frozen graph -> the content of a float `.tflite` file, of one size or of any; TensorFlow works in this process."""

from __future__ import annotations

import re
from typing import Any

from aic_helpers.core.error_reasons import reason
from aic_helpers.core.errors import InputError
from aic_helpers.core.quiet_tensorflow import import_tensorflow
from aic_helpers.quantization.precisions import FLOAT16, FLOAT32

Size = tuple[int, int]

UNSUPPORTED = re.compile(r"""loc\(.*?"(?P<layer>[^":]+)"[^"]*\): '(?:tf\.)?(?P<operator>\w+)' op is neither a custom""")
"""How TensorFlow names an operator that LiteRT hasn't, and the node that makes it."""

PIN = "pinned"
CHANNELS_AXIS = 3


def converted(graph_def: Any, size: Size | None, precision: str = FLOAT32.name) -> bytes:
    """Return the content of a `.tflite` file.

    Parameters
    ----------
    graph_def : GraphDef
        With ``input:0`` (batch, height, width, 3) and ``output:0``. For any size, of `with_channels`.
    size : (int, int) or None
        Width and height in px; None for any.
    precision : {"float32", "float16", "dynamic_int8"}

    Raises
    ------
    InputError
        An operator that LiteRT hasn't, with the layer that makes it; or whatever else keeps it from being converted.
    """
    import_tensorflow()
    import tensorflow as tf

    try:
        function = _function(graph_def, size)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function], function)
        if precision != FLOAT32.name:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == FLOAT16.name:
            converter.target_spec.supported_types = [tf.float16]
        return bytes(converter.convert())
    except Exception as error:  # whatever a converter makes of a stranger's network
        raise _refusal(error, size) from None


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


def _function(graph_def: Any, size: Size | None) -> Any:
    import tensorflow as tf

    def network(images: Any) -> Any:
        return tf.import_graph_def(graph_def, {"input:0": images}, ["output:0"], name="")[0]

    width_px, height_px = size or (None, None)
    return tf.function(network).get_concrete_function(
        tf.TensorSpec([1, height_px, width_px, 3], tf.float32, name="input")
    )


def _refusal(error: Exception, size: Size | None) -> InputError:
    form = f"an input of {size[0]}x{size[1]} px" if size else "an input of any height and width"
    found = {(match["operator"], match["layer"]) for match in UNSUPPORTED.finditer(str(error))}
    if found:
        listed = ", ".join(f"{operator} (layer {layer})" for operator, layer in sorted(found)[:4])
        return InputError("a network of operators that LiteRT has", listed, "build these layers of others")
    return InputError(f"a network that converts to LiteRT with {form}", reason(error), "change the network")


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
            raise _refusal(error, size) from None
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
