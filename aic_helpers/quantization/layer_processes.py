"""The process in which a network is quantised in parts: what is asked of it, in types."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core import machine
from aic_helpers.core.errors import InputError
from aic_helpers.core.progress_types import Progress
from aic_helpers.processes.workers import ChildError, Worker
from aic_helpers.quantization import calibration as calibrations
from aic_helpers.quantization.activation_ranges import WHOLE, Ranges
from aic_helpers.quantization.calibration import Calibration, Crop, Size
from aic_helpers.quantization.export_processes import ExportProcess
from aic_helpers.quantization.precisions import CROP, FIXED, FLOAT32
from aic_helpers.tracks.definitions import Track

LAYERS = "aic_helpers.quantization.layer_worker:Layers"

TIMEOUT_S = 1800.0

JUDGING_CROPS = 4
"""Other crops of the training photos than those that ranges are found on."""


@dataclass(frozen=True)
class Judged:
    """What a file gives on the judging crops beside the float network.

    Attributes
    ----------
    reason : str
        Why there are no figures; empty where there are.
    noise, signal : float
        Energy of the error, and of the float network's output; both of outputs clipped to [0, 1].
    psnr_db, float_psnr_db : tuple of float
        Of each crop to its target, by the track's protocol.
    """

    reason: str = ""
    signal: float = math.nan
    noise: float = math.nan
    psnr_db: tuple[float, ...] = ()
    float_psnr_db: tuple[float, ...] = ()

    @property
    def snr_db(self) -> float:
        """How far the error lies below the output."""
        return 10 * math.log10(self.signal / self.noise) if self.noise else math.inf

    @property
    def difference_db(self) -> float:
        """Mean PSNR beside the float network's: below 0 where quantising costs quality."""
        pairs = zip(self.psnr_db, self.float_psnr_db, strict=True)
        return float(np.mean([one - other for one, other in pairs])) if self.psnr_db else math.nan


class LayerProcess:
    """A process of `layer_worker`; use it in a ``with`` statement.

    Every method raises `InputError` where the process dies, or takes more time or memory than it may.

    Parameters
    ----------
    file : Path
        A float32 `.tflite` file of the crops' size.
    track : Track
    name : str
        Of the network, in messages.
    size : (int, int)
        Width and height of the crops (px).
    learned : dict
        Ranges by layer that are known better than by calibration.
    timeout_s : float
        For each request.

    Attributes
    ----------
    size : (int, int)
    layers : list of dict
        In the order in which they run: ``layer``, ``operators``, the ``tensors`` that they make, and of ``weights``
        the ``least``, ``middle`` and ``most`` of the output channels' largest; None without weights.
    residual : list of str
        The layer that adds the network's input to what was found missing from it; none where there is no such layer.
    """

    def __init__(self, file: Path, track: Track, name: str, size: Size, learned: Ranges, timeout_s: float) -> None:
        self._name, self.size = name, size
        self._found: dict[str, Ranges] = {}
        self._worker = Worker(LAYERS, timeout_s=timeout_s, max_rss_mib=machine.spare_memory_mib())
        chosen = {"name": track.name, "content": track.content}
        given = {layer: [*ends] for layer, ends in learned.items()}
        opened = self._ask({"do": "open", "model": str(file), "track": chosen, "learned": given})
        self.layers: list[dict[str, Any]] = opened["layers"]
        self.residual: list[str] = opened["residual"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: Any) -> None:
        self._worker.__exit__(*raised)

    def see(self, image: NDArray[np.float32], *, rounds: bool) -> None:
        """Show the input of a crop, for ranges and, where `rounds` says so, for the rounding of weights."""
        self._ask({"do": "see", "rounds": rounds}, image)

    def find(self, name: str, percentile: float | None = None) -> Ranges:
        """Return the ranges on the crops shown when this name was first asked for; `int8` knows them by it."""
        if name not in self._found:
            found = self._ask({"do": "find", "name": name, "percentile": percentile or WHOLE})["ranges"]
            self._found[name] = {tensor: (low, high) for tensor, (low, high) in found.items()}
        return self._found[name]

    def round(self, file: Path) -> list[str]:
        """Round weights by the crops shown, write them to a file, and return the names of their tensors."""
        return list(self._ask({"do": "round", "file": str(file)})["tensors"])

    def judge_on(self, crop: Crop) -> None:
        """Judge on this crop too."""
        self._ask({"do": "judge_on", "role": "input"}, crop.input)
        self._ask({"do": "judge_on", "role": "target"}, crop.target)

    def int8(
        self, ranges: str, *, float_layers: Collection[str] = (), alone: str | None = None, rounded: bool = False
    ) -> Judged:
        """Judge the network in whole numbers, but for some layers, or all but one; with rounded weights or not."""
        request = {"do": "int8", "ranges": ranges, "float_layers": sorted(float_layers)}
        return _judged(self._ask(request | {"alone": alone, "rounded": rounded}))

    def weights(self, layer: str, *, rounded: bool = False) -> Judged:
        """Judge the float network with the weights of one layer in 8 bits."""
        return _judged(self._ask({"do": "weights", "layer": layer, "rounded": rounded}))

    def _ask(self, request: dict[str, Any], array: NDArray[Any] | None = None) -> dict[str, Any]:
        try:
            return self._worker.ask(request, array)
        except ChildError as error:
            remedy = "end other programs, or mend the network" if error.kind == "memory" else "mend the network"
            raise InputError(f"{self._name} to be quantised in parts", str(error), remedy) from None


