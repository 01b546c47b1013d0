"""A frozen graph as an `.onnx` file that gives the same; what can't be one is told in a line."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.models import conversion
from aic_helpers.onnx_export import exporting, graph_conversion
from aic_helpers.onnx_graphs.structures import read
from aic_helpers.runtimes import frozen_models
from aic_helpers.runtimes.onnx_models import OnnxModel

pytestmark = pytest.mark.tensorflow

ODD = (1, 93, 61, 3)


@pytest.fixture(scope="module")
def fast_sr(tmp_path_factory):
    """Our network that pads to a grid, frozen, and its `.onnx`."""
    folder = tmp_path_factory.mktemp("fast_sr")
    conversion.convert("fast_sr", folder / "model.pb")
    report = exporting.export(folder / "model.pb", folder / "onnx" / "fast_sr.onnx", name="fast_sr")
    return folder / "model.pb", folder / "onnx" / "fast_sr.onnx", report


def frozen(path, build, sides=(None, None, None, 3)):
    """Write a graph of one function of an image."""
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        image = tf.compat.v1.placeholder(tf.float32, sides, name="input")
        tf.identity(build(tf, image), name="output")
    path.write_bytes(graph.as_graph_def().SerializeToString())
    return path


def test_what_pads_to_a_grid_gives_the_same_at_odd_sizes(fast_sr):
    model_pb, path, report = fast_sr
    assert report["parity"]["by_size"].keys() == {"480x320", "191x127", "61x93"}
    assert report["parity"]["max_abs"] < 1e-5
    image = np.random.default_rng(1).random(ODD, np.float32)
    assert np.abs(OnnxModel(path)(image) - frozen_models.load(model_pb)(image)).max() < 1e-5


def test_a_file_says_what_it_takes_and_nothing_of_the_machine(fast_sr):
    _, path, report = fast_sr
    structure = read(path)
    assert [(end.name, end.dtype, end.shape) for end in structure.inputs] == [
        ("input", "float32", (None, None, None, 3))
    ]
    assert [end.name for end in structure.outputs] == ["output"]
    sides = structure.model.graph.input[0].type.tensor_type.shape.dim
    assert [side.dim_param or side.dim_value for side in sides] == ["batch", "height", "width", 3]
    assert (report["opset"], report["ir_version"]) == (structure.opset, structure.ir_version) == (17, 8)
    assert structure.producer == report["producer"] == f"tf2onnx {report['versions']['tf2onnx']}"
    assert [one.domain for one in structure.model.opset_import] == [""]
    assert not (structure.model.doc_string)
    assert not (structure.model.graph.doc_string)
    assert not (structure.model.metadata_props)
    onnx.checker.check_model(structure.model, full_check=True)


def test_layers_keep_their_names_and_the_same_graph_gives_the_same_bytes(fast_sr, tmp_path):
    model_pb, path, report = fast_sr
    names = [node.name for node in read(path).model.graph.node if node.op_type == "Conv"]
    assert names[0].startswith("functional")
    assert "/conv01" in names[0]
    assert len(set(names)) == 8
    again = exporting.export(model_pb, tmp_path / "again.onnx")
    assert again["sha256"] == report["sha256"]
    assert [*tmp_path.iterdir()] == [tmp_path / "again.onnx"]


@pytest.mark.parametrize("mode", ["SYMMETRIC", "REFLECT"])
@pytest.mark.parametrize("pads", [(0, 0), (0, 3), (2, 0), (5, 4)])
def test_mirrored_paddings_are_those_of_tensorflow(tmp_path, mode, pads):
    rows = [[0, 0], [*pads], [*pads[::-1]], [0, 0]]
    path = frozen(tmp_path / "model.pb", lambda tf, image: tf.pad(image, rows, mode=mode))
    exporting_alone(path, tmp_path / "model.onnx")
    image = np.random.default_rng(2).random((1, 7, 9, 3), np.float32)
    assert np.array_equal(OnnxModel(tmp_path / "model.onnx")(image), frozen_models.load(path)(image))


def test_whole_numbers_are_divided_downwards(tmp_path):
    def build(tf, image):
        height = tf.shape(image)[1]
        numbers = tf.stack([-height % 4, -height // 4, -(-height // 4), height % -4, height // -4])
        return image + tf.cast(tf.reduce_sum(numbers * [1, 10, 100, 1000, 10000]), tf.float32)

    path = frozen(tmp_path / "model.pb", build)
    exporting_alone(path, tmp_path / "model.onnx")
    for height in (4, 5, 6, 7):
        image = np.zeros((1, height, 4, 3), np.float32)
        assert np.array_equal(OnnxModel(tmp_path / "model.onnx")(image), frozen_models.load(path)(image))


def exporting_alone(path, out):
    """Convert in this process, without the proof."""
    model = graph_conversion.converted(frozen_models.read_graph(path))
    out.write_bytes(model.SerializeToString(deterministic=True))


def test_what_cannot_be_converted_is_named_with_its_layer(tmp_path, here):
    def build(tf, image):
        return image + tf.reduce_sum(tf.linalg.cholesky(tf.eye(3) * tf.reduce_mean(image), name="odd_layer"))

    path = frozen(tmp_path / "net.pb", build)
    with pytest.raises(InputError) as refused:
        exporting.export(path, tmp_path / "out" / "net.onnx")
    assert str(refused.value) == (
        "expected a network of operations that tf2onnx converts, found Cholesky (layer odd_layer): "
        "build these layers of others"
    )
    assert [*(tmp_path / "out").iterdir()] == []


def test_what_gives_something_else_is_refused_and_what_was_there_stays(tmp_path, monkeypatch, here):
    from aic_helpers.onnx_export import operators

    monkeypatch.setattr(operators, "handlers", lambda graph_def: {})
    (tmp_path / "net.onnx").write_text("earlier")
    path = frozen(tmp_path / "net.pb", lambda tf, image: image + tf.cast(-tf.shape(image)[1] % 4, tf.float32))
    with pytest.raises(InputError) as refused:
        exporting.export(path, tmp_path / "net.onnx")
    assert str(refused.value) == (
        "expected ONNX Runtime to give what net gives, found a difference of 4.0e+00 on a photo of 191x127, "
        "more than 0.0001: build the network of other layers"
    )
    assert (tmp_path / "net.onnx").read_text() == "earlier"


def test_a_network_of_one_size_is_compared_at_that(tmp_path, here):
    path = frozen(tmp_path / "net.pb", lambda tf, image: image * 0.5, (1, 24, 32, 3))
    report = exporting.export(path, tmp_path / "net.onnx")
    assert report["parity"]["by_size"] == {"32x24": 0.0}
    assert report["input_shape"] == [1, 24, 32, 3]


def test_without_the_extra_one_line(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    (tmp_path / "net.pb").write_bytes(b"")
    with pytest.raises(InputError) as refused:
        exporting.export(tmp_path / "net.pb", tmp_path / "net.onnx")
    assert str(refused.value) == (
        'expected the packages of aic-workbench[onnx], found no tf2onnx: pip install "aic-workbench[onnx]"'
    )
