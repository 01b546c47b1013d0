"""Files and functions of Keras 3 and 2 and of TensorFlow 2 come to life, or one line says why not."""

from pathlib import Path

import numpy as np
import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.models.adapters import AS_IT_IS, read_adapters
from aic_helpers.models.conversion import convert
from aic_helpers.models.keras_sources import keras_file, python_function
from aic_helpers.models.tensorflow1 import style_of
from aic_helpers.runtimes.frozen_models import load

pytestmark = pytest.mark.tensorflow

IMAGE = np.random.default_rng(0).random((1, 12, 16, 3), np.float32)

FUNCTIONS = """
import tensorflow as tf

KERNEL = tf.constant([[[[0.5, 0, 0], [0, 0.5, 0], [0, 0, 0.5]]]])


def resized(images):
    return tf.image.resize(images, tf.shape(images)[1:3], method="bicubic", antialias=True)


@tf.function
def decorated(images):
    if tf.reduce_mean(images) > 2:
        return images
    return images * 0.5


class Block(tf.Module):
    def __init__(self, kernel):
        super().__init__()
        self.kernel = tf.Variable(kernel)

    def __call__(self, images):
        return tf.nn.conv2d(images, self.kernel, 1, "SAME")


def with_a_module_inside(images):
    return Block(KERNEL)(images)


def with_random_weights_inside(images):
    return Block(tf.random.normal([1, 1, 3, 3]))(images)


def with_layers(images):
    wide = tf.keras.layers.Conv2D(12, 1, kernel_initializer="ones", bias_initializer="ones", name="wide")(images)
    return tf.nn.depth_to_space(wide, 2)[:, ::2, ::2]


def of_unknown_shape(images):
    return tf.numpy_function(lambda image: image, [images], tf.float32)


class Halving:
    def __call__(self, images):
        return images * 0.5


called = Halving()
module = Block(KERNEL)
number = 3


def model_of(initializer):
    layer = tf.keras.layers.Conv2D(3, 1, kernel_initializer=initializer)
    return tf.keras.Sequential([tf.keras.Input((None, None, 3)), layer])


kept = model_of("ones")


def builder(initializer="ones"):
    return model_of(initializer)


def random_builder():
    return model_of("normal")


class Subclassed(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.convolution = tf.keras.layers.Conv2D(3, 1, kernel_initializer="ones")

    def call(self, images):
        return self.convolution(images)


subclassed = Subclassed()


def builder_of_a_subclass():
    return Subclassed()


def not_a_builder(scale=4):
    return tf.keras.Sequential([tf.keras.layers.Conv2D(3, 3)])
"""

OWN = "the weights are the code's own: they came without a checkpoint"
READ = {"of_hdf5": ["net.weights.h5"], "of_a_checkpoint": ["net.data-00000-of-00001", "net.index"]}
"""What functions of `OWN_READERS` read."""

CALLED = "{}() was called without arguments, because it builds a Keras model"
SUMS = IMAGE.sum(axis=-1, keepdims=True) + np.zeros((1, 1, 1, 3))


@pytest.fixture(scope="module")
def functions(tmp_path_factory):
    path = tmp_path_factory.mktemp("functions") / "functions.py"
    path.write_text(FUNCTIONS)
    return path


def original_of(path, name, checkpoint=None):
    return python_function(path, name, checkpoint, AS_IT_IS, keras_first=style_of(path, by_names=False) == "keras")


