"""What an `.onnx` file costs, read from the file alone: multiply-accumulates, weights, the size of its activations."""

from __future__ import annotations

import math
from typing import Any

from aic_helpers.core.limits import HD_HEIGHT_PX, HD_WIDTH_PX
from aic_helpers.onnx_graphs.network_ends import takes_channels_first
from aic_helpers.onnx_graphs.shape_propagation import Propagation
from aic_helpers.onnx_graphs.structures import STANDARD, Structure, dtype_name, every_node

MIB = 2**20

LARGEST = 5

COLOURS = 3

IN_PLACE = frozenset(
    {"Clip", "Elu", "Flatten", "Identity", "LeakyRelu", "PRelu", "Relu", "Reshape", "Selu", "Sigmoid", "Softplus"}
    | {"Squeeze", "Tanh", "Unsqueeze"}
)
"""ONNX Runtime writes the output of these over their input, or fuses them with it."""

UNCOUNTED = frozenset({"Attention", "DeformConv", "Einsum", "GRU", "If", "LSTM", "Loop", "RNN", "Scan"})
"""Operators that may multiply, or repeat what multiplies, uncounted here; a cost that meets one names it."""

MOST_COLOURS = 4
READERS = frozenset(
    {"BatchNormalization", "Conv", "ConvTranspose", "DequantizeLinear", "InstanceNormalization", "PRelu"}
)
"""Of so few numbers only a constant that these take is a weight, or one that is added to what `BIASED` make."""

BIASED = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
"""They multiply, and may leave it to an ``Add`` to add their bias."""

FLOATS = ("float32", "float16", "bfloat16", "float64")
INTEGERS = ("int8", "uint8", "int4", "uint4", "int32")
"""Weights in whole numbers, where an operator that knows their scale takes them."""

OF_INTEGERS = frozenset({"ConvInteger", "DequantizeLinear", "MatMulInteger", "QLinearConv", "QLinearMatMul"})


def static_cost(structure: Structure, *, width_px: int = HD_WIDTH_PX, height_px: int = HD_HEIGHT_PX) -> dict[str, Any]:
    """Return what one image costs, with the shapes that follow from its size.

    Parameters
    ----------
    structure : Structure
        Of one input: an image of three channels, first or last.
    width_px, height_px : int

    Returns
    -------
    dict
        The keys of `aic_helpers.graphs.static_cost.static_cost`: ``gmacs`` (10^9 multiply-accumulates of convolutions
        and matrix products, None where a shape isn't known before the network runs, and beside what isn't counted),
        ``weights`` (see `weights`),
        ``largest_activations`` (at most five, each with ``layer``, ``operation``, ``shape`` and ``mib``) and
        ``not_counted`` (names of operators that multiply but aren't counted, those of other domains among them). At a
        size that the file doesn't take, ``gmacs`` is None and ``refused`` says why.
    """
    counted = weights(structure)
    declared = structure.inputs[0].shape
    first = takes_channels_first(declared)
    image = (1, COLOURS, height_px, width_px) if first else (1, height_px, width_px, COLOURS)
    try:
        found = Propagation(structure, image)
    except ValueError as error:
        refused = str(error)
        return {"gmacs": None, "weights": counted, "largest_activations": [], "not_counted": [], "refused": refused}
    nodes = structure.model.graph.node
    macs = [_macs(node, found) for node in nodes]
    known = [count for count in macs if count is not None]
    uncounted = sorted({node.op_type for node in nodes if _is_uncounted(node)})
    return {
        "gmacs": sum(known) / 1e9 if len(known) == len(macs) and not uncounted else None,
        "weights": counted,
        "largest_activations": _largest_activations(nodes, found),
        "not_counted": uncounted,
    }


def _is_uncounted(node: Any) -> bool:
    return node.domain not in STANDARD or node.op_type in UNCOUNTED


