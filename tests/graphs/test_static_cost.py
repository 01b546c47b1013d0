"""Static cost against arithmetic by hand and against TensorFlow's own profiler."""

from __future__ import annotations

from pathlib import Path

import pytest

from aic_helpers.graphs.static_cost import static_cost

pytestmark = pytest.mark.tensorflow

tf = pytest.importorskip("tensorflow")
v1 = tf.compat.v1


def graph_of(build, shape=(None, None, None, 3)):
    with tf.Graph().as_default() as graph:
        tf.identity(build(v1.placeholder(tf.float32, shape, name="input")), name="output")
    return graph.as_graph_def()


def weights(*shape: int):
    return tf.zeros(shape)


def transposed(images):
    """Half the size by a stride, and back up to the size that the image turns out to have."""
    half = tf.nn.conv2d(images, weights(3, 3, 3, 8), 2, "SAME", name="down")
    return tf.nn.conv2d_transpose(half, weights(3, 3, 3, 8), tf.shape(images), 2, "SAME", name="up")


CASES = {
    "convolution": (lambda x: tf.nn.conv2d(x, weights(5, 5, 3, 4), 1, "SAME"), 20 * 10 * 4 * 75, 300),
    "valid, strided": (lambda x: tf.nn.conv2d(x, weights(3, 3, 3, 4), 2, "VALID"), 9 * 4 * 4 * 27, 108),
    "depthwise": (lambda x: tf.nn.depthwise_conv2d(x, weights(3, 3, 3, 2), [1] * 4, "SAME"), 20 * 10 * 6 * 9, 54),
    "transposed": (transposed, 10 * 5 * 8 * 27 + 10 * 5 * 8 * 27, 2 * 216),
    "product": (lambda x: tf.matmul(x, weights(3, 7)), 20 * 10 * 7 * 3, 21),
    "nothing": (lambda x: x * 2 + 1e-3, 0, 0),
}


@pytest.mark.parametrize("name", CASES)
def test_counts_by_hand(name: str) -> None:
    build, macs, elements = CASES[name]
    cost = static_cost(graph_of(build), width_px=20, height_px=10)
    assert cost["gmacs"] == pytest.approx(macs / 1e9)
    assert cost["weights"] == elements
    assert cost["not_counted"] == []


def test_srcnn_as_published(challenge: Path) -> None:
    """9x9x3x64, 5x5x64x32 and 5x5x32x3 at each of 1280x720 pixels; biases 64, 32 and a single number."""
    from aic_helpers.runtimes.frozen_models import read_graph

    cost = static_cost(read_graph(challenge / "models_pretrained" / "div2k_srcnn.pb"))
    weights_of_kernels = 9 * 9 * 3 * 64 + 5 * 5 * 64 * 32 + 5 * 5 * 32 * 3
    assert cost["gmacs"] == pytest.approx(weights_of_kernels * 1280 * 720 / 1e9)
    assert cost["weights"] == weights_of_kernels + 64 + 32 + 1
    assert cost["largest_activations"][0]["shape"] == [1, 720, 1280, 64]
    assert cost["largest_activations"][0]["mib"] == 225.0


def test_agrees_with_tensorflows_profiler() -> None:
    def build(images):
        wide = tf.nn.relu(tf.nn.conv2d(images, weights(3, 3, 3, 16), 1, "SAME"))
        return tf.nn.conv2d(
            tf.nn.depthwise_conv2d(wide, weights(3, 3, 16, 1), [1] * 4, "SAME"), weights(1, 1, 16, 3), 1, "SAME"
        )

    with tf.Graph().as_default() as graph:
        build(v1.placeholder(tf.float32, (1, 24, 32, 3)))
        options = v1.profiler.ProfileOptionBuilder.float_operation()
        options["output"] = "none"
        profiled = v1.profiler.profile(graph, options=options)
    convolutions = [node for node in profiled.children if "onv2" in node.name or "depthwise" in node.name]
    flops = sum(node.total_float_ops for node in convolutions)
    assert 2e9 * static_cost(graph_of(build), width_px=32, height_px=24)["gmacs"] == pytest.approx(flops)


def test_a_loop_is_named_as_not_counted() -> None:
    def build(images):
        return tf.while_loop(lambda x: tf.reduce_max(x) > 1, lambda x: [x / 2], [images])

    assert set(static_cost(graph_of(build))["not_counted"]) & {"While", "StatelessWhile", "LoopCond"}


def test_a_size_that_the_graph_refuses_is_no_crash() -> None:
    def build(images):
        return tf.reshape(images, (1, 64, 64, 3))

    cost = static_cost(graph_of(build), width_px=20, height_px=10)
    assert cost["gmacs"] is None
    assert "600 elements" in cost["refused"] or "12288" in cost["refused"]