@pytest.mark.parametrize(
    ("name", "expected", "style", "notes"),
    [
        ("resized", IMAGE, "tensorflow2", []),
        ("decorated", IMAGE * 0.5, "tensorflow2", []),
        ("with_a_module_inside", IMAGE * 0.5, "tensorflow2", [OWN]),
        ("with_layers", SUMS + 1, "tensorflow2", [OWN]),
        ("called", IMAGE * 0.5, "keras", []),
        ("module", IMAGE * 0.5, "tensorflow2", [OWN]),
        ("kept", SUMS, "keras", [OWN]),
        ("subclassed", SUMS, "keras", [OWN]),
        ("Subclassed", SUMS, "keras", [CALLED.format("Subclassed"), OWN]),
        ("builder_of_a_subclass", SUMS, "keras", [CALLED.format("builder_of_a_subclass"), OWN]),
        ("builder", SUMS, "keras", [CALLED.format("builder"), OWN]),
    ],
)
def test_a_name_in_a_file_of_tensorflow_2(functions, name, expected, style, notes):
    original = original_of(functions, name)
    assert (original.style, original.notes) == (style, notes)
    assert np.abs(original.run(IMAGE) - expected).max() < 1e-5


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("with_random_weights_inside", "a checkpoint for with_random_weights_inside, which has variables, found none"),
        (
            "random_builder",
            r"a checkpoint for the model that random_builder\(\) builds, which has variables, found none",
        ),
        ("not_a_builder", "expected one tensor from the function in .*, found Sequential: return the image tensor"),
        ("of_unknown_shape", r"found one of unknown shape: end with image.set_shape\(\[None, None, None, 3\]\)"),
        ("number", "expected a function number in .*, found functions resized, "),
    ],
)
def test_a_name_that_is_no_model(functions, name, message):
    with pytest.raises(InputError, match=message):
        original_of(functions, name)


def test_a_function_that_loads_its_own_weights(tmp_path):
    import keras

    images = keras.Input((None, None, 3))
    model = keras.Model(images, keras.layers.Conv2D(3, 3, padding="same")(images))
    model.save(tmp_path / "net.keras")
    (tmp_path / "net.py").write_text(
        "from pathlib import Path\nimport keras\n\n\ndef network(images):\n"
        "    return keras.models.load_model(Path(__file__).with_name('net.keras'), compile=False)(images)\n"
    )
    original = original_of(tmp_path / "net.py", "network")
    assert original.notes == [OWN]
    assert np.abs(original.run(IMAGE) - np.asarray(model(IMAGE))).max() < 1e-6


OWN_READERS = """
from pathlib import Path
import tensorflow as tf
import keras

HERE = Path(__file__).parent


def of_hdf5(images):
    layer = keras.layers.Conv2D(3, 1, name="first")
    output = layer(images)
    keras.Model(images, output).load_weights(HERE / "net.weights.h5")
    return output


def of_a_checkpoint(images):
    return images * float(tf.train.load_checkpoint(str(HERE / "net")).get_tensor("v"))
"""


def test_what_the_code_itself_loads_is_noticed(tmp_path):
    """So that a change of it makes the model anew: HDF5 and TensorFlow open files without Python."""
    import keras
    import tensorflow.compat.v1 as tf

    images = keras.Input((None, None, 3))
    keras.Model(images, keras.layers.Conv2D(3, 1, name="first")(images)).save_weights(tmp_path / "net.weights.h5")
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable("v", [], initializer=tf.constant_initializer(0.5))
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, str(tmp_path / "net"))
    (tmp_path / "net.py").write_text(OWN_READERS)
    read = {name: convert(f"{tmp_path}/net.py:{name}", tmp_path / "model.pb")["read_files"] for name in READ}
    assert {name: sorted(Path(file).name for file in files) for name, files in read.items()} == READ
    assert all(len(digest) == 64 for files in read.values() for digest in files.values())


def test_a_network_that_writes_to_its_own_variables_is_refused(tmp_path):
    text = "import tensorflow as tf\ncalls = tf.Variable(0.0)\ndef net(x): return x + 0 * calls.assign_add(1.0)\n"
    (tmp_path / "net.py").write_text(text)
    with pytest.raises(
        InputError, match=r"found one that writes to its variables as it runs \(AssignAdd.*\): build it"
    ):
        python_function(tmp_path / "net.py", "net", None, AS_IT_IS, keras_first=False)