def weights(structure: Structure) -> int:
    """Return how many weights a file has: elements of the constants that its operators take.

    Constants of whole numbers are sizes, unless an operator takes them that knows their scale. Single numbers (an
    epsilon) aren't weights, and neither are the few that a picture's colours are computed with.
    """
    nodes = list(every_node(structure.model.graph))
    takers = _takers(nodes)
    tensors = {one.name: one for one in structure.model.graph.initializer}
    tensors |= {node.output[0]: value for node in nodes if (value := constant(node)) is not None}
    return sum(_elements(tensor, takers.get(name, set())) for name, tensor in tensors.items())


def _takers(nodes: list[Any]) -> dict[str, set[str]]:
    """Return which operators take a tensor, by its name; of a bias that an ``Add`` adds, the one that it belongs to."""
    makers = {name: node.op_type for node in nodes for name in node.output}
    takers: dict[str, set[str]] = {}
    for node in nodes:
        biased = {makers.get(name) for name in node.input} & BIASED if node.op_type == "Add" else set()
        for name in node.input:
            takers.setdefault(name, set()).add("Conv" if biased else node.op_type)
    return takers


def _elements(tensor: Any, takers: set[str]) -> int:
    """Return the elements of a constant that may be weights; 0 of any other."""
    size, dtype = math.prod(tensor.dims) if tensor.dims else 0, dtype_name(tensor.data_type)
    is_weight = dtype in FLOATS and (size > MOST_COLOURS or takers & READERS)
    is_whole = dtype in INTEGERS and takers & OF_INTEGERS and size > 1
    return size if takers and (is_weight or is_whole) else 0


def constant(node: Any) -> Any | None:
    """Return the tensor of a ``Constant``; None of any other node, and of one that holds a single number."""
    if node.op_type != "Constant":
        return None
    return next((one.t for one in node.attribute if one.name == "value" and one.HasField("t")), None)


def _macs(node: Any, found: Propagation) -> int | None:
    """Multiply-accumulates of one node; 0 for one without any, None where its shapes aren't known."""
    if node.domain not in STANDARD or node.op_type not in {*KERNELS, *PRODUCTS}:
        return 0
    if not node.output or len(node.input) < 2:
        return None
    spread = found.shape(node.input[0] if node.op_type == "ConvTranspose" else node.output[0])
    per_element = _per_element(node, found)
    return None if spread is None or per_element is None else math.prod(spread) * per_element


KERNELS = {"Conv": 1, "ConvInteger": 1, "ConvTranspose": 1, "QLinearConv": 3}
"""At which input the kernel stands: output channels, input channels of its own group, height and width."""

PRODUCTS = frozenset({"Gemm", "MatMul", "MatMulInteger", "QLinearMatMul"})


def _per_element(node: Any, found: Propagation) -> int | None:
    """Return how many products each output element sums over; each input element of a transposed convolution."""
    if node.op_type in KERNELS:
        kernel = [found.shape(name) for name in node.input][KERNELS[node.op_type] :][:1]
        return None if not kernel or kernel[0] is None else math.prod(kernel[0][1:])
    transposed = any(one.name == "transA" and one.i for one in node.attribute)
    left = found.shape(node.input[0])
    return None if left is None else left[-2 if transposed else -1]


def _largest_activations(nodes: Any, found: Propagation) -> list[dict[str, Any]]:
    own = [node for node in nodes if node.op_type not in IN_PLACE and node.op_type != "Constant"]
    outputs = [(node, name) for node in own for name in node.output if name]
    sized = [(node, found.shape(name), _bytes(name, found)) for node, name in outputs]
    largest = sorted(sized, key=lambda entry: entry[2], reverse=True)[:LARGEST]
    return [
        {"layer": node.name or node.output[0], "operation": node.op_type, "shape": list(shape), "mib": size / MIB}
        for node, shape, size in largest
        if shape is not None and size > 0
    ]


def _bytes(name: str, found: Propagation) -> int:
    from onnx import TensorProto, helper

    shape, number = found.shape(name), found.type_number(name)
    if shape is None or number in (TensorProto.UNDEFINED, TensorProto.STRING):
        return 0
    return math.prod(shape) * int(helper.tensor_dtype_to_np_dtype(number).itemsize)
