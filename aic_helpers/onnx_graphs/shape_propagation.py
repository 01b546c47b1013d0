"""The shapes of a network's tensors for an image of one size.

ONNX's own inference gives the shape of what an operator makes. What a network computes its sizes by (``Shape`` and what
follows it) is small and known by then, and is worked out by ONNX's own reference operators.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.error_reasons import reason
from aic_helpers.onnx_graphs.structures import STANDARD, End, Structure

MOST_NUMBERS = 4096
"""A value that sizes are computed by has no more; a larger one is never worked out."""

BOUNDED = frozenset({"Compress", "NonZero"})
"""Their output has no more numbers than their input, though its shape isn't known before."""

BY_CHANCE = frozenset(
    {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}
)
"""They give something else each time."""

Shape = tuple[int, ...]


class Propagation:
    """A network's tensors for an image of one size; every node's outputs are known once it is made.

    Parameters
    ----------
    structure : Structure
    image : tuple of int
        Shape of the input, in the file's own layout.

    Raises
    ------
    ValueError
        A size that the network doesn't take.
    """

    def __init__(self, structure: Structure, image: Shape) -> None:
        self._types: dict[str, Any] = {}
        self._values: dict[str, Any] = {}
        self._model = structure.model
        self._opsets = {one.domain: one.version for one in structure.model.opset_import}
        for tensor in structure.model.graph.initializer:
            self._keep(tensor)
        self._types[structure.inputs[0].name] = _sized(structure.inputs[0], self._model, image)
        self._follow_all()

    def _follow_all(self) -> None:
        import onnx

        try:
            for node in self._model.graph.node:
                self._follow(node)
        except (IndexError, TypeError, onnx.checker.ValidationError) as error:  # no operator as ONNX has it
            raise ValueError(reason(error)) from None

    def shape(self, name: str) -> Shape | None:
        """Return the shape of a tensor; None where it isn't known before the network runs."""
        kind = self._types.get(name)
        if kind is None or not kind.tensor_type.HasField("shape"):
            return None
        sides = [side.dim_value if side.HasField("dim_value") else None for side in kind.tensor_type.shape.dim]
        return None if None in sides else tuple(int(side) for side in sides if side is not None)

    def type_number(self, name: str) -> int:
        """Return the type of a tensor's elements, as ONNX numbers them; 0 where it isn't known."""
        kind = self._types.get(name)
        return 0 if kind is None else int(kind.tensor_type.elem_type)

    def _keep(self, tensor: Any) -> None:
        """Note an initializer: its type, and its numbers where they are few."""
        import onnx

        self._types[tensor.name] = onnx.helper.make_tensor_type_proto(tensor.data_type, list(tensor.dims))
        if math.prod(tensor.dims) <= MOST_NUMBERS and tensor.data_location != onnx.TensorProto.EXTERNAL:
            self._values[tensor.name] = tensor

    def _follow(self, node: Any) -> None:
        given = {name: self._types[name] for name in node.input if name in self._types}
        if len(given) < len({*filter(None, node.input)}):
            return
        self._types |= self._inferred(node, given)
        if node.op_type == "Compress":
            self._compressed(node)
        if self._small(node):
            self._work_out(node)

    def _inferred(self, node: Any, given: dict[str, Any]) -> dict[str, Any]:
        import onnx

        domain = "" if node.domain in STANDARD else node.domain
        version = next((self._opsets[name] for name in (node.domain, *STANDARD) if name in self._opsets), 0)
        try:
            schema = onnx.defs.get_schema(node.op_type, version, domain)
        except onnx.defs.SchemaError:
            return {}  # not ONNX's own: nothing is known of it
        data = {name: self._values[name] for name in node.input if name in self._values}
        try:
            found = onnx.shape_inference.infer_node_outputs(
                schema,
                node,
                given,
                data,
                opset_imports=list(self._model.opset_import),
                ir_version=self._model.ir_version,
            )
        except onnx.shape_inference.InferenceError as error:
            raise ValueError(reason(error)) from None
        return {name: kind for name, kind in found.items() if kind.WhichOneof("value") == "tensor_type"}

    def _compressed(self, node: Any) -> None:
        """Note how much of a tensor is kept, where it is known which parts are: ONNX's own inference doesn't."""
        import onnx

        shape, kept = self.shape(node.input[0]), self._values.get(node.input[1])
        axis = next((one.i for one in node.attribute if one.name == "axis"), None)
        if shape is None or kept is None or axis is None or not -len(shape) <= axis < len(shape):
            return
        sides = [*shape]
        sides[axis] = int(onnx.numpy_helper.to_array(kept).sum())
        number = self.type_number(node.input[0])
        self._types[node.output[0]] = onnx.helper.make_tensor_type_proto(number, sides)

    def _small(self, node: Any) -> bool:
        """Whether what a node makes can be worked out, and is no more than a few numbers."""
        if node.op_type in BY_CHANCE or node.domain not in STANDARD:
            return False
        if any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute):
            return False
        if node.op_type in ("Shape", "Size"):
            return self.shape(node.input[0]) is not None
        if any(name not in self._values for name in filter(None, node.input)):
            return False
        shapes = [self.shape(name) for name in filter(None, node.output)]
        return node.op_type in BOUNDED or all(
            shape is not None and math.prod(shape) <= MOST_NUMBERS for shape in shapes
        )

    def _work_out(self, node: Any) -> None:
        import onnx
        from onnx.reference import ReferenceEvaluator

        try:
            given = {name: self._array(node, name) for name in filter(None, node.input)}
            made = ReferenceEvaluator(node, opsets=self._opsets).run(None, given)
        except Exception:  # what is wrong with it shows as it runs
            return
        for name, value in zip(node.output, made, strict=False):
            if name and isinstance(value, np.ndarray | np.generic):
                tensor = onnx.numpy_helper.from_array(np.asarray(value), name)
                self._values[name] = tensor
                self._types[name] = onnx.helper.make_tensor_type_proto(tensor.data_type, list(tensor.dims))

    def _array(self, node: Any, name: str) -> NDArray[Any]:
        import onnx

        if node.op_type in ("Shape", "Size") and name not in self._values:
            return np.broadcast_to(np.float32(0), self.shape(name) or ())  # of which nothing but the shape is asked
        return onnx.numpy_helper.to_array(self._values[name])


def _sized(end: End, model: Any, image: Shape) -> Any:
    import onnx

    declared = end.shape or (None,) * len(image)
    if len(declared) != len(image) or any(
        side not in (None, given) for side, given in zip(declared, image, strict=True)
    ):
        sides = ", ".join("any" if side is None else str(side) for side in declared)
        raise ValueError(f"{end.name} is declared as ({sides}), the image is {image}")
    own = next(one for one in model.graph.input if one.name == end.name)
    return onnx.helper.make_tensor_type_proto(own.type.tensor_type.elem_type, list(image))
