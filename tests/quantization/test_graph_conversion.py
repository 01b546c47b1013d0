"""What keeps a graph from being a `.tflite` file."""

import pytest
from fixtures import small_networks

from aic_helpers.core.errors import InputError
from aic_helpers.quantization import graph_conversion
from aic_helpers.runtimes import frozen_models

pytestmark = pytest.mark.tensorflow


def test_an_operator_that_litert_hasnt_is_named_with_its_layer(tmp_path):
    path = small_networks.frozen(tmp_path / "net.pb", small_networks.of_unknown_operator)
    with pytest.raises(InputError) as refused:
        graph_conversion.converted(frozen_models.read_graph(path), (32, 32))
    assert str(refused.value) == (
        "expected a network of operators that LiteRT has for an input of 32x32 px, found Digamma (layer odd/digamma): "
        "build these layers of others"
    )


def test_a_size_that_the_network_doesnt_take(tmp_path):
    import tensorflow as tf

    def network(images):
        return tf.reshape(images, [1, 24, 32, 3])

    path = small_networks.frozen(tmp_path / "net.pb", network, (1, None, None, 3))
    with pytest.raises(
        InputError, match="expected a network that converts to LiteRT with an input of 40x24 px, found "
    ):
        graph_conversion.converted(frozen_models.read_graph(path), (40, 24))
