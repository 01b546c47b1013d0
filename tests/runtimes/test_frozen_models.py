"""Frozen models as callables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fixtures import hostile_models

from aic_helpers.runtimes import frozen_models

pytestmark = pytest.mark.tensorflow


def load(folder: Path, *shape: int | None) -> frozen_models.FrozenModel:
    file = folder / "model.pb"
    return frozen_models.load(hostile_models.freeze(hostile_models.good, file, shape or (None, None, None, 3)))


def test_images_of_any_size_and_batch(tmp_path: Path) -> None:
    model = load(tmp_path)
    assert (model.input_shape, model.batch) == ([None, None, None, 3], None)
    for shape in ((1, 5, 7, 3), (2, 8, 4, 3)):
        assert model(np.zeros(shape, np.float32)).shape == shape


def test_a_fixed_batch_of_1_takes_images_one_by_one(tmp_path: Path) -> None:
    images = np.random.default_rng(0).random((3, 6, 4, 3), np.float32)
    fixed, free = load(tmp_path, 1, None, None, 3), load(tmp_path)
    assert np.array_equal(fixed(images), free(images))


def test_a_size_that_the_placeholder_excludes_is_refused(tmp_path: Path) -> None:
    model = load(tmp_path, None, 64, 80, 3)
    assert model(np.zeros((2, 64, 80, 3), np.float32)).shape == (2, 64, 80, 3)
    with pytest.raises(ValueError, match=r"declared as \(any, 64, 80, 3\), the images are \(1, 64, 81, 3\)"):
        model(np.zeros((1, 64, 81, 3), np.float32))


def test_an_input_of_another_type_is_refused(tmp_path: Path) -> None:
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        images = tf.compat.v1.placeholder(tf.uint8, (None, None, None, 3), name="input")
        tf.identity(images, name="output")
    file = tmp_path / "model.pb"
    file.write_bytes(graph.as_graph_def().SerializeToString())
    with pytest.raises(ValueError, match="declared as uint8, the images are float32"):
        frozen_models.load(file)(np.zeros((1, 4, 4, 3), np.float32))