@contextmanager
def shown(
    model_pb: Path,
    track: Track,
    calibration: Calibration,
    name: str,
    *,
    learned: Ranges | None = None,
    timeout_s: float = TIMEOUT_S,
    progress: Progress | None = None,
) -> Iterator[LayerProcess]:
    """Give a process that was shown the crops of a calibration, and those that judge: others of its photos.

    Parameters
    ----------
    model_pb : Path
        A frozen model.
    track : Track
        Its protocol judges.
    calibration : Calibration
    name : str
        Of the network, in messages.
    learned : dict, optional
        Ranges by layer that are known better than by calibration.
    timeout_s : float
        For each request.
    progress : callable, optional

    Raises
    ------
    InputError
        As of `aic_helpers.quantization.exporting.export`.
    """
    tell = progress or (lambda done, total, words: None)
    with tempfile.TemporaryDirectory(prefix="layers-") as folder:
        size = _float_crop(model_pb, track, calibration, Path(folder), name, timeout_s)
        with LayerProcess(Path(folder) / FLOAT, track, name, size, learned or {}, timeout_s) as process:
            for done, crop in enumerate(calibrations.draw(calibration, track, size)):
                tell(done, calibration.crops, "calibrating it")
                process.see(crop.input, rounds=True)
            for crop in calibrations.draw(judging(calibration), track, size):
                process.judge_on(crop)
            yield process


def judging(calibration: Calibration) -> Calibration:
    """Return the crops that judge: of the same photos at other places."""
    return Calibration(calibration.photos, JUDGING_CROPS, calibration.seed + 1)


FLOAT = "float32.tflite"


def _float_crop(
    model_pb: Path, track: Track, calibration: Calibration, folder: Path, name: str, timeout_s: float
) -> Size:
    """Write a network as a float file of the crops' size, and return that."""
    with ExportProcess(model_pb, folder, name, timeout_s) as process:
        _, height_px, width_px, _ = process.open()
        fixed = (width_px, height_px) if width_px and height_px else None
        size = calibrations.crop_size(calibration, track, fixed or track.measured.size, fixed)
        process.convert(FIXED, size)
        process.convert(CROP, size)
        process.make(FLOAT32.name, CROP, FLOAT, [])
    return size


def _judged(reply: dict[str, Any]) -> Judged:
    if reply["reason"]:
        return Judged(reply["reason"])
    lists: dict[str, Sequence[float]] = {name: tuple(reply[name]) for name in ("psnr_db", "float_psnr_db")}
    return Judged("", reply["signal"], reply["noise"], tuple(lists["psnr_db"]), tuple(lists["float_psnr_db"]))
