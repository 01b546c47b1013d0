"""Which operators LiteRT's GPU delegate takes, by the rules that TensorFlow publishes for it.

They stand in TensorFlow's ``tensorflow/lite/tools/versioning/gpu_compatibility.cc``, and are put here in our own words:
TensorFlow's analyzer, which should say the same, calls every file compatible in the packages that pip installs. An
operator whose rule isn't followed here is unknown; nothing is run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aic_helpers.litert.structures import Operator, Structure
from aic_helpers.litert.tensor_tables import Tensor

SIGN_BIT = 5
"""Of the fused activations of the schema the one that the delegate doesn't have."""

REFLECT = 0
SIDES = (3, 4)
"""How many a tensor that is cut or padded has to have."""

NOT_FOLLOWED = frozenset(
    {"CUMSUM", "DENSIFY", "DYNAMIC_UPDATE_SLICE", "EMBEDDING_LOOKUP", "LSTM", "ONE_HOT", "SELECT", "SELECT_V2"}
    | {"STABLEHLO_CLAMP"}
    | {"Convolution2DTransposeBias", "MaxPoolingWithArgmax2D", "MaxUnpooling2D", "Resampler"}
)
"""Known to the delegate under conditions that aren't looked at here, four custom ones among them."""


@dataclass(frozen=True)
class Node:
    """An operator with what its rule asks for: its inputs (None where it goes without), outputs and settings."""

    inputs: Sequence[Tensor | None]
    outputs: Sequence[Tensor]
    settings: dict[str, Any]

    def given(self, place: int) -> Tensor:
        """Return the input at a place; IndexError where it goes without."""
        tensor = self.inputs[place]
        if tensor is None:
            raise IndexError(place)
        return tensor

    @property
    def from_the_image(self) -> int:
        """How many inputs are no constants."""
        return sum(tensor is not None and not tensor.is_constant for tensor in self.inputs)

    @property
    def constants(self) -> int:
        """How many inputs are constants."""
        return sum(tensor is not None and tensor.is_constant for tensor in self.inputs)


Rule = Callable[[Node], str]
"""Returns why an operator isn't taken; nothing where it is."""


def objection(structure: Structure, step: Operator) -> str | None:
    """Return why the delegate leaves an operator out; "" where it takes it, None where that isn't known."""
    if step.name in NOT_FOLLOWED:
        return None
    rule = RULES.get(step.name)
    if step.is_custom or rule is None:
        return "the delegate has none"
    inputs = [structure.tensors[end] if end >= 0 else None for end in step.inputs]
    node = Node(inputs, [structure.tensors[end] for end in step.outputs], structure.options(step))
    try:
        return _of_activation(node) or rule(node)
    except (IndexError, KeyError):  # an input or setting that the rule asks for isn't there
        return None


def _of_activation(node: Node) -> str:
    return "it ends in SIGN_BIT" if node.settings.get("fusedActivationFunction") == SIGN_BIT else ""


def _any(node: Node) -> str:
    return ""


def _one_image(node: Node) -> str:
    return "" if node.from_the_image == 1 else f"it takes {node.from_the_image} inputs that are no constants, not one"


def _unary(node: Node) -> str:
    return _one_image(node) or ("it takes a constant" if node.constants else "")


def _binary(node: Node) -> str:
    taken = node.from_the_image, node.constants
    return "" if taken in ((2, 0), (1, 1)) else "it takes neither two inputs nor one and a constant"


def _convolution(node: Node) -> str:
    return "" if node.from_the_image <= 2 else "it takes more than two inputs that are no constants"


def _depthwise(node: Node) -> str:
    image, kernel = node.given(0), node.given(1)
    times = node.settings["depthMultiplier"]
    if len(image.shape) != 4 or len(kernel.shape) != 4:
        return "its tensors haven't four sides"
    more = times != 1 and image.shape_signature[3] != 1
    return f"it makes {times} channels of each of several" if more else _convolution(node)


def _sum_or_product(node: Node) -> str:
    return "" if len(node.inputs) == 2 else f"it takes {len(node.inputs)} inputs, not two"


def _product(node: Node) -> str:
    """A product where each has a side that the other is short of is none of an image and its like."""
    pairs = list(zip(node.given(0).shape, node.given(1).shape, strict=False))
    alike = len(node.given(0).shape) == len(node.given(1).shape)
    crossed = alike and any(one < other for one, other in pairs) and any(one > other for one, other in pairs)
    return _sum_or_product(node) or ("each of its inputs is shorter on another side" if crossed else "")


