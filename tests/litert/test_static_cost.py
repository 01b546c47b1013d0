"""Static cost against arithmetic by hand, and against the shapes that a fixed file has by itself."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures import litert_files
from fixtures.litert_files import Draft, schema

from aic_helpers.litert.shape_inference import shapes
from aic_helpers.litert.static_cost import static_cost
from aic_helpers.litert.structures import read

MACS = 20 * 10 * (4 * 27 + 3 * 36)
"""Both convolutions of the small network at 20 x 10 pixels: 4 outputs over 3x3x3, 3 outputs over 3x3x4."""


@pytest.mark.parametrize("make", [litert_files.float_network, litert_files.float16_network, litert_files.int8_network])
def test_counts_by_hand(make) -> None:
    for draft in (make(size=(10, 20)), make(free=True)):
        cost = static_cost(read(draft.content()), width_px=20, height_px=10)
        assert cost["gmacs"] == pytest.approx(MACS / 1e9)
        assert cost["weights"] == 4 * 27 + 4 + 3 * 36 + 3
        assert cost["not_counted"] == []
        assert cost["largest_activations"][0]["shape"] == [1, 10, 20, 4]


def test_largest_activation() -> None:
    cost = static_cost(read(litert_files.float_network(free=True).content()), width_px=64, height_px=32)
    assert cost["largest_activations"][0] == {
        "layer": "conv1",
        "operation": "CONV_2D",
        "shape": [1, 32, 64, 4],
        "mib": 32 * 64 * 4 * 4 / 2**20,
    }
    assert len(cost["largest_activations"]) == 3


def test_size_that_a_fixed_file_does_not_take() -> None:
    cost = static_cost(read(litert_files.float_network(size=(16, 24)).content()), width_px=20, height_px=10)
    assert (cost["gmacs"], cost["largest_activations"]) == (None, [])
    assert cost["refused"] == "the input is declared as (1, 16, 24, 3), the image is (1, 10, 20, 3)"


def test_operators_that_are_not_counted() -> None:
    draft = litert_files.with_custom_operator(litert_files.float_network(size=(10, 20)))
    cost = static_cost(read(draft.content()), width_px=20, height_px=10)
    assert cost["gmacs"] == pytest.approx(MACS / 1e9)
    assert cost["not_counted"] == ["StrangersOp"]


def test_what_stands_behind_an_unknown_shape_is_not_known() -> None:
    draft = litert_files.with_custom_operator(litert_files.float_network(size=(10, 20)))
    kernel = draft.constant("net/last/Conv2D/kernel", np.zeros((1, 1, 1, 3), np.float32))
    made = draft.tensor("net/last/Conv2D", "float32", [1, 10, 20, 1])
    draft.operator("CONV_2D", [draft.graph.outputs[0], kernel, -1], [made], schema.Conv2DOptionsT())
    draft.graph.outputs = [made]
    assert static_cost(read(draft.content()), width_px=20, height_px=10)["gmacs"] is None


def _one(name: str, kernel: tuple[int, ...], options: object, made: list[int], before: tuple[int, ...] = ()) -> Draft:
    """Return a file of one operator on an image of 20 x 10; `before` is a size that it takes first."""
    draft = Draft()
    image = draft.tensor("input", "float32", [1, 10, 20, 3])
    weights = draft.constant("weights", np.zeros(kernel, np.float32))
    sizes = [draft.constant("size", np.array(before, np.int32))] if before else []
    output = draft.tensor("output", "float32", made)
    draft.operator(name, [*sizes, weights, image] if before else [image, weights], [output], options)
    draft.graph.inputs, draft.graph.outputs = [image], [output]
    return draft


def _strided(options, stride: int, padding: str = "SAME"):
    options.strideH = options.strideW = stride
    options.padding = getattr(schema.Padding, padding)
    return options


CASES = {
    "strided": (_one("CONV_2D", (8, 5, 5, 3), _strided(schema.Conv2DOptionsT(), 2), [1, 5, 10, 8]), 50 * 8 * 75),
    "valid": (
        _one("CONV_2D", (8, 3, 3, 3), _strided(schema.Conv2DOptionsT(), 1, "VALID"), [1, 8, 18, 8]),
        144 * 8 * 27,
    ),
    "grouped": (_one("CONV_2D", (6, 3, 3, 1), _strided(schema.Conv2DOptionsT(), 1), [1, 10, 20, 6]), 200 * 6 * 9),
    "depthwise": (
        _one("DEPTHWISE_CONV_2D", (1, 3, 3, 6), _strided(schema.DepthwiseConv2DOptionsT(), 1), [1, 10, 20, 6]),
        200 * 6 * 9,
    ),
    "transposed": (
        _one(
            "TRANSPOSE_CONV", (8, 3, 3, 3), _strided(schema.TransposeConvOptionsT(), 2), [1, 20, 40, 8], (1, 20, 40, 8)
        ),
        200 * 3 * 72,
    ),
    "product": (_one("FULLY_CONNECTED", (7, 3), schema.FullyConnectedOptionsT(), [200, 7]), 200 * 7 * 3),
}


@pytest.mark.parametrize("name", CASES)
def test_each_operator_by_hand(name: str) -> None:
    draft, macs = CASES[name]
    structure = read(draft.content())
    cost = static_cost(structure, width_px=20, height_px=10)
    assert cost["gmacs"] == pytest.approx(macs / 1e9)
    assert cost["largest_activations"][0]["shape"] == list(structure.outputs[0].shape)


@pytest.mark.parametrize("name", ["UNPACK", "SPLIT"])
def test_more_parts_than_outputs_are_not_gone_through(name: str) -> None:
    """A file may name a thousand million parts of a tensor that takes no memory here."""
    draft, many = litert_files.float_network(size=(10, 20)), 2**30
    long = draft.tensor("net/long/Fill", "float32", [many])
    draft.operator(
        "FILL",
        [draft.constant("net/sides", np.array([many], np.int32)), draft.constant("net/zero", np.zeros((), np.float32))],
        [long],
    )
    part, axis = draft.tensor("net/part", "float32", []), draft.constant("net/axis", np.zeros((), np.int32))
    options = schema.UnpackOptionsT() if name == "UNPACK" else schema.SplitOptionsT()
    options.num = options.numSplits = many
    draft.operator(name, [long] if name == "UNPACK" else [axis, long], [part], options)
    structure = read(draft.content())
    found = shapes(structure, 10, 20)
    assert (found[long], found[part]) == ((many,), None)
    assert static_cost(structure, width_px=20, height_px=10)["gmacs"] == pytest.approx(MACS / 1e9)
