"""What is said of a network's form, built around it in ONNX: range, colours, luma, types.

`model.onnx` always takes and gives RGB in [0, 1] as float32. Its layout is the network's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aic_helpers.core.error_reasons import reason
from aic_helpers.core.errors import InputError
from aic_helpers.data.colour_spaces import BLACK, LUMA
from aic_helpers.models.adapted_graphs import FROM_LUMA, WHOLE
from aic_helpers.models.adapters import Adapters
from aic_helpers.onnx_graphs.network_ends import NCHW, TO_FIRST, TO_LAST, Ends
from aic_helpers.onnx_graphs.structures import Structure

OLDEST_OPSET = 11
"""Of the operators that are built in: from here on Clip takes bounds as inputs, and Resize knows TensorFlow's way."""

PREFIX = "aic_"

CUBIC_A = -0.5
"""The cubic kernel's, as TensorFlow's bicubic has it."""

IMAGES, RESULT = f"{PREFIX}images", f"{PREFIX}result"


def around(structure: Structure, ends: Ends, adapters: Adapters, layout: str, enlarges: int) -> Any:
    """Return a network with what `adapters` say built around it, in the same layout.

    Parameters
    ----------
    structure : Structure
        With its weights in it. It is changed.
    ends : Ends
    adapters : Adapters
    layout : {"nhwc", "nchw"}
    enlarges : int
        By how much the colours are enlarged that a network of luma leaves to the input.

    Returns
    -------
    ModelProto

    Raises
    ------
    InputError
        An opset in which it can't be built.
    """
    model = _new_enough(structure)
    graph = model.graph
    builder = _Builder(layout)
    before = builder.before(ends, adapters)
    after = builder.after(ends, adapters, enlarges)
    nodes = [*before, *graph.node, *after]
    del graph.node[:]
    graph.node.extend(nodes)
    _declare(graph, ends, layout)
    return model


def _new_enough(structure: Structure) -> Any:
    from onnx import version_converter

    if structure.opset >= OLDEST_OPSET:
        return structure.model
    try:
        return version_converter.convert_version(structure.model, OLDEST_OPSET)
    except Exception as error:  # it raises what C++ gave
        found, remedy = f"opset {structure.opset} ({reason(error)})", f"export it with opset {OLDEST_OPSET} or newer"
        raise InputError(f"an ONNX model of opset {OLDEST_OPSET} or newer to build around", found, remedy) from None


def _declare(graph: Any, ends: Ends, layout: str) -> None:
    """Give the graph its new ends: float32, with three channels where the layout has them."""
    from onnx import TensorProto

    for values, end, name in ((graph.input, ends.input, IMAGES), (graph.output, ends.output, RESULT)):
        own = next(one for one in values if one.name == end.name)
        new = type(own)()
        new.CopyFrom(own)
        new.name, tensor = name, new.type.tensor_type
        tensor.elem_type = TensorProto.FLOAT
        while len(tensor.shape.dim) < 4:
            tensor.shape.dim.add()
        tensor.shape.dim[1 if layout == NCHW else 3].dim_value = 3
        kept = [new, *(one for one in values if one.name != end.name and values is graph.input)]
        del values[:]
        values.extend(kept)


class _Builder:
    """Makes the nodes before and after a network, each with a name of its own."""

    def __init__(self, layout: str) -> None:
        self._first = layout == NCHW
        self._nodes: list[Any] = []
        self._luma = ""
        self._count = 0

    def before(self, ends: Ends, adapters: Adapters) -> list[Any]:
        """Return the nodes from the images to what the network gets, of its own type."""
        given = self._swapped(IMAGES) if adapters.colour == "bgr" else IMAGES
        if adapters.channels == "y":
            given = self._luma = self._of_luma()
        if adapters.range != "1":
            given = self._add("Mul", given, self._number(float(adapters.range)))
        if ends.input.dtype.startswith(WHOLE):
            given = self._add("Clip", self._add("Round", given), self._number(0.0), self._number(255.0))
        self._cast(given, ends.input.dtype, ends.input.name)
        return self._taken()

    def after(self, ends: Ends, adapters: Adapters, enlarges: int) -> list[Any]:
        """Return the nodes from what the network gives to the images that it stands for."""
        made = ends.output.name
        if ends.output.dtype != "float32":
            made = self._add("Cast", made, to=1)
        if adapters.range != "1":
            made = self._add("Div", made, self._number(float(adapters.range)))
        if adapters.channels == "y":
            made = self._add("Add", self._colours(enlarges), self._add("Mul", made, self._number(FROM_LUMA)))
        elif adapters.colour == "bgr":
            made = self._swapped(made)
        self._add("Identity", made, output=RESULT)
        return self._taken()

    def _colours(self, enlarges: int) -> str:
        """Return what the images are beside their luma, enlarged."""
        colours = self._add("Sub", IMAGES, self._add("Mul", self._luma, self._number(FROM_LUMA)))
        if enlarges == 1:
            return colours
        if self._first:
            return self._enlarged(colours, enlarges)
        first = self._add("Transpose", colours, perm=[*TO_FIRST])
        return self._add("Transpose", self._enlarged(first, enlarges), perm=[*TO_LAST])

    def _enlarged(self, first: str, times: int) -> str:
        none = self._constant(np.zeros(0, np.float32))
        scales = self._constant(np.array([1, 1, times, times], np.float32))
        way: dict[str, Any] = {"mode": "cubic", "cubic_coeff_a": CUBIC_A, "exclude_outside": 1}
        return self._add("Resize", first, none, scales, coordinate_transformation_mode="half_pixel", **way)

    def _of_luma(self) -> str:
        weights = np.array(LUMA, np.float32)
        if self._first:
            summed = self._add("Conv", IMAGES, self._constant(weights.reshape(1, 3, 1, 1)))
        else:
            summed = self._add("MatMul", IMAGES, self._constant(weights.reshape(3, 1)))
        return self._add("Add", summed, self._number(BLACK))

    def _swapped(self, name: str) -> str:
        return self._add("Gather", name, self._constant(np.array([2, 1, 0])), axis=1 if self._first else 3)

    def _cast(self, given: str, dtype: str, output: str) -> None:
        from onnx import TensorProto

        names = {"float32": "FLOAT", "float64": "DOUBLE"}
        number = TensorProto.DataType.Value(names.get(dtype, dtype.upper()))
        self._add("Cast", given, output=output, to=number)

    def _number(self, value: float) -> str:
        return self._constant(np.array(value, np.float32))

    def _constant(self, value: Any) -> str:
        """Return the name of a constant: a node, for files before IR 4 have no other without a default."""
        from onnx import numpy_helper

        return self._add("Constant", value=numpy_helper.from_array(value))

    def _add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        from onnx import helper

        self._count += 1
        name = output or f"{PREFIX}{kind.lower()}_{self._count}"
        self._nodes.append(
            helper.make_node(kind, inputs, [name], f"{PREFIX}{kind.lower()}_{self._count}", **attributes)
        )
        return name

    def _taken(self) -> list[Any]:
        nodes, self._nodes = self._nodes, []
        return nodes
