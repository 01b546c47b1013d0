"""The worker of `network_pairs`: one frozen model to be timed and weighed, and the machine's own limits beside it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.core.machine import own_memory_mib
from aic_helpers.models.frozen_models import FrozenModel, load, read_graph
from aic_helpers.models.static_cost import static_cost

SIDE = 2048
"""Of the square matrices: 17 GFLOP a product, and 48 MiB for the three, more than a core's caches hold."""

COPY_BYTES = 2**27
TRIES = 5
"""The best of so many: a limit is what the machine reaches when nothing is in the way."""


def roofline(threads: int) -> dict[str, Any]:
    """Return ``gflop_per_s`` of a float32 matrix product by TensorFlow, and ``gb_per_s`` of a copy in memory.

    Parameters
    ----------
    threads : int
        For the copy. The product runs on the threads that TensorFlow has in this process.
    """
    import tensorflow as tf

    random = np.random.default_rng(2018)
    left, right = (tf.constant(random.random((SIDE, SIDE), np.float32)) for _ in range(2))
    product_s = _best_s(lambda: tf.linalg.matmul(left, right).numpy())
    source, copy = np.ones(COPY_BYTES, np.uint8), np.zeros(COPY_BYTES, np.uint8)
    parts = [slice(start, start + COPY_BYTES // threads) for start in range(0, COPY_BYTES, COPY_BYTES // threads)]
    with ThreadPoolExecutor(threads) as pool:
        copy_s = _best_s(lambda: list(pool.map(lambda part: np.copyto(copy[part], source[part]), parts)))
    # A copy reads and writes each byte.
    return {"gflop_per_s": 2 * SIDE**3 / product_s / 1e9, "gb_per_s": 2 * COPY_BYTES / copy_s / 1e9}


def _best_s(work: Callable[[], Any]) -> float:
    times_s = []
    for _ in range(TRIES):
        start_s = time.perf_counter()
        work()
        times_s.append(time.perf_counter() - start_s)
    return min(times_s)


class Subject:
    """Answers ``load``, ``run``, ``inspect``, ``cost`` and ``roofline``, as `workers.Worker` brings them."""

    def __init__(self) -> None:
        self._device = "cpu"
        self._model: FrozenModel | None = None
        self._images: NDArray[np.float32] = np.zeros((0, 0, 0, 3), np.float32)
        self._output: NDArray[np.float32] = self._images

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        actions = {"load": self._load, "run": self._run, "inspect": self._inspect}
        actions |= {"cost": self._cost, "roofline": self._roofline}
        return actions[request["do"]](request)

    def _load(self, request: dict[str, Any]) -> dict[str, Any]:
        self._device = request["device"]
        _settle(request["threads"], self._device, request["gpu_limit_mib"])
        self._model = load(Path(request["model"]))
        memory = own_memory_mib()
        self._images = np.load(request["images"])
        return memory

    def _run(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._model is None:
            raise ValueError("run before load")
        self._output = self._images  # so that the last output isn't in memory beside the next
        start = time.perf_counter_ns()
        self._output = self._model(self._images)
        time_ms = (time.perf_counter_ns() - start) / 1e6
        return {"time_ms": time_ms, **own_memory_mib(), "gpu_peak_mib": _gpu_peak_mib(self._device)}

    def _inspect(self, request: dict[str, Any]) -> dict[str, Any]:
        shapes = {"input_shape": list(self._images.shape), "output_shape": list(self._output.shape)}
        if self._output.dtype == object:  # TensorFlow's strings; nothing else comes as objects
            return {**shapes, "dtype": "string", "finite_share": None}
        finite = np.isfinite(self._output)
        share = float(finite.mean()) if finite.size else 0.0
        return {**shapes, "dtype": str(self._output.dtype), "finite_share": share}

    def _cost(self, request: dict[str, Any]) -> dict[str, Any]:
        graph = read_graph(Path(request["model"]))
        return static_cost(graph, width_px=request["width_px"], height_px=request["height_px"])

    def _roofline(self, request: dict[str, Any]) -> dict[str, Any]:
        return roofline(request["threads"])


def _settle(threads: int, device: str, gpu_limit_mib: float | None) -> None:
    """Set threads and device for this process; must come before anything runs."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    gpus = tf.config.list_physical_devices("GPU")
    if device == "cpu":
        tf.config.set_visible_devices([], "GPU")
    elif not gpus:
        raise InputError("a GPU", "none that TensorFlow can use", "take the device cpu, or install its driver")
    else:
        tf.config.set_visible_devices(gpus[0], "GPU")
        if gpu_limit_mib is not None:
            limit = tf.config.LogicalDeviceConfiguration(memory_limit=gpu_limit_mib)
            tf.config.set_logical_device_configuration(gpus[0], [limit])


def _gpu_peak_mib(device: str) -> float | None:
    if device == "cpu":
        return None
    import tensorflow as tf

    return tf.config.experimental.get_memory_info("GPU:0")["peak"] / 2**20
