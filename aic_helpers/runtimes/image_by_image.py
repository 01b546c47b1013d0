"""What workers share whose runtime takes one image at a time: the images come, run one by one, and are timed."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.core.machine import own_memory_mib


class OneImageModel(ABC):
    """A loaded model that is given an image, runs, and has an output, each apart."""

    input_shape: list[int | None]
    input_dtype: str
    runtime: str
    runtime_version: str
    provider: str

    @abstractmethod
    def give(self, image: NDArray[np.float32]) -> None:
        """Hand over the image that `invoke` takes: float32, shape (1, height, width, 3), values in [0, 1]."""

    @abstractmethod
    def invoke(self) -> None:
        """Run the network once; this alone is its time."""

    @abstractmethod
    def output(self) -> NDArray[Any]:
        """Return what the last run gave, (1, height, width, channels)."""

    def __call__(self, images: NDArray[np.float32]) -> NDArray[Any]:
        """Return the network's output for a batch.

        Parameters
        ----------
        images : ndarray of float32, shape (batch, height, width, 3)
            Values in [0, 1].

        Returns
        -------
        ndarray, shape (batch, height, width, channels)

        Raises
        ------
        ValueError
            A size that the file doesn't take.
        """
        outputs = []
        for image in images:
            self.give(image[None])
            self.invoke()
            outputs.append(self.output())
        return np.concatenate(outputs)


class ImageByImage:
    """Answers what `aic_helpers.runtimes.inference_worker.Inference` does.

    Parameters
    ----------
    load : callable
        Takes a path and threads (None: as it has them), and returns the model.
    words : str
        What people call such a model, with its article.
    """

    def __init__(self, load: Callable[[str, int | None], OneImageModel], words: str) -> None:
        self._load_model, self._words = load, words
        self._model: OneImageModel | None = None
        self._images: NDArray[np.float32] = np.zeros((0, 0, 0, 3), np.float32)
        self._output: NDArray[Any] = self._images

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        actions = {"load": self._load, "give": self._give, "run": self._run, "output": self._last_output}
        actions |= {"cost": self._cost, "receptive_field": self._receptive_field, "roofline": self._roofline}
        return actions[request["do"]](request)

    def _load(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["device"] != "cpu":
            expected = f"the device cpu for {self._words}"
            raise InputError(expected, request["device"], "take aic phone for a phone's GPU")
        model = self._model = self._load_model(request["model"], request["threads"])
        declared = {"shape": model.input_shape, "dtype": model.input_dtype, "runtime": model.runtime}
        with_what = {"runtime_version": model.runtime_version, "provider": model.provider, "runtime_note": None}
        return {**declared, **with_what, **own_memory_mib()}

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
        made = {"output_shape": output.shape, "output_dtype": str(output.dtype)}
        return {"time_ms": time_ms, **memory, "gpu_peak_mib": None, **made}

    def _last_output(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"array": self._output}

    def _cost(self, request: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def _receptive_field(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"obstacle": f"how far the layers of {self._words} look is not followed", "mib_per_megapixel": 0.0}

    def _roofline(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return nothing: a product of float32 matrices is no limit of what runs in 8 bits."""
        return {}
