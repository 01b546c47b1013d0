"""What a file computes in, by its operators; one that says int8 and is float inside is named so."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures import litert_files
from fixtures.browsing import HOSTILE
from fixtures.litert_files import Draft

from aic_helpers.litert.integer_verdict import Verdict, verdict
from aic_helpers.litert.structures import read


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
