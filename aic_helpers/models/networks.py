"""The six networks of the challenge, three fast ones of our own, and the references for small photos, in Keras 3.

Each is a function of one tensor (batch, height, width, 3) in [0, 1]. It returns one of the same shape; those called
`..._x2`, `..._x3` and `..._x4` take the small photo and return one so many times as high and wide. The attribute
`checkpoint_names` of the challenge's own maps the path of a Keras weight to the name that the challenge's own
checkpoints give it, so that those restore.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops

Tensor = Any
"""A Keras tensor: symbolic while a model is built, a TensorFlow tensor when it runs."""

ModelFunction = Callable[[Tensor], Tensor]


def build(function: ModelFunction) -> keras.Model:
    """Return `function` as a model with one input of any batch, height and width."""
    images = keras.Input((None, None, 3), name="input")
    return keras.Model(images, function(images))


class SharedBias(layers.Layer):
    """Add one learned number to every channel: the last bias of the challenge's SRCNN has a single element."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.bias = self.add_weight(name="bias", shape=(1,), initializer="zeros")

    def call(self, inputs: Tensor) -> Tensor:
        return inputs + self.bias


class InstanceNormalization(layers.Layer):
    """Give each channel of each image mean 0 and variance 1 over its pixels, then a learned scale and shift.

    Epsilon is 1e-3, as in the challenge's residual networks (Ulyanov et al. 2016, "Instance normalization").
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = input_shape[-1]
        self.shift = self.add_weight(name="shift", shape=(channels,), initializer="zeros")
        self.scale = self.add_weight(name="scale", shape=(channels,), initializer="ones")

    def call(self, inputs: Tensor) -> Tensor:
        # In two passes, as in 2018. `ops.moments` subtracts squares, which costs the provided resnet_6_16 0.01 dB
        # on a 2K photo.
        mean = ops.mean(inputs, axis=(1, 2), keepdims=True)
        variance = ops.mean(ops.square(inputs - mean), axis=(1, 2), keepdims=True)
        return self.scale * (inputs - mean) / ops.sqrt(variance + 1e-3) + self.shift


def _scaled_tanh(tensor: Tensor) -> Tensor:
    """The last activation of SRCNN and the residual networks; its range is [-0.08, 1.08]."""
    return ops.tanh(tensor) * 0.58 + 0.5


def srcnn(images: Tensor) -> Tensor:
    """Dong et al. 2014, the baseline of PIRM 2018's tracks: 9x9x64, 5x5x32, 5x5x3."""
    features = layers.Conv2D(64, 9, padding="same", activation="relu", name="conv1")(images)
    features = layers.Conv2D(32, 5, padding="same", activation="relu", name="conv2")(features)
    features = layers.Conv2D(3, 5, padding="same", use_bias=False, name="conv3")(features)
    return _scaled_tanh(SharedBias(name="bias3")(features))


def resnet_12_64(images: Tensor) -> Tensor:
    """Ignatov et al. 2017 (DPED): four residual blocks of 64 channels, twelve convolutions."""
    return _resnet(images, blocks=4, channels=64)


def resnet_8_32(images: Tensor) -> Tensor:
    """Two residual blocks of 32 channels, eight convolutions."""
    return _resnet(images, blocks=2, channels=32)


def resnet_6_16(images: Tensor) -> Tensor:
    """One residual block of 16 channels, six convolutions."""
    return _resnet(images, blocks=1, channels=16)


def _resnet(images: Tensor, *, blocks: int, channels: int) -> Tensor:
    features = layers.Conv2D(channels, 9, padding="same", activation="relu", name="conv1")(images)
    for block in range(blocks):
        features = _residual_block(features, channels, first=2 * block + 2)
    for index in (2 * blocks + 2, 2 * blocks + 3):
        features = layers.Conv2D(channels, 3, padding="same", activation="relu", name=f"conv{index}")(features)
    return _scaled_tanh(layers.Conv2D(3, 9, padding="same", name=f"conv{2 * blocks + 4}")(features))


