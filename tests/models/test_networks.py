"""The networks: their sizes, their ranges, their cost; the six of the challenge with the names of their checkpoints."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aic_helpers.graphs.receptive_fields import ReceptiveField, receptive_field
from aic_helpers.graphs.static_cost import static_cost
from aic_helpers.models import networks
from aic_helpers.models.adapters import AS_IT_IS
from aic_helpers.models.originals import freeze_callable

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


SMALL = {
    "fast_sr_x4": (4, 52_752, 3.4399),
    "fsrcnn_x2": (2, 24_683, 1.5949),
    "fsrcnn_x3": (3, 24_683, 1.5949),
    "fsrcnn_x4": (4, 24_683, 1.5949),
    "span_x4": (4, 150_688, 9.8338),
}
"""Of networks that take the small photo: how many times larger what they return is, parameters, GMACs at 256x256.

Counted by hand, but for those of SPAN: they are the organisers' figures of NTIRE 2026, 0.151 M and 9.83 G.
"""


def frozen(name):
    model = networks.build(getattr(networks, name))
    return freeze_callable(model, None, AS_IT_IS, tf.float32)


@pytest.mark.parametrize("name", SMALL)
def test_a_network_for_small_photos_enlarges_any_size(name):
    scale, parameters, _ = SMALL[name]
    model = networks.build(getattr(networks, name))
    assert model.count_params() == parameters
    for images, height_px, width_px in ((1, 17, 23), (2, 8, 31), (1, 1, 1)):
        output = model(np.full((images, height_px, width_px, 3), 0.5, np.float32))
        assert output.shape == (images, scale * height_px, scale * width_px, 3)


@pytest.mark.parametrize("name", SMALL)
def test_the_cost_of_a_network_for_small_photos(name):
    _, parameters, gmacs = SMALL[name]
    cost = static_cost(frozen(name), width_px=256, height_px=256)
    assert (cost["weights"], cost["not_counted"]) == (parameters, [])
    assert cost["gmacs"] == pytest.approx(gmacs, abs=5e-5)


def test_what_the_fast_network_adds_to_is_the_photo_with_each_pixel_repeated():
    model = networks.build(networks.fast_sr_x4)
    model.get_layer("conv10").set_weights([np.zeros((3, 3, 24, 48)), np.zeros(48)])
    image = np.random.default_rng(0).random((2, 5, 7, 3), np.float32)
    assert np.array_equal(np.asarray(model(image)), image.repeat(4, axis=1).repeat(4, axis=2))


RADIUS_PX = {"fast_sr_x4": 10, "fsrcnn_x2": 8, "fsrcnn_x3": 7, "fsrcnn_x4": 7, "span_x4": 21}
"""By hand: a pixel for each 3x3 on the longest way; of FSRCNN 2 + 4, and what 9x9 reaches of the pixels' own grid."""


@pytest.mark.parametrize("name", SMALL)
def test_how_far_a_network_for_small_photos_looks(name):
    found = receptive_field(frozen(name), 90, 121)
    assert found == ReceptiveField(RADIUS_PX[name], 1, SMALL[name][0])


@pytest.mark.parametrize("name", ["fast_sr_x4", "fsrcnn_x2", "fsrcnn_x3", "fsrcnn_x4"])
def test_a_pixel_changes_the_output_as_far_as_is_said_and_no_further(name):
    keras.utils.set_random_seed(0)
    scale, model, radius_px = SMALL[name][0], networks.build(getattr(networks, name)), RADIUS_PX[name]
    image = np.random.default_rng(0).random((2, 31, 31, 3), np.float32)
    image[1] = image[0]
    image[1, 15, 15] += 100
    one, other = np.asarray(model(image))
    changed = np.nonzero((one != other).any(axis=(1, 2)))[0] // scale - 15
    assert (changed.min(), changed.max()) == (-radius_px, radius_px)
