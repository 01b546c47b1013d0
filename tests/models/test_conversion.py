"""Every kind of model source becomes a frozen model that gives what the source gives, or one line says why not."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.data.images import as_float, read_rgb
from aic_helpers.models.conversion import PHOTO, convert
from aic_helpers.models.sources import baseline_pb
from aic_helpers.runtimes.frozen_models import load
from aic_helpers.tracks.catalogue import TRACKS

pytestmark = pytest.mark.tensorflow

FIXTURES = Path(__file__).parents[1] / "fixtures" / "models_2018"
BASELINE = baseline_pb(TRACKS["super_resolution"])


@pytest.fixture(scope="module")
def photo():
    """A crop with odd sides, shape (117, 203, 3)."""
    return as_float(read_rgb(min(PHOTO.iterdir())))[:117, :203]


@pytest.fixture(scope="module")
def keras_folder(tmp_path_factory):
    """One small Keras network: `net.py:tiny`, `tiny.weights.h5`, `tiny.keras`, a SavedModel, and its output."""
    folder = tmp_path_factory.mktemp("keras")
    (folder / "net.py").write_text(
        "import keras\n\n\ndef tiny(images):\n"
        "    features = keras.layers.Conv2D(4, 3, padding='same', activation='relu', name='first')(images)\n"
        "    return images + keras.layers.Conv2D(3, 3, padding='same', name='last')(features)\n"
    )
    code = (
        "import sys, keras, numpy as np, tensorflow as tf; sys.path.insert(0, '.'); from net import tiny\n"
        "keras.utils.set_random_seed(1); x = keras.Input((None, None, 3)); m = keras.Model(x, tiny(x))\n"
        "m.save_weights('tiny.weights.h5'); m.save('tiny.keras'); m.export('saved', verbose=False)\n"
        "photo = np.random.default_rng(1).random((2, 33, 47, 3), np.float32)\n"
        "np.save('photo.npy', photo); np.save('out.npy', np.asarray(m(photo)))\n"
        "y = keras.Input((24, 32, 3)); keras.Model(y, tiny(y)).save('fixed.keras')\n"
        "keras.Sequential([keras.Input((8,)), keras.layers.Dense(2)]).save('vector.keras')\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize(
    ("source", "checkpoint", "style"),
    [
        ("net.py:tiny", "tiny.weights.h5", "keras"),
        ("tiny.keras", None, "keras"),
        ("saved", None, "saved_model"),
    ],
)
def test_keras_sources(keras_folder, tmp_path, source, checkpoint, style):
    out = tmp_path / "model.pb"
    report = convert(str(keras_folder / source), out, checkpoint=checkpoint and keras_folder / checkpoint)
    assert (report["style"], report["parameters"]) == (style, 3 * 3 * 3 * 4 + 4 + 3 * 3 * 4 * 3 + 3)
    assert report["input_shape"] == [None, None, None, 3]
    assert report["parity"]["max_abs"] < 1e-6
    assert set(report["parity"]["by_size"]) == {"480x320", "191x127", "61x93"}
    expected = np.load(keras_folder / "out.npy")
    assert np.abs(load(out)(np.load(keras_folder / "photo.npy")) - expected).max() < 1e-6
    assert [path.name for path in tmp_path.iterdir()] == ["model.pb"]


def test_a_frozen_model_is_used_as_it_is(tmp_path):
    report = convert(str(BASELINE), tmp_path / "model.pb")
    assert (tmp_path / "model.pb").read_bytes() == BASELINE.read_bytes()
    assert (report["style"], report["parameters"]) == ("frozen", 69249)
    assert report["parity"] == {"state": "frozen already", "max_abs": None, "by_size": None, "reason": None}


def test_a_frozen_model_with_a_batch_of_1_takes_any_batch(challenge, photo):
    """The challenge's own files are fixed at 1: images go one by one, and come out as from two single calls."""
    model = load(challenge / "models_pretrained" / "dped_srcnn.pb")
    pair = np.stack([photo, photo[::-1]])
    assert model.batch == 1
    assert np.array_equal(model(pair), np.concatenate([model(pair[:1]), model(pair[1:])]))


@pytest.mark.parametrize(
    ("file", "function", "checkpoint"),
    [
        ("unnamed_variables", "unnamed", "weights"),
        ("tf_layers", "with_layers", "weights"),
        ("contrib_slim", "with_slim", "weights"),
        ("scoped_get_variable", "scoped", "weights.ckpt"),
        ("static_batch", "static_batch", "weights"),
    ],
)
def test_a_file_of_2018_gives_what_it_gives_under_tensorflow_1(tmp_path, photo, file, function, checkpoint):
    """`make.py` runs the file under tf.compat.v1 without this package; `.ckpt` is a V1 single-file checkpoint."""
    np.save(tmp_path / "photo.npy", photo)
    arguments = [f"{file}.py", function, tmp_path / checkpoint, tmp_path / "photo.npy", tmp_path / "output.npy"]
    subprocess.run([sys.executable, "make.py", *arguments], cwd=FIXTURES, check=True, capture_output=True)
    source = f"{FIXTURES / file}.py:{function}"
    report = convert(source, tmp_path / "model.pb", checkpoint=tmp_path / checkpoint)
    expected = np.load(tmp_path / "output.npy")
    assert np.abs(load(tmp_path / "model.pb")(photo[None]) - expected).max() < 1e-5
    assert report["style"] == "tensorflow1"
    assert report["input_shape"][0] == (1 if file == "static_batch" else None)
    assert report["parity"]["max_abs"] < 1e-5


GOOD = "import keras\ndef f(x): return keras.layers.Conv2D(3, 3, padding='same', name='only')(x)\n"

