"""A `.tflite` file -> a callable on arrays, run by LiteRT."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core import machine
from aic_helpers.core.error_reasons import reason
from aic_helpers.core.errors import InputError, require_file
from aic_helpers.core.installation import needed
from aic_helpers.runtimes.formats import LITERT
from aic_helpers.runtimes.image_by_image import OneImageModel

Shape = list[int | None]

PROVIDER = "XNNPACK"


class LitertModel(OneImageModel):
    """A loaded `.tflite` file: call it with a batch of images, which go through one by one.

    What it takes and gives in whole numbers is quantised and dequantised by the file's own scale and zero point.

    Attributes
    ----------
    path : Path
    input_shape : list of int or None
        Batch, height, width and channels; None for a side that may be any.
    input_dtype, output_dtype : str
        As the file declares them.
    runtime, runtime_version, provider : str
    runtime_note : None
    mixing : None
        No two images go through together.
    stateful : bool
        False: no variable outlives a run.

    Raises
    ------
    InputError
        No `.tflite` file, one that LiteRT can't load, or not one image in and one out.
    """

    def __init__(self, path: str | Path, threads: int | None = None) -> None:
        self.path = require_file(Path(path), "a LiteRT model")
        self._interpreter = _interpreter(self.path, threads or machine.usable_cores())
        given = _only(self._interpreter.get_input_details(), "input", self.path)
        taken = _only(self._interpreter.get_output_details(), "output", self.path)
        self.input_shape: Shape = [None if side < 0 else int(side) for side in _signature(given)]
        self.input_dtype, self.output_dtype = (np.dtype(end["dtype"]).name for end in (given, taken))
        self.runtime, self.runtime_version, self.provider = LITERT.runtime, version("ai-edge-litert"), PROVIDER
        self.runtime_note, self.mixing, self.stateful = None, None, False
        self._scales = [_scale(end, self.path) for end in (given, taken)]
        self._ends = given["index"], taken["index"]
        self._ready: tuple[int, ...] = ()

    def give(self, image: NDArray[np.float32]) -> None:
        """Hand over the image that `invoke` takes: float32, shape (1, height, width, 3), values in [0, 1]."""
        if image.shape != self._ready:
            self._make_ready(image.shape)
        self._interpreter.set_tensor(self._ends[0], quantised(image, self.input_dtype, self._scales[0]))

    def invoke(self) -> None:
        """Run the network once; this alone is its time."""
        self._interpreter.invoke()

    def output(self) -> NDArray[Any]:
        """Return what the last run gave, (1, height, width, channels): float32 where the file gives whole numbers."""
        return dequantised(self._interpreter.get_tensor(self._ends[1]), self._scales[1])

    def _make_ready(self, shape: tuple[int, ...]) -> None:
        wanted = [given if side is None else side for given, side in zip(shape, self.input_shape, strict=False)]
        if [*shape] != wanted or len(shape) != len(self.input_shape):
            sides = ", ".join("any" if side is None else str(side) for side in self.input_shape)
            raise ValueError(f"the input is declared as ({sides}), the images are {shape}")
        self._ready = ()
        # LiteRT lets a fixed size be changed as well, and then computes with what was folded into the file for that.
        if None in self.input_shape:
            self._interpreter.resize_tensor_input(self._ends[0], shape, strict=True)
        self._interpreter.allocate_tensors()
        self._ready = shape


def _interpreter(path: Path, threads: int) -> Any:
    with needed("mobile"):
        from ai_edge_litert.interpreter import Interpreter
    try:
        return Interpreter(str(path), num_threads=threads)
    except (ValueError, RuntimeError) as error:
        raise InputError(f"a whole LiteRT model in {path}", reason(error), "export it again") from None


def _only(ends: list[dict[str, Any]], name: str, path: Path) -> dict[str, Any]:
    """Return the one input or output of a file."""
    if len(ends) != 1:
        found = f"{len(ends)}: {', '.join(str(end['name']) for end in ends)}"
        raise InputError(f"one {name} in {path}", found, f"export a network of one {name}")
    if len(_signature(ends[0])) != 4:
        found = f"one of shape {tuple(int(side) for side in _signature(ends[0]))}"
        raise InputError(f"an {name} (batch, height, width, 3) in {path}", found, "export a network of one image")
    return ends[0]


def _signature(end: dict[str, Any]) -> Any:
    """Return a shape with -1 for sides that may be any; where the file has none such, it says nothing of them."""
    return end["shape_signature"] if len(end["shape_signature"]) else end["shape"]


def _scale(end: dict[str, Any], path: Path) -> tuple[float, int] | None:
    """Return scale and zero point of whole numbers; None for floats."""
    scale, zero_point = end["quantization"]
    if np.dtype(end["dtype"]).kind not in "iu":
        return None
    if not scale > 0:
        found = f"{np.dtype(end['dtype']).name} without them at {end['name']}"
        raise InputError(f"whole numbers with their scale and zero point in {path}", found, "quantise it again")
    return float(scale), int(zero_point)


def quantised(image: NDArray[np.float32], dtype: str, scale: tuple[float, int] | None) -> NDArray[Any]:
    """Return an image as a file takes it, by its scale and zero point; None for a file that takes floats."""
    if scale is None:
        return image.astype(dtype, copy=False)
    limits = np.iinfo(dtype)
    return np.clip(np.rint(image / np.float32(scale[0])) + scale[1], limits.min, limits.max).astype(dtype)


def dequantised(output: NDArray[Any], scale: tuple[float, int] | None) -> NDArray[Any]:
    """Return what a file gave as floats, by its scale and zero point; None for a file that gives floats."""
    if scale is None:
        return output
    return (output.astype(np.float32) - np.float32(scale[1])) * np.float32(scale[0])
