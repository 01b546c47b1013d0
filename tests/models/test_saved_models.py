"""SavedModels of both versions, and checkpoints of TensorFlow 1 with their graph: what is taken of them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from aic_helpers.core.errors import InputError
from aic_helpers.models.sources import resolve
from aic_helpers.runtimes.frozen_models import load

pytestmark = pytest.mark.tensorflow

v1 = tf.compat.v1

KERNEL = np.eye(3, dtype=np.float32)[None, None] * 0.5
IMAGES = np.random.default_rng(6).random((1, 12, 10, 3), np.float32)
ANY = tf.TensorSpec([None, None, None, 3], name="images")


class Net(tf.Module):
    """Halves images; a training left the slots of its optimiser behind."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = tf.Variable(KERNEL)
        self.slots = [tf.Variable(tf.zeros_like(KERNEL)) for _ in range(2)]

    def half(self, images: Any) -> Any:
        return tf.nn.conv2d(images, self.kernel, 1, "SAME")

    def scaled(self, images: Any, scale: Any) -> dict[str, Any]:
        return {"clean": self.half(images) * scale, "loud": images * 2}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SavedModels of TensorFlow 2 by name."""
    folder, net = tmp_path_factory.mktemp("saved"), Net()
    half = tf.function(net.half, input_signature=[ANY])
    other = tf.function(net.half, input_signature=[tf.TensorSpec(ANY.shape, name="photos")])
    scaled = tf.function(net.scaled, input_signature=[ANY, tf.TensorSpec([], name="scale")])
    tf.saved_model.save(net, str(folder / "one"), signatures=half)
    tf.saved_model.save(net, str(folder / "two"), signatures={"day": half, "night": other})
    tf.saved_model.save(net, str(folder / "scaled"), signatures=scaled)
    tf.saved_model.save(net, str(folder / "nothing"))
    net.call = half
    tf.saved_model.save(net, str(folder / "traced"))
    return folder


def graph_of_version_1() -> tuple[Any, Any]:
    images = v1.placeholder(tf.float32, [None, None, None, 3], name="images")
    kernel = v1.get_variable("kernel", initializer=KERNEL, use_resource=False)
    v1.get_variable("kernel/Adam", initializer=KERNEL, use_resource=False)
    return images, tf.identity(tf.nn.conv2d(images, kernel, 1, "SAME"), name="result")


@pytest.fixture
def version_1(tmp_path: Path) -> Callable[..., Path]:
    """Write a SavedModel of TensorFlow 1."""

    def write(tags: tuple[str, ...] = ("serve",), *, signed: bool = True) -> Path:
        with tf.Graph().as_default(), v1.Session() as session:
            images, result = graph_of_version_1()
            session.run(v1.global_variables_initializer())
            builder = v1.saved_model.Builder(str(tmp_path / "old"))
            signature = v1.saved_model.predict_signature_def({"x": images}, {"y": result})
            named = {"serving_default": signature} if signed else None
            builder.add_meta_graph_and_variables(session, list(tags), signature_def_map=named)
            builder.save()
        return tmp_path / "old"

    return write


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A checkpoint of TensorFlow 1 with its graph; returns its prefix."""
    with tf.Graph().as_default(), v1.Session() as session:
        graph_of_version_1()
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(tmp_path / "net.ckpt"))
    return tmp_path / "net.ckpt"


def halves(report: dict[str, Any], model_pb: Path) -> bool:
    """Whether a model.pb gives half of what it gets, with the nine weights of one kernel."""
    compared = (report["parity"]["state"], report["parameters"]) == ("compared", 9)
    return compared and np.array_equal(load(model_pb)(IMAGES), IMAGES * 0.5)


@pytest.mark.parametrize("name", ["one", "one/saved_model.pb", "traced"])
def test_a_savedmodel_with_a_signature_or_one_traced_function(saved, freeze, tmp_path, name):
    assert halves(freeze(saved / name), tmp_path / "model.pb")


