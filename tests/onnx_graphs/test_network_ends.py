"""Which ends a network has, where its channels are, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from fixtures import onnx_files
from onnx import helper

from aic_helpers.core.errors import InputError
from aic_helpers.onnx_graphs import network_ends
from aic_helpers.onnx_graphs.structures import Structure, parse


def structure(model: Any) -> Structure:
    return parse(model.SerializeToString(), "net")


def undeclared(model: Any) -> Any:
    """Let a model's input be of any shape of its rank."""
    for side in model.graph.input[0].type.tensor_type.shape.dim:
        side.Clear()
    return model


def layout(model: Any) -> str:
    found = structure(model)
    return network_ends.layout(found, found.inputs[0])


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("where", ["NCHW", "NHWC"])
def test_the_layout_is_found_by_the_shape_or_the_first_convolution(where: str, declared: bool) -> None:
    model = onnx_files.network(layout=where)
    assert layout(model if declared else undeclared(model)) == where.lower()


def test_a_square_of_three_is_told_by_the_convolution() -> None:
    assert layout(onnx_files.network(size=(3, 3))) == "nchw"


def test_what_keeps_the_layout_before_the_convolution_is_passed() -> None:
    model = undeclared(onnx_files.network())
    model.graph.node[0].input[0] = "shifted"
    model.graph.node.insert(0, helper.make_node("Sub", ["input", "conv1.bias"], ["shifted"]))
    assert layout(model) == "nchw"


@pytest.mark.parametrize(
    ("orders", "where"),
    [
        ([(0, 3, 1, 2)], "nhwc"),
        ([(0, 2, 3, 1), (0, 3, 1, 2)], "nchw"),
        ([(0, 2, 1, 3), (0, 3, 2, 1)], "nhwc"),
        ([(0, 1, 3, 2)], "nchw"),
    ],
)
@pytest.mark.parametrize("kind", ["AveragePool", "Conv"])
def test_channels_are_followed_through_transposes_to_what_knows_them(orders: Any, where: str, kind: str) -> None:
    model = undeclared(onnx_files.network())
    if kind == "AveragePool":
        model.graph.node[0].CopyFrom(helper.make_node(kind, ["input"], ["conv1"], kernel_shape=[3, 3]))
    model.graph.node[0].input[0] = f"turned{len(orders)}"
    for place, order in reversed([*enumerate(orders)]):
        given = f"turned{place}" if place else "input"
        model.graph.node.insert(0, helper.make_node("Transpose", [given], [f"turned{place + 1}"], perm=order))
    assert layout(model) == where


def test_a_network_that_never_shows_it_says_nothing() -> None:
    model = undeclared(onnx_files.of_rank_3())
    model.graph.input[0].type.tensor_type.shape.dim.add()
    assert layout(model) == ""


@pytest.mark.parametrize(
    ("model", "line"),
    [
        (
            onnx_files.with_two_inputs(),
            "expected one input in net, found 2: input, mask: export a network of one image, with the others as "
            "constants",
        ),
        (
            onnx_files.with_two_outputs(),
            "expected one output in net, found 2: relu1, output: say --output output, or another",
        ),
        (
            onnx_files.of_rank_3(),
            "expected an input of one image, of rank 4, in net, found one of shape (3, any, any): export a network of "
            "one image",
        ),
    ],
    ids=["two inputs", "two outputs", "rank 3"],
)
def test_other_ends_are_refused(model: Any, line: str) -> None:
    with pytest.raises(InputError) as caught:
        network_ends.find(structure(model), "net")
    assert str(caught.value) == line


def test_one_of_several_outputs_is_taken_by_its_name() -> None:
    found = structure(onnx_files.with_two_outputs())
    assert network_ends.find(found, "net", taken="output").output.name == "output"
    with pytest.raises(InputError, match="expected an output of net, found outputs: did you mean output"):
        network_ends.find(found, "net", taken="outputs")


def test_an_input_of_another_name_is_refused() -> None:
    with pytest.raises(InputError, match="expected an input of net, found photo: take one of input"):
        network_ends.find(structure(onnx_files.network()), "net", given="photo")
