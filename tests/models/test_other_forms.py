"""Networks of other forms: what is refused at conversion and why, and what is built around the others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from aic_helpers.core.errors import InputError
from aic_helpers.data.colour_spaces import BLACK, LUMA
from aic_helpers.data.matlab_resizing import matlab_bicubic
from aic_helpers.models import stranger_models
from aic_helpers.runtimes.frozen_models import load

pytestmark = pytest.mark.tensorflow

v1 = tf.compat.v1

ANY = [None, None, None, 3]
KERNEL = np.eye(3, dtype=np.float32)[None, None] * 0.5
IMAGES = np.random.default_rng(5).random((1, 12, 10, 3), np.float32)


def conv(images: Any) -> Any:
    return tf.nn.conv2d(images, tf.constant(KERNEL), 1, "SAME")


def placed(shape: Any = ANY, dtype: Any = tf.float32, name: str = "input") -> Any:
    return v1.placeholder(dtype, shape, name=name)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Callable[[], Any]], Path]:
    """Write a graph; returns the path of its `.pb`."""

    def write(build: Callable[[], Any]) -> Path:
        with tf.Graph().as_default() as graph:
            tf.identity(build(), name="output")
        (tmp_path / "net.pb").write_bytes(graph.as_graph_def().SerializeToString())
        return tmp_path / "net.pb"

    return write


def four_times() -> Any:
    return tf.nn.depth_to_space(tf.tile(conv(placed()), [1, 1, 1, 16]), 4)


def by_python() -> Any:
    images = placed()
    output = tf.numpy_function(lambda x: x, [images], tf.float32)
    output.set_shape(ANY)
    return output


def with_variable() -> Any:
    return tf.nn.conv2d(placed(), v1.get_variable("kernel", initializer=KERNEL, use_resource=False), 1, "SAME")


def with_resource() -> Any:
    return tf.nn.conv2d(placed(), v1.get_variable("kernel", initializer=KERNEL, use_resource=True), 1, "SAME")


def without_a_shape() -> Any:
    return tf.nn.conv2d(placed(None), tf.ones([1, 1, 1, 1]), 1, "SAME")


def first_channels() -> Any:
    return tf.transpose(conv(tf.transpose(placed([None, 3, None, None]), [0, 2, 3, 1])), [0, 3, 1, 2])


def any_channels_first() -> Any:
    return tf.transpose(conv(tf.transpose(placed([None] * 4), [0, 2, 3, 1])), [0, 3, 1, 2])


def luma_first() -> Any:
    return placed([None, 1, None, None]) * 0.5


def with_a_switch() -> Any:
    images = placed()
    return tf.where(placed([], tf.bool, "train"), 0 * images, images)


REFUSED = {
    with_variable: r"expected a frozen graph in .*net.pb, found variables that were never frozen \(kernel\): give the",
    with_resource: r"found variables that were never frozen \(kernel\)",
    by_python: r"without Python in .*net.pb, found Python inside \(PyFunc\): put TensorFlow's operations in place",
    (lambda: conv(placed()) + 0 * placed(name="low")): r"another placeholder, low \(float32 \(any, any, any, 3\)\)",
    (lambda: conv(placed()) * placed([], name="x")): r"another placeholder, x \(float32\): .* input, or say --set x=N",
    with_a_switch: r"found another placeholder, train \(bool\): say --set train=false$",
    (lambda: conv(tf.cast(placed(dtype=tf.uint8), tf.float32))): "found an input of uint8: say --range 255$",
    (lambda: tf.cast(conv(placed()), tf.uint8)): "found an output of uint8: say --range 255$",
    (lambda: tf.as_string(conv(placed()))): "expected an output of float32, found one of string: cast it inside",
    (lambda: placed([None, None, None, 1]) * 0.5): "say --channels y$",
    (lambda: tf.reduce_mean(conv(placed()), 3, True)): r"an output of shape \(1, 96, 128, 1\) for one image of 128x96",
    without_a_shape: "say --channels y$",
    first_channels: "found an input with the channels first: say --layout nchw$",
    any_channels_first: "say --layout nchw$",
    luma_first: "say --layout nchw --channels y$",
    four_times: r"an output of the input's size \(128x96\), found 512x384, which is 4 times: choose a track",
    (lambda: conv(placed()) + tf.reduce_mean(tf.zeros([40000, 40000, 16]))): "found zeros of 97656 MiB: make it small",
    (lambda: tf.reshape(conv(placed()), [1, 7, 7, 3])): r"found Input to reshape is a tensor with 36864 values, but",
}


@pytest.mark.parametrize("build", REFUSED)
def test_what_is_no_network_of_one_rgb_image_is_refused_at_conversion(write, freeze, build):
    with pytest.raises(InputError, match=REFUSED[build]) as told:
        freeze(write(build))
    assert "{{node" not in str(told.value)


def twice() -> Any:
    return tf.nn.depth_to_space(tf.tile(conv(placed()), [1, 1, 1, 4]), 2)


@pytest.mark.parametrize(
    ("build", "found", "remedy"),
    [
        (twice, "256x192, which is 2 times", "a track of scale 2 that gives the small photo, or mend"),
        (lambda: conv(placed()), "128x96, the input's own size", "that gives photos of full size"),
    ],
)
def test_a_network_of_another_scale_than_the_track_is_told_with_both_sizes(write, freeze, build, found, remedy):
    expected = "an output 4 times the input's size (512x384 for 128x96)"
    with pytest.raises(InputError) as told:
        freeze(write(build), enlarges=4)
    assert str(told.value).startswith(f"expected {expected}, found {found}: choose a track")
    assert remedy in str(told.value)


def test_a_network_of_the_scale_of_the_track_is_taken_and_its_operations_counted(write, freeze):
    net = write(four_times)
    report = freeze(net, enlarges=4)
    assert (report["macs"], report["macs_size"]) == (256 * 128 * 9, [256, 128])
    assert load(net)(IMAGES).shape == (1, 48, 40, 3)


def luma_three_times() -> Any:
    return tf.nn.depth_to_space(tf.tile(placed([None, None, None, 1]) * 0.5, [1, 1, 1, 9]), 3)


def test_a_network_of_luma_that_enlarges_is_told_what_to_say(write, freeze):
    expected = r"expected a network of one RGB image in \[0, 1\], \(batch, height, width, 3\), in and out"
    with pytest.raises(InputError, match=expected + r", found .*: say --channels y$"):
        freeze(write(luma_three_times), enlarges=3)


def test_a_network_of_luma_gives_enlarged_luma_and_the_colours_are_enlarged_beside_it(write, freeze, tmp_path):
    """Of a photo of one colour the colours stay what they are; of another, they are what bicubic makes of them."""
    report = freeze(write(luma_three_times), enlarges=3, channels="y")
    assert max(report["parity"]["by_size"].values()) < 1e-6
    enlarged = load(tmp_path / "model.pb")(IMAGES)
    assert enlarged.shape == (1, 36, 30, 3)
    assert stranger_models.look({"model": str(tmp_path / "model.pb")})["refused"] is None
    luma, given = (images @ np.array(LUMA, np.float32) + BLACK for images in (enlarged, IMAGES))
    np.testing.assert_allclose(luma, 0.5 * given.repeat(3, axis=1).repeat(3, axis=2), atol=1e-5)
    inner = (slice(6, -6), slice(6, -6))  # at the border MATLAB mirrors the photo, and TensorFlow does not
    blue = [(image[..., 2] - image[..., 1]) for image in (enlarged[0], IMAGES[0])]
    np.testing.assert_allclose(blue[0][inner], matlab_bicubic(blue[1], 3)[inner], atol=2e-3)


def bright(images: Any) -> Any:
    return images * 0.5 + 64


def full_matrix(images: np.ndarray) -> np.ndarray:
    """RGB to YCbCr by BT.601 and back, with half the luma: by the whole matrix and its inverse."""
    matrix = np.array([[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]]) / 255
    offset = np.array([16, 128, 128]) / 255
    luma, *chromas = np.moveaxis(images @ matrix.T + offset, -1, 0)
    return (np.stack([luma * 0.5, *chromas], -1) - offset) @ np.linalg.inv(matrix).T


FIRST_HALVED = np.array([0.5, 1, 1], np.float32)

ADAPTED = {
    "range": ({"range": 255}, lambda: bright(placed()), lambda images: images * 0.5 + 64 / 255),
    "layout": (
        {"layout": "nchw"},
        lambda: placed([None, 3, None, None]) * FIRST_HALVED[:, None, None],
        lambda images: images * FIRST_HALVED,
    ),
    "colour": ({"colour": "bgr"}, lambda: placed() * FIRST_HALVED, lambda images: images * FIRST_HALVED[::-1]),
    "channels": ({"channels": "y"}, lambda: placed([None, None, None, 1]) * 0.5, full_matrix),
    "luma of 255, first": (
        {"channels": "y", "layout": "nchw", "range": 255},
        lambda: placed([None, 1, None, None]) * 0.5,
        full_matrix,
    ),
    "uint8": (
        {"range": 255},
        lambda: 255 - placed(dtype=tf.uint8),
        lambda images: 1 - np.rint(images * 255) / 255,
    ),
    "colours of 255, first": (
        {"range": 255, "colour": "bgr", "layout": "nchw"},
        lambda: placed([None, 3, None, None]) * FIRST_HALVED[:, None, None] + 64,
        lambda images: images * FIRST_HALVED[::-1] + 64 / 255,
    ),
    "set": ({"set": {"scale": 0.25}}, lambda: placed() * placed([], name="scale"), lambda images: images * 0.25),
    "set to false": (
        {"set": {"train": False}},
        with_a_switch,
        lambda images: images,
    ),
    "half": ({}, lambda: tf.cast(placed(), tf.float16), lambda images: images.astype(np.float16)),
    "bfloat16": ({}, lambda: tf.cast(tf.round(placed()), tf.bfloat16), np.round),
    "float64": ({}, lambda: tf.cast(placed(), tf.float64) * 0.5, lambda images: images * 0.5),
}


@pytest.mark.parametrize("case", ADAPTED)
def test_what_is_said_of_a_network_is_built_around_it(write, freeze, tmp_path, case):
    adapt, build, expected = ADAPTED[case]
    report = freeze(write(build), **adapt)
    model = load(tmp_path / "model.pb")
    assert (model.input_dtype, model.input_shape) == ("float32", ANY)
    output = model(IMAGES)
    assert output.dtype == np.float32
    assert np.abs(output - expected(IMAGES)).max() < 1e-6
    assert len(report["adapters"]) == len(adapt) + (2 if case == "uint8" else case in ("half", "bfloat16", "float64"))
    assert stranger_models.look({"model": str(tmp_path / "model.pb")})["refused"] is None
    assert report["parity"]["state"] == "compared"
    assert max(report["parity"]["by_size"].values()) < 1e-6


def test_what_does_not_fit_a_network_is_told(write, freeze):
    with pytest.raises(InputError, match=r"expected a network that fits channels y, found .*: say other of it"):
        freeze(write(lambda: conv(placed())), channels="y")


def test_a_network_of_a_fixed_size_is_compared_at_that_size(write, freeze):
    parity = freeze(write(lambda: conv(placed([1, 9, 7, 3]))), range=255)["parity"]
    assert (parity["state"], list(parity["by_size"])) == ("compared", ["7x9"])


def test_a_graph_that_is_used_as_it_is_has_nothing_to_be_compared_with(write, freeze):
    report = freeze(write(lambda: conv(placed())))
    assert (report["adapters"], report["parity"]["state"], report["parity"]["by_size"]) == ([], "frozen already", None)


def test_the_only_ends_are_taken_whatever_they_are_called(tmp_path, freeze):
    net = _named(tmp_path, lambda: tf.identity(conv(placed(name="images")), name="generator/add"))
    report = freeze(net)
    assert report["adapters"] == ["input: the tensor images:0", "output: the tensor generator/add:0"]
    assert np.array_equal(load(tmp_path / "model.pb")(IMAGES), IMAGES * 0.5)


def _named(folder: Path, build: Callable[[], Any]) -> Path:
    with tf.Graph().as_default() as graph:
        build()
    (folder / "net.pb").write_bytes(graph.as_graph_def().SerializeToString())
    return folder / "net.pb"


def two_ways() -> None:
    both = conv(placed(name="left")) + placed(name="right")
    tf.identity(both, name="clean")
    tf.identity(both * 2, name="loud")


@pytest.mark.parametrize(
    ("adapt", "message"),
    [
        ({}, "expected one placeholder for images in .*net.pb, found the placeholders left, right: say which: --input"),
        ({"input": "lefft"}, r"expected an input of .*net.pb, found lefft: did you mean left\?"),
        ({"input": "left"}, "expected one end in .*net.pb, found the ends clean, loud: say which: --output NAME"),
        ({"input": "left", "output": "x"}, "expected an output of .*net.pb, found x: it ends with: clean, loud"),
        ({"input": "left", "output": "clean"}, "found another placeholder, right"),
        ({"set": {"up": 1}}, "expected a placeholder of .*net.pb to set, found up: placeholders: left, right"),
    ],
)
def test_names_that_are_not_there_or_not_enough_list_what_there_is(tmp_path, freeze, adapt, message):
    with pytest.raises(InputError, match=message):
        freeze(_named(tmp_path, two_ways), **adapt)


def test_names_that_were_given_are_taken(tmp_path, freeze):
    freeze(_named(tmp_path, two_ways), input="left", output="loud:0", set={"right": 0.25})
    assert np.abs(load(tmp_path / "model.pb")(IMAGES) - (IMAGES + 0.5)).max() < 1e-6


def test_weights_are_those_that_run_in_functions_too(tmp_path, freeze):
    """27 in the graph and 9 in a function; an epsilon, a shape, a mean colour and what nothing hangs on are none."""
    with tf.Graph().as_default() as graph:
        images = placed()
        tf.constant(np.ones([50, 50], np.float32), name="ballast")
        shifted = tf.nn.conv2d(images - tf.constant([0.1, 0.2, 0.3]), np.ones([1, 3, 3, 3], np.float32), 1, "SAME")
        tf.identity(tf.reshape(tf.function(conv)(shifted), tf.shape(images)) + 1e-3, name="output")
    net = tmp_path / "net.pb"
    net.write_bytes(graph.as_graph_def().SerializeToString())
    assert freeze(net)["parameters"] == 27 + 9
