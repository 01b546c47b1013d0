"""Shapes that follow from an image's size, against those that LiteRT has once it ran; files made by the converter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from aic_helpers.litert.shape_inference import shapes
from aic_helpers.litert.structures import read

pytestmark = pytest.mark.tensorflow

tf = pytest.importorskip("tensorflow")

HEIGHT_PX, WIDTH_PX = 22, 14


def converted(network: Callable[[Any], Any]) -> bytes:
    """Return the file that TensorFlow's converter makes of a function of images of any size."""
    concrete = tf.function(network).get_concrete_function(tf.TensorSpec([1, None, None, 3], tf.float32))
    return tf.lite.TFLiteConverter.from_concrete_functions([concrete], concrete).convert()


def litert_shapes(content: bytes) -> list[tuple[int, ...]]:
    """Return the shapes after a run by the plain kernels, which leave every tensor there, and their own behind them."""
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(
        model_content=content, experimental_preserve_all_tensors=True, experimental_op_resolver_type=plain
    )
    (given,) = interpreter.get_input_details()
    interpreter.resize_tensor_input(given["index"], (1, HEIGHT_PX, WIDTH_PX, 3))
    interpreter.allocate_tensors()
    interpreter.set_tensor(given["index"], np.zeros((1, HEIGHT_PX, WIDTH_PX, 3), np.float32))
    interpreter.invoke()
    return [tuple(tensor["shape"].tolist()) for tensor in interpreter.get_tensor_details()]


def _padded_to_a_grid(images):
    """What computes on sizes, in whole numbers and in floats: to a multiple of 8, and back to the size."""
    sides = tf.shape(images)
    down, across = -sides[1] % 8, tf.cast(tf.math.ceil(tf.cast(sides[2], tf.float32) / 8.0) * 8, tf.int32) - sides[2]
    padded = tf.pad(images, [[0, 0], [0, down], [0, across], [0, 0]], "REFLECT")
    half = tf.nn.space_to_depth(tf.reshape(padded, [1, sides[1] + down, sides[2] + across, 3]), 2)
    return tf.nn.depth_to_space(half, 2)[:, : sides[1], : sides[2], :]


def _enlarged(images):
    sides = tf.shape(images)[1:3]
    near = tf.image.resize(images, sides * 3, method="nearest")
    transposed = tf.nn.conv2d_transpose(images, tf.ones([3, 3, 3, 3]), tf.concat([[1], sides * 3, [3]], 0), 3, "SAME")
    return tf.image.resize(images, sides * 3) + near + transposed


def _pooled(images):
    pooled = tf.nn.max_pool2d(images, 2, 2, "VALID") + tf.nn.avg_pool2d(images, 3, 2, "SAME")
    wide = tf.nn.conv2d(pooled, tf.ones([3, 3, 3, 4]), 1, "SAME", dilations=2)
    means = tf.reduce_mean(wide, [1, 2], keepdims=True)
    return tf.nn.softmax(wide - means) * tf.sigmoid(tf.squeeze(means, [1, 2]))


def _joined(images):
    turned = tf.transpose(images, [0, 2, 1, 3])
    first, second, third = tf.split(images, 3, axis=3)
    stacked = tf.stack([first, second * 2, tf.tile(third, [1, 1, 1, 1])], axis=1)
    apart = tf.unstack(stacked, axis=1)
    return tf.concat([*apart, tf.transpose(turned, [0, 2, 1, 3]), tf.gather(images, [2, 0], axis=3)], 3)


def _shaped(images):
    sides = tf.shape(images)
    rows = tf.reshape(images, [-1, 3]) @ tf.ones([3, 5])
    shaped = tf.reshape(rows, [1, tf.reduce_prod(sides[1:3]), 5])
    other = tf.matmul(shaped, shaped, transpose_a=True)
    return tf.expand_dims(tf.reduce_sum(other, axis=2), 1)


def _cut(images):
    sides = tf.shape(images)
    sliced = tf.slice(images, [0, 1, 2, 0], [1, -1, 4, 3])
    filled = tf.fill([sides[1] - 1, 4], 0.5)
    return sliced[:, ::2] * filled[None, ::2, :, None]


NETWORKS = [_padded_to_a_grid, _enlarged, _pooled, _joined, _shaped, _cut]


@pytest.mark.parametrize("network", NETWORKS)
def test_shapes_are_those_of_litert(network: Callable[[Any], Any]) -> None:
    content = converted(network)
    structure = read(content)
    assert shapes(structure, HEIGHT_PX, WIDTH_PX) == litert_shapes(content)[: len(structure.tensors)]


def test_what_hangs_on_the_image_itself_is_not_known() -> None:
    """How many pixels are bright shows only when the network runs."""
    structure = read(converted(lambda images: tf.gather_nd(images, tf.where(images > 0.5))))
    assert shapes(structure, HEIGHT_PX, WIDTH_PX)[structure.outputs[0].index] is None


def test_two_images_are_refused() -> None:
    structure = read(converted(_pooled))
    twice = replace(structure, subgraphs=(replace(structure.subgraphs[0], inputs=structure.inputs * 2),))
    with pytest.raises(ValueError, match="the file has 2 inputs, or none of four sides"):
        shapes(twice, HEIGHT_PX, WIDTH_PX)
