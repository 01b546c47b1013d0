"""Which of a file's tensors the image goes into and comes out of, and where its channels are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aic_helpers.core.errors import InputError, nearest
from aic_helpers.core.safe_texts import shown
from aic_helpers.onnx_graphs.structures import End, Shape, Structure

TO_FIRST, TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)

KEEPS_LAYOUT = frozenset({"Add", "Cast", "Clip", "Div", "Identity", "Mul", "Pad", "Relu", "Sub"})
"""What may be done to an image before the first convolution."""

CHANNELS_AT = {
    **dict.fromkeys(("AveragePool", "BatchNormalization", "Conv", "ConvTranspose", "DepthToSpace"), 1),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool", "InstanceNormalization", "MaxPool", "SpaceToDepth"), 1),
    "MatMul": 3,
}
"""Where operators of ONNX have the channels of what they are given first."""

IMAGE = (1, 3)
"""Channels of luma, and of colours."""

NHWC, NCHW = "nhwc", "nchw"


@dataclass(frozen=True)
class Ends:
    """The ends of a network of one image in and one out."""

    input: End
    output: End


def find(structure: Structure, where: str, *, given: str = "", taken: str = "") -> Ends:
    """Return the ends of a network.

    Parameters
    ----------
    structure : Structure
    where : str
        Names the file in an `InputError`.
    given, taken : str
        The names of input and output that a person gave, or empty.

    Raises
    ------
    InputError
        Another number of inputs than one, of outputs unless one of them is named, an image that isn't of floats, or not
        of rank 4.
    """
    if len(structure.inputs) != 1:
        found = f"{len(structure.inputs)}{_listed(structure.inputs)}"
        raise InputError(f"one input in {where}", found, "export a network of one image, with the others as constants")
    _named(structure.inputs, given, "input", where)
    output = _named(structure.outputs, taken, "output", where)
    if output is None:
        found = f"{len(structure.outputs)}{_listed(structure.outputs)}"
        raise InputError(
            f"one output in {where}", found, f"say --output {shown(structure.outputs[-1].name)}, or another"
        )
    _require_image(structure.inputs[0], where)
    return Ends(structure.inputs[0], output)


def _named(ends: Sequence[End], name: str, what: str, where: str) -> End | None:
    """Return the end of a name, or the only one; None where there are several and none is named."""
    if not name:
        return ends[0] if len(ends) == 1 else None
    names = {one.name: one for one in ends}
    if name not in names:
        remedy = nearest(name, names, f"take one of {', '.join(map(shown, names))}")
        raise InputError(f"an {what} of {where}", name, remedy)
    return names[name]


def _listed(ends: Sequence[End]) -> str:
    return f": {', '.join(shown(one.name) for one in ends)}" if ends else ""


def _require_image(end: End, where: str) -> None:
    if end.shape is not None and len(end.shape) != 4:
        found = f"one of shape {shape_words(end.shape)}"
        raise InputError(f"an input of one image, of rank 4, in {where}", found, "export a network of one image")


def shape_words(shape: Shape) -> str:
    """Return a declared shape in words."""
    return f"({', '.join('any' if side is None else str(side) for side in shape)})"


def takes_channels_first(declared: Sequence[int | None] | None) -> bool:
    """Return whether a declared shape has the three colours before height and width."""
    return declared is not None and len(declared) == 4 and declared[1] == 3 and declared[3] != 3


def layout(structure: Structure, end: End) -> str:
    """Return where an input has its channels, ``nchw`` or ``nhwc``; empty where the file doesn't show it.

    The declared shape shows it where one side is of 1 or 3. Else the first operator shows it that knows: a convolution
    takes the channels first, and where a Transpose brings them there, the network takes them last.
    """
    shape = end.shape or (None,) * 4
    first, last = shape[1] in IMAGE, shape[3] in IMAGE
    if first != last:
        return NCHW if first else NHWC
    return _by_first_operator(structure.model.graph, end.name)


def _by_first_operator(graph: Any, name: str) -> str:
    """Return the layout that the first operator shows which knows where channels are, seen through Transposes."""
    orders: dict[str, tuple[int, ...]] = {name: (0, 1, 2, 3)}
    hint = ""
    for node in graph.node:  # sorted: what gives a tensor stands before what takes it
        taken = next((one for one in node.input if one in orders), None)
        if taken is None:
            continue
        order = orders[taken]
        if (place := CHANNELS_AT.get(node.op_type)) and node.input[0] == taken:
            return {1: NCHW, 3: NHWC}.get(order[place], "")
        if node.op_type == "Transpose":
            perm = next((tuple(one.ints) for one in node.attribute if one.name == "perm"), ())
            hint = hint or {TO_FIRST: NHWC, TO_LAST: NCHW}.get(perm, "")
            if sorted(perm) == [0, 1, 2, 3]:
                orders[node.output[0]] = tuple(order[axis] for axis in perm)
        elif node.op_type in KEEPS_LAYOUT:
            orders |= dict.fromkeys(node.output, order)
    return hint
