"""Receptive fields by hand; and where there is one, tiles that overlap by it give the output of the whole image."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data.crops import tiles
from aic_helpers.graphs.receptive_fields import ReceptiveField, mixes_images, receptive_field
from aic_helpers.runtimes.frozen_models import FrozenModel, read_graph

pytestmark = pytest.mark.tensorflow

tf = pytest.importorskip("tensorflow")
v1 = tf.compat.v1

RANDOM = np.random.default_rng(5)


def graph_of(build):
    with tf.Graph().as_default() as graph:
        tf.identity(build(v1.placeholder(tf.float32, (None, None, None, 3), name="input")), name="output")
    return graph.as_graph_def()


def weights(*shape: int):
    return tf.constant(RANDOM.normal(size=shape) / np.prod(shape[:3]) ** 0.5, tf.float32)


def convolution(images, size=3, channels=3, step=1, padding="SAME", dilation=1):
    kernel = weights(size, size, images.shape[-1], channels)
    return tf.nn.conv2d(images, kernel, step, padding, dilations=dilation)


def up(images, like, size=3):
    """Twice as large, to the size that another tensor has."""
    shape = tf.concat([tf.shape(like)[:3], [3]], 0)
    return tf.nn.conv2d_transpose(images, weights(size, size, 3, images.shape[-1]), shape, 2, "SAME")


def strided(images):
    quarter = convolution(tf.nn.relu(convolution(images, 5, 4, 2)), 3, 6, 2)
    half = convolution(images, 5, 4, 2)
    return images + up(tf.nn.relu(up(quarter, half)), images)


def padded_to_a_multiple(images):
    """As a U-Net is fed: made a multiple of 8, worked on at an eighth, cut back."""
    shape = tf.shape(images)
    height, width = shape[1], shape[2]
    whole = tf.pad(images, [[0, 0], [0, -height % 8], [0, -width % 8], [0, 0]])
    small = tf.nn.max_pool2d(convolution(tf.nn.avg_pool2d(whole, 4, 4, "SAME")), 3, 2, "SAME")
    return (whole + tf.repeat(tf.repeat(small, 8, axis=1), 8, axis=2))[:, :height, :width]


def shuffled_by_hand(images):
    """A depth_to_space of reshapes and a transpose."""
    deep = convolution(images, 3, 12)
    shape = tf.shape(deep)
    parts = tf.transpose(tf.reshape(deep, (1, shape[1], shape[2], 2, 2, 3)), (0, 1, 3, 2, 4, 5))
    return convolution(tf.reshape(parts, (1, 2 * shape[1], 2 * shape[2], 3)), 3, 3, 2)


def mirrored(images):
    borders = [[0, 0], [2, 2], [2, 2], [0, 0]]
    return convolution(tf.pad(images, borders, "REFLECT"), 5, padding="VALID")


def dilated(images):
    return convolution(tf.nn.atrous_conv2d(images, weights(3, 3, 3, 4), 3, "SAME"), 3, 3, 1, "SAME", 2)


def in_depth(images):
    return tf.nn.depth_to_space(convolution(tf.nn.space_to_depth(images, 2), 3, 12), 2)


def channels_alone(images):
    """Grey by a product with three numbers, attention over the channels of each pixel, parts of them in turn."""
    grey = tf.tensordot(images, tf.constant([[0.3], [0.6], [0.1]]), axes=1)
    attention = tf.nn.softmax(convolution(images, 1), axis=-1)
    red, *others = tf.split(images * attention, 3, axis=-1)
    brightest = tf.reduce_max(images, axis=3, keepdims=True)
    return tf.concat([red + grey, others[0][..., 0:1] - brightest, tf.gather(images, [2], axis=3)], axis=-1)


def resized(images):
    half = tf.image.resize(images, tf.shape(images)[1:3] // 2)
    return images + tf.image.resize(half, tf.shape(images)[1:3], "bicubic")


def depthwise(images):
    return tf.nn.depthwise_conv2d(images, weights(3, 5, 3, 1), [1] * 4, "SAME")


LOCAL = {
    "convolutions": (lambda images: convolution(convolution(images, 5), 3), (61, 83), (3, 1)),
    "dilated": (dilated, (61, 83), None),
    "depthwise": (depthwise, (61, 83), (2, 1)),
    "channels alone": (channels_alone, (61, 83), (0, 1)),
    "mirrored": (mirrored, (61, 83), None),
    "in depth": (in_depth, (62, 84), (3, 2)),
    "shuffled by hand": (shuffled_by_hand, (61, 83), None),
    "resized": (resized, (62, 84), None),
    **{f"strided, {side} px": (strided, (side, 90), None) for side in (60, 61, 62, 63)},
    **{f"multiple of 8, {side} px": (padded_to_a_multiple, (side, 71), None) for side in (64, 65, 70)},
}


def in_tiles(model: FrozenModel, image, found: ReceptiveField):
    result = np.full_like(image, np.nan)
    for tile in tiles(*image.shape[:2], tile_px=16, overlap_px=found.radius_px, multiple=found.multiple_px):
        tile.paste(model(tile.source.of(image)[None])[0], result)
    return result


@pytest.mark.parametrize("name", LOCAL)
def test_tiles_give_the_output_of_the_whole(name: str) -> None:
    build, size, by_hand = LOCAL[name]
    graph = graph_of(build)
    found = receptive_field(graph, *size)
    assert found.obstacle is None
    if by_hand:
        assert (found.radius_px, found.multiple_px) == by_hand
    image = RANDOM.random((*size, 3)).astype(np.float32)
    model = FrozenModel(Path(name), graph)
    assert np.abs(in_tiles(model, image, found) - model(image[None])[0]).max() < 1e-5


@pytest.mark.parametrize(("name", "short"), [("convolutions", 1), ("strided, 61 px", 4), ("in depth", 2)])
def test_less_overlap_shows(name: str, short: int) -> None:
    """The test above can fail: with tiles that overlap by less, the same networks give another output."""
    build, size, _ = LOCAL[name]
    graph = graph_of(build)
    found = receptive_field(graph, *size)
    image = RANDOM.random((*size, 3)).astype(np.float32)
    model = FrozenModel(Path(name), graph)
    less = ReceptiveField(found.radius_px - short, found.multiple_px)
    assert np.abs(in_tiles(model, image, less) - model(image[None])[0]).max() > 1e-3


def test_the_sample_srcnn() -> None:
    """9x9, 5x5 and 5x5: 4 + 2 + 2 px."""
    graph = read_graph(PROJECT / "models_pretrained" / "sample_sr_srcnn.pb")
    found = receptive_field(graph, 101, 75)
    assert found == ReceptiveField(8, 1)
    image = RANDOM.random((101, 75, 3)).astype(np.float32)
    model = FrozenModel(Path("srcnn"), graph)
    assert np.abs(in_tiles(model, image, found) - model(image[None])[0]).max() < 1e-5


def frozen(network):
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    spec = tf.TensorSpec((None, None, None, 3), tf.float32, name="input")
    function = tf.function(lambda images: tf.identity(network(images), name="output")).get_concrete_function(spec)
    return convert_variables_to_constants_v2(function).graph.as_graph_def()


@pytest.mark.parametrize("name", ["fast_sr_x4", "fsrcnn_x2", "fsrcnn_x3", "span_x4"])
def test_tiles_of_a_network_that_enlarges_give_the_output_of_the_whole(name: str) -> None:
    from aic_helpers.models import networks

    graph = frozen(networks.build(getattr(networks, name)))
    found = receptive_field(graph, 61, 90)
    model, image = FrozenModel(Path(name), graph), RANDOM.random((61, 90, 3)).astype(np.float32)
    whole = model(image[None])[0]
    result = np.full_like(whole, np.nan)
    for tile in tiles(61, 90, tile_px=16, overlap_px=found.radius_px, multiple=found.multiple_px):
        tile.paste(model(tile.source.of(image)[None])[0], result, found.enlarges)
    assert np.abs(result - whole).max() < 1e-5


@pytest.mark.parametrize(
    ("name", "radius_px", "obstacle"),
    [("vgg_19", 20, None), ("resnet_6_16", 0, r"Mean \(\S*norm2\S*\) takes in the whole photo")],
)
def test_the_challenges_networks(name: str, radius_px: int, obstacle: str | None) -> None:
    from aic_helpers.models import networks

    found = receptive_field(frozen(networks.build(getattr(networks, name))), 720, 1280)
    assert found.radius_px == radius_px
    assert re.fullmatch(obstacle, found.obstacle or "") if obstacle else found.obstacle is None


def normalized(images):
    mean, variance = tf.nn.moments(images, (1, 2), keepdims=True)
    return (images - mean) / tf.sqrt(variance + 1e-3)


def attention(images):
    flat = tf.reshape(images, (1, -1, 3))
    return tf.reshape(tf.matmul(tf.nn.softmax(tf.matmul(flat, flat, transpose_b=True)), flat), tf.shape(images))


def vignette(images):
    """Darker to the right: the columns are numbered."""
    return images * tf.cast(tf.range(tf.shape(images)[2]), tf.float32)[None, None, :, None]


OBSTACLES = {
    "moments": (normalized, r"Mean \(moments/mean\) takes in the whole photo"),
    "attention": (attention, r"Softmax \(Softmax\) weighs all places of the photo against each other"),
    "all places": (
        lambda x: tf.matmul(tf.matmul(x, x, transpose_b=True), x),
        r"MatMul.* \(MatMul_1\) multiplies all places of the photo with each other",
    ),
    "spatial softmax": (lambda x: tf.nn.softmax(x, axis=2), r"weighs all places of the photo|takes in the whole photo"),
    "largest": (lambda x: x / tf.reduce_max(x), r"Max \(Max\) takes in the whole photo"),
    "by the size": (lambda x: x / tf.cast(tf.size(x), tf.float32), r"computes with the photo's size"),
    "vignette": (vignette, r"Mul \(mul\) computes with the photo's size"),
    "turned": (lambda x: x[:, ::-1], r"StridedSlice .* turns the photo round"),
    "last row": (lambda x: x - x[:, -1:], r"computes|depends on changes|different places|where in the photo"),
    "transposed": (lambda x: tf.transpose(x, (0, 2, 1, 3)), r"the output has another size than the photo"),
    "halved": (lambda x: convolution(x, step=2), r"the output has another size than the photo"),
    "sorted": (lambda x: tf.sort(x, axis=1), r"is not known to look at nearby pixels only"),
    "noise": (lambda x: x + tf.random.uniform((1, 1, 1, 3)), r"RandomUniform .* gives other values at every call"),
    "batch norm": (
        lambda x: v1.nn.fused_batch_norm(x, tf.ones(3), tf.zeros(3), is_training=True)[0],
        r"FusedBatchNormV3 .* takes the mean and variance of the whole photo",
    ),
    "constant": (lambda x: tf.zeros((1, 4, 4, 3)), r"the output doesn't depend on the photo"),
    "fixed size": (lambda x: tf.reshape(x, (1, 64, 64, 3)), r"12288"),
}


@pytest.mark.parametrize("name", OBSTACLES)
def test_what_takes_in_the_whole_photo_is_named(name: str) -> None:
    build, message = OBSTACLES[name]
    found = receptive_field(graph_of(build), 61, 83)
    assert found.obstacle is not None
    assert re.search(message, found.obstacle), found.obstacle


def test_a_resize_by_a_factor_that_depends_on_the_size() -> None:
    """Half of 61 is 30: back up by 2.033. Of another height it would be another factor."""
    found = receptive_field(graph_of(resized), 61, 84)
    assert "changes with the photo's size" in (found.obstacle or "")


def squeezed_and_excited(images):
    share = tf.nn.sigmoid(convolution(tf.reduce_mean(images, (1, 2), keepdims=True), 1))
    return convolution(images) * share


def attention_of_each(images):
    shape = tf.shape(images)
    flat = tf.reshape(images, (shape[0], -1, 3))
    weighed = tf.nn.softmax(tf.matmul(flat, flat, transpose_b=True))
    return tf.reshape(tf.matmul(weighed, flat), shape)


def by_way_of_rows(images):
    """All pixels of all images in one column, and back."""
    return tf.reshape(tf.matmul(tf.reshape(images, (-1, 3)), weights(3, 3)), tf.shape(images))


def batch_norm(images):
    return v1.nn.fused_batch_norm(images, tf.ones(3), tf.zeros(3), is_training=True)[0]


APART = {
    "convolutions": convolution,
    "strided": strided,
    "dilated": dilated,
    "normalized": normalized,
    "squeezed and excited": squeezed_and_excited,
    "attention": attention_of_each,
    "by way of rows": by_way_of_rows,
    "transposed": lambda x: tf.transpose(tf.transpose(x, (3, 1, 0, 2)), (2, 1, 3, 0)),
    "fixed batch norm": lambda x: v1.nn.fused_batch_norm(
        x, tf.ones(3), tf.zeros(3), tf.zeros(3), tf.ones(3), is_training=False
    )[0],
}

MIXING = {
    "batch norm": (batch_norm, "FusedBatchNormV3"),
    "mean of the batch": (lambda x: x - tf.reduce_mean(x, 0), "Mean"),
    "largest of all": (lambda x: x - 9 * tf.reduce_max(x), "Max"),
    "the first image": (lambda x: x + x[:1], "strided_slice"),
    "the other way round": (lambda x: tf.reverse(x, [0]), "ReverseV2"),
    "by the count": (lambda x: x / tf.cast(tf.shape(x)[0], tf.float32), "RealDiv"),
    "images for rows": (lambda x: convolution(tf.transpose(x, (1, 0, 2, 3))), "the graph"),
    "rows for images": (
        lambda x: tf.reshape(convolution(tf.reshape(x, (1, -1, tf.shape(x)[2], 3))), tf.shape(x)),
        "the graph",
    ),
}


def alone_and_together(build) -> float:
    """Return by how much the images of a batch differ from the same ones alone."""
    model = FrozenModel(Path("model.pb"), graph_of(build))
    images = RANDOM.random((4, 8, 12, 3)).astype(np.float32)
    alone = [model(image[None]) for image in images]
    return float(
        np.abs(
            model(images).reshape(images.shape) - np.concatenate([one.reshape(1, *images.shape[1:]) for one in alone])
        ).max()
    )


@pytest.mark.parametrize("name", APART)
def test_images_of_a_batch_are_kept_apart(name: str) -> None:
    assert mixes_images(graph_of(APART[name]), (4, 8, 12, 3)) is None
    assert alone_and_together(APART[name]) < 1e-6


@pytest.mark.parametrize("name", MIXING)
def test_what_mixes_the_images_of_a_batch_is_named(name: str) -> None:
    build, operation = MIXING[name]
    found = mixes_images(graph_of(build), (4, 8, 12, 3))
    assert found is not None
    assert found.startswith(operation), found
    assert alone_and_together(build) > 1e-2


@pytest.mark.parametrize("name", ["srcnn", "resnet_6_16", "resnet_12_64", "vgg_19", "fast_sr"])
def test_the_networks_here_keep_images_apart(name: str) -> None:
    from aic_helpers.models import networks

    assert mixes_images(frozen(networks.build(getattr(networks, name))), (92, 100, 100, 3)) is None
