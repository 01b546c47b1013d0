"""Weights of layers that could be exchanged reach their own layers, in each format that keeps names."""

import numpy as np
import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.weights.restoring import is_by_names, restored, slots_of, structure_of

pytestmark = pytest.mark.tensorflow

PARTS = [f"{layer}/{part}" for layer in ("first", "second") for part in ("kernel", "bias")]


def conv(library, name=None):
    return library.layers.Conv2D(3, 3, padding="same", name=name, bias_initializer="random_normal")


def chain(library, *names):
    """A network that calls layers of these names in this order."""
    images = features = library.Input((None, None, 3))
    for name in names:
        features = conv(library, name)(features)
    return library.Model(images, features)


def swapped(library):
    """A subclassed model that makes its layers in another order than it calls them."""

    class Net(library.Model):
        def __init__(self):
            super().__init__()
            self.second = conv(library, "second")
            self.first = conv(library, "first")

        def call(self, images):
            return self.second(self.first(images))

    net = Net()
    net(np.zeros((1, 8, 8, 3), np.float32))
    return net


def values(model):
    """The arrays of layers `first` and `second`, by name."""
    layers = {layer.name: layer.get_weights() for layer in model.layers if layer.name in ("first", "second")}
    return {
        f"{name}/{part}": array for name in layers for part, array in zip(("kernel", "bias"), layers[name], strict=True)
    }


@pytest.fixture(scope="module")
def libraries():
    import keras
    import tf_keras

    return {"keras": keras, "tf_keras": tf_keras}


def saved_as_weights(model, folder):
    model.save_weights(folder / "net.weights.h5")
    return folder / "net.weights.h5"


def saved_as_h5(model, folder):
    model.save_weights(folder / "net.h5")
    return folder / "net.h5"


def saved_as_renamed_h5(model, folder):
    return saved_as_h5(model, folder).rename(folder / "net.weights.h5")


def saved_as_whole_h5(model, folder):
    model.save(folder / "whole.h5")
    return folder / "whole.h5"


def saved_as_keras(model, folder):
    model.save(folder / "net.keras")
    return folder / "net.keras"


def saved_by_save_weights(model, folder):
    model.save_weights(folder / "net")
    return folder / "net"


def saved_as_objects(model, folder):
    import tensorflow as tf

    tf.train.Checkpoint(generator=model, step=tf.Variable(3)).write(str(folder / "net"))
    return folder / "net"


def saved_beside_its_optimizer(model, folder):
    import tensorflow as tf

    model.compile("adam", "mse")
    images = np.zeros((1, 8, 8, 3), np.float32)
    model.fit(images, images, verbose=0)
    tf.train.Checkpoint(net=model, optimizer=model.optimizer).write(str(folder / "net"))
    return folder / "net"


PERMUTED = [
    ("keras", "chain", saved_as_weights),
    ("keras", "chain", saved_as_keras),
    ("keras", "chain", saved_as_whole_h5),
    ("keras", "chain", saved_as_objects),
    ("keras", "chain", saved_beside_its_optimizer),
    ("keras", "swapped", saved_as_weights),
    ("keras", "swapped", saved_as_objects),
    ("tf_keras", "chain", saved_as_h5),
    ("tf_keras", "chain", saved_as_renamed_h5),
    ("tf_keras", "chain", saved_as_whole_h5),
    ("tf_keras", "chain", saved_by_save_weights),
    ("tf_keras", "chain", saved_as_objects),
    ("tf_keras", "chain", saved_beside_its_optimizer),
    ("tf_keras", "swapped", saved_as_h5),
    ("tf_keras", "swapped", saved_as_weights),
    ("tf_keras", "swapped", saved_by_save_weights),
    ("tf_keras", "swapped", saved_as_objects),
]


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize(("library", "form", "save"), PERMUTED)
def test_layers_of_one_shape_get_their_own_weights(tmp_path, libraries, library, form, save):
    """The file has the layers in another order than the network, each under its name."""
    model = chain(libraries[library], "second", "first") if form == "chain" else swapped(libraries[library])
    path = save(model, tmp_path)
    network = chain(libraries["keras"], "first", "second")
    found = restored(slots_of(network.weights), path, "network")
    got = {variable.path: array for variable, array in found.pairs}
    expected = values(model)
    assert sorted(got) == sorted(PARTS)
    assert all(np.array_equal(got[part], expected[part]) for part in PARTS)
    assert not np.array_equal(got["first/kernel"], got["second/kernel"])
    assert found.note is None


def test_a_file_that_keeps_no_names_says_that_the_order_counted(tmp_path, libraries):
    """The `.weights.h5` of Keras 2 numbers its layers."""
    path = saved_as_weights(chain(libraries["tf_keras"], "first", "second"), tmp_path)
    found = restored(slots_of(chain(libraries["keras"], "first", "second").weights), path, "network")
    assert found.note == "weights by order: first, second could be exchanged, and no name in the file decides"


