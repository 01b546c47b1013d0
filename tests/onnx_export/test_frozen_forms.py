"""An `.onnx` file as a frozen graph, by a stand-in for onnx2tf in an interpreter of a person's own."""

from __future__ import annotations

import pkgutil
import sys

import numpy as np
import pytest
from onnx import TensorProto, helper

from aic_helpers.core.errors import InputError
from aic_helpers.models.sources import PRETRAINED
from aic_helpers.onnx_export import frozen_forms
from aic_helpers.processes import workers
from aic_helpers.runtimes import frozen_models
from aic_helpers.runtimes.onnx_models import OnnxModel

pytestmark = pytest.mark.tensorflow

HALVES = """
import tensorflow as tf

def convert(input_onnx_file_path, output_folder_path, **options):
    assert "keep_shape_absolutely_input_names" not in options, options
    module = tf.Module()
    shape = tf.TensorSpec([1, None, None, 3], tf.float32, name="input")
    function = tf.function(lambda input: {{"output": input * {factor}}}, input_signature=[shape])
    tf.saved_model.save(module, output_folder_path, signatures=function)
"""

FAILS = """
def convert(**options):
    print("\\x1b[31mERROR:\\x1b[0m onnx_op_name: /tail/Slice_4")
    raise TypeError("Input 'updates' has type int32\\n\\nCall arguments: none")
"""


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """The processes with limits would add nothing but their start."""
    monkeypatch.setattr(workers, "call", lambda function, request, **limits: pkgutil.resolve_name(function)(request))


@pytest.fixture
def half(tmp_path, monkeypatch):
    """An `.onnx` of half an image, channels first; the cache is of this test alone."""
    monkeypatch.setenv("AIC_CACHE", str(tmp_path / "cache"))
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, "h", "w"]) for name in ("image", "result")]
    value = helper.make_tensor("half", TensorProto.FLOAT, [], [0.5])
    graph = helper.make_graph(
        [helper.make_node("Mul", ["image", "half"], ["result"])], "g", ends[:1], ends[1:], [value]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (tmp_path / "half.onnx").write_bytes(model.SerializeToString())
    return tmp_path / "half.onnx"


@pytest.fixture
def python(tmp_path):
    """Write an interpreter that has a module called onnx2tf; return its path."""

    def write(content):
        (tmp_path / "packages").mkdir(exist_ok=True)
        (tmp_path / "packages" / "onnx2tf.py").write_text(content)
        program = tmp_path / "python"
        program.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path}/packages exec {sys.executable} "$@"\n')
        program.chmod(0o755)
        return str(program)

    return write


def test_a_file_is_frozen_once_and_gives_the_same(half, python):
    path = frozen_forms.frozen(half, 1, python(HALVES.format(factor=0.5)), name="half")
    made = path.stat().st_mtime_ns
    assert frozen_forms.frozen(half, 1, python(FAILS), name="half").stat().st_mtime_ns == made
    image = np.random.default_rng(1).random((1, 9, 7, 3), np.float32)
    assert np.array_equal(frozen_models.load(path)(image), OnnxModel(half)(image))
    assert [*path.parent.iterdir()] == [path]


def test_what_gives_something_else_is_refused(half, python, tmp_path):
    with pytest.raises(InputError) as refused:
        frozen_forms.frozen(half, 1, python(HALVES.format(factor=0.51)), name="half")
    line = str(refused.value)
    assert line.startswith("expected TensorFlow to give what half gives, by onnx2tf unknown, found a difference of ")
    assert line.endswith("more than 0.0001: export the network to LiteRT where it was made")
    assert [*(tmp_path / "cache" / "from_onnx").iterdir()] == []


def test_what_onnx2tf_cannot_convert_is_told_with_its_operator(half, python):
    program = python(FAILS)
    with pytest.raises(InputError) as refused:
        frozen_forms.frozen(half, 1, program, name="half")
    assert str(refused.value) == (
        f"expected a network that onnx2tf unknown in {program} converts, "
        "found Input 'updates' has type int32 (at /tail/Slice_4): "
        "build these layers of others, or export the network to LiteRT where it was made"
    )


def test_without_onnx2tf_one_line_names_the_interpreter(half, monkeypatch):
    monkeypatch.delenv("AIC_PYTHON", raising=False)
    with pytest.raises(InputError) as refused:
        frozen_forms.frozen(half, 1, "", name="half")
    assert str(refused.value) == (
        f"expected onnx2tf in {sys.executable}, found none: name one that has onnx2tf with --python or AIC_PYTHON"
    )
    with pytest.raises(InputError) as refused:
        frozen_forms.interpreter(sys.executable)
    assert ": install onnx2tf for it, or name one that has onnx2tf with --python or AIC_PYTHON" in str(refused.value)


def test_a_frozen_graph_is_used_as_it_is():
    path = PRETRAINED / "sample_sr_srcnn.pb"
    assert frozen_forms.frozen(path, 1, "/no/python", name="srcnn") == path
