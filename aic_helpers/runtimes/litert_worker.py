"""The worker of `model_workers` for a `.tflite` file: loaded and run by LiteRT, without TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aic_helpers.litert.static_cost import static_cost
from aic_helpers.litert.structures import read
from aic_helpers.runtimes.image_by_image import ImageByImage
from aic_helpers.runtimes.litert_models import LitertModel


class LitertInference(ImageByImage):
    """A file of LiteRT's."""

    def __init__(self) -> None:
        super().__init__(LitertModel, "a LiteRT model")

    def _cost(self, request: dict[str, Any]) -> dict[str, Any]:
        structure = read(Path(request["model"]))
        return static_cost(structure, width_px=request["width_px"], height_px=request["height_px"])