def _residual_block(inputs: Tensor, channels: int, *, first: int) -> Tensor:
    features = inputs
    for index in (first, first + 1):
        features = layers.Conv2D(channels, 3, padding="same", name=f"conv{index}")(features)
        features = ops.relu(InstanceNormalization(name=f"norm{index}")(features))
    return features + inputs


def vgg_19(images: Tensor) -> Tensor:
    """Kim et al. 2016 (VDSR): 20 convolutions find what is missing from the grey image; colours pass through."""
    features = ops.image.rgb_to_grayscale(images)
    for index in range(19):
        features = layers.Conv2D(64, 3, padding="same", activation="relu", name=f"conv{index:02}")(features)
    return images + layers.Conv2D(1, 3, padding="same", name="conv20")(features)


FAST_SCALE = 4
"""The fast networks work on a grid of 4x4 px: an input of Track A was scaled up by 4 and holds no more than that."""


class PadToGrid(layers.Layer):
    """Mirror the right and bottom border until both sides, of 2 px or more, are multiples of the grid."""

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], None, None, input_shape[3])

    def call(self, inputs: Tensor) -> Tensor:
        _, height, width, _ = ops.shape(inputs)
        return ops.pad(inputs, ((0, 0), (0, -height % FAST_SCALE), (0, -width % FAST_SCALE), (0, 0)), mode="symmetric")


