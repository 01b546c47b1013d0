"""A PyTorch network -> `.onnx`, in a process with limits that starts the person's own interpreter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core import machine
from aic_helpers.core.errors import InputError
from aic_helpers.processes import workers
from aic_helpers.processes.workers import ChildError
from aic_helpers.pytorch import interpreters

EXPORT = "aic_helpers.pytorch.export_worker:export"


@dataclass(frozen=True)
class Network:
    """A PyTorch network as a person names it.

    Attributes
    ----------
    path : Path or None
        The Python file; None where weights alone were given, which spandrel may know.
    name : str
        Of a class, a function that builds it, or the network itself, in that file.
    checkpoint : Path or None
        A file of weights.
    args : mapping
        What the class or function is called with.
    """

    path: Path | None
    name: str
    checkpoint: Path | None
    args: Mapping[str, Any]

    @property
    def words(self) -> str:
        """As one would type it."""
        return f"{self.path}:{self.name}" if self.path else str(self.checkpoint)


def to_onnx(
    network: Network,
    out: Path,
    images: Sequence[NDArray[np.float32]],
    fixed: NDArray[np.float32],
    *,
    python: str,
    white: float,
    timeout_s: float,
) -> dict[str, Any]:
    """Export a network to `out` with free sizes, or with one where only that goes, and compare both.

    Parameters
    ----------
    network : Network
    out : Path
        The `.onnx` to write.
    images : sequence of ndarray
        What both are given: float32, shape (1, channels, height, width), of the network's own range and colours.
    fixed : ndarray
        One of the size that is exported where free ones don't go.
    python : str
        See `interpreters.find`.
    white : float
        What white is in `images`; differences are given as parts of it.
    timeout_s : float

    Returns
    -------
    dict
        ``notes``, ``unused`` (keys of the weights that the network hasn't), ``read_files`` (SHA-256 by path), and
        ``by_size``: the largest absolute difference by width and height, as in ``191x127``.

    Raises
    ------
    InputError
        There is no interpreter with torch; or the network can't be built, its weights aren't its own, or it can't be
        exported.
    """
    found = interpreters.find(python)
    request = {
        "python": found.path,
        "torch": found.version,
        "path": str(network.path.resolve()) if network.path else "",
        "name": network.name,
        "checkpoint": str(network.checkpoint.resolve()) if network.checkpoint else "",
        "args": dict(network.args),
        "out": str(out.resolve()),
        "white": white,
        "shapes": [[*image.shape] for image in [*images, fixed]],
    }
    array = np.concatenate([image.ravel() for image in [*images, fixed]])
    cap_mib = machine.spare_memory_mib()
    try:
        with workers.Worker(EXPORT, timeout_s=timeout_s, max_rss_mib=cap_mib) as worker:
            return worker.ask(request, array)
    except ChildError as error:
        expected = f"{network.words} to export to ONNX"
        if error.kind == "timeout":
            remedy = "make its forward faster; its export has so long and no longer"
            raise InputError(f"{expected} within {timeout_s:g} s", "no end of it", remedy) from None
        raise InputError(expected, str(error), "mend the network; `aic convert` tries it again") from None