def test_a_checkpoint_beside_a_network_without_variables(tmp_path):
    (tmp_path / "net.py").write_text("import keras\ndef net(x): return x * 0.5\n")
    with pytest.raises(InputError, match=r"expected no checkpoint beside net, which has no variables, found .*: leave"):
        python_function(tmp_path / "net.py", "net", tmp_path / "w.h5", AS_IT_IS, keras_first=True)


def test_a_builder_with_a_checkpoint(tmp_path, functions):
    import tf_keras

    images = tf_keras.Input((None, None, 3))
    model = tf_keras.Model(images, tf_keras.layers.Conv2D(3, 1)(images))
    model.save_weights(tmp_path / "net.h5")
    original = original_of(functions, "random_builder", tmp_path / "net.h5")
    assert np.abs(original.run(IMAGE) - model(IMAGE).numpy()).max() < 1e-6


@pytest.mark.parametrize(
    ("text", "by_names", "style"),
    [
        ("import tensorflow as tf\ndef f(x): return tf.get_variable('v', [])", False, "tensorflow1"),
        ("import tensorflow as tf\ndef f(x): return tf.image.resize_bicubic(x, (8, 8))", False, "tensorflow1"),
        ("import tensorflow.compat.v1 as tf\ndef f(x): return tf.identity(x)", False, "tensorflow1"),
        ("import tensorflow as tf\nfrom tensorflow.contrib import slim", False, "tensorflow1"),
        ("import tensorflow as tf\ndef f(x): return x * tf.Variable(1.0)", True, "tensorflow1"),
        ("import tensorflow as tf\ndef f(x): return x * tf.Variable(1.0)", False, "tensorflow2"),
        ("import tensorflow as tf\ndef f(x): return tf.image.resize(x, (8, 8))", False, "tensorflow2"),
        ("import tensorflow as tf\ndef f(x): return tf.keras.layers.ReLU()(x)", True, "keras"),
        ("import keras\ndef f(x): return x", True, "keras"),
        ("import tf_keras\ndef f(x): return x", False, "tensorflow2"),
        ("def f(x): return x", False, "keras"),
    ],
)
def test_what_a_file_is_written_for(tmp_path, text, by_names, style):
    (tmp_path / "net.py").write_text(text)
    assert style_of(tmp_path / "net.py", by_names=by_names) == style


