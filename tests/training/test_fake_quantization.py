"""Rounding as LiteRT's int8 does it, and slopes that pass through it."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from aic_helpers.training.fake_quantization import DECAY, PENALTY, FakeQuantized, grey, in_steps

pytestmark = pytest.mark.tensorflow


def test_a_kernel_has_127_steps_to_each_channel_s_largest_weight() -> None:
    kernel = np.array([[1.27, 0.0], [0.0149, -254.0], [-0.0151, 2.9], [0.0, 1.1]], np.float32).reshape(2, 2, 1, 2)
    rounded = np.asarray(in_steps(kernel, channels=3)).reshape(4, 2)
    np.testing.assert_allclose(rounded[:, 0], [1.27, 0.01, -0.02, 0.0], atol=1e-6)
    np.testing.assert_allclose(rounded[:, 1], [0.0, -254.0, 2.0, 2.0], atol=1e-5)
    np.testing.assert_allclose(in_steps(rounded, channels=1), rounded, atol=1e-5)


def test_one_size_of_step_for_all_channels() -> None:
    found = np.asarray(in_steps(np.array([[1.27, 0.124]], np.float32), channels=None))
    np.testing.assert_allclose(found, [[1.27, 0.12]], atol=1e-6)


def test_a_channel_of_zeros_stays_so() -> None:
    assert np.asarray(in_steps(np.zeros((1, 1, 2, 2), np.float32), channels=3)).tolist() == [[[[0, 0], [0, 0]]]]


def test_the_slope_of_a_kernel_passes_through_the_rounding() -> None:
    kernel = tf.constant([[0.3, -1.0], [0.7, 0.001]])
    with tf.GradientTape() as tape:
        tape.watch(kernel)
        found = tf.reduce_sum(in_steps(kernel, channels=1) * [[1.0, 2.0], [3.0, 4.0]])
    assert tape.gradient(found, kernel).numpy().tolist() == [[1, 2], [3, 4]]


def layer_with(low: float, high: float, *, is_clipped: bool = False) -> FakeQuantized:
    layer = FakeQuantized("some_range")
    layer.build((None, 2))
    layer.begin((low, high), is_clipped)
    return layer


def test_outputs_have_255_steps_within_their_range_and_no_slope_beyond() -> None:
    layer, values = layer_with(0.0, 2.55), tf.constant([-0.5, 0.004, 0.016, 2.5, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(values)
        found = layer(values)
        total = tf.reduce_sum(found)
    np.testing.assert_allclose(found, [0, 0, 0.02, 2.5, 2.55], atol=1e-6)
    assert tape.gradient(total, values).numpy().tolist() == [0, 1, 1, 1, 0]


def test_a_range_follows_the_outputs_in_training_only_and_holds_zero() -> None:
    layer = layer_with(0.0, 1.0)
    layer(np.array([2.0, 3.0], np.float32))
    assert (float(layer.low), float(layer.high)) == (0, 1)
    layer(np.array([2.0, 3.0], np.float32), training=True)
    assert float(layer.low) == 0
    assert float(layer.high) == pytest.approx(DECAY + (1 - DECAY) * 3)


def test_a_fixed_range_stays() -> None:
    layer = FakeQuantized("some_range", (-1.0, 127 / 128))
    layer(np.array([5.0], np.float32), training=True)
    assert (float(layer.low), float(layer.high)) == (-1, 127 / 128)


def test_clipped_outputs_cost_what_lies_beyond_and_leave_the_range_as_it_is() -> None:
    layer = layer_with(-1.0, 1.0, is_clipped=True)
    layer(np.array([0.5, -1.0], np.float32), training=True)
    assert [float(loss) for loss in layer.losses] == [0]
    layer = layer_with(-1.0, 1.0, is_clipped=True)
    layer(np.array([2.0, -5.0], np.float32), training=True)
    assert [float(loss) for loss in layer.losses] == pytest.approx([PENALTY * ((1 / 2) ** 2 + (4 / 2) ** 2) / 2])
    assert (float(layer.low), float(layer.high)) == (-1, 1)


def test_grey_is_that_of_keras_but_for_its_rounded_weights() -> None:
    images = np.random.default_rng(0).random((1, 4, 5, 3), dtype=np.float32)
    # Half a step of 0.587 / 127 in each weight.
    np.testing.assert_allclose(grey(images), keras.ops.image.rgb_to_grayscale(images), atol=3 * 0.587 / 254)