BAD_FILES = {
    "syntax": ("def f(x:\n", r"expected Python in .*net.py, found '\(' was never closed .* at line 1: mend the syntax"),
    "two inputs": (
        "import keras\ndef f(x, y): return x\n",
        r"expected a model function of one argument \(images\) in .*net.py, found f\(x, y\)",
    ),
    "no function": ("import keras\ndef g(x): return x\n", "expected a function f in .*net.py, found functions g"),
    "raises": (
        "import keras\ndef f(x):\n    raise RuntimeError('first\\nlast words')\n",
        r"expected the model in .*net.py to build, found RuntimeError: last words at net.py:3",
    ),
    "exits": ("import sys\nsys.exit(3)\n", "found SystemExit: 3 at net.py:2"),
    "import error": ("import nowhere\n", "found ModuleNotFoundError: No module named 'nowhere' at net.py:1"),
    "rank": (
        "import keras\ndef f(x): return keras.ops.mean(x, axis=(1, 2))\n",
        r"expected an output of shape \(batch, height, width, 3\) from .*, found \(None, 3\)",
    ),
    "channels": (
        "import keras\ndef f(x): return keras.layers.Conv2D(4, 3)(x)\n",
        r"found \(None, None, None, 4\): return an RGB image",
    ),
    "one channel": (
        "import keras\ndef f(x): return keras.layers.Conv2D(1, 3)(x)\n",
        r"found \(None, None, None, 1\): return an RGB image, or say --channels y for a network of luma",
    ),
    "several outputs": ("import keras\ndef f(x): return [x, x]\n", "expected one tensor from the function .* list"),
    "no checkpoint": (GOOD, "expected a checkpoint for f, which has variables, found none: give --checkpoint PATH"),
    "raises in 2018": (
        "import tensorflow as tf\ndef f(x):\n    return tf.get_variable(3)\n",
        r"expected the model in .*net.py to build, found .*net.py:3",
    ),
    "aborts": ("import os\nos.abort()\n", "expected .*net.py:f to convert, found .*SIGABRT"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_model_file(tmp_path, case):
    text, message = BAD_FILES[case]
    (tmp_path / "net.py").write_text(text)
    (tmp_path / "model.pb").write_text("what was there before")
    with pytest.raises(InputError, match=message) as caught:
        convert(f"{tmp_path}/net.py:f", tmp_path / "model.pb")
    assert "\n" not in str(caught.value)
    assert (tmp_path / "model.pb").read_text() == "what was there before"
    assert {path.name for path in tmp_path.iterdir()} <= {"model.pb", "net.py", "__pycache__"}


def test_a_model_that_never_builds_is_ended(tmp_path):
    (tmp_path / "net.py").write_text("while True: pass\n")
    with pytest.raises(InputError, match=r"net.py:f to convert, found no reply within 8 s; it was ended"):
        convert(f"{tmp_path}/net.py:f", tmp_path / "model.pb", timeout_s=8)


def test_a_checkpoint_of_another_network_names_the_variables(challenge, tmp_path):
    with pytest.raises(
        InputError,
        match=r"expected the variables of srcnn in the checkpoint, found missing generator/w1, generator/w2, .*"
        r"unexpected generator/Variable, .* and 7 more; of another shape generator/b1 \[16\] for \[64\]",
    ):
        convert(
            "aic_helpers/models/networks.py:srcnn",
            tmp_path / "model.pb",
            checkpoint=challenge / "models_pretrained" / "div2k_resnet_6_16",
        )


def test_weights_of_another_network(keras_folder, tmp_path):
    (tmp_path / "net.py").write_text(GOOD)
    with pytest.raises(
        InputError,
        match=r"expected weights of f in .*weights.h5, found the weights of another network, first .*: give this",
    ):
        convert(f"{tmp_path}/net.py:f", tmp_path / "model.pb", checkpoint=keras_folder / "tiny.weights.h5")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda: b"not a graph at all", "found a truncated or other file: freeze"),
        (lambda: BASELINE.read_bytes()[:100_000], "found a truncated or other file: freeze"),
        (lambda: b"\x08\x01\x12\x00", "found the file of a SavedModel: call it saved_model.pb, with its folder"),
        (lambda: b"", r"expected one placeholder for images in .*bad.pb, found no placeholder"),
    ],
)
def test_a_bad_pb(tmp_path, content, message):
    (tmp_path / "bad.pb").write_bytes(content())
    with pytest.raises(InputError, match=message):
        convert(str(tmp_path / "bad.pb"), tmp_path / "model.pb")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.pb"]


def test_a_keras_file_that_takes_no_image(keras_folder, tmp_path):
    with pytest.raises(InputError, match=r"expected an output of shape \(batch, height, width, 3\)"):
        convert(str(keras_folder / "vector.keras"), tmp_path / "model.pb")


def test_a_keras_file_saved_with_a_fixed_size_takes_any(keras_folder, tmp_path):
    """A convolutional network of a 32x24 input is rebuilt for any size; TensorFlow checks that it can be."""
    assert convert(str(keras_folder / "fixed.keras"), tmp_path / "model.pb")["input_shape"] == [None, None, None, 3]


def test_keras_comes_without_plots_and_tables_which_a_models_file_may_still_import():
    code = (
        "import sys\nfrom aic_helpers.models.freezing import import_keras\nimport_keras()\n"
        "assert 'keras' in sys.modules and not {'matplotlib', 'pandas'} & {*sys.modules}\n"
        "import matplotlib.pyplot, pandas\nassert pandas.DataFrame and matplotlib.pyplot.figure\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