def test_a_permuted_file_of_other_names_is_refused(tmp_path, libraries):
    path = saved_as_weights(chain(libraries["keras"], "beta", "alpha"), tmp_path)
    with pytest.raises(InputError, match="called beta, alpha, which the network calls first, second: call them in the"):
        restored(slots_of(chain(libraries["keras"], "first", "second").weights), path, "network")


def test_variables_of_modules_go_by_the_attributes_that_lead_to_them(tmp_path):
    import tensorflow as tf

    module = tf.Module()
    module.b, module.a = (tf.Variable(np.full((1, 1, 3, 3), value, np.float32)) for value in (2, 1))
    tf.train.Checkpoint(net=module).write(str(tmp_path / "net"))
    slots = [(name, (1, 1, 3, 3), name) for name in ("a", "b")]
    found = restored(slots, tmp_path / "net", "network")
    assert {name: array.mean() for name, array in found.pairs} == {"a": 1, "b": 2}


def test_modules_in_a_list_go_by_their_place_in_it(tmp_path):
    import tensorflow as tf

    module = tf.Module()
    module.blocks = [tf.Module(), tf.Module()]
    for place, block in enumerate(module.blocks):
        block.w = tf.Variable(np.full((1, 1, 3, 3), place, np.float32))
    tf.train.Checkpoint(net=module).write(str(tmp_path / "net"))
    slots = [(f"blocks/{place}/w", (1, 1, 3, 3), place) for place in (1, 0)]
    found = restored(slots, tmp_path / "net", "network")
    assert {place: array.mean() for place, array in found.pairs} == {0: 0, 1: 1}
    assert found.note is None


def test_of_two_networks_in_a_checkpoint_the_one_that_fits(tmp_path, libraries):
    import tensorflow as tf

    keras = libraries["keras"]
    generator, critic = chain(keras, "first", "second"), chain(keras, "third")
    tf.train.Checkpoint(generator=generator, critic=critic).write(str(tmp_path / "net"))
    slots = slots_of(chain(keras, "first", "second").weights)
    found = restored(slots, tmp_path / "net", "network")
    assert found.unused == ["critic"]
    tf.train.Checkpoint(one=generator, other=chain(keras, "first", "second")).write(str(tmp_path / "net"))
    with pytest.raises(InputError, match="found several that fit: one, other: save the one that is meant by itself"):
        restored(slots, tmp_path / "net", "network")


def test_a_checkpoint_of_tensorflow_1_goes_by_names_alone(tmp_path):
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        for name, value in (("second/w", 2.0), ("first/w", 1.0)):
            tf.get_variable(name, [3], initializer=tf.constant_initializer(value))
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, str(tmp_path / "net"))
    assert is_by_names(tmp_path / "net")
    found = restored([("first/w", (3,), "first"), ("second/w", (3,), "second")], tmp_path / "net", "network")
    assert {name: array.mean() for name, array in found.pairs} == {"first": 1, "second": 2}


def test_what_is_no_checkpoint(tmp_path, libraries):
    slots = slots_of(chain(libraries["keras"], "first").weights)
    (tmp_path / "notes.txt").write_text("text")
    with pytest.raises(InputError, match=r"at .*notes.txt, found a file of another kind: give this network's"):
        restored(slots, tmp_path / "notes.txt", "network")
    with pytest.raises(
        InputError, match="a checkpoint for network, which has variables, found none: give --checkpoint"
    ):
        restored(slots, None, "network")


def test_layers_that_a_block_keeps_as_attributes(tmp_path, libraries):
    """Keras 3 sorts attributes: `expand` stands before `squeeze` in the file, after it in the network."""
    keras = libraries["keras"]

    class Block(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.squeeze, self.expand = conv(keras), conv(keras)

        def build(self, shape):
            self.squeeze.build(shape)
            self.expand.build(shape)

        def call(self, images):
            return images + self.expand(self.squeeze(images))

    def network():
        images = keras.Input((None, None, 3))
        return keras.Model(images, Block()(Block()(images)))

    model, other = network(), network()
    path = saved_as_weights(model, tmp_path)
    found = restored(slots_of(other.weights), path, "network", structure=structure_of(other))
    got = {id(variable): array for variable, array in found.pairs}
    assert all(
        np.array_equal(got[id(mine)], theirs) for mine, theirs in zip(other.weights, model.get_weights(), strict=True)
    )
    with pytest.raises(InputError, match="name the layers alike where the weights are saved and in the network"):
        restored(slots_of(other.weights), path, "network")


def test_layers_in_models_in_a_model_go_by_the_names_of_both(tmp_path, libraries):
    keras = libraries["keras"]

    def network(*names):
        images = features = keras.Input((None, None, 3))
        for name in names:
            features = keras.Sequential([conv(keras, "first"), conv(keras, "second")], name=name)(features)
        return keras.Model(images, features)

    model, other = network("b", "a"), network("a", "b")
    found = restored(slots_of(other.weights), saved_as_weights(model, tmp_path), "network")
    expected = {weight.path: weight.numpy() for weight in model.weights}
    assert all(np.array_equal(array, expected[variable.path]) for variable, array in found.pairs)
    assert found.note is None
