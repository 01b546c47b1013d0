"""What a network starts from, and a form of it that learns faster."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError, require_file
from aic_helpers.models.networks import InstanceNormalization
from aic_helpers.weights.restoring import restored, slots_of

CARRIERS = 9
"""Channels that carry the colours through a network: three as they are, three over `HIGH`, three under `LOW`."""

CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.Conv2DTranspose)

SPAN_GAIN = 30.0
"""After 300 steps held-out patches had 28.65 dB with a gain of 1, 28.86 with 30. With 100 a longer training wavered."""

LOW, HIGH = 0.1, 0.9
COLOURS = np.eye(3, dtype=np.float32)


def pass_through_srcnn(model: keras.Model) -> None:
    """Start SRCNN so that it returns its input to within 0.03, instead of noise.

    Three channels carry the colours through all layers; six more carry what is over `HIGH` and under `LOW`.
    From these nine the last layer makes a broken line near the inverse of the final tanh x 0.58 + 0.5. The
    other channels stay random and join in as the last layer learns to use them; those of the first layer lose
    their mean and gain in strength, so that they see edges and not brightness.
    """
    first, first_bias, second, second_bias, last, _ = model.get_weights()
    _see_colours(first, first_bias)
    _pass_on(second, second_bias)
    level = np.full(1, _undo_tanh(last), np.float32)
    model.set_weights([first, first_bias, second, second_bias, last, level])


def pass_through_resnet(model: keras.Model) -> None:
    """Start a residual network so that it returns its input to within 0.03: `pass_through_srcnn` around its blocks.

    The blocks add next to nothing to the channels that carry colours: the second normalisation of each has scale 0
    there, and a shift that is just above 0, so that its ReLU lets a gradient through.
    """
    first, *inner, last = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    kernel, bias = first.get_weights()
    _see_colours(kernel, bias)
    first.set_weights([kernel, bias])
    for layer in inner[-2:]:
        kernel, bias = layer.get_weights()
        _pass_on(kernel, bias)
        layer.set_weights([kernel, bias])
    for layer in [layer for layer in model.layers if isinstance(layer, InstanceNormalization)][1::2]:
        shift, scale = layer.get_weights()
        shift[:CARRIERS], scale[:CARRIERS] = 1e-3, 0
        layer.set_weights([shift, scale])
    kernel, bias = last.get_weights()
    bias[:] = _undo_tanh(kernel)
    last.set_weights([kernel, bias])


def _see_colours(kernel: NDArray, bias: NDArray) -> None:
    """Have a first layer's carriers hold the colours, what of them is over `HIGH`, and what is under `LOW`."""
    kernel[:] = 5 * (kernel - kernel.mean(axis=(0, 1), keepdims=True))
    kernel[..., :CARRIERS] = 0
    kernel[_middle(kernel)][:, :CARRIERS] = np.hstack([COLOURS, COLOURS, -COLOURS])
    bias[:CARRIERS] = np.repeat([0, -HIGH, LOW], 3)


def _pass_on(kernel: NDArray, bias: NDArray) -> None:
    """Have a layer's carriers be those of the layer before."""
    kernel[..., :CARRIERS] = 0
    kernel[_middle(kernel)][:CARRIERS, :CARRIERS] = np.eye(CARRIERS)
    bias[:CARRIERS] = 0


def _undo_tanh(kernel: NDArray) -> float:
    """Have a last layer make of the carriers what the final tanh turns into the colours; return its bias."""
    values = np.linspace(0, 1, 101)
    bends = np.stack([values, np.maximum(values - HIGH, 0), np.maximum(LOW - values, 0), np.ones_like(values)])
    bent = (values - 0.5) / 0.58
    # An error before the tanh counts by the tanh's slope there.
    steepness = 1 - bent**2
    parts = np.linalg.lstsq((bends * steepness).T, np.arctanh(bent) * steepness, rcond=None)[0]
    kernel[:] = 0
    kernel[_middle(kernel)][:CARRIERS] = np.vstack([part * COLOURS for part in parts[:3]])
    return float(parts[3])


