"""What values each activation of a network takes on images: what its ranges in whole numbers are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.core.installation import needed
from aic_helpers.core.machine import usable_cores
from aic_helpers.runtimes.litert_models import dequantised, quantised

Ranges = dict[str, tuple[float, float]]
"""Lowest and highest value by the name of a tensor."""

SAMPLES = 2**14
"""Values of an activation that are kept of each crop for percentiles."""

WHOLE = 100.0
"""The percentile that leaves no value out."""


class RangeFinder:
    """A float network that is shown images of one size, and remembers what its activations were.

    Parameters
    ----------
    content : bytes
        Of a float32 `.tflite` file.
    percentile : float, optional
        See `aic_helpers.quantization.calibration.Calibration`.

    Attributes
    ----------
    interpreter : ai_edge_litert.interpreter.Interpreter
        It holds all activations of the last image.
    """

    def __init__(self, content: bytes, percentile: float | None = None) -> None:
        self.interpreter = _plain_interpreter(content, keeps_all=True)  # a delegate keeps to itself what is inside it
        self._percentile = percentile
        self._input = self.interpreter.get_input_details()[0]["index"]
        self._activations: dict[int, str] = {}
        self._extremes: dict[str, tuple[float, float]] = {}
        self._samples: dict[str, list[NDArray[np.float32]]] = {}
        self._rng = np.random.default_rng(0)
        self._shape: tuple[int, ...] = ()

    def see(self, image: NDArray[np.float32]) -> None:
        """Run the network on an image, (1, height, width, 3), of the same size as those before."""
        if image.shape != self._shape:
            self._make_ready(image.shape)
        self.interpreter.set_tensor(self._input, image)
        self.interpreter.invoke()
        for index, name in self._activations.items():
            self._remember(name, self.interpreter.get_tensor(index))

    def ranges(self, percentile: float | None = None) -> Ranges:
        """Return the range of each activation on the images so far, by its name.

        Parameters
        ----------
        percentile : float, optional
            In place of the finder's, where it has one; 100 for all values.

        Raises
        ------
        InputError
            Values that are not finite.
        """
        for name, extremes in self._extremes.items():
            if not np.isfinite(extremes).all():
                expected = "finite activations on the photos to calibrate on"
                raise InputError(expected, f"NaN or infinity at {name}", "mend the network")
        cut = percentile or self._percentile or WHOLE
        return dict(self._extremes) if cut == WHOLE else self._percentiles(cut)

    def _make_ready(self, shape: tuple[int, ...]) -> None:
        self.interpreter.resize_tensor_input(self._input, shape)
        self.interpreter.allocate_tensors()
        self._shape = shape
        made = {int(index) for step in self.interpreter._get_ops_details() for index in step["outputs"]}
        self._activations = {
            tensor["index"]: str(tensor["name"])
            for tensor in self.interpreter.get_tensor_details()
            if tensor["index"] in made | {self._input} and tensor["dtype"] == np.float32
        }

    def _remember(self, name: str, values: NDArray[np.float32]) -> None:
        if values.size == 0:
            return
        low, high = self._extremes.get(name, (np.inf, -np.inf))
        self._extremes[name] = min(low, float(values.min())), max(high, float(values.max()))
        if self._percentile is not None:
            # by chance: steps of equal length would see the same few channels everywhere
            places = self._rng.integers(values.size, size=min(SAMPLES, values.size))
            self._samples.setdefault(name, []).append(values.reshape(-1)[places])

    def _percentiles(self, percentile: float) -> Ranges:
        ends = (100 - percentile, percentile)
        cut = {name: np.percentile(np.concatenate(parts), ends) for name, parts in self._samples.items()}
        return {name: (float(low), float(high)) for name, (low, high) in cut.items()}


def plain_output(content: bytes, image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what a `.tflite` file gives by LiteRT's plain kernels for an image, (1, height, width, 3) in [0, 1]."""
    interpreter = _plain_interpreter(content)
    given, taken = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    interpreter.resize_tensor_input(given["index"], image.shape)
    interpreter.allocate_tensors()
    scales = [None if end["dtype"] == np.float32 else end["quantization"] for end in (given, taken)]
    interpreter.set_tensor(given["index"], quantised(image, np.dtype(given["dtype"]).name, scales[0]))
    interpreter.invoke()
    return dequantised(interpreter.get_tensor(taken["index"]), scales[1])


def _plain_interpreter(content: bytes, *, keeps_all: bool = False) -> Any:
    with needed("mobile"):
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
    return Interpreter(
        model_content=content,
        num_threads=usable_cores(),
        experimental_preserve_all_tensors=keeps_all,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