class CropLike(layers.Layer):
    """Cut the first input to the height and width of the second, at the right and bottom."""

    def compute_output_shape(self, input_shape: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        return input_shape[1]

    def call(self, inputs: list[Tensor]) -> Tensor:
        _, height, width, _ = ops.shape(inputs[1])
        return inputs[0][:, :height, :width]


def fast_sr(images: Tensor) -> Tensor:
    """Our own for Track A: eight convolutions at a quarter of the resolution find what is missing."""
    return _fast(images, channels=64, depth=6)


def fast_enhancement(images: Tensor) -> Tensor:
    """Our own for Track B: `fast_sr` with thirteen convolutions of fewer channels."""
    return _fast(images, channels=48, depth=11)


def _fast(images: Tensor, *, channels: int, depth: int) -> Tensor:
    first = layers.Conv2D(channels, FAST_SCALE, strides=FAST_SCALE, activation="relu", name="conv01")(
        PadToGrid()(images)
    )
    features = first
    for index in range(2, depth + 2):
        features = layers.Conv2D(channels, 3, padding="same", activation="relu", name=f"conv{index:02}")(features)
    blocks = layers.Conv2D(3 * FAST_SCALE**2, 3, padding="same", name=f"conv{depth + 2:02}")(features + first)
    return images + CropLike()([ops.depth_to_space(blocks, FAST_SCALE), images])


def fast_sr_x4(images: Tensor) -> Tensor:
    """Our own for small photos: `fast_sr` without its way down; ten convolutions find what repeated pixels lack."""
    first = layers.Conv2D(24, 3, padding="same", activation="relu", name="conv01")(images)
    features = first
    for index in range(2, 10):
        features = layers.Conv2D(24, 3, padding="same", activation="relu", name=f"conv{index:02}")(features)
    missing = layers.Conv2D(3 * 4**2, 3, padding="same", name="conv10")(features + first)
    return ops.depth_to_space(missing + ops.tile(images, (1, 1, 1, 4**2)), 4)


def fsrcnn_x2(images: Tensor) -> Tensor:
    """Dong et al. 2016, "Accelerating the super-resolution convolutional neural network", in RGB: d=56, s=12, m=4."""
    return _fsrcnn(images, 2)


def fsrcnn_x3(images: Tensor) -> Tensor:
    """FSRCNN for three times the size."""
    return _fsrcnn(images, 3)


def fsrcnn_x4(images: Tensor) -> Tensor:
    """FSRCNN for four times the size."""
    return _fsrcnn(images, 4)


def _fsrcnn(images: Tensor, scale: int) -> Tensor:
    features = images
    for name, channels, side in (("extract", 56, 5), ("shrink", 12, 1), *_FSRCNN_MAPPING, ("expand", 56, 1)):
        features = layers.Conv2D(channels, side, padding="same", name=name)(features)
        features = layers.PReLU(keras.initializers.Constant(0.25), shared_axes=[1, 2], name=f"{name}_prelu")(features)
    return layers.Conv2DTranspose(3, 9, strides=scale, padding="same", name="enlarge")(features)


_FSRCNN_MAPPING = [(f"map{index}", 12, 3) for index in range(1, 5)]


def span_x4(images: Tensor) -> Tensor:
    """SPAN (Wan et al. 2024) as it is deployed: 28 channels, six blocks; the baseline of NTIRE's Efficient SR of 2026.

    The convolutions that are three in training are one. Of the last block the features after its first convolution
    are used too; the authors' code calls them `out_b5_2`.
    """
    features = first = layers.Conv2D(28, 3, padding="same", name="conv1")(images)
    ends, within = [], first
    for block in range(1, 7):
        features, within = _span_block(features, block)
        ends.append(features)
    last = layers.Conv2D(28, 3, padding="same", name="conv2")(features)
    joined = ops.concatenate([first, last, ends[0], within], axis=-1)
    fused = layers.Conv2D(28, 1, name="fuse")(joined)
    return ops.depth_to_space(layers.Conv2D(3 * 4**2, 3, padding="same", name="enlarge")(fused), 4)


def _span_block(inputs: Tensor, block: int) -> tuple[Tensor, Tensor]:
    """Return what a block gives, and the features after its first convolution."""
    within = layers.Conv2D(28, 3, padding="same", activation="silu", name=f"block{block}_1")(inputs)
    features = layers.Conv2D(28, 3, padding="same", activation="silu", name=f"block{block}_2")(within)
    features = layers.Conv2D(28, 3, padding="same", name=f"block{block}_3")(features)
    attention = ops.sigmoid(features) - 0.5
    return (features + inputs) * attention, within


def _srcnn_names() -> dict[str, str]:
    biases = {1: "conv1/bias", 2: "conv2/bias", 3: "bias3/bias"}
    kernels = {f"conv{index}/kernel": f"generator/w{index}" for index in biases}
    return kernels | {path: f"generator/b{index}" for index, path in biases.items()}


def _resnet_names(blocks: int) -> dict[str, str]:
    names: dict[str, str] = {}
    for index in range(1, 2 * blocks + 5):
        names |= {f"conv{index}/kernel": f"generator/W{index}", f"conv{index}/bias": f"generator/b{index}"}
    for index in range(2, 2 * blocks + 2):
        for offset, weight in enumerate(("shift", "scale")):
            number = 2 * (index - 2) + offset
            names[f"norm{index}/{weight}"] = f"generator/Variable_{number}" if number else "generator/Variable"
    return names


def _vgg_names() -> dict[str, str]:
    """The checkpoint numbers its twenty convolutions 00 to 18 and 20."""
    return {
        f"conv{index:02}/{weight}": f"shared_model/conv_{index:02}_{weight[0] if weight == 'bias' else 'w'}"
        for index in (*range(19), 20)
        for weight in ("kernel", "bias")
    }


srcnn.checkpoint_names = _srcnn_names()  # type: ignore[attr-defined]
resnet_12_64.checkpoint_names = _resnet_names(4)  # type: ignore[attr-defined]
resnet_8_32.checkpoint_names = _resnet_names(2)  # type: ignore[attr-defined]
resnet_6_16.checkpoint_names = _resnet_names(1)  # type: ignore[attr-defined]
vgg_19.checkpoint_names = _vgg_names()  # type: ignore[attr-defined]

NETWORKS: dict[str, ModelFunction] = {
    function.__name__: function
    for function in (
        *(srcnn, resnet_6_16, resnet_8_32, resnet_12_64, vgg_19, fast_sr, fast_enhancement),
        *(fast_sr_x4, fsrcnn_x2, fsrcnn_x3, fsrcnn_x4, span_x4),
    )
}
