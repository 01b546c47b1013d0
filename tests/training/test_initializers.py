from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from aic_helpers.data.images import as_float
from aic_helpers.models import networks
from aic_helpers.training import initializers

pytestmark = pytest.mark.tensorflow


def test_srcnn_starts_as_nearly_its_input() -> None:
    model = networks.build(networks.srcnn)
    initializers.pass_through_srcnn(model)
    image = as_float(np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3))
    np.testing.assert_allclose(model(image), image, atol=0.03)


@pytest.mark.parametrize("network", ["resnet_6_16", "resnet_8_32", "resnet_12_64"])
def test_a_residual_network_starts_as_nearly_its_input(network: str) -> None:
    model = networks.build(networks.NETWORKS[network])
    initializers.pass_through_resnet(model)
    ramp = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    photo = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), dtype=np.uint8)
    for image in (as_float(ramp), as_float(photo)):
        np.testing.assert_allclose(model(image), image, atol=0.03)


def test_what_carries_colours_through_a_residual_network_can_learn() -> None:
    model = networks.build(networks.resnet_6_16)
    initializers.pass_through_resnet(model)
    image = np.random.default_rng(0).random((1, 16, 16, 3), dtype=np.float32)
    with tf.GradientTape() as tape:
        error = tf.reduce_mean((model(image) - image[:, ::-1]) ** 2)
    scale = next(weight for weight in model.trainable_variables if weight.path == "norm3/scale")
    assert np.all(np.abs(tape.gradient(error, scale.value)[:9]) > 0)


def test_a_centred_copy_gives_the_same_output_and_its_weights_fit_the_model() -> None:
    keras.utils.set_random_seed(0)
    model = networks.build(networks.resnet_6_16)
    model.layers[1].bias.assign(np.linspace(-1, 1, 16))
    learner = initializers.centred(model)
    assert [isinstance(layer, initializers.CentredConv2D) for layer in learner.layers].count(True) == 1
    image = np.random.default_rng(0).random((2, 20, 24, 3), dtype=np.float32)
    np.testing.assert_allclose(learner(image), model(image), atol=1e-5)
    for mine, theirs in zip(initializers.weights_at_black(learner), model.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_a_change_of_the_centred_kernel_leaves_mid_grey_where_it_was() -> None:
    images = keras.Input((None, None, 3))
    model = keras.Model(images, keras.layers.Conv2D(4, 3)(images))
    learner = initializers.centred(model)
    grey = np.full((1, 8, 8, 3), 0.5, dtype=np.float32)
    before = np.asarray(keras.ops.convert_to_numpy(learner(grey)))
    layer = learner.layers[-1]
    layer.kernel.assign_add(np.full(layer.kernel.shape, 0.3))
    np.testing.assert_allclose(learner(grey), before, atol=1e-5)


@pytest.mark.parametrize("network", ["fast_sr_x4", "fsrcnn_x2", "fsrcnn_x3", "fsrcnn_x4", "span_x4"])
def test_a_network_for_small_photos_starts_as_a_bilinear_enlargement(network: str) -> None:
    model = networks.build(networks.NETWORKS[network])
    initializers.STARTS[network](model)
    photo = np.random.default_rng(0).random((1, 9, 12, 3), dtype=np.float32)
    found = np.asarray(model(photo))
    expected = np.asarray(tf.image.resize(photo, found.shape[1:3], "bilinear"))
    inner = slice(4, -4)  # the zeros around the photo, which no enlargement has, reach one pixel of it
    np.testing.assert_allclose(found[:, inner, inner], expected[:, inner, inner], atol=1e-5)
