"""The six networks: their sizes, their ranges, and that TensorFlow 1's formulas give the same."""

import numpy as np
import pytest

from aic_helpers.models import networks

pytestmark = pytest.mark.tensorflow

PARAMETERS = {
    "srcnn": 69_249,
    "resnet_12_64": 401_475,
    "resnet_8_32": 71_331,
    "resnet_6_16": 17_139,
    "vgg_19": 665_921,
}
"""Counted by hand from the layers: kernels, biases, and two numbers per channel and instance normalisation."""


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_and_checkpoint_names(name):
    function = getattr(networks, name)
    model = networks.build(function)
    assert model.count_params() == PARAMETERS[name]
    assert {weight.path for weight in model.weights} == set(function.checkpoint_names)
    assert len(set(function.checkpoint_names.values())) == len(model.weights)


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_size_keeps_its_shape(name):
    model = networks.build(getattr(networks, name))
    for shape in ((1, 17, 23, 3), (2, 8, 31, 3)):
        assert model(np.full(shape, 0.5, np.float32)).shape == shape


def test_srcnn_and_resnets_range_from_minus_008_to_108():
    model = networks.build(networks.srcnn)
    model.get_layer("bias3").bias.assign([100.0])
    assert np.asarray(model(np.zeros((1, 9, 9, 3), np.float32))) == pytest.approx(1.08)


def test_vgg_without_a_residual_is_the_image():
    model = networks.build(networks.vgg_19)
    model.get_layer("conv20").set_weights([np.zeros((3, 3, 64, 1)), np.zeros(1)])
    image = np.random.default_rng(0).random((1, 12, 14, 3), np.float32)
    assert np.array_equal(np.asarray(model(image)), image)


def test_instance_normalisation_by_hand():
    """Values 1 and 3: mean 2, variance 1, so (1 - 2) / sqrt(1.001) times scale 2 plus shift 5."""
    layer = networks.InstanceNormalization()
    image = np.array([1.0, 3.0], np.float32).reshape(1, 1, 2, 1)
    layer.build(image.shape)
    layer.set_weights([np.array([5.0]), np.array([2.0])])
    expected = np.array([5 - 2 / np.sqrt(1.001), 5 + 2 / np.sqrt(1.001)])
    assert np.asarray(layer(image)).ravel() == pytest.approx(expected, abs=1e-6)
