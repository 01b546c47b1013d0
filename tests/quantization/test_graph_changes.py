"""What is changed in a graph before it is converted, and that it computes the same."""

import numpy as np
import pytest
from fixtures import small_networks

from aic_helpers.core.errors import InputError
from aic_helpers.litert.structures import read
from aic_helpers.quantization import graph_changes, graph_conversion
from aic_helpers.quantization.activation_ranges import plain_output
from aic_helpers.runtimes import frozen_models

pytestmark = pytest.mark.tensorflow

SIZES = (80, 64), (160, 128)


def graph(tmp_path, network):
    path = small_networks.frozen(tmp_path / "net.pb", network)
    return path, frozen_models.read_graph(path)


def test_a_free_size_keeps_its_channels_behind_computed_paddings(tmp_path):
    path, graph_def = graph(tmp_path, small_networks.padded)
    with pytest.raises(InputError, match=r"for an input of any height and width, found Conv2D \(layer first/conv\)"):
        graph_conversion.converted(graph_def, None)
    content = graph_conversion.converted(graph_changes.with_channels(graph_def, SIZES), None)
    assert read(content).inputs[0].shape_signature == (1, None, None, 3)
    for height_px, width_px in ((64, 80), (61, 83), (33, 34)):
        photo = np.random.default_rng(1).random((1, height_px, width_px, 3), np.float32)
        assert np.abs(plain_output(content, photo) - frozen_models.load(path)(photo)).max() < 1e-5


def test_a_graph_that_knows_its_channels_stays_as_it_is(tmp_path):
    _, graph_def = graph(tmp_path, small_networks.residual)
    assert graph_changes.with_channels(graph_def, SIZES) == graph_def


def test_means_of_a_photo_lose_nothing(tmp_path):
    """LiteRT adds a mean's values up one by one: a million of them cost more than a thousand sums of a thousand."""
    import tensorflow as tf

    _, graph_def = graph(tmp_path, lambda images: images - tf.reduce_mean(images, [1, 2], keepdims=True))
    photo = np.random.default_rng(1).random((1, 1000, 1000, 3), np.float32)
    exact = photo - photo.mean((1, 2), keepdims=True, dtype=np.float64)
    off, off_in_two = (
        np.abs(plain_output(graph_conversion.converted(which, None), photo) - exact).max()
        for which in (graph_def, graph_changes.with_means_in_two(graph_def))
    )
    assert off_in_two < 1e-6 < 5e-6 < off


def test_other_means_stay_as_they_are(tmp_path):
    import tensorflow as tf

    _, graph_def = graph(tmp_path, lambda images: images + tf.reduce_mean(images, [1, 2, 3], keepdims=True))
    assert graph_changes.with_means_in_two(graph_def) == graph_def
