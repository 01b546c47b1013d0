"""What a frozen graph costs, read from the graph alone: multiply-accumulates and the size of its activations."""

from __future__ import annotations

import math
from typing import Any

from aic_helpers.core.error_reasons import reason
from aic_helpers.core.limits import HD_HEIGHT_PX, HD_WIDTH_PX
from aic_helpers.graphs.graph_ends import needed_nodes, node_name
from aic_helpers.graphs.tensorflow_runtime import runtime

MIB = 2**20

LARGEST = 5

IN_PLACE = {
    "BiasAdd",
    "Elu",
    "Identity",
    "LeakyRelu",
    "Relu",
    "Relu6",
    "Reshape",
    "Selu",
    "Sigmoid",
    "Softplus",
    "Squeeze",
    "StopGradient",
    "Tanh",
}
"""TensorFlow writes the output of these over their input, or fuses them with it: they take no memory of their own."""

UNCOUNTED = {
    "Case",
    "Conv3D",
    "Einsum",
    "If",
    "LoopCond",
    "PartitionedCall",
    "StatefulPartitionedCall",
    "StatelessCase",
    "StatelessIf",
    "StatelessWhile",
    "While",
}
"""Operations that may multiply, or repeat what multiplies, uncounted here; a cost that meets one names it."""

MOST_COLOURS = 4
READERS = {
    "BiasAdd",
    "BiasAddV1",
    "Cast",
    "Conv2D",
    "Conv2DBackpropInput",
    "Dequantize",
    "DepthwiseConv2dNative",
    "FusedBatchNorm",
    "FusedBatchNormV2",
    "FusedBatchNormV3",
    "Identity",
    "MatMul",
    "_FusedConv2D",
}
"""Of so few numbers only a constant that these take is a weight: ``Identity`` is what reads a variable."""

Shape = list[int | None] | None


def static_cost(graph_def: Any, *, width_px: int = HD_WIDTH_PX, height_px: int = HD_HEIGHT_PX) -> dict[str, Any]:
    """Return what one image costs, from the shapes that TensorFlow infers with a placeholder of that size.

    Parameters
    ----------
    graph_def : GraphDef
        With ``input:0`` of shape (batch, height, width, 3).
    width_px, height_px : int

    Returns
    -------
    dict
        ``gmacs`` (10^9 multiply-accumulates of convolutions and matrix products, None where a shape isn't known
        before the graph runs), ``weights`` (see `weights`),
        ``largest_activations`` (at most five, each with ``layer``, ``operation``, ``shape`` and ``mib``), and
        ``not_counted`` (names of operations that multiply but aren't counted). At a size that the graph
        refuses, ``gmacs`` is None and ``refused`` says why.
    """
    tensorflow = runtime()
    counted = weights(graph_def)
    try:
        with tensorflow.Graph().as_default() as graph:
            image = tensorflow.placeholder("float32", [1, height_px, width_px, 3])
            tensorflow.import_graph_def(graph_def, input_map={"input:0": image}, name="")
    except ValueError as error:
        refused = reason(error)
        return {"gmacs": None, "weights": counted, "largest_activations": [], "not_counted": [], "refused": refused}
    operations = graph.get_operations()
    macs = [_macs(operation) for operation in operations]
    known = [count for count in macs if count is not None]
    return {
        "gmacs": sum(known) / 1e9 if len(known) == len(macs) else None,
        "weights": counted,
        "largest_activations": _largest_activations(operations),
        "not_counted": sorted({operation.type for operation in operations} & UNCOUNTED),
    }


def weights(graph_def: Any, output: str = "output") -> int:
    """Return how many weights a graph has: elements of the constants that its output hangs on, those of functions too.

    Constants of whole numbers are shapes, unless they are quantised. Single numbers (an epsilon) aren't weights, and
    neither are the few that a picture's colours are computed with: their mean, their shares in grey.
    """
    return sum(_weights(scope) for scope in needed_nodes(graph_def, output))


def _weights(nodes: list[Any]) -> int:
    takers: dict[str, set[str]] = {}
    for node in nodes:
        for name in node.input:
            takers.setdefault(node_name(name), set()).add(node.op)
    sizes = {node.name: _elements(node) for node in nodes if node.op == "Const"}
    return sum(size for name, size in sizes.items() if size > MOST_COLOURS or takers.get(name, set()) & READERS)


def _elements(node: Any) -> int:
    """Return the elements of a constant that may be weights; 0 of any other."""
    tensor = node.attr["value"].tensor
    kind, sides = runtime().as_dtype(tensor.dtype), [dim.size for dim in tensor.tensor_shape.dim]
    return math.prod(sides) if sides and (kind.is_floating or kind.is_quantized) else 0


def _macs(operation: Any) -> int | None:
    """Multiply-accumulates of one operation; 0 for one without any, None where its shapes aren't known."""
    name = operation.type
    if name in ("Conv2D", "_FusedConv2D"):
        # Every output element sums over the kernel's height, width and input channels (of its own group).
        return _product(_shape(operation.outputs[0]), _kernel(operation)[:3])
    if name == "DepthwiseConv2dNative":
        return _product(_shape(operation.outputs[0]), _kernel(operation)[:2])
    if name == "Conv2DBackpropInput":
        # A transposed convolution: every input element is spread over height, width and output channels.
        return _product(_shape(operation.inputs[2]), _kernel(operation)[:3])
    if name in ("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "_FusedMatMul"):
        return _product(_shape(operation.outputs[0]), [_inner_side(operation)])
    return 0


def _kernel(operation: Any) -> list[int | None]:
    return _shape(operation.inputs[1]) or [None] * 4


def _inner_side(operation: Any) -> int | None:
    """The side of a matrix product that is summed over."""
    transposed = any(name in operation.node_def.attr and operation.get_attr(name) for name in ("transpose_a", "adj_x"))
    shape = _shape(operation.inputs[0])
    return None if shape is None else shape[-2 if transposed else -1]


def _shape(tensor: Any) -> Shape:
    return None if tensor.shape.rank is None else tensor.shape.as_list()


def _product(*shapes: Shape) -> int | None:
    product = 1
    for shape in shapes:
        if shape is None or None in shape:
            return None
        product *= math.prod(side for side in shape if side is not None)
    return product


def _largest_activations(operations: list[Any]) -> list[dict[str, Any]]:
    own = [operation for operation in operations if operation.type not in IN_PLACE | {"Const", "Placeholder"}]
    outputs = [(operation, tensor) for operation in own for tensor in operation.outputs]
    sized = [(operation, _shape(tensor), _bytes(tensor)) for operation, tensor in outputs]
    largest = sorted(sized, key=lambda entry: entry[2], reverse=True)[:LARGEST]
    return [
        {"layer": operation.name, "operation": operation.type, "shape": shape, "mib": size / MIB}
        for operation, shape, size in largest
        if size > 0
    ]


def _bytes(tensor: Any) -> int:
    return (_product(_shape(tensor)) or 0) * tensor.dtype.size
