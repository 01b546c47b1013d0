"""A network of another form -> a graph around it that takes and gives RGB in [0, 1], channels last.

Twice: as graph operations, which go into `model.pb`, and on arrays, with which the network itself is compared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.quiet_tensorflow import import_tensorflow
from aic_helpers.data.colour_spaces import BLACK, LUMA
from aic_helpers.graphs.graph_ends import Ends
from aic_helpers.models.adapters import Adapters

FROM_LUMA = 255 / 219
"""How much R, G and B each change with luma where both chromas stay."""

CAST = ("float16", "bfloat16", "float64")
"""Types that are made float32 without a word from the person."""

WHOLE = ("int", "uint")
"""What the names of types of whole numbers start with: such networks take and give 0 to 255."""

Batch = NDArray[np.float32]
Function = Callable[[Batch], Batch]


def around(graph_def: Any, ends: Ends, adapters: Adapters, enlarges: int = 1) -> Any:
    """Return a graph with `input:0` and `output:0` of RGB in [0, 1] around a network's own.

    Parameters
    ----------
    graph_def : GraphDef
        Frozen.
    ends : Ends
        Its own.
    adapters : Adapters
        What it takes and gives.
    enlarges : int
        By how much the colours are enlarged that a network of luma leaves to the input.

    Raises
    ------
    ValueError
        The network can't be such a one.
    """
    import_tensorflow()
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default() as network:
        tf.import_graph_def(graph_def, name="")
    own = network.get_tensor_by_name(ends.input)
    with tf.Graph().as_default() as graph:
        images = tf.placeholder(tf.float32, _shape(own, adapters), name="input")
        values = {name: tf.constant(value) for name, value in set_values(network, adapters).items()}
        given = _given(tf, images, adapters, own.dtype)
        if not given.shape.is_compatible_with(own.shape):
            raise ValueError(f"{ends.input} is declared as {own.shape} and would get {given.shape}")
        feeds = {ends.input: given, **values}
        (output,) = tf.import_graph_def(graph_def, feeds, [ends.output], name="network")
        tf.identity(_taken(tf, output, images, adapters, enlarges), name="output")
    return tf.graph_util.extract_sub_graph(graph.as_graph_def(), ["output"])


def own_function(graph_def: Any, ends: Ends, adapters: Adapters) -> Function:
    """Return a frozen network as a function of arrays of its own form."""
    import_tensorflow()
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
    session = tf.Session(graph=graph)
    values = set_values(graph, adapters)
    return lambda batch: session.run(ends.output, {ends.input: batch, **values})


def around_function(run: Function, dtype: str, adapters: Adapters, enlarges: int = 1) -> Function:
    """Return a network's own function with what `around` puts into the graph, done on arrays."""

    def call(images: Batch) -> Batch:
        given = own_form(images, adapters)
        whole = dtype.startswith(WHOLE)
        taken: Any = run(np.clip(np.rint(given), 0, 255).astype(dtype) if whole else given)
        taken = np.asarray(taken).astype(np.float32)
        taken = taken.transpose(0, 2, 3, 1) if adapters.layout == "nchw" else taken
        taken = np.divide(taken, float(adapters.range), dtype=np.float32)
        if adapters.channels == "y":
            colours = images - _luma_of(images) * np.float32(FROM_LUMA)
            return (enlarged(colours) if enlarged else colours) + taken * np.float32(FROM_LUMA)
        return taken[..., ::-1] if adapters.colour == "bgr" else taken

    enlarged = _enlarging(enlarges) if adapters.channels == "y" and enlarges > 1 else None
    return call


def own_form(images: Batch, adapters: Adapters) -> Batch:
    """Return RGB in [0, 1] with the channels last in the range, colours and layout that a network takes."""
    given: Any = images[..., ::-1] if adapters.colour == "bgr" else images
    given = (_luma_of(images) if adapters.channels == "y" else given) * np.float32(float(adapters.range))
    return given.transpose(0, 3, 1, 2) if adapters.layout == "nchw" else given


def _luma_of(images: Batch) -> Batch:
    return (images @ np.array(LUMA, np.float32))[..., None] + np.float32(BLACK)


def _shape(own: Any, adapters: Adapters) -> list[int | None]:
    """Return the shape of the images, with the batch and size that the network declares."""
    if own.shape.rank != 4:
        return [None, None, None, 3]
    batch, *sides = own.shape.as_list()
    height, width = sides[1:] if adapters.layout == "nchw" else sides[:2]
    return [batch, height, width, 3]


def set_values(graph: Any, adapters: Adapters) -> dict[str, NDArray[Any]]:
    """Return what the placeholders of a graph are set to, by the names of their tensors; a side of any length is 1."""
    values = {}
    for name, value in adapters.set:
        tensor = graph.get_tensor_by_name(f"{name}:0")
        shape = [] if tensor.shape.rank is None else [side or 1 for side in tensor.shape.as_list()]
        values[tensor.name] = np.full(shape, value, tensor.dtype.as_numpy_dtype)
    return values


def _given(tf: Any, images: Any, adapters: Adapters, dtype: Any) -> Any:
    """Return what the network gets, of its own type."""
    given = tf.gather(images, [2, 1, 0], axis=3) if adapters.colour == "bgr" else images
    given = _luma(tf, images) if adapters.channels == "y" else given
    given = given * float(adapters.range) if adapters.range != "1" else given
    given = tf.transpose(given, [0, 3, 1, 2]) if adapters.layout == "nchw" else given
    if dtype.is_integer:
        given = tf.clip_by_value(tf.round(given), 0.0, 255.0)
    return given if dtype == tf.float32 else tf.cast(given, dtype)


def _taken(tf: Any, output: Any, images: Any, adapters: Adapters, enlarges: int) -> Any:
    """Return the images that the network's output stands for."""
    taken = output if output.dtype == tf.float32 else tf.cast(output, tf.float32)
    taken = tf.transpose(taken, [0, 2, 3, 1]) if adapters.layout == "nchw" else taken
    taken = taken / float(adapters.range) if adapters.range != "1" else taken
    if adapters.channels == "y":
        colours = images - _luma(tf, images) * FROM_LUMA
        return (_enlarged(tf, colours, enlarges) if enlarges > 1 else colours) + taken * FROM_LUMA
    return tf.gather(taken, [2, 1, 0], axis=3) if adapters.colour == "bgr" else taken


def _luma(tf: Any, images: Any) -> Any:
    return tf.nn.conv2d(images, tf.constant(LUMA, tf.float32, [1, 1, 3, 1]), 1, "VALID") + BLACK


def _enlarged(tf: Any, colours: Any, times: int) -> Any:
    return tf.image.resize_bicubic(colours, tf.shape(colours)[1:3] * times, half_pixel_centers=True)


def _enlarging(times: int) -> Function:
    """Return a function of arrays that enlarges as the graph does: TensorFlow's own, which has its way with borders."""
    import_tensorflow()
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default() as graph:
        colours = tf.placeholder(tf.float32, [None, None, None, 3])
        enlarged = _enlarged(tf, colours, times)
    session = tf.Session(graph=graph)
    return lambda batch: session.run(enlarged, {colours: batch})
