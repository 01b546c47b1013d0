"""Each file that docs/adapting-a-model.md shows is a model, or makes one, and gives what the page says of it."""

import re
import runpy

import numpy as np
import pytest

from aic_helpers.core.project_paths import PROJECT
from aic_helpers.models.conversion import convert
from aic_helpers.runtimes.frozen_models import load

pytestmark = pytest.mark.tensorflow

FILE = re.compile(r"^```python\n(# (\w+)\.py: .*?)^```", re.MULTILINE | re.DOTALL)
PAGE = PROJECT / "docs" / "adapting-a-model.md"
IMAGE = np.random.default_rng(0).random((1, 12, 16, 3), np.float32)


def snippets():
    """The Python files on the page, by the name in their first line."""
    return {block[2]: block[1] for block in FILE.finditer(PAGE.read_text("utf-8"))}


def write_graph(path, slope, offset, channels):
    """A graph of other names than ours that gives ``slope * images + offset``."""
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default() as graph:
        images = tf.placeholder(tf.float32, [None, None, None, channels], name="images")
        tf.add(images * slope, offset, name="generator/add")
    path.write_bytes(graph.as_graph_def().SerializeToString())


def write_checkpoint(prefix):
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        images = tf.placeholder(tf.float32, [None, None, None, 3], name="images")
        slope = tf.get_variable("slope", [], initializer=tf.constant_initializer(0.25))
        tf.multiply(images, slope, name="generator/add")
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, str(prefix))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The files of the page, and beside them what they read."""
    folder = tmp_path_factory.mktemp("adapting")
    for name, text in snippets().items():
        (folder / f"{name}.py").write_text(text)
    write_graph(folder / "network.pb", 0.5, 3.0, 3)
    write_graph(folder / "luma.pb", 0.5, 0.0, 1)
    write_checkpoint(folder / "network.ckpt")
    np.savez(folder / "weights.npz", **arrays())
    return folder


def arrays():
    """Weights as PyTorch has them: kernels (out, in, height, width)."""
    rng = np.random.default_rng(1)
    kernels = {f"{name}.weight": rng.normal(0, 0.1, (3, 3, 3, 3)).astype(np.float32) for name in ("first", "second")}
    return kernels | {f"{name}.bias": rng.random(3).astype(np.float32) for name in ("first", "second")}


def convolved(image, kernel, bias):
    """What PyTorch's Conv2d with a padding of 1 gives, of one (height, width, 3) image."""
    height, width, _ = image.shape
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    parts = [padded[y : y + height, x : x + width] @ kernel[:, :, y, x].T for y in range(3) for x in range(3)]
    return sum(parts) + bias


def expected(name):
    luma = IMAGE @ np.array([0.299, 0.587, 0.114], np.float32)
    weights = arrays()
    once = convolved(IMAGE[0], weights["first.weight"], weights["first.bias"])
    return {
        "scaled": (0.5 * (IMAGE * 2 - 1) + 3) / 2 + 0.5,
        "bytes": 0.5 * IMAGE + 3 / 255,
        "saved": 0.25 * IMAGE,
        "luma": IMAGE - 0.5 * luma[..., None],
        "arrays": convolved(once, weights["second.weight"], weights["second.bias"])[None],
    }[name]


@pytest.mark.parametrize("name", ["scaled", "bytes", "saved", "luma", "arrays"])
def test_a_file_of_the_page_is_a_model(folder, tmp_path, name):
    checkpoint = folder / "network.ckpt" if name == "saved" else None
    convert(f"{folder / name}.py:network", tmp_path / "model.pb", checkpoint=checkpoint)
    assert np.abs(load(tmp_path / "model.pb")(IMAGE) - expected(name)).max() < 1e-5


def test_a_graph_as_text_becomes_one_that_is_read(folder, monkeypatch):
    from google.protobuf import text_format
    from tensorflow.core.framework.graph_pb2 import GraphDef

    graph = GraphDef.FromString((folder / "network.pb").read_bytes())
    (folder / "network.pbtxt").write_text(text_format.MessageToString(graph))
    monkeypatch.chdir(folder)
    runpy.run_path("text.py")
    assert GraphDef.FromString((folder / "network_of_text.pb").read_bytes()) == graph


def test_every_file_of_the_page_is_tried():
    assert set(snippets()) == {"scaled", "bytes", "saved", "luma", "arrays", "text"}
