"""What an `.onnx` file costs: counted by hand, and the same as of the frozen graph that it was made from."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures import onnx_files
from onnx import TensorProto, helper, numpy_helper

from aic_helpers.core.errors import InputError
from aic_helpers.onnx_graphs import network_ends
from aic_helpers.onnx_graphs.shape_propagation import Propagation
from aic_helpers.onnx_graphs.static_cost import static_cost, weights
from aic_helpers.onnx_graphs.structures import Structure, parse


def structure(model: Any) -> Structure:
    return parse(model.SerializeToString(), "net")


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_convolutions_are_counted_as_by_hand(layout: str) -> None:
    found = static_cost(structure(onnx_files.network(scale=2, layout=layout)), width_px=24, height_px=16)
    assert found["gmacs"] * 1e9 == pytest.approx(24 * 16 * (27 * 4 + 36 * 12))  # 3x3x3 to 4 channels, 3x3x4 to 12
    assert found["weights"] == 27 * 4 + 4 + 36 * 12 + 12
    assert found["largest_activations"][0]["shape"] == [1, 12, 16, 24]
    assert found["largest_activations"][0]["mib"] == pytest.approx(12 * 16 * 24 * 4 / 2**20)
    assert found["not_counted"] == []


def test_a_transposed_convolution_spreads_each_input_element() -> None:
    kernel = numpy_helper.from_array(np.ones((3, 3, 4, 4), np.float32), "kernel")
    model = onnx_files.add_node(onnx_files.network(), "ConvTranspose", ["kernel"], strides=[2, 2], pads=[1] * 4)
    model.graph.initializer.append(kernel)
    found = static_cost(structure(model), width_px=24, height_px=16)
    assert found["gmacs"] * 1e9 == pytest.approx(24 * 16 * (27 * 4 + 36 * 3 + 3 * 3 * 16))


def test_a_matrix_product_sums_over_the_inner_side() -> None:
    model = onnx_files.add_node(onnx_files.network(size=(16, 24)), "MatMul", ["matrix"])
    model.graph.initializer.append(numpy_helper.from_array(np.ones((24, 5), np.float32), "matrix"))
    found = static_cost(structure(model), width_px=24, height_px=16)
    assert found["gmacs"] * 1e9 == pytest.approx(24 * 16 * (27 * 4 + 36 * 3) + 3 * 16 * 5 * 24)


@pytest.mark.parametrize(
    ("model", "name"), [(onnx_files.with_endless_loop(), "Loop"), (onnx_files.with_custom_operator(), "StrangersOp")]
)
def test_what_cannot_be_counted_is_named_and_leaves_no_figure(model: Any, name: str) -> None:
    found = static_cost(structure(model), width_px=24, height_px=16)
    assert (found["gmacs"], found["not_counted"], found["weights"]) == (None, [name], 223)


def test_another_size_than_the_files_is_refused() -> None:
    found = static_cost(structure(onnx_files.network(size=(16, 24))), width_px=25, height_px=16)
    assert found["gmacs"] is None
    assert found["refused"] == "input is declared as (1, 3, 16, 24), the image is (1, 3, 16, 25)"


def test_a_gigapixel_output_is_not_computed_here() -> None:
    model = onnx_files.add_node(onnx_files.network(), "Tile", ["times"])
    model.graph.initializer.append(helper.make_tensor("times", TensorProto.INT64, [4], [1, 1, 2000, 2000]))
    found = Propagation(structure(model), (1, 3, 16, 24))
    assert found.shape("output") == (1, 3, 32000, 48000)


def test_sizes_that_the_network_computes_are_followed() -> None:
    """As PyTorch exports a network that pads to multiples: Shape, arithmetic, Concat, Pad."""
    model = onnx_files.network()
    model.graph.node[-1].output[0] = "made"
    for name, value in (("eight", [8]), ("zeros", [0, 0, 0, 0, 0, 0]), ("start", [2]), ("end", [3])):
        model.graph.initializer.append(helper.make_tensor(name, TensorProto.INT64, [len(value)], value))
    model.graph.node.extend(
        [
            helper.make_node("Shape", ["made"], ["sides"]),
            helper.make_node("Slice", ["sides", "start", "end"], ["height_px"]),
            helper.make_node("Neg", ["height_px"], ["less"]),
            helper.make_node("Mod", ["less", "eight"], ["missing"]),
            helper.make_node("Concat", ["zeros", "missing", "start"], ["pads"], axis=0),
            helper.make_node("Pad", ["made", "pads"], ["output"]),
        ]
    )
    found = Propagation(structure(model), (1, 3, 13, 24))
    assert found.shape("output") == (1, 3, 16, 26)


def test_a_bias_that_is_added_apart_is_a_weight() -> None:
    model = onnx_files.network()
    del model.graph.node[0].input[2]
    model.graph.node[1].input[0] = "biased"
    model.graph.node.insert(1, helper.make_node("Add", ["conv1", "one"], ["biased"]))
    model.graph.initializer.append(numpy_helper.from_array(np.ones((1, 1, 1), np.float32), "one"))
    assert weights(structure(model)) == 223 - 4 + 1


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", ["fast_sr", "sample_sr_srcnn"])
def test_a_network_costs_the_same_as_a_frozen_graph_and_as_onnx(tmp_path: Path, name: str) -> None:
    from tf2onnx.convert import from_graph_def

    from aic_helpers.models.conversion import convert
    from aic_helpers.runtimes.frozen_models import read_graph

    frozen = convert(name, tmp_path / "model.pb")
    graph = read_graph(tmp_path / "model.pb")
    model, _ = from_graph_def(graph, input_names=["input:0"], output_names=["output:0"], opset=17)
    found = static_cost(structure(model))
    assert (found["gmacs"], found["weights"]) == (frozen["gmacs_720p"], frozen["parameters"])


def test_an_operator_that_onnx_does_not_know_so_is_told() -> None:
    model = onnx_files.network()
    model.graph.node[0].attribute[0].name = "pyds"
    found = static_cost(structure(model), width_px=24, height_px=16)
    assert found["gmacs"] is None
    assert "pyds" in found["refused"]


def test_no_mutation_does_more_than_leave_a_figure_out() -> None:
    random, content = np.random.default_rng(7), onnx_files.network(scale=2).SerializeToString()
    for _ in range(300):
        mutated = bytearray(content)
        mutated[random.integers(len(content))] = random.integers(256)
        try:
            network = parse(bytes(mutated), "net")
            network_ends.find(network, "net")
        except InputError:
            continue
        assert static_cost(network, width_px=24, height_px=16).keys() >= {"gmacs", "weights", "not_counted"}


@pytest.mark.parametrize("name", onnx_files.BOMBS)
def test_no_bomb_goes_off_where_its_cost_is_counted(name: str) -> None:
    tracemalloc.start()
    try:
        static_cost(structure(onnx_files.BOMBS[name]()), width_px=24, height_px=16)
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()