LAYERS = {
    "keras": "import keras\n\n\n@keras.saving.register_keras_serializable()\nclass Halving(keras.layers.Layer):\n",
    "tf_keras": "import tf_keras\n\n\nclass Halving(tf_keras.layers.Layer):\n",
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Networks that Keras 3 and 2 saved, some with layers of their own; and what those without give."""
    import keras
    import tf_keras

    folder, outputs = tmp_path_factory.mktemp("saved"), {}
    for name, library in (("keras", keras), ("tf_keras", tf_keras)):

        class Halving(library.layers.Layer):
            def call(self, images):
                return images * 0.5

        images = library.Input((None, None, 3))
        plain = library.Model(images, library.layers.Conv2D(3, 3, padding="same")(images))
        own, code = Halving()(images), library.layers.Lambda(lambda image: image * 0.5)(images)
        for ending in ("keras", "h5"):
            plain.save(folder / f"{name}.{ending}")
            library.Model(images, own).save(folder / f"{name}_own.{ending}")
            library.Model(images, code).save(folder / f"{name}_lambda.{ending}")
            outputs[f"{name}.{ending}"] = np.asarray(plain(IMAGE))
        (folder / f"{name}_layers.py").write_text(
            f"{LAYERS[name]}    def call(self, images):\n        return images * 0.5\n"
        )
    plain.save_weights(folder / "weights.h5")
    return folder, outputs


pytest_warnings = pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")


@pytest_warnings
@pytest.mark.parametrize("name", ["keras.keras", "keras.h5", "tf_keras.keras", "tf_keras.h5"])
def test_a_network_that_keras_3_or_2_saved(saved, name):
    folder, outputs = saved
    assert np.abs(keras_file(folder / name, None, None, AS_IT_IS).run(IMAGE) - outputs[name]).max() < 1e-6


@pytest_warnings
@pytest.mark.parametrize("library", ["keras", "tf_keras"])
@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize(
    ("kind", "found"), [("own", "Halving, which is not of Keras"), ("lambda", "a Lambda layer, which is code and not")]
)
def test_a_layer_of_ones_own_needs_its_code(saved, library, ending, kind, found):
    folder, _ = saved
    file = folder / f"{library}_{kind}.{ending}"
    with pytest.raises(
        InputError, match=f"only layers of Keras in .*, found {found}.*: for a model of your own give --code FILE.py"
    ):
        keras_file(file, None, None, AS_IT_IS)
    original = keras_file(file, None, None, read_adapters({"code": str(folder / f"{library}_layers.py")}))
    assert np.abs(original.run(IMAGE) - IMAGE * 0.5).max() < 1e-6


@pytest.mark.parametrize(
    ("sides", "make", "message"),
    [
        (
            (None, None, 1),
            lambda image: image * 2,
            r"found \(None, None, None, 1\): return .* say --channels y for a network",
        ),
        (
            (3, 24, 32),
            lambda image: image * 2,
            r"found \(None, 3, 24, 32\): return .* say --layout nchw for chann",
        ),
        (
            (None, None, 3),
            lambda image: [image, image * 2],
            "found 1 and 2: save a network of one image in and one out",
        ),
    ],
)
def test_a_network_of_another_form(tmp_path, sides, make, message):
    import keras

    images = keras.Input(sides)
    keras.Model(images, make(images)).save(tmp_path / "net.keras")
    with pytest.raises(InputError, match=message):
        keras_file(tmp_path / "net.keras", None, None, AS_IT_IS)


def test_the_one_output_of_a_mapping(tmp_path):
    import keras

    images = keras.Input((None, None, 3))
    keras.Model(images, {"image": images * 0.5}).save(tmp_path / "net.keras")
    assert np.abs(keras_file(tmp_path / "net.keras", None, None, AS_IT_IS).run(IMAGE) - IMAGE * 0.5).max() < 1e-6


@pytest_warnings
def test_weights_without_a_network(saved):
    with pytest.raises(InputError, match=r"found weights without a network: give the network as file.py:function, and"):
        keras_file(saved[0] / "weights.h5", None, None, AS_IT_IS)


@pytest.mark.parametrize("name", ["net.keras", "net.h5"])
def test_a_file_that_is_not_whole(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(InputError, match=r"expected a network of Keras in .*, found a truncated or other file"):
        keras_file(tmp_path / name, None, None, AS_IT_IS)


@pytest.mark.parametrize("library", ["keras", "tf_keras"])
def test_a_model_itself(tmp_path, library):
    keras = pytest.importorskip(library)

    class Halving(keras.layers.Layer):
        def call(self, images):
            return images * 0.5

    images = keras.Input((None, None, 3))
    model = keras.Model(images, Halving()(keras.layers.Conv2D(3, 3, padding="same")(images)), name="halved")
    report = convert(model, tmp_path / "model.pb")
    assert (report["name"], report["source"]) == ("halved", "the Keras model halved")
    assert np.abs(load(tmp_path / "model.pb")(IMAGE) - np.asarray(model(IMAGE))).max() < 1e-6


def test_what_is_no_model_itself(tmp_path):
    import keras

    with pytest.raises(InputError, match=r"a model source in text, or a keras.Model, found builtins.int: give one of"):
        convert(3, tmp_path / "model.pb")
    images = keras.Input((None, None, 3))
    with pytest.raises(InputError, match="one beside a Keras model: load it into the model"):
        convert(keras.Model(images, images * 2), tmp_path / "model.pb", checkpoint="net.h5")
