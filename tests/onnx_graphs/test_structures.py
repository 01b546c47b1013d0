"""What an `.onnx` file says of itself, and what isn't one."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures import onnx_files
from fixtures.browsing import HOSTILE
from onnx import TensorProto, helper

from aic_helpers.core.errors import InputError
from aic_helpers.onnx_graphs import structures
from aic_helpers.onnx_graphs.structures import End, parse, read


def test_what_a_file_says_of_itself(tmp_path: Path) -> None:
    model = onnx_files.network(scale=2)
    model.producer_version = "1.2"
    found = read(onnx_files.written(tmp_path / "net.onnx", model))
    assert (found.opset, found.ir_version, found.producer, found.domains) == (17, 8, "tests 1.2", ())
    assert found.inputs == (End("input", "float32", (1, 3, None, None)),)
    assert found.outputs == (End("output", "float32", (1, 3, None, None)),)


def test_a_version_that_names_no_commit_is_shown_without_one() -> None:
    model = onnx_files.network()
    model.producer_name, model.producer_version = "tf2onnx", "1.17.0 None"
    assert parse(model.SerializeToString(), "net").producer == "tf2onnx 1.17.0"
    model.ClearField("producer_name")
    model.ClearField("producer_version")
    assert parse(model.SerializeToString(), "net").producer == ""


def test_an_input_with_a_value_in_the_file_is_none() -> None:
    model = onnx_files.network()  # files before IR version 4 list their weights among the inputs
    model.graph.input.append(helper.make_tensor_value_info("conv1.bias", TensorProto.FLOAT, [4]))
    assert [end.name for end in parse(model.SerializeToString(), "net").inputs] == ["input"]


def test_a_domain_of_others_is_named() -> None:
    found = parse(onnx_files.with_custom_operator().SerializeToString(), "net")
    assert (found.domains, found.opset) == (("com.stranger",), 17)


def test_an_end_without_a_shape_or_a_type_says_so() -> None:
    model = onnx_files.network()
    model.graph.input[0].type.tensor_type.ClearField("shape")
    model.graph.output[0].type.Clear()
    found = parse(model.SerializeToString(), "net")
    assert found.inputs[0].shape is None
    assert found.outputs[0] == End("output", "unknown", None)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty file"),
        (b"\x89HDF\r\n\x1a\n" * 9, "an HDF5 file"),
        (b"PK\x03\x04" + bytes(40), "a ZIP archive, as PyTorch writes"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        (b"# no protobuf at all \xff\xff\xff", "a cut or other file"),
    ],
)
def test_another_file_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "net.onnx").write_bytes(content)
    with pytest.raises(InputError, match=f"expected a whole ONNX model in .*net.onnx, found {words}: export it again"):
        read(tmp_path / "net.onnx")


def test_a_file_that_was_cut_anywhere_is_none_or_whole() -> None:
    content = onnx_files.network().SerializeToString()
    graph_end = content.index(b"conv2.bias") + 10
    for end in range(0, graph_end, 97):
        with pytest.raises(InputError, match="expected a whole ONNX model in net, found"):
            parse(content[:end], "net")


def test_a_file_of_more_than_protobuf_can_have_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = onnx_files.written(tmp_path / "net.onnx", onnx_files.network())
    monkeypatch.setattr(structures, "MAX_BYTES", 100)
    with pytest.raises(InputError, match=r"an ONNX model of at most 2 GB in .*net.onnx, found 0.0 GB: make it smaller"):
        read(path)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_producer_is_shown_safely(name: str) -> None:
    model = onnx_files.network()
    model.producer_name = f"\x1b[2J{name}".encode("utf-8", "replace").decode()
    found = parse(model.SerializeToString(), "net").producer
    assert found.isprintable()
    assert len(found) < 120