def _middle(kernel: NDArray) -> tuple[int, int]:
    return kernel.shape[0] // 2, kernel.shape[1] // 2


def near_identity(model: keras.Model) -> None:
    """Start a network that adds to its input so that it returns it: inner layers pass on what comes, and add a little.

    That is a residual block folded into one convolution: it learns as one does, and costs nothing when it runs.
    """
    _, *inner, last = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    for layer in inner:
        kernel, bias = layer.get_weights()
        kernel *= 0.3
        kernel[1, 1] += np.eye(kernel.shape[2])
        layer.set_weights([kernel, bias])
    last.set_weights([np.zeros_like(values) for values in last.get_weights()])


def near_bilinear(model: keras.Model) -> None:
    """Start a chain of convolutions that enlarges so that it returns a bilinear enlargement: three channels carry it.

    The last layer, a transposed convolution, makes it of the colours that these three hold.
    """
    *inner, last = [layer for layer in model.layers if isinstance(layer, CONVOLUTIONS)]
    _carry_colours(inner)
    kernel, bias = last.get_weights()
    side, step = kernel.shape[0], last.strides[0]
    # Where the centre of a pixel of the input comes to lie in what the kernel makes of it.
    centre = (side - step) // 2 + (step - 1) / 2
    tent = _tent((np.arange(side) - centre) / step)
    kernel[:] = 0
    kernel[..., range(3), range(3)] = np.outer(tent, tent)[..., None]
    last.set_weights([kernel, bias])


def near_bilinear_span(model: keras.Model) -> None:
    """Start SPAN as `near_bilinear` does: the way around its blocks carries the colours.

    What the blocks get is made stronger, because each of them halves it; the authors' code multiplies photos by 255.
    """
    first, fuse, last = (model.get_layer(name) for name in ("conv1", "fuse", "enlarge"))
    kernel, bias = first.get_weights()
    first.set_weights([SPAN_GAIN * kernel, bias])
    _carry_colours([first, fuse])
    kernel, bias = last.get_weights()
    last.set_weights([_bilinear_phases(kernel.shape), bias])


def near_bilinear_fast(model: keras.Model) -> None:
    """Start `fast_sr_x4` from `near_identity`, and so that it returns a bilinear enlargement.

    To the last layer the colours come twice, by way of the other layers and past them.
    """
    near_identity(model)
    *inner, last = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    _carry_colours(inner)
    kernel, bias = last.get_weights()
    kernel[:] = _bilinear_phases(kernel.shape)
    repeated = kernel.sum(axis=(0, 1))
    kernel[1, 1] -= repeated
    last.set_weights([kernel / 2, bias])


def _carry_colours(chain: list[keras.layers.Layer]) -> None:
    """Have the first three channels of a chain of convolutions hold the colours of the photo."""
    for layer in chain:
        kernel, bias = layer.get_weights()
        kernel[..., :3], bias[:3] = 0, 0
        kernel[_middle(kernel)][:3, :3] = COLOURS
        layer.set_weights([kernel, bias])


def _bilinear_phases(shape: tuple[int, ...]) -> NDArray:
    """Return a 3x3 kernel before `depth_to_space` that enlarges the colours in its first three channels."""
    times = round((shape[3] / 3) ** 0.5)
    centres = (np.arange(times) + 0.5) / times - 0.5
    weights = _tent(centres - np.arange(-1, 2)[:, None])
    kernel = np.zeros((3, 3, shape[2], times, times, 3), np.float32)
    kernel[:, :, range(3), :, :, range(3)] = np.einsum("ik,jl->ijkl", weights, weights)
    return kernel.reshape(shape)


def _tent(distance: NDArray) -> NDArray:
    return np.maximum(1 - np.abs(distance), 0)