def _reduced(node: Node) -> str:
    axes = node.given(1)
    constant = axes.is_constant and axes.dtype == "int32"
    return _one_image(node) or ("" if constant else "its axes are no constants of int32")


def _block(node: Node) -> str:
    return _one_image(node) or ("" if node.settings["blockSize"] > 1 else "its blocks are of one pixel")


def _padded(node: Node) -> str:
    shape = node.given(1).shape
    if node.settings.get("mode", REFLECT) != REFLECT:
        return "it mirrors with the border itself"
    return _one_image(node) or ("" if shape in ((3, 2), (4, 2)) else f"its paddings are of shape {shape}")


def _sliced(node: Node) -> str:
    sides = len(node.given(0).shape)
    return "" if sides in SIDES else f"it cuts a tensor of {sides} sides"


def _strided(node: Node) -> str:
    masks = [name for name in ("ellipsisMask", "newAxisMask", "shrinkAxisMask") if node.settings[name]]
    return f"its {masks[0]} is set" if masks else _sliced(node)


def _gathered(node: Node) -> str:
    values, places = node.given(0), node.given(1)
    if values.dtype == "int32":
        return "it gathers int32"
    flat = len(places.shape) == 1 and places.dtype == "int32"
    return _binary(node) or ("" if flat else "its places are no row of int32")


def _fully_connected(node: Node) -> str:
    image = node.given(0)
    if node.settings["weightsFormat"]:
        return "its weights are shuffled"
    if image.is_constant or node.from_the_image > 2:
        return "it takes a constant for an image, or more than two inputs that are none"
    changed = node.settings["keepNumDims"] and len(image.shape) != len(node.outputs[0].shape)
    return "it changes the number of sides" if changed else ""


def _cast(node: Node) -> str:
    pair = {node.given(0).dtype, node.outputs[0].dtype}
    known = pair <= {"float32", "int32"} or pair in ({"bool", "float32"}, {"bool", "float16"})
    return "" if known else f"it casts {' to '.join(sorted(pair))}"


def _dequantized(node: Node) -> str:
    return "it takes int16" if node.given(0).dtype == "int16" else ""


def _softmax(node: Node) -> str:
    return "" if node.settings["beta"] == 1 else "its beta isn't 1"


ALWAYS = frozenset(
    {"CONCATENATION", "LEAKY_RELU", "PACK", "PRELU", "RELU", "RELU6", "RELU_N1_TO_1", "SPLIT", "SPLIT_V"}
)
OF_ONE_IMAGE = frozenset(
    {"AVERAGE_POOL_2D", "HARD_SWISH", "MAX_POOL_2D", "QUANTIZE", "RESHAPE", "RESIZE_BILINEAR"}
    | {"RESIZE_NEAREST_NEIGHBOR", "TILE", "TRANSPOSE"}
)
UNARY = frozenset(
    {"ABS", "CEIL", "COS", "ELU", "EXP", "FLOOR", "GELU", "LOG", "LOGISTIC", "NEG", "RSQRT", "SIGN", "SIN", "SQRT"}
    | {"SQUARE", "TANH"}
)
BINARY = frozenset(
    {"ATAN2", "DIV", "EQUAL", "FLOOR_DIV", "FLOOR_MOD", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"}
    | {"LOGICAL_AND", "MAXIMUM", "MINIMUM", "NOT_EQUAL", "POW", "SQUARED_DIFFERENCE", "SUB"}
)

RULES: dict[str, Rule] = {
    **dict.fromkeys(ALWAYS, _any),
    **dict.fromkeys(OF_ONE_IMAGE, _one_image),
    **dict.fromkeys(UNARY, _unary),
    **dict.fromkeys(BINARY, _binary),
    **dict.fromkeys(("ADD", "ADD_N", "BATCH_MATMUL"), _sum_or_product),
    **dict.fromkeys(("MEAN", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "SUM"), _reduced),
    **dict.fromkeys(("CONV_2D", "TRANSPOSE_CONV"), _convolution),
    **dict.fromkeys(("DEPTH_TO_SPACE", "SPACE_TO_DEPTH"), _block),
    **dict.fromkeys(("MIRROR_PAD", "PAD", "PADV2"), _padded),
    "CAST": _cast,
    "DEPTHWISE_CONV_2D": _depthwise,
    "DEQUANTIZE": _dequantized,
    "FULLY_CONNECTED": _fully_connected,
    "GATHER": _gathered,
    "MUL": _product,
    "SLICE": _sliced,
    "SOFTMAX": _softmax,
    "STRIDED_SLICE": _strided,
}
