"""The worker of `model_workers` for a `.tflite` file: loaded and run by LiteRT, without TensorFlow."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.core.machine import own_memory_mib
from aic_helpers.litert.static_cost import static_cost
from aic_helpers.litert.structures import read
from aic_helpers.runtimes.litert_models import LitertModel

NOT_FOLLOWED = "how far the layers of a LiteRT file look is not followed"


class LitertInference:
    """Answers what `aic_helpers.runtimes.inference_worker.Inference` does."""

    def __init__(self) -> None:
        self._model: LitertModel | None = None
        self._images: NDArray[np.float32] = np.zeros((0, 0, 0, 3), np.float32)
        self._output: NDArray[Any] = self._images

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        actions = {"load": self._load, "give": self._give, "run": self._run, "output": self._last_output}
        actions |= {"cost": self._cost, "receptive_field": self._receptive_field, "roofline": self._roofline}
        return actions[request["do"]](request)

    def _load(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["device"] != "cpu":
            raise InputError("the device cpu for a LiteRT model", request["device"], "take aic phone for a phone's GPU")
        model = self._model = LitertModel(request["model"], request["threads"])
        declared = {"shape": model.input_shape, "dtype": model.input_dtype}
        return {**declared, "runtime": model.runtime, "runtime_note": None, **own_memory_mib()}

    def _give(self, request: dict[str, Any]) -> dict[str, Any]:
        self._images = request["array"]
        return {}

    def _run(self, request: dict[str, Any]) -> dict[str, Any]:
        """Run the images one by one; what is done around the network isn't timed."""
        if self._model is None:
            raise ValueError("run before load")
        time_ms, outputs = 0.0, []
        for image in self._images:
            self._model.give(image[None])
            start = time.perf_counter_ns()
            self._model.invoke()
            time_ms += (time.perf_counter_ns() - start) / 1e6
            memory = own_memory_mib()
            outputs.append(self._model.output())
        output = self._output = np.concatenate(outputs)
        return {
            "time_ms": time_ms,
            **memory,
            "gpu_peak_mib": None,
            "output_shape": output.shape,
            "output_dtype": str(output.dtype),
        }

    def _last_output(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"array": self._output}

    def _cost(self, request: dict[str, Any]) -> dict[str, Any]:
        structure = read(Path(request["model"]))
        return static_cost(structure, width_px=request["width_px"], height_px=request["height_px"])

    def _receptive_field(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"obstacle": NOT_FOLLOWED, "mib_per_megapixel": 0.0}

    def _roofline(self, request: dict[str, Any]) -> dict[str, Any]:
        """A product of float32 matrices is no limit of what runs in 8 bits."""
        return {}
