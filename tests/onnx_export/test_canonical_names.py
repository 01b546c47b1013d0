"""The names of an exported model's nodes: each its own, whatever its layers are called."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from aic_helpers.onnx_export.canonical_names import rename


def chain(*layers: str) -> onnx.ModelProto:
    """Multiplications one after another: those that have a name by weights, those without by a number."""
    constants = [numpy_helper.from_array(np.full(3, 2, np.float32), "weights")]
    constants.append(numpy_helper.from_array(np.array(2, np.float32), "number"))
    nodes = [
        helper.make_node("Mul", [f"t{place}", "weights" if name else "number"], [f"t{place + 1}"], name or f"m{place}")
        for place, name in enumerate(layers)
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [3]) for name in ("t0", f"t{len(layers)}")]
    return helper.make_model(helper.make_graph(nodes, "chain", ends[:1], ends[1:], constants))


@pytest.mark.parametrize(
    ("layers", "names"),
    [
        (("", "", ""), ["Mul_1", "Mul_2", "Mul_3"]),
        (("conv", "conv__5", "other"), ["conv", "conv_2", "other"]),
        (("Mul_1", "", "Mul_2", ""), ["Mul_1", "Mul_3", "Mul_2", "Mul_4"]),
        (("", "Mul", "Mul_1"), ["Mul_2", "Mul", "Mul_1"]),
        (("Mul", "Mul_1", "Mul_2", "", "Mul"), ["Mul", "Mul_1", "Mul_2", "Mul_3", "Mul_4"]),
    ],
)
def test_a_layer_may_be_called_as_an_operator_with_its_number(layers: tuple[str, ...], names: list[str]) -> None:
    model = chain(*layers)
    rename(model)
    assert [node.name for node in model.graph.node] == names
    onnx.checker.check_model(model, full_check=True)
