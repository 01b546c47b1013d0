"""A copy of a network that computes as its int8 file does, and the way back."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from aic_helpers.core.errors import InputError
from aic_helpers.litert.structures import read
from aic_helpers.models import networks
from aic_helpers.quantization import integer_files, learned_ranges
from aic_helpers.training import int8_learners
from aic_helpers.training.fake_quantization import in_steps
from aic_helpers.training.initializers import centred

pytestmark = pytest.mark.tensorflow

LAST = ["add", "conv08", "output"]

KNOWN = ["srcnn", "vgg_19", "fast_sr", "fast_sr_x4", "fsrcnn_x3"]


def small(images: networks.Tensor) -> networks.Tensor:
    first = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(images)
    features = keras.layers.Conv2D(4, 3, padding="same", use_bias=False, name="second")(first)
    features = networks.SharedBias(name="bias")(features) + first
    little = keras.initializers.RandomNormal(stddev=0.05)  # so that its steps are none larger than those of the output
    return images + keras.layers.Conv2D(3, 3, padding="same", kernel_initializer=little, name="last")(features)


def photo(height_px: int = 24, width_px: int = 32) -> NDArray[np.float32]:
    pixels = np.random.default_rng(0).integers(0, 256, (1, height_px, width_px, 3))
    return (pixels / 255).astype(np.float32)


def learner_of(function: networks.ModelFunction, clip_percentile: float = 100.0) -> tuple[keras.Model, keras.Model]:
    keras.utils.set_random_seed(3)
    model = networks.build(function)
    for weight in model.weights:
        if weight.path.endswith("bias"):
            weight.assign(0.05 * np.random.default_rng(1).normal(size=weight.shape))
    to_train = centred(model)
    learner = int8_learners.quantized(to_train, function.__name__)
    int8_learners.calibrate(learner, to_train, [photo()], clip_percentile)
    return learner, model


def int8_file(learner: keras.Model, model: keras.Model) -> bytes:
    """Return the int8 `.tflite` of the weights and the ranges that a learner hands over, as an export makes it."""
    model.set_weights(int8_learners.ordinary_weights(learner, model))
    function = tf.function(model).get_concrete_function(tf.TensorSpec((1, 24, 32, 3), tf.float32, name="input"))
    frozen = convert_variables_to_constants_v2(function)
    content = tf.lite.TFLiteConverter.from_concrete_functions([frozen]).convert()
    structure = read(content)
    ranges = learned_ranges.by_tensor(structure, int8_learners.ranges_of(learner))
    assert len(ranges) == len(structure.operators) - 1, "a layer that the ranges don't name"
    return integer_files.int8(content, ranges | integer_files.image_ranges(structure))


@pytest.mark.parametrize(("network", "contrast"), [(small, 200), (networks.fsrcnn_x3, 10)])
def test_it_gives_what_the_int8_file_of_its_weights_and_ranges_gives(
    network: networks.ModelFunction, contrast: int
) -> None:
    learner, model = learner_of(network)
    interpreter = Interpreter(model_content=int8_file(learner, model))
    interpreter.allocate_tensors()
    assert np.float32 not in {detail["dtype"] for detail in interpreter.get_tensor_details()}
    (given,), (got,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert (given["quantization"], got["quantization"]) == ((pytest.approx(1 / 255), 0), (pytest.approx(1 / 255), 0))
    interpreter.set_tensor(given["index"], np.round(photo() * 255).astype(np.uint8))
    interpreter.invoke()
    steps = interpreter.get_tensor(got["index"]).astype(int)
    apart = np.abs(np.round(np.asarray(learner(photo())) * 255) - steps)
    assert np.ptp(steps) > contrast
    assert apart.max() <= 1
    assert apart.mean() < 0.1


@pytest.mark.parametrize("network", KNOWN)
def test_every_network_that_int8_is_known_of_keeps_near_its_floats(network: str) -> None:
    learner, model = learner_of(networks.NETWORKS[network])
    exact, found = np.clip(model(photo()), 0, 1), np.asarray(learner(photo()))
    assert 0 < np.abs(found - exact).max() < 0.04


@pytest.mark.parametrize(
    ("network", "found"),
    [
        ("resnet_6_16", "InstanceNormalization in norm2 of resnet_6_16"),
        ("span_x4", "the activation silu in block1_1 of span_x4"),
    ],
)
def test_a_network_that_int8_is_not_known_of(network: str, found: str) -> None:
    message = rf"^expected for --quantised a network of operations whose int8 form is known here, found {found}: train"
    with pytest.raises(InputError, match=message):
        int8_learners.quantized(networks.build(networks.NETWORKS[network]), network)


def test_the_weights_that_it_hands_over_are_in_whole_steps() -> None:
    learner, model = learner_of(small)
    model.set_weights(int8_learners.ordinary_weights(learner, model))
    kernels = [layer.kernel for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert len(kernels) == 3
    for kernel in kernels:
        steps = np.asarray(kernel) / np.abs(kernel).max(axis=(0, 1, 2)) * 127
        np.testing.assert_allclose(steps, np.round(steps), atol=1e-3)
        np.testing.assert_allclose(in_steps(kernel, channels=3), kernel, atol=1e-6)
    # What is left between them is the rounding of what the layers give.
    np.testing.assert_allclose(learner(photo()), np.clip(model(photo()), 0, 1), atol=0.02)


def test_ranges_have_the_names_of_layers_and_the_last_is_the_output() -> None:
    learner, model = learner_of(small)
    found = int8_learners.ranges_of(learner)
    assert list(found) == ["input", "first", "second", "add", "last", "output"]
    assert found["input"] == found["output"] == (0, 1)
    first = keras.Model(model.input, model.get_layer("first").output)(photo())
    assert found["first"] == (0, pytest.approx(float(np.max(first)), rel=1e-5))


def test_clipped_ranges_end_at_the_percentile() -> None:
    whole, clipped = (int8_learners.ranges_of(learner_of(small, percentile)[0]) for percentile in (100.0, 90.0))
    inner = ["first", "second", "add", "last"]
    assert all(clipped[name][1] < 0.9 * whole[name][1] for name in inner)
    assert clipped["output"] == (0, 1)


def test_ranges_are_called_the_same_whatever_was_built_before() -> None:
    first, second = (int8_learners.ranges_of(learner_of(networks.fast_sr)[0]) for _ in range(2))
    assert list(first) == list(second) == ["input", *(f"conv{layer:02}" for layer in range(1, 8)), *LAST]