@pytest.mark.parametrize(
    ("name", "adapt", "message"),
    [
        ("two", {}, "expected one signature in .*two, found the signatures day, night: save it with one"),
        ("two", {"input": "photo"}, r"expected an input of .*two, found photo: did you mean photos\?"),
        ("scaled", {}, r"expected one input in .*, found 2 \(.*\): say which: --input NAME, and --set NAME=VALUE for"),
        ("scaled", {"set": {"scal": 2}}, r"expected an input of .*scaled to set, found scal: did you mean scale\?"),
        ("scaled", {"set": {"scale": 2}}, r"expected one output in .*, found 2 \(clean, loud\): say which: --output"),
        ("scaled", {"set": {"scale": 2}, "output": "x"}, "expected an output of .*, found x: outputs: clean, loud"),
        ("nothing", {}, "expected one signature in .*nothing, found none, and no function traced for one tensor: save"),
    ],
)
def test_several_signatures_inputs_and_outputs_are_told_by_name(saved, freeze, name, adapt, message):
    with pytest.raises(InputError, match=message):
        freeze(saved / name, **adapt)


def test_those_that_were_named_are_taken(saved, freeze, tmp_path):
    assert halves(freeze(saved / "two", input="photos"), tmp_path / "model.pb")
    report = freeze(saved / "scaled", set={"scale": 1}, output="clean")
    assert report["adapters"] == ["scale is set to 1"]
    assert report["notes"] == ["of scaled the function serving_default was taken, from images to clean"]
    assert halves(report, tmp_path / "model.pb")


def test_a_shard_that_is_missing_is_named(saved):
    shard = saved / "two" / "variables" / "variables.data-00000-of-00001"
    kept = shard.rename(shard.with_name("elsewhere"))
    with pytest.raises(InputError, match=rf"expected {shard.name} beside .*variables.index, found nothing: copy both"):
        resolve(str(saved / "two"))
    kept.rename(shard)


def test_of_several_shards_the_one_that_is_missing_is_named(tmp_path):
    for name in ("net.py", "w.index", "w.data-00000-of-00003", "w.data-00002-of-00003"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"expected w.data-00001-of-00003 beside .*w.index, found nothing"):
        resolve(f"{tmp_path}/net.py:f", tmp_path / "w")
    (tmp_path / "w.index").unlink()
    with pytest.raises(InputError, match=re.escape("expected a checkpoint at")):
        resolve(f"{tmp_path}/net.py:f", tmp_path / "w")


@pytest.mark.parametrize(("tags", "signed"), [(("serve",), True), (("serve",), False), (("serve", "gpu"), True)])
def test_savedmodels_of_tensorflow_1(version_1, freeze, tmp_path, tags, signed):
    report = freeze(version_1(tags, signed=signed))
    assert report["adapters"] == ["input: the tensor images:0", "output: the tensor result:0"]
    assert halves(report, tmp_path / "model.pb")


def test_a_placeholder_that_a_savedmodel_of_tensorflow_1_has_not(version_1, freeze):
    with pytest.raises(InputError, match=r"expected a placeholder of .*old to set, found phase: placeholders: images"):
        freeze(version_1(), set={"phase": False})


def test_a_damaged_savedmodel(tmp_path, freeze):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "saved_model.pb").write_bytes(b"\x08nothing")
    with pytest.raises(InputError, match=r"expected a SavedModel in .*bad, found .*: save it again, or copy it whole"):
        freeze(tmp_path / "bad")


@pytest.mark.parametrize("typed", ["net.ckpt.meta", "net.ckpt"])
def test_a_checkpoint_of_tensorflow_1_with_its_graph(checkpoint, freeze, tmp_path, typed):
    assert resolve(str(tmp_path / typed)).kind == "meta"
    assert halves(freeze(tmp_path / typed), tmp_path / "model.pb")


def test_a_graph_without_its_checkpoint(checkpoint, tmp_path):
    checkpoint.with_name("net.ckpt.index").unlink()
    with pytest.raises(InputError, match=r"expected a checkpoint at .*net.ckpt, found nothing: check the path"):
        resolve(str(tmp_path / "net.ckpt.meta"))


def test_a_damaged_graph(checkpoint, freeze, tmp_path):
    (tmp_path / "net.ckpt.meta").write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match=r"expected a graph with its variables in .*net.ckpt.meta, found .*: save it"):
        freeze(tmp_path / "net.ckpt.meta")
