"""Real networks of scale 4 in processes of their own: the pixels that they give, in a page and in tiles."""

import numpy as np
import pytest
from fixtures import small_to_large
from fixtures.hostile_models import freeze, repeated_by_4
from fixtures.small_to_large import SCALE, repeated

from aic_helpers.cli import main
from aic_helpers.dashboard import comparison_pages
from aic_helpers.data.images import as_float, as_uint8
from aic_helpers.evaluation import any_image
from aic_helpers.evaluation.any_image import Outputs

pytestmark = pytest.mark.tensorflow


def kept(monkeypatch):
    """Return what is shown, as it is put into the page of one image."""
    taken = {}
    keep = comparison_pages._Kept.take
    monkeypatch.setattr(
        comparison_pages._Kept,
        "take",
        lambda kept, image, shown, pixels: (taken.update({shown: pixels}), keep(kept, image, shown, pixels)),
    )
    return taken


def test_a_page_of_frozen_networks_has_their_pixels(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    freeze(repeated_by_4, tmp_path / "baseline.pb")
    freeze(lambda images: repeated_by_4(images) + 0.1, tmp_path / "net.pb")
    (tmp_path / "mine.toml").write_text(small_to_large.TOML)
    small_to_large.data(tmp_path / "data", "one")
    taken = kept(monkeypatch)
    call = ["compare", "net.pb", "--track", "mine.toml", "--data", "data", "--out", "page.html"]
    assert main.status(call) == 0, capsys.readouterr().err
    small = small_to_large.given_small(small_to_large.target(seed=0))
    np.testing.assert_array_equal(taken["baseline"], repeated(small))
    np.testing.assert_array_equal(taken["net"], repeated(small, 0.1))


def test_a_network_that_keeps_the_size_is_refused_in_a_sentence(tmp_path):
    freeze(lambda images: images + 0.1, tmp_path / "same.pb")
    with Outputs(enlarges=SCALE) as outputs, pytest.raises(Exception, match=r"\(1, 20, 30, 3\)"):
        outputs.of(tmp_path / "same.pb", np.zeros((20, 30, 3), np.float32))


def test_in_tiles_the_pixels_are_the_same(tmp_path, monkeypatch):
    freeze(repeated_by_4, tmp_path / "net.pb")
    small = small_to_large.target(150, 210)
    monkeypatch.setattr(any_image, "MODEST_PIXELS", 1000)
    monkeypatch.setattr(any_image, "TILE_SIDES_PX", (64, 64))
    monkeypatch.setattr(Outputs, "_seems_to_fit", lambda *_: False)
    with Outputs(enlarges=SCALE) as outputs:
        found = outputs.of(tmp_path / "net.pb", as_float(small))
    np.testing.assert_array_equal(as_uint8(found), repeated(small))


CODE = """
import numpy as np
import tensorflow as tf
from keras import layers


class DepthToSpace(layers.Layer):
    def call(self, inputs):
        return tf.nn.depth_to_space(inputs, 4)


def network(images):
    weights = np.tile(np.eye(3, dtype="float32"), 16)[None, None]
    same = layers.Conv2D(48, 1, use_bias=False, kernel_initializer=lambda *_, **__: weights)
    return DepthToSpace()(same(images))
"""


def test_a_keras_network_beside_the_reference_on_a_shipped_track(tmp_path, monkeypatch, capsys):
    """Its 1x1 convolution makes 16 copies of each pixel, which depth to space puts into a square."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ours.py").write_text(CODE)
    taken = kept(monkeypatch)
    small_to_large.data(tmp_path / "data", "one")
    call = ["compare", "ours.py:network", "--track", "classic_x4", "--data", "data", "--out", "page.html"]
    assert main.status(call) == 0, capsys.readouterr().err
    small = small_to_large.given_small(small_to_large.target(seed=0))
    np.testing.assert_array_equal(taken["network"], repeated(small))
    assert set(taken) == {"input", "target", "fsrcnn_x4", "network"}
    assert taken["fsrcnn_x4"].shape == taken["target"].shape
