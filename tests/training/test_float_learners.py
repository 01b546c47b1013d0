from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from aic_helpers.models import networks
from aic_helpers.training import float_learners
from aic_helpers.training.int8_learners import network_weights
from aic_helpers.training.plans import Plan

pytestmark = pytest.mark.tensorflow

PLAN = Plan(steps=20)
BRANCHED = Plan(steps=20, branch_width=2)


@pytest.mark.parametrize("plan", [PLAN, BRANCHED])
def test_a_learner_gives_the_same_output_and_its_weights_fit_the_model(plan: Plan) -> None:
    keras.utils.set_random_seed(0)
    model = networks.build(networks.resnet_6_16)
    model.layers[1].bias.assign(np.linspace(-1, 1, 16))
    learner = float_learners.learner_of(model, plan)
    assert [isinstance(layer, float_learners.CentredConv2D) for layer in learner.layers].count(True) == 1
    image = np.random.default_rng(0).random((2, 20, 24, 3), dtype=np.float32)
    np.testing.assert_allclose(learner(image), model(image), atol=1e-5)
    for mine, theirs in zip(network_weights(learner, model), model.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_a_change_of_the_centred_kernel_leaves_mid_grey_where_it_was() -> None:
    images = keras.Input((None, None, 3))
    model = keras.Model(images, keras.layers.Conv2D(4, 3)(images))
    learner = float_learners.learner_of(model, PLAN)
    grey = np.full((1, 8, 8, 3), 0.5, dtype=np.float32)
    before = np.asarray(keras.ops.convert_to_numpy(learner(grey)))
    layer = learner.layers[-1]
    layer.kernel.assign_add(np.full(layer.kernel.shape, 0.3))
    np.testing.assert_allclose(learner(grey), before, atol=1e-5)


def test_branches_become_part_of_the_inner_convolutions() -> None:
    keras.utils.set_random_seed(0)
    model = networks.build(networks.fast_sr_x4)
    learner = float_learners.learner_of(model, BRANCHED)
    branched = [layer for layer in learner.layers if isinstance(layer, float_learners.CollapsibleConv2D)]
    assert len(branched) == 8, "all but the first and the last"
    generator = np.random.default_rng(1)
    for layer in branched:
        layer.narrowing.assign(0.1 * generator.normal(size=layer.narrowing.shape))
    image = generator.random((1, 12, 16, 3), dtype=np.float32)
    alone = np.asarray(model(image))
    model.set_weights(network_weights(learner, model))
    np.testing.assert_allclose(model(image), learner(image), atol=1e-5)
    assert np.abs(np.asarray(model(image)) - alone).max() > 0.01


def test_a_branch_is_a_convolution_and_one_of_a_single_pixel_after_it() -> None:
    layer = float_learners.CollapsibleConv2D(3, filters=5, kernel_size=3, padding="same", use_bias=False)
    image = np.random.default_rng(0).random((1, 7, 9, 4), dtype=np.float32)
    layer(image)
    layer.kernel.assign(np.zeros(layer.kernel.shape))
    layer.narrowing.assign(np.random.default_rng(1).normal(size=(15, 5)))
    expected = tf.nn.conv2d(tf.nn.conv2d(image, layer.widening, 1, "SAME"), layer.narrowing[None, None], 1, "SAME")
    np.testing.assert_allclose(layer(image), expected, atol=1e-5)
