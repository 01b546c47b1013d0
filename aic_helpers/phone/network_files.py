"""A `.tflite` file that a device is to run: of one size, with one image in and one out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core import safe_files
from aic_helpers.core.errors import InputError, require_file
from aic_helpers.core.safe_texts import shown
from aic_helpers.core.validation import OneLine
from aic_helpers.litert import structures
from aic_helpers.litert.structures import Tensor
from aic_helpers.runtimes.formats import LITERT
from aic_helpers.runtimes.litert_models import dequantised, quantised

Scale = tuple[float, int]


@dataclass(frozen=True)
class NetworkEnd:
    """What goes in, or comes out: its shape, its type, and the scale and zero point of whole numbers."""

    shape: list[int]
    dtype: OneLine
    scale: Scale | None


@dataclass(frozen=True)
class NetworkFile:
    """A `.tflite` file of one size.

    Attributes
    ----------
    file : str
        Its name.
    sha256 : str
    size_bytes : int
    input, output : NetworkEnd
    """

    file: OneLine
    sha256: OneLine
    size_bytes: int
    input: NetworkEnd
    output: NetworkEnd

    @property
    def words(self) -> str:
        """The file in a few words."""
        _, height_px, width_px, _ = self.input.shape
        return f"{self.file}, {width_px}x{height_px}, {self.input.dtype} in, {self.output.dtype} out"

    def given(self, image: NDArray[np.float32]) -> NDArray[Any]:
        """Return an image as the network takes it: float32 in [0, 1], (height, width, 3) -> (1, height, width, 3)."""
        return quantised(image[None], self.input.dtype, self.input.scale)

    def taken(self, content: bytes) -> NDArray[np.float32] | None:
        """Return what the network gave as an image, (1, height, width, channels); None where the bytes don't fit."""
        dtype = np.dtype(self.output.dtype)
        if len(content) != int(np.prod(self.output.shape)) * dtype.itemsize:
            return None
        numbers = np.frombuffer(content, dtype.newbyteorder("<")).reshape(self.output.shape)
        return dequantised(numbers, self.output.scale).astype(np.float32)


def read(typed: str, what: str) -> tuple[Path, NetworkFile]:
    """Return a file's path, and what it says of itself; `what` it is stands in messages.

    Raises
    ------
    InputError
        No file, no `.tflite` file, a damaged one; a size that is free; more than one image in or out.
    """
    path = require_file(Path(typed).expanduser(), what)
    if path.suffix != LITERT.suffix:
        raise InputError(f"{what} whose name ends in {LITERT.suffix}", typed, "export one with aic export")
    structure = structures.read(path)
    given, taken = _only(structure.inputs, "input", path), _only(structure.outputs, "output", path)
    if given.shape[0] != 1 or given.shape[-1] != 3:
        raise InputError(f"one image of 3 channels as the input of {path}", str(given.shape), "export it again")
    sha256 = str(safe_files.sha256(path))
    return path, NetworkFile(shown(path.name, 200), sha256, structure.size_bytes, _end(given, path), _end(taken, path))


def _only(tensors: tuple[Tensor, ...], name: str, path: Path) -> Tensor:
    if len(tensors) != 1:
        names = ", ".join(shown(tensor.name) for tensor in tensors)
        raise InputError(f"one {name} in {path}", f"{len(tensors)}: {names}", f"export a network of one {name}")
    (tensor,) = tensors
    if None in tensor.shape_signature:
        sides = ", ".join("any" if side is None else str(side) for side in tensor.shape_signature)
        found = f"an {name} of ({sides})"
        raise InputError(f"a file of one size at {path}", found, "name the fixed file of its export")
    if len(tensor.shape) != 4:
        expected = f"an {name} (1, height, width, 3) in {path}"
        raise InputError(expected, str(tensor.shape), "export a network of one image")
    return tensor


def _end(tensor: Tensor, path: Path) -> NetworkEnd:
    whole = tensor.dtype.startswith(("int", "uint"))
    if whole and len(tensor.scales) != 1:
        found = f"{tensor.dtype} without them at {shown(tensor.name)}"
        raise InputError(f"whole numbers with their scale and zero point in {path}", found, "quantise it again")
    scale = (tensor.scales[0], tensor.zero_points[0] if tensor.zero_points else 0) if whole else None
    return NetworkEnd([*tensor.shape], tensor.dtype, scale)