STARTS: dict[str, Callable[[keras.Model], None]] = {
    "srcnn": pass_through_srcnn,
    "resnet_6_16": pass_through_resnet,
    "resnet_8_32": pass_through_resnet,
    "resnet_12_64": pass_through_resnet,
    "fast_sr": near_identity,
    "fast_enhancement": near_identity,
    "vgg_19": near_identity,
    "fast_sr_x4": near_bilinear_fast,
    "fsrcnn_x2": near_bilinear,
    "fsrcnn_x3": near_bilinear,
    "fsrcnn_x4": near_bilinear,
    "span_x4": near_bilinear_span,
}
"""Networks that start from something better than noise."""

WEIGHTS = ".weights.h5"


def begin(model: keras.Model, network: str, weights: Path | None = None) -> dict[str, Any]:
    """Set what a network starts from, and return what its recipe says of that.

    Parameters
    ----------
    model : keras.Model
    network : str
        Its name in `aic_helpers.models.networks.NETWORKS`.
    weights : Path, optional
        A `.weights.h5` of the same network to go on from. Its own recipe, where that lies beside it, becomes part of
        the new one.

    Raises
    ------
    InputError
        No such file, or weights of another network.
    """
    if weights is None:
        if network in STARTS:
            STARTS[network](model)
        return {"start": STARTS[network].__name__ if network in STARTS else "random"}
    _load(model, network, weights)
    return {
        "start": weights.name,
        "start_sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "start_recipe": _recipe(weights.with_name(f"{weights.name.removesuffix(WEIGHTS)}.json")),
    }


def _recipe(file: Path) -> Any:
    """Return the recipe in a file; None where there is none."""
    try:
        return json.loads(file.read_text("utf-8")) if file.is_file() else None
    except ValueError:
        raise InputError(f"a recipe in {file}", "no JSON", "mend the file, or move it away") from None


def _load(model: keras.Model, network: str, weights: Path) -> None:
    require_file(weights, f"weights of {network}")
    if not weights.name.endswith(WEIGHTS):
        raise InputError(f"weights of {network} in a {WEIGHTS} file", str(weights), "give what aic train wrote")
    for variable, array in restored(slots_of(model.weights), weights, network).pairs:
        variable.assign(array)


class CentredConv2D(keras.layers.Conv2D):
    """A convolution whose bias is its output at mid-grey, not at black.

    The same functions with another parameter, so that a step that changes the kernel doesn't brighten or darken
    the whole image. In 600 steps of `srcnn` on Track A it gained 0.33 dB where the plain bias gained 0.20.
    """

    def call(self, inputs: Any) -> Any:
        at_mid_grey = ops.sum(self.kernel, axis=(0, 1, 2)) / 2
        return self.activation(self.convolution_op(inputs, self.kernel) + self.bias - at_mid_grey)


def centred(model: keras.Model, precision: str = "float32") -> keras.Model:
    """Return a copy to train, of the same outputs, whose first convolution is centred.

    The convolutions between the first and the last work in `precision`. Both ends stay in float32: bfloat16 has no
    more levels than 8 bits have, and images go in and come out there.
    """
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    first, inner = convolutions[:1], convolutions[1:-1]

    def copied(layer: keras.layers.Layer) -> keras.layers.Layer:
        kind = CentredConv2D if layer in first and layer.use_bias else type(layer)
        config = layer.get_config()
        return kind.from_config(config | {"dtype": precision} if layer in inner else config)

    learner = keras.models.clone_model(model, clone_function=copied)
    learner.set_weights(model.get_weights())
    learner.set_weights(_with_bias_moved(learner, 1))
    return learner


def weights_at_black(learner: keras.Model) -> list[NDArray]:
    """Return a centred copy's weights as the model that it was copied from has them."""
    return _with_bias_moved(learner, -1)


def _with_bias_moved(learner: keras.Model, sign: int) -> list[NDArray]:
    values = dict(zip((weight.path for weight in learner.weights), learner.get_weights(), strict=True))
    for layer in learner.layers:
        if isinstance(layer, CentredConv2D):
            at_mid_grey = values[layer.kernel.path].sum(axis=(0, 1, 2)) / 2
            values[layer.bias.path] = values[layer.bias.path] + sign * at_mid_grey
    return list(values.values())
