"""The worker of `any_image`: one frozen model, run on images that come and go in files."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from aic_helpers.models.frozen_models import FrozenModel, load, read_graph
from aic_helpers.models.receptive_fields import ReceptiveField, receptive_field
from aic_helpers.models.static_cost import static_cost

PROBE_PX = 960
"""Side of the image for which activations are added up; networks that want multiples of 64 take it too."""

LIVE_ACTIVATIONS = 3
"""How many of the largest a network holds at once: what a layer reads, what it writes, what a shortcut keeps."""


class Output:
    """Answers ``load``, ``run`` and ``receptive_field``, as `workers.Worker` brings it."""

    def __init__(self) -> None:
        self._model: FrozenModel | None = None

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        actions = {"load": self._load, "run": self._run, "receptive_field": self._receptive_field}
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

    def _receptive_field(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return how far the network looks, and the memory that a megapixel's largest activations take."""
        graph = read_graph(Path(request["model"]))
        try:
            found = receptive_field(graph, request["height_px"], request["width_px"])
        except Exception as error:  # a stranger's graph: it may run all the same
            found = ReceptiveField(obstacle=f"its graph can't be followed ({error})")
        cost = static_cost(graph, width_px=PROBE_PX, height_px=PROBE_PX)
        largest = [activation["mib"] for activation in cost["largest_activations"]]
        return {**asdict(found), "mib_per_megapixel": sum(largest[:LIVE_ACTIVATIONS]) / (PROBE_PX**2 / 1e6)}
