"""The child's side of `outputs`: one frozen model, run on images that come and go in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from aic_helpers.inference import FrozenModel, load


class Output:
    """Answers ``load`` and ``run``, as `children.Worker` brings it."""

    def __init__(self) -> None:
        self._model: FrozenModel | None = None

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        actions = {"load": self._load, "run": self._run}
        return actions[request["do"]](request)

    def _load(self, request: dict[str, Any]) -> dict[str, Any]:
        self._model = load(Path(request["model"]))
        return {}

    def _run(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._model is None:
            raise ValueError("run before load")
        image = np.load(request["image"])
        output = self._model(image[None])
        finite_share = float(np.isfinite(output).mean()) if output.size else 0.0
        if list(output.shape) == [1, *image.shape] and finite_share == 1:
            np.save(request["output"], output[0])
        return {"output_shape": list(output.shape), "finite_share": finite_share}
