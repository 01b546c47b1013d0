"""The worker of `model_workers` for an `.onnx` file: loaded and run by ONNX Runtime, without TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aic_helpers.onnx_graphs.static_cost import static_cost
from aic_helpers.onnx_graphs.structures import read
from aic_helpers.runtimes.image_by_image import ImageByImage
from aic_helpers.runtimes.onnx_models import OnnxModel


class OnnxInference(ImageByImage):
    """A file of ONNX's."""

    def __init__(self) -> None:
        super().__init__(OnnxModel, "an ONNX model")

    def _cost(self, request: dict[str, Any]) -> dict[str, Any]:
        structure = read(Path(request["model"]))
        return static_cost(structure, width_px=request["width_px"], height_px=request["height_px"])
