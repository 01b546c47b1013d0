"""What a `.tflite` file says of itself, and that any other file gets one line and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fixtures import litert_files
from fixtures.browsing import HOSTILE
from fixtures.litert_files import Draft

from aic_helpers.core.errors import InputError
from aic_helpers.litert import schema_names, structures
from aic_helpers.litert.structures import read

CUT = (
    "^expected a whole LiteRT model, found one that ends at byte {0}, before its parts do: export or download it again"
)


def test_float_network() -> None:
    structure = read(litert_files.float_network().content())
    assert [(step.name, step.layer) for step in structure.operators] == [
        ("CONV_2D", "conv1"),
        ("CONV_2D", "conv2"),
        ("ADD", "Identity"),
    ]
    (given,), (made,) = structure.inputs, structure.outputs
    assert (given.name, given.dtype, given.shape, given.scales) == ("input", "float32", (1, 16, 24, 3), ())
    assert (made.name, made.shape_signature, made.is_constant) == ("Identity", (1, 16, 24, 3), False)
    assert (structure.schema_version, structure.description) == (3, "MLIR Converted.")
    kernel = structure.tensors[structure.operators[0].inputs[1]]
    assert kernel.is_constant
    np.testing.assert_array_equal(structure.content(kernel), litert_files.weights()[0][0])
    assert structure.options(structure.operators[0])["fusedActivationFunction"] == 1
    assert structure.options(structure.operators[2]) == {"fusedActivationFunction": 0, "potScaleInt16": True}


def test_whole_numbers_have_their_scales() -> None:
    structure = read(litert_files.int8_network().content())
    (given,) = structure.inputs
    assert (given.dtype, given.zero_points) == ("uint8", (0,))
    assert given.scales == pytest.approx([1 / 255])
    kernel = structure.tensors[structure.operators[1].inputs[1]]
    assert (kernel.dtype, len(kernel.scales), set(kernel.zero_points), kernel.channel_axis) == ("int8", 4, {0}, 0)
    whole = structure.content(kernel) * np.array(kernel.scales)[:, None, None, None]
    np.testing.assert_allclose(whole, litert_files.weights()[0][0], atol=max(kernel.scales) / 2 + 1e-7)


def test_free_sides_are_none() -> None:
    (given,) = read(litert_files.float_network(free=True).content()).inputs
    assert (given.shape, given.shape_signature) == ((1, 1, 1, 3), (1, None, None, 3))


def test_a_calibrations_ranges() -> None:
    draft = litert_files.float_network()
    draft.named("input").quantization.min, draft.named("input").quantization.max = [0.0], [1.0]
    (given,) = read(draft.content()).inputs
    assert (given.min, given.max, given.scales) == ((0.0,), (1.0,), ())


def test_custom_operator_is_named() -> None:
    last = read(litert_files.with_custom_operator(litert_files.float_network()).content()).operators[-1]
    assert (last.name, last.is_custom, last.layer) == ("StrangersOp", True, "strange")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_read_as_they_are(name: str) -> None:
    draft = litert_files.float_network()
    draft.named("Identity").name = name.encode("utf-8", "surrogatepass")
    (made,) = read(draft.content()).outputs
    assert made.name == name.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def test_large_file_with_its_numbers_behind_the_tables() -> None:
    draft = litert_files.float_network()
    kernel, _ = litert_files.weights()[0]
    buffer = draft.buffer_of("net/conv1/Conv2D")
    buffer.data, buffer.offset, buffer.size = None, 4096, kernel.nbytes
    content = draft.content().ljust(4096, b"\0") + kernel.tobytes()
    structure = read(content)
    np.testing.assert_array_equal(structure.content(structure.tensors[structure.operators[0].inputs[1]]), kernel)
    with pytest.raises(InputError, match=CUT.format(len(content) - 1)):
        read(content[:-1])


@pytest.mark.parametrize("make", [litert_files.float_network, litert_files.int8_network])
def test_file_cut_at_any_byte(make: Callable[[], Draft]) -> None:
    content = make().content()
    for size in range(8, len(content)):
        with pytest.raises(InputError, match=CUT.format(size)):
            read(content[:size])
    for size in range(8):
        with pytest.raises(InputError, match=f"a file of {size} bytes without the mark TFL3"):
            read(content[:size])


def test_file_cut_in_the_middle_is_named(tmp_path: Path) -> None:
    path, content = tmp_path / "net.tflite", litert_files.int8_network().content()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(caught.value) == (
        f"expected a whole LiteRT model in {path}, found one that ends at byte {len(content) // 2}, before its parts "
        "do: export or download it again"
    )


def test_declared_huge_counts_take_no_memory() -> None:
    """Each number of the file in turn is the largest: where it is a count, it is refused before anything is made."""
    content, words = litert_files.float_network().content(), set()
    for place in range(8, len(content) - 4, 4):
        changed = content[:place] + b"\xff\xff\xff\x7f" + content[place + 4 :]
        try:
            read(changed)
        except InputError as error:
            words.add(str(error).partition(" found ")[2].partition(":")[0])
    for what in ("tensors, more than 100000", "buffers, more than 100000", "sides of input, more than 8"):
        assert f"{2**31 - 1} {what}" in words


def spoilt_by(spoil: Callable[[Draft], object]) -> bytes:
    draft = litert_files.float_network()
    spoil(draft)
    return draft.content()


def _set(name: str, value: object) -> Callable[[Draft], object]:
    return lambda draft: setattr(draft.model, name, value)


def _circle(draft: Draft) -> None:
    first, last = draft.graph.operators[0], draft.graph.operators[-1]
    first.inputs = [last.outputs[0], *first.inputs[1:]]


def _twice(draft: Draft) -> None:
    draft.graph.operators[1].outputs = draft.graph.operators[0].outputs


def _no_such_tensor(draft: Draft) -> None:
    draft.graph.operators[1].inputs = [99, 1, 2]


def _huge_shape(draft: Draft) -> None:
    draft.named("Identity").shape = [2**20, 2**20, 2**20]


def _huge_constant(draft: Draft) -> None:
    draft.named("net/conv1/Conv2D").shape = [2**20, 3, 3, 3]


def _other_scales(draft: Draft) -> None:
    draft.named("Identity").quantization.scale = [0.1, 0.2]
    draft.named("Identity").quantization.zeroPoint = [0, 0]


def _bad_scale(draft: Draft) -> None:
    draft.named("Identity").quantization.scale = [float("nan")]


def _zero_outside(draft: Draft) -> None:
    draft.named("Identity").type = litert_files.TYPES["int8"]
    draft.named("Identity").quantization.scale = [0.1]
    draft.named("Identity").quantization.zeroPoint = [200]


def _unknown_operator(draft: Draft) -> None:
    draft.model.operatorCodes[0].builtinCode = 5000


def _unknown_type(draft: Draft) -> None:
    draft.named("Identity").type = 99


def _lost_output(draft: Draft) -> None:
    draft.graph.operators.pop()


SPOILT = {
    "a later version": (_set("version", 4), "one of schema version 4, not 3"),
    "no network": (_set("subgraphs", []), "one without a network"),
    "a circle": (_circle, "one whose CONV_2D reads Identity before anything makes it"),
    "written twice": (_twice, "one whose CONV_2D writes net/conv1/Relu;net/conv1/BiasAdd;net/conv1/Conv2D, which is"),
    "no such tensor": (_no_such_tensor, "one that names tensor 99 of 8"),
    "a huge shape": (_huge_shape, "one with a tensor of shape (1048576, 1048576, 1048576), Identity"),
    "a huge constant": (
        _huge_constant,
        "one whose constant net/conv1/Conv2D of shape (1048576, 3, 3, 3) has 432 bytes",
    ),
    "scales for no axis": (_other_scales, "one with 2 scales for the shape (1, 16, 24, 3) of Identity"),
    "no number": (_bad_scale, "one with a scale that is no number from 0 on, at Identity"),
    "a zero point too far": (_zero_outside, "one with the zero point 200 at Identity, which int8 can't hold"),
    "an operator to come": (_unknown_operator, "one with operator number 5000, which this version of ai-edge-litert"),
    "a type to come": (_unknown_type, "one with a tensor of type 99, which this version of ai-edge-litert"),
    "an output from nowhere": (_lost_output, "one whose output Identity nothing makes"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_spoilt_file_gets_its_reason(name: str) -> None:
    spoil, words = SPOILT[name]
    with pytest.raises(InputError) as caught:
        read(spoilt_by(spoil))
    assert str(caught.value).startswith(f"expected a whole LiteRT model, found {words}")


OTHERS = {
    b"": "a file of 0 bytes without the mark TFL3",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file",
    b"PK\x03\x04\x14\0\0\0": "a ZIP archive",
    b"version https://git-lfs.github.com/spec/v1": "a pointer of Git LFS",
    b"\x0a\x0d\x0a\x05input" * 9: "a file of 81 bytes without the mark TFL3",
}


@pytest.mark.parametrize("content", OTHERS)
def test_other_kinds_of_files(content: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read(content)
    assert f"expected a LiteRT model, found {OTHERS[content]}: convert it by TensorFlow's" in str(caught.value)


def test_file_of_another_schema_version() -> None:
    content = litert_files.float_network().content()
    with pytest.raises(InputError, match="expected a LiteRT model of schema version 3, found version 2: convert it by"):
        read(content[:4] + b"TFL2" + content[8:])


def test_too_large_a_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.tflite"
    path.write_bytes(litert_files.float_network().content())
    monkeypatch.setattr(structures, "MAX_BYTES", 1000)
    with pytest.raises(InputError, match=r"of at most 1000 bytes at .*, found 2100 bytes: make it smaller"):
        read(path)


def test_content_of_what_is_no_constant() -> None:
    structure = read(litert_files.float_network().content())
    with pytest.raises(InputError, match="expected a constant whose numbers can be read, found no constant at input"):
        structure.content(structure.inputs[0])


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    content = litert_files.float_network().content()
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    schema_names.names.cache_clear()
    with pytest.raises(InputError, match=r'no ai_edge_litert: pip install "aic-workbench\[mobile\]"'):
        read(content)
