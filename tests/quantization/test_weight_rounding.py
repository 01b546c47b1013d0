"""Weights rounded by what a layer sees: its outputs on smooth images stay."""

import numpy as np
import pytest
from fixtures import litert_files, small_networks

from aic_helpers.litert.structures import read
from aic_helpers.quantization import graph_conversion, integer_files, weight_rounding
from aic_helpers.quantization.activation_ranges import RangeFinder
from aic_helpers.quantization.integer_files import NotQuantizableError
from aic_helpers.quantization.weight_rounding import WeightRounder, nearest, rounded
from aic_helpers.runtimes import frozen_models


def smooth(count, taps, rng):
    """Patches as of photos: one brightness each, and little else."""
    return rng.random((count, 1)) + 0.02 * rng.standard_normal((count, taps))


def passing(outputs, taps, rng):
    """Kernels that pass one tap through, and have small weights beside it."""
    weights = rng.uniform(-0.003, 0.003, (outputs, 1, 1, taps))
    weights[:, 0, 0, 0] = 1.0
    return weights.astype(np.float32)


def test_outputs_on_smooth_patches_stay():
    rng = np.random.default_rng(0)
    patches, weights = smooth(4000, 81, rng), passing(4, 81, rng)
    moment = patches.T @ patches / len(patches)
    fresh = smooth(1000, 81, rng)
    errors = [
        np.square(fresh @ (found - weights).reshape(4, -1).T).mean()
        for found in (nearest(weights), rounded(weights, moment))
    ]
    assert errors[1] < errors[0] / 20


def test_weights_are_whole_steps_and_the_largest_stays():
    rng = np.random.default_rng(1)
    weights = rng.standard_normal((3, 2, 2, 5)).astype(np.float32)
    moment = np.cov(rng.standard_normal((20, 500)))
    found = rounded(weights, moment)
    steps = found.reshape(3, -1) / (np.abs(weights).reshape(3, -1).max(1, keepdims=True) / 127)
    assert np.allclose(steps, np.round(steps), atol=1e-3)
    assert np.array_equal(np.abs(found).reshape(3, -1).max(1), np.abs(weights).reshape(3, -1).max(1))
    assert np.abs(found - weights).max() > 0
    assert np.allclose(
        nearest(found), found, atol=1e-6
    )  # TensorFlow, which rounds to the nearest, finds these very integers


def test_independent_taps_are_rounded_to_the_nearest():
    weights = np.array([[[[1.0, 0.3, -0.52]]]], np.float32)
    assert np.allclose(rounded(weights, np.eye(3)), nearest(weights), atol=1e-6)


def test_a_kernel_of_zeros_stays():
    assert not rounded(np.zeros((1, 1, 1, 3), np.float32), np.eye(3)).any()


def test_taps_that_see_nothing_are_no_obstacle():
    weights = np.array([[[[1.0, 0.3, -0.52]]]], np.float32)
    assert np.isfinite(rounded(weights, np.zeros((3, 3)))).all()


def test_a_file_keeps_names_and_weights(tmp_path):
    names = ["net/conv", "../outside", "file", "a;b"]
    weights = {name: np.full((1, 2, 2, 3), index, np.float32) for index, name in enumerate(names)}
    weight_rounding.save(tmp_path / "weights.npz", weights)
    loaded = weight_rounding.load(tmp_path / "weights.npz")
    assert list(loaded) == names
    assert all(np.array_equal(loaded[name], weights[name]) for name in names)


@pytest.mark.tensorflow
@pytest.mark.parametrize("network", [small_networks.residual, small_networks.padded])
def test_patches_are_what_the_convolution_sees(network, tmp_path):
    """With weights that aren't rounded, moments of the inputs give the energy of the outputs that LiteRT computes."""
    graph = frozen_models.read_graph(small_networks.frozen(tmp_path / "net.pb", network))
    content = graph_conversion.converted(graph, (64, 64))
    structure, finder, rounder = read(content), RangeFinder(content), WeightRounder(content)
    rng = np.random.default_rng(0)
    finder.see(rng.random((1, 64, 64, 3), np.float32))
    for _ in range(20):
        rounder.look(finder.interpreter)
    steps = [step for step in structure.operators if step.name == "CONV_2D"]
    assert len(steps) == 2
    last = steps[-1]  # without an activation
    kernel, bias = (structure.tensors[end] for end in last.inputs[1:])
    weights = structure.content(kernel).reshape(kernel.shape[0], -1)
    assert not structure.content(bias).any()
    energy = np.einsum("oi,ij,oj->o", weights, rounder._moments[kernel.name] / 20, weights)
    output = finder.interpreter.get_tensor(last.outputs[0])
    assert np.allclose(energy, np.square(output).mean((0, 1, 2)), rtol=0.1)


@pytest.mark.tensorflow
def test_tensorflow_finds_the_very_integers(tmp_path):
    graph = frozen_models.read_graph(small_networks.frozen(tmp_path / "net.pb", small_networks.residual))
    content = graph_conversion.converted(graph, (64, 64))
    finder, rounder = RangeFinder(content), WeightRounder(content)
    finder.see(np.random.default_rng(0).random((1, 64, 64, 3), np.float32))
    rounder.look(finder.interpreter)
    found = rounder.rounded()
    quantized = read(integer_files.int8(integer_files.with_weights(content, found), finder.ranges()))
    kernels = [step.inputs[1] for step in quantized.operators if step.name == "CONV_2D"]
    assert len(kernels) == 2
    for kernel in kernels:
        tensor = quantized.tensors[kernel]
        stored = quantized.content(tensor) * np.reshape(tensor.scales, (-1, 1, 1, 1))
        assert any(part.shape == stored.shape and np.allclose(part, stored, atol=1e-6) for part in found.values())


@pytest.mark.parametrize(("name", "shape"), [("net/conv1/Conv2D", (3, 3, 3, 4)), ("net/other", (4, 3, 3, 3))])
def test_weights_that_have_no_place_are_not_left_out_silently(name, shape):
    content = litert_files.float_network().content()
    line = rf"^the rounded weights {name} of shape \({', '.join(map(str, shape))}\) have no place in this file$"
    with pytest.raises(NotQuantizableError, match=line):
        integer_files.with_weights(content, {name: np.zeros(shape, np.float32)})
