"""What a `.tflite` file costs, read from the file alone: multiply-accumulates, weights, the size of its activations."""

from __future__ import annotations

import math
from typing import Any

from aic_helpers.core.limits import HD_HEIGHT_PX, HD_WIDTH_PX
from aic_helpers.litert.layer_names import WITH_WEIGHTS
from aic_helpers.litert.shape_inference import Shape, shapes
from aic_helpers.litert.size_operators import on_the_image
from aic_helpers.litert.structures import Operator, Structure
from aic_helpers.litert.tensor_tables import FLOATS, item_bytes

MIB = 2**20

LARGEST = 5

IN_PLACE = frozenset({"EXPAND_DIMS", "RESHAPE", "SQUEEZE"})
"""LiteRT lets the output of these lie where their input does."""

UNCOUNTED = frozenset(
    {"BIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_RNN", "CALL", "CALL_ONCE", "CONV_3D", "CONV_3D_TRANSPOSE"}
    | {"IF", "LSTM", "RNN", "STABLEHLO_CASE", "STABLEHLO_COMPOSITE", "STABLEHLO_CONVOLUTION", "STABLEHLO_CUSTOM_CALL"}
    | {"STABLEHLO_DOT_GENERAL", "STABLEHLO_REDUCE_WINDOW", "STABLEHLO_WHILE", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM"}
    | {"UNIDIRECTIONAL_SEQUENCE_RNN", "WHILE"}
)
"""Operators that may multiply, or repeat what multiplies, uncounted here; a cost that meets one names it."""

MOST_COLOURS = 4
READERS = frozenset({*WITH_WEIGHTS, "DEQUANTIZE", "PRELU"})
"""Of so few numbers only a constant that these take is a weight."""


def static_cost(structure: Structure, *, width_px: int = HD_WIDTH_PX, height_px: int = HD_HEIGHT_PX) -> dict[str, Any]:
    """Return what one image costs, with the shapes that follow from its size.

    Parameters
    ----------
    structure : Structure
    width_px, height_px : int

    Returns
    -------
    dict
        The keys of `aic_helpers.graphs.static_cost.static_cost`: ``gmacs`` (10^9 multiply-accumulates of convolutions
        and matrix products, None where a shape isn't known before the network runs), ``weights`` (see `weights`),
        ``largest_activations`` (at most five, each with ``layer``, ``operation``, ``shape`` and ``mib``) and
        ``not_counted`` (names of operators that multiply but aren't counted, custom ones among them). At a size that
        the file doesn't take, ``gmacs`` is None and ``refused`` says why.
    """
    counted = weights(structure)
    try:
        found = shapes(structure, height_px, width_px)
    except ValueError as error:
        refused = str(error)
        return {"gmacs": None, "weights": counted, "largest_activations": [], "not_counted": [], "refused": refused}
    macs = [_macs(structure, step, found) for step in structure.operators]
    known = [count for count in macs if count is not None]
    return {
        "gmacs": sum(known) / 1e9 if len(known) == len(macs) else None,
        "weights": counted,
        "largest_activations": _largest_activations(structure, found),
        "not_counted": sorted({step.name for step in structure.operators if step.is_custom or step.name in UNCOUNTED}),
    }


def weights(structure: Structure) -> int:
    """Return how many weights a file has: elements of the constants that its operators take.

    Constants of whole numbers are sizes, unless they are quantised. Single numbers (an epsilon) aren't weights, and
    neither are the few that a picture's colours are computed with.
    """
    takers: dict[int, set[str]] = {}
    for step in structure.operators:
        for end in step.inputs:
            takers.setdefault(end, set()).add(step.name)
    constants = [tensor for tensor in structure.tensors if tensor.is_constant and tensor.shape]
    kept = [tensor for tensor in constants if tensor.index in takers and (tensor.dtype in FLOATS or tensor.scales)]
    sizes = {tensor.index: math.prod(tensor.shape) for tensor in kept}
    return sum(size for index, size in sizes.items() if size > MOST_COLOURS or takers[index] & READERS)


def _macs(structure: Structure, step: Operator, found: list[Shape | None]) -> int | None:
    """Multiply-accumulates of one operator; 0 for one without any, None where its shapes aren't known."""
    if step.name not in COUNTED:
        return 0
    image, kernel, spread = COUNTED[step.name]
    ends = [found[end] if end >= 0 else None for end in step.inputs]
    made = found[step.outputs[0]] if image is None else _at(ends, image)
    sides = _at(ends, kernel)
    if made is None or sides is None:
        return None
    if step.name == "BATCH_MATMUL":
        return math.prod(made) * sides[-1 if structure.options(step).get("adjY") else -2]
    return math.prod(made) * math.prod(sides[spread])


def _at(ends: list[Shape | None], place: int) -> Shape | None:
    return ends[place] if place < len(ends) else None


COUNTED: dict[str, tuple[int | None, int, slice]] = {
    "CONV_2D": (None, 1, slice(1, 4)),
    "DEPTHWISE_CONV_2D": (None, 1, slice(1, 3)),
    "TRANSPOSE_CONV": (2, 1, slice(0, 3)),
    "FULLY_CONNECTED": (None, 1, slice(1, 2)),
    "BATCH_MATMUL": (None, 1, slice(0, 0)),
}
"""Which elements do the multiplying (an input's, or the output's: None), at which input the kernel stands, and which
of its sides each element is multiplied over: its height, width and input channels, of its own group; a transposed
convolution spreads each input element over output channels, height and width."""


def _largest_activations(structure: Structure, found: list[Shape | None]) -> list[dict[str, Any]]:
    own = [step for step in on_the_image(structure) if step.name not in IN_PLACE]
    sized = [
        (step, found[end], _bytes(found[end], structure.tensors[end].dtype)) for step in own for end in step.outputs
    ]
    largest = sorted(sized, key=lambda entry: entry[2], reverse=True)[:LARGEST]
    return [
        {"layer": step.layer, "operation": step.name, "shape": list(shape), "mib": size / MIB}
        for step, shape, size in largest
        if shape is not None and size > 0
    ]


def _bytes(shape: Shape | None, dtype: str) -> int:
    return 0 if shape is None else math.prod(shape) * item_bytes(dtype)
