"""What a file computes in, by its operators; one that says int8 and is float inside is named so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fixtures import litert_files
from fixtures.browsing import HOSTILE
from fixtures.litert_files import Draft

from aic_helpers.litert.integer_verdict import Verdict, _islands, verdict
from aic_helpers.litert.structures import MAX_OPERATORS, read


def verdict_of(draft: Draft) -> Verdict:
    return verdict(read(draft.content()))


@pytest.mark.parametrize("free", [False, True])
def test_int8_file(free: bool) -> None:
    found = verdict_of(litert_files.int8_network(free=free))
    assert (found.precision, found.islands, found.doubts) == ("int8", (), ())
    assert found.in_words == ("All 3 operators compute in whole numbers (int8); images come as uint8 and go as uint8.")
    assert found.objections("int8", "uint8") == []


def test_float_island_is_named_with_its_operators_and_layers() -> None:
    found = verdict_of(litert_files.with_island(litert_files.int8_network()))
    assert found.precision == "mixed"
    assert [[(step.name, step.layer) for step in island] for island in found.islands] == [[("TANH", "tanh")]]
    words = "1 of 4 operators compute in floats: TANH (tanh); images come as uint8 and go as uint8."
    assert found.in_words == words
    assert found.objections("int8", "uint8") == [f"asked for int8: {words}"]


def test_two_islands_are_two() -> None:
    draft = litert_files.int8_network(images="float32")
    last = draft.graph.outputs[0]
    for name in ("net/a/Abs", "net/b/Neg"):
        made = draft.tensor(name, "float32", [1, 16, 24, 3])
        draft.operator("ABS" if name.endswith("Abs") else "NEG", [last], [made])
        last = made
    draft.graph.outputs = [last]
    found = verdict_of(litert_files.with_island(draft))
    assert [len(island) for island in found.islands] == [1, 2]
    assert "3 of 6 operators compute in floats: TANH (tanh); ABS (a), NEG (b);" in found.in_words


def test_islands_of_many_operators_are_found_in_one_pass() -> None:
    """A stranger's file may have 50 000: rows of them, and pairs that only the last one joins."""
    count = MAX_OPERATORS // 2
    (tanh,) = (
        step
        for step in read(litert_files.with_island(litert_files.int8_network()).content()).operators
        if step.name == "TANH"
    )
    row = [replace(tanh, index=at, inputs=(at,), outputs=(at + 1,)) for at in range(count)]
    apart = [replace(tanh, index=at, inputs=(-1,), outputs=(at + 1,)) for at in range(count, 2 * count)]
    last = replace(tanh, index=2 * count, inputs=(count + 1, count + 2), outputs=(2 * count + 1,))
    assert [len(island) for island in _islands([*row, *apart, last])] == [count, 3, *[1] * (count - 2)]
    assert [step.index for step in _islands([*row, *apart, last])[1]] == [count, count + 1, 2 * count]


@pytest.mark.parametrize("images", ["float32", "int8"])
def test_other_types_of_images_are_told(images: str) -> None:
    found = verdict_of(litert_files.int8_network(images=images))
    assert found.precision == "int8"
    assert found.objections("int8", "uint8") == [
        f"asked for an input of uint8, found {images}",
        f"asked for an output of uint8, found {images}",
    ]


def test_float_files() -> None:
    assert verdict_of(litert_files.float_network()).precision == "float32"
    half = verdict_of(litert_files.float16_network(free=True))
    assert half.in_words == "All 3 operators compute in floats (float16); images come as float32 and go as float32."
    assert half.objections("int8") == [f"asked for int8: {half.in_words}"]


def test_whole_weights_alone_are_dynamic() -> None:
    draft = litert_files.float_network()
    kernel = draft.buffer_of("net/conv1/Conv2D")
    values = kernel.data.view(np.float32)
    kernel.data = np.rint(values / np.abs(values).max() * 127).astype(np.int8).view(np.uint8)
    draft.named("net/conv1/Conv2D").type = litert_files.TYPES["int8"]
    assert verdict_of(draft).precision == "dynamic_int8"


def test_sixteen_bits_between_layers() -> None:
    draft = litert_files.int8_network(images="int8")
    for tensor in draft.graph.tensors:
        if draft.model.buffers[tensor.buffer].data is None:
            tensor.type, tensor.quantization.zeroPoint = litert_files.TYPES["int16"], [0]
            tensor.quantization.scale = [1.2 / 32767]
    assert verdict_of(draft).precision == "int16x8"


def test_what_is_computed_on_sizes_is_no_island() -> None:
    """A free file may compute its sides in floats."""
    draft = litert_files.int8_network(free=True)
    shape, sides = draft.tensor("net/Shape", "int32", [4]), draft.tensor("net/Cast", "float32", [4])
    draft.operator("SHAPE", draft.graph.inputs, [shape])
    draft.operator("CAST", [shape], [sides])
    assert verdict_of(draft).islands == ()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_layer_stays_in_its_line(name: str) -> None:
    draft = litert_files.with_island(litert_files.int8_network())
    draft.named("net/tanh/Tanh").name = name.encode("utf-8", "surrogatepass")
    assert verdict_of(draft).in_words.isprintable()
