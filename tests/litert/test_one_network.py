"""Two files are one network, or differ in what is planted here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from fixtures import litert_files
from fixtures.litert_files import FUSED, Draft, schema

from aic_helpers.litert.one_network import differences
from aic_helpers.litert.structures import Structure, read

MAKERS = [litert_files.float_network, litert_files.float16_network, litert_files.int8_network]


def structure_of(draft: Draft) -> Structure:
    return read(draft.content())


@pytest.mark.parametrize("make", MAKERS)
def test_fixed_and_free_file_of_one_network(make: Callable[..., Draft]) -> None:
    assert differences(structure_of(make()), structure_of(make(free=True))) == []


@pytest.mark.parametrize("make", MAKERS)
def test_free_file_of_other_weights(make: Callable[..., Draft]) -> None:
    found = differences(structure_of(make()), structure_of(make(seed=1, free=True)))
    assert found[0].startswith(("the weights of conv1 differ by up to 0.0", "scale of the weights of conv1: 4 from "))


def test_one_weight_is_enough_and_is_said_in_what_it_stands_for() -> None:
    fixed, free = litert_files.int8_network(), litert_files.int8_network(free=True)
    buffer = free.buffer_of("net/conv2/Conv2D")
    buffer.data = buffer.data.copy()
    buffer.data[40] ^= 1  # of the second of three channels
    scale = free.named("net/conv2/Conv2D").quantization.scale[1]
    found = differences(structure_of(fixed), structure_of(free))
    assert found == [f"the weights of conv2 differ by up to {scale:.3g}"]


def test_another_zero_point() -> None:
    free = litert_files.int8_network(free=True)
    free.named(FUSED[1]).quantization.zeroPoint = [-127]
    found = differences(structure_of(litert_files.int8_network()), structure_of(free))
    assert found == ["zero point of the output of conv1: -128 in the one, -127 in the other"]


def test_another_calibration() -> None:
    other = litert_files.int8_network(ranges=litert_files.RANGES | {"conv1": (0.0, 3.0)})
    found = differences(structure_of(litert_files.int8_network()), structure_of(other))
    assert found[0] == "scale of the output of conv1: 0.00784314 in the one, 0.0117647 in the other"
    assert found[1].startswith("scale of the biases of conv2: 3 from ")


def test_another_activation() -> None:
    other = litert_files.float_network()
    other.graph.operators[0].builtinOptions.fusedActivationFunction = schema.ActivationFunctionType.RELU6
    found = differences(structure_of(litert_files.float_network()), structure_of(other))
    assert found == ["fusedActivationFunction of conv1: 1 in the one, 3 in the other"]


def test_one_operator_more() -> None:
    island = litert_files.with_island(litert_files.int8_network())
    found = differences(structure_of(litert_files.int8_network()), structure_of(island))
    assert found == ["operators: ADD Identity_int8 in the one, DEQUANTIZE tanh in the other"]


def test_the_same_operators_otherwise_joined() -> None:
    other = litert_files.float_network()
    final = other.graph.operators[-1]
    final.inputs = [final.inputs[1], final.inputs[1]]
    found = differences(structure_of(litert_files.float_network()), structure_of(other))
    assert found == ["Identity takes other layers' outputs in the one than in the other"]


def test_a_float_and_an_int8_file() -> None:
    found = differences(structure_of(litert_files.float_network()), structure_of(litert_files.int8_network()))
    assert found[0] == "type of the input: float32 in the one, uint8 in the other"
    assert found[-1] == "operators: CONV_2D conv1 in the one, QUANTIZE input_int8 in the other"


def test_what_a_free_file_computes_on_sizes_is_left_out() -> None:
    """As a converter has it: the sides of the image, and the image shaped by them, so that its channels are known."""
    free = litert_files.float_network(free=True)
    shape = free.tensor("net/Shape", "int32", [4])
    shaped = free.tensor("net/Reshape", "float32", [1, 1, 1, 4], signature=[1, -1, -1, 4])
    first, *rest = free.graph.operators
    free.operator("SHAPE", first.outputs, [shape])
    free.operator("RESHAPE", [first.outputs[0], shape], [shaped])
    rest[0].inputs = [shaped, *rest[0].inputs[1:]]
    free.graph.operators = [first, *free.graph.operators[-2:], *rest]
    assert differences(structure_of(litert_files.float_network()), structure_of(free)) == []


def test_order_and_names_play_no_part() -> None:
    other = litert_files.float16_network()
    made = [step for step in other.graph.operators if len(step.inputs) == 1]
    other.graph.operators[: len(made)] = reversed(made)
    for tensor in other.graph.tensors:
        tensor.name = b"another/" + tensor.name
    assert differences(structure_of(litert_files.float16_network()), structure_of(other)) == []


def test_constants_on_either_side_are_told_apart() -> None:
    first, second = litert_files.float_network(), litert_files.float_network()
    for draft, turn in ((first, 1), (second, -1)):
        number = draft.constant("net/half", np.array([0.5], np.float32))
        made = draft.tensor("net/Sub", "float32", [1, 16, 24, 3])
        draft.operator("SUB", [draft.graph.outputs[0], number][::turn], [made])
        draft.graph.outputs = [made]
    found = differences(structure_of(first), structure_of(second))
    assert found == ["Sub takes other layers' outputs in the one than in the other"]
