"""What values each activation of a network takes on images: what its ranges in whole numbers are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.core.installation import needed
from aic_helpers.core.machine import usable_cores

Ranges = dict[str, tuple[float, float]]
"""Lowest and highest value by the name of a tensor."""

SAMPLES = 2**14
"""Values of an activation that are kept of each crop for percentiles."""

IMAGE_RANGE = (0.0, 1.0)
"""Of the network's input: known, and not found on photos."""


class RangeFinder:
    """A float network that is shown images of one size, and remembers what its activations were.

    Parameters
    ----------
    content : bytes
        Of a float32 `.tflite` file.
    percentile : float, optional
        See `aic_helpers.quantization.calibration.Calibration`.
    """

    def __init__(self, content: bytes, percentile: float | None = None) -> None:
        with needed("mobile"):
            from ai_edge_litert.interpreter import Interpreter, OpResolverType
        self._interpreter = Interpreter(
            model_content=content,
            num_threads=usable_cores(),
            experimental_preserve_all_tensors=True,
            # a delegate would keep what is inside of it to itself
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        self._percentile = percentile
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._activations: dict[int, str] = {}
        self._extremes: dict[str, tuple[float, float]] = {}
        self._samples: dict[str, list[NDArray[np.float32]]] = {}
        self._shape: tuple[int, ...] = ()

    def see(self, image: NDArray[np.float32]) -> None:
        """Run the network on an image, (1, height, width, 3), of the same size as those before."""
        if image.shape != self._shape:
            self._make_ready(image.shape)
        self._interpreter.set_tensor(self._input, image)
        self._interpreter.invoke()
        for index, name in self._activations.items():
            self._remember(name, self._interpreter.get_tensor(index))

    def ranges(self) -> Ranges:
        """Return the range of each activation, by its name.

        Raises
        ------
        InputError
            Values that are not finite.
        """
        for name, extremes in self._extremes.items():
            if not np.isfinite(extremes).all():
                expected = "finite activations on the photos to calibrate on"
                raise InputError(expected, f"NaN or infinity at {name}", "mend the network")
        found = self._extremes if self._percentile is None else self._percentiles(self._percentile)
        return found | {self._activations[self._input]: IMAGE_RANGE}

    def _make_ready(self, shape: tuple[int, ...]) -> None:
        self._interpreter.resize_tensor_input(self._input, shape)
        self._interpreter.allocate_tensors()
        self._shape = shape
        made = {int(index) for step in self._interpreter._get_ops_details() for index in step["outputs"]}
        self._activations = {
            tensor["index"]: str(tensor["name"])
            for tensor in self._interpreter.get_tensor_details()
            if tensor["index"] in made | {self._input} and tensor["dtype"] == np.float32
        }

    def _remember(self, name: str, values: NDArray[np.float32]) -> None:
        if values.size == 0:
            return
        low, high = self._extremes.get(name, (np.inf, -np.inf))
        self._extremes[name] = min(low, float(values.min())), max(high, float(values.max()))
        if self._percentile is not None:
            flat = values.reshape(-1)
            self._samples.setdefault(name, []).append(flat[:: max(1, flat.size // SAMPLES)].copy())

    def _percentiles(self, percentile: float) -> Ranges:
        ends = (100 - percentile, percentile)
        cut = {name: np.percentile(np.concatenate(parts), ends) for name, parts in self._samples.items()}
        return {name: (float(low), float(high)) for name, (low, high) in cut.items()}
