"""The worker of `model_workers` for an `.onnx` file: loaded and run by ONNX Runtime, without TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aic_helpers.graphs.rooflines import SIDE, Product, roofline
from aic_helpers.onnx_graphs.static_cost import static_cost
from aic_helpers.onnx_graphs.structures import read
from aic_helpers.runtimes.image_by_image import ImageByImage
from aic_helpers.runtimes.onnx_models import OnnxModel, session

OPSET, IR_VERSION = 13, 7
"""Of a product, old enough for any ONNX Runtime."""


class OnnxInference(ImageByImage):
    """A file of ONNX's."""

    def __init__(self) -> None:
        super().__init__(OnnxModel, "an ONNX model")

    def _cost(self, request: dict[str, Any]) -> dict[str, Any]:
        structure = read(Path(request["model"]))
        return static_cost(structure, width_px=request["width_px"], height_px=request["height_px"])

    def _roofline(self, request: dict[str, Any]) -> dict[str, Any]:
        return roofline(request["threads"], _product(request["threads"]))


def _product(threads: int) -> Product:
    """Return the matrix product of ONNX Runtime."""
    from onnx import TensorProto, helper

    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (SIDE, SIDE)) for name in ("left", "right", "made")]
    nodes = [helper.make_node("MatMul", ["left", "right"], ["made"])]
    model = helper.make_model(
        helper.make_graph(nodes, "product", ends[:2], ends[2:]), opset_imports=[helper.make_opsetid("", OPSET)]
    )
    model.ir_version = IR_VERSION
    run = session(model.SerializeToString(), threads).run
    return lambda left, right: run(["made"], {"left": left, "right": right})
