"""The worker of `model_workers`: one frozen model, loaded and run, and what its graph says of itself."""

from __future__ import annotations

import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.core.machine import own_memory_mib
from aic_helpers.core.quiet_tensorflow import import_tensorflow, make_light
from aic_helpers.graphs.receptive_fields import ReceptiveField, receptive_field
from aic_helpers.graphs.rooflines import roofline, tensorflow_product
from aic_helpers.graphs.static_cost import static_cost
from aic_helpers.graphs.tensorflow_runtime import uses_onednn
from aic_helpers.runtimes.frozen_models import FrozenModel, load, read_graph

PROBE_PX = 960
"""Side of the image for which activations are added up; networks that want multiples of 64 take it too."""

LIVE_ACTIVATIONS = 3
"""How many of the largest a network holds at once: what a layer reads, what it writes, what a shortcut keeps."""


class Inference:
    """Answers ``load``, ``give``, ``run``, ``output``, ``cost``, ``receptive_field`` and ``roofline``."""

    def __init__(self) -> None:
        make_light()
        self._device = "cpu"
        self._model: FrozenModel | None = None
        self._images: NDArray[np.float32] = np.zeros((0, 0, 0, 3), np.float32)
        self._output: NDArray[Any] = self._images

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        actions = {"load": self._load, "give": self._give, "run": self._run, "output": self._last_output}
        actions |= {"cost": self._cost, "receptive_field": self._receptive_field, "roofline": self._roofline}
        return actions[request["do"]](request)

    def _load(self, request: dict[str, Any]) -> dict[str, Any]:
        self._device = request["device"]
        threads = request["threads"]
        if threads is not None and self._device != "cpu":
            _take_gpu(threads, request["gpu_limit_mib"])
            threads = None
        model = self._model = load(Path(request["model"]), threads)
        runtime = {"runtime": model.runtime, "runtime_note": model.runtime_note, **_made_of()}
        return {"shape": model.input_shape, "dtype": model.input_dtype, **runtime, **own_memory_mib()}

    def _give(self, request: dict[str, Any]) -> dict[str, Any]:
        self._images = request["array"]
        return {}

    def _run(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._model is None:
            raise ValueError("run before load")
        self._output = self._images  # so that the last output isn't in memory beside the next
        start = time.perf_counter_ns()
        self._output = self._model(self._images)
        time_ms = (time.perf_counter_ns() - start) / 1e6
        memory = {**own_memory_mib(), "gpu_peak_mib": _gpu_peak_mib(self._device)}
        dtype = "string" if self._output.dtype == object else str(self._output.dtype)  # nothing else comes as objects
        return {"time_ms": time_ms, **memory, "output_shape": self._output.shape, "output_dtype": dtype}

    def _last_output(self, request: dict[str, Any]) -> dict[str, Any]:
        of_numpy = self._output.dtype.kind != "V"  # bfloat16 isn't
        return {"array": self._output if of_numpy else self._output.astype(np.float32)}

    def _cost(self, request: dict[str, Any]) -> dict[str, Any]:
        graph = read_graph(Path(request["model"]))
        return static_cost(graph, width_px=request["width_px"], height_px=request["height_px"])

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

    def _roofline(self, request: dict[str, Any]) -> dict[str, Any]:
        return roofline(request["threads"], tensorflow_product())


def _made_of() -> dict[str, str]:
    """Return the version of TensorFlow, and what computes for it on the processor."""
    return {"runtime_version": version("tensorflow"), "provider": "oneDNN" if uses_onednn() else ""}


def _take_gpu(threads: int, limit_mib: float | None) -> None:
    """Set threads and the device for this process; must come before anything runs."""
    import_tensorflow()
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        raise InputError("a GPU", "none that TensorFlow can use", "take the device cpu, or install its driver")
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    tf.config.set_visible_devices(gpus[0], "GPU")
    if limit_mib is not None:
        limit = tf.config.LogicalDeviceConfiguration(memory_limit=limit_mib)
        tf.config.set_logical_device_configuration(gpus[0], [limit])


def _gpu_peak_mib(device: str) -> float | None:
    if device == "cpu":
        return None
    import tensorflow as tf

    return tf.config.experimental.get_memory_info("GPU:0")["peak"] / 2**20
