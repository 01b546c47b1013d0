"""Run a frozen model in child processes on what the rules ask for, and return what happened, unjudged."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data.images import as_float, is_called_image, read_rgb
from aic_helpers.runtimes.model_workers import Loaded, ModelFailure, ModelWorker

HOME_PX = (128, 96)
"""Width and height of the first trial; a graph that is fixed at a size is tried at its own."""

SIZES_PX = ((101, 103), (97, 389), (640, 50), (33, 35), (32, 32))
"""Width and height: prime, tall, wide, odd, small. HD is tried apart."""

MAX_IMAGE_BYTES = 2**28
"""A graph may declare any size as its own; the image is made in this process, which has no cap."""

Size = tuple[int, int]
Batch = NDArray[np.float32]
Trial = Callable[[ModelWorker, Batch], dict[str, Any]]


@dataclass(frozen=True)
class Outcome:
    """One trial at one size: what was found, or how it failed (`kind` and `mechanism` as in `ModelFailure`).

    An output's sides are to be `enlarges` times those of the input.
    """

    size: Size
    reply: dict[str, Any] | None
    error: str | None = None
    kind: str | None = None
    mechanism: str | None = None
    enlarges: int = 1

    @property
    def where(self) -> str:
        """The size as text."""
        return f"{self.size[0]}x{self.size[1]}"

    @property
    def right_size(self) -> bool:
        """Whether an output came, and had the height and width that it should have."""
        width_px, height_px = (side * self.enlarges for side in self.size)
        return self.reply is not None and self.reply["output_shape"][:3] == [1, height_px, width_px]


@dataclass
class Findings:
    """What happened.

    Attributes
    ----------
    declared : dict
        ``shape`` and ``dtype`` of the graph's placeholder, and ``runtime``.
    hd : Outcome or None
        At the track's size, in a fresh process; None where it wasn't tried.
    home : Outcome
        At the size of the first trial.
    sizes : list of Outcome
        At the others, up to the first that failed.
    values, batch : Outcome or None
        At the size of the first trial; None where that failed (`batch` also where `values` failed, or where the
        graph declares a batch of 1).
    """

    declared: dict[str, Any]
    hd: Outcome | None
    home: Outcome
    sizes: list[Outcome] = field(default_factory=list)
    values: Outcome | None = None
    batch: Outcome | None = None


def run_trials(
    model: Path,
    *,
    hd_size: Size | None,
    photo: Path | None,
    run_timeout_s: float,
    max_rss_mib: float,
    weighed: bool = True,
    enlarges: int = 1,
    any_resolution: bool = True,
) -> Findings:
    """Return how a frozen model takes the sizes, batches and values that the rules ask for.

    Parameters
    ----------
    model : Path
    hd_size : (width, height) or None
        Tried first, in a process that has done nothing else, so that its memory counts. None leaves it out.
    photo : Path, optional
        The trials are made on crops of it; by default of the first HD photo of the sample data.
    run_timeout_s, max_rss_mib : float
        For each run. A process that dies or is stopped is followed by another.
    weighed : bool
        Whether the memory at `hd_size` is to be read, for which the process must start afresh. It is capped in
        any case.
    enlarges : int
        How many times larger the output's sides are to be than the input's.
    any_resolution : bool
        Whether other sizes are tried; else all trials are at `hd_size`'s.

    Raises
    ------
    InputError
        Not a frozen model.
    """
    weighed = weighed and hd_size is not None
    start = partial(ModelWorker, model, max_rss_mib=max_rss_mib, run_timeout_s=run_timeout_s, warm=not weighed)
    with _Bench(start, _photo(photo), enlarges) as bench:
        hd = bench.outcome(_size, hd_size) if hd_size else None
        if hd and hd.reply and not weighed:
            hd.reply["peak_rss_mib"] = None
        declared = bench.declared()
        _, height_px, width_px, _ = [*declared.shape, *[None] * 4][:4]
        size = (width_px or HOME_PX[0], height_px or HOME_PX[1])
        said = {name: getattr(declared, name) for name in ("shape", "dtype", "runtime")}
        findings = Findings(said, hd, bench.outcome(_size, size))
        if findings.home.reply is None:
            return findings
        findings.values = bench.outcome(_values, size)
        if findings.values.reply is not None and declared.shape[:1] != [1]:
            findings.batch = bench.outcome(_batch, size)
        for other in SIZES_PX if any_resolution else ():
            findings.sizes.append(bench.outcome(_size, other))
            if not findings.sizes[-1].right_size:
                break
    return findings


class _Bench:
    """A process with the model loaded; another takes its place when it ends."""

    def __init__(self, start: Callable[[], ModelWorker], photo: NDArray[np.uint8], enlarges: int) -> None:
        self._start, self._photo, self._enlarges = start, photo, enlarges
        self._stack = ExitStack()
        self._worker: ModelWorker | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def declared(self) -> Loaded:
        """Return what the graph declares; see to it that the model is loaded."""
        if self._worker is None or not self._worker.ready:
            self._worker = self._stack.enter_context(self._start())
            try:
                self._declared = self._worker.load()
            except ModelFailure as failure:
                found = f"a frozen model that loads ({self._worker.path})"
                raise InputError(found, str(failure), "freeze it again") from None
        return self._declared

    def outcome(self, trial: Trial, size: Size) -> Outcome:
        """Return what came of one trial."""
        self.declared()
        assert self._worker is not None
        try:
            reply = trial(self._worker, _images(self._photo, size))
        except ModelFailure as failure:
            return Outcome(size, None, str(failure), failure.kind, failure.mechanism)
        return Outcome(size, reply, enlarges=self._enlarges)


def _photo(path: Path | None) -> NDArray[np.uint8]:
    if path is None:
        folder = PROJECT / "data" / "sample" / "hd"
        path = min(filter(is_called_image, folder.iterdir()), default=None) if folder.is_dir() else None
    if path is None:
        return np.random.default_rng(2018).integers(0, 256, (720, 1280, 3), np.uint8)
    return read_rgb(path)


def _images(photo: NDArray[np.uint8], size: Size) -> Batch:
    """Return the top left of the photo, repeated where it is smaller than the size wanted."""
    width_px, height_px = size
    size_mib = width_px * height_px * 3 * 4 / 2**20
    if size_mib > MAX_IMAGE_BYTES / 2**20:
        most = f"above the {MAX_IMAGE_BYTES >> 20} MiB that are tried"
        raise ModelFailure(f"one image of that size takes {size_mib:.0f} MiB, {most}", "shape")
    height, width = photo.shape[:2]
    return as_float(photo[np.ix_(np.arange(height_px) % height, np.arange(width_px) % width)][None])


def _size(worker: ModelWorker, images: Batch) -> dict[str, Any]:
    worker.give(images)
    run = worker.run()
    return {"output_shape": run.output_shape, "dtype": run.output_dtype, "peak_rss_mib": run.peak_rss_mib}


def _values(worker: ModelWorker, images: Batch) -> dict[str, Any]:
    """Look at what comes out for a photo, for black and for white, and for the photo once more."""
    first = _output(worker, images)
    shares = {"a photo": _not_finite_share(first)}
    for name, value in (("black", 0), ("white", 1)):
        shares[name] = _not_finite_share(_output(worker, np.full_like(images, value)))
    twice = _difference(first, _output(worker, images))
    return {"not_finite_share": shares, **_outside(first[np.isfinite(first)]), "twice_max_abs": twice}


def _batch(worker: ModelWorker, images: Batch) -> dict[str, Any]:
    """Compare a batch of two with its images one by one."""
    pair = np.concatenate([images, images[:, ::-1, ::-1]])
    singly = [_output(worker, pair[:1]), _output(worker, pair[1:])]
    together = _output(worker, pair)
    try:
        comparable = np.concatenate(singly).shape == together.shape
    except ValueError:  # each has another shape, or none
        comparable = False
    difference = _difference(together, np.concatenate(singly)) if comparable else None
    return {"output_shape": list(together.shape), "max_abs": difference}


def _output(worker: ModelWorker, images: Batch) -> NDArray[np.floating]:
    worker.give(images)
    worker.run()
    output = worker.output().real
    return output if output.dtype.kind == "f" else output.astype(np.float32)


def _not_finite_share(values: NDArray[np.floating]) -> float:
    return float(np.mean(~np.isfinite(values))) if values.size else 0.0


def _outside(values: NDArray[np.floating]) -> dict[str, float]:
    excess = np.maximum(-values, values - 1)
    largest = float(excess.max()) if excess.size else 0.0
    return {"outside_share": float(np.mean(excess > 0)) if excess.size else 0.0, "outside_max": max(0.0, largest)}


def _difference(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Return the largest absolute difference; NaN in the same places is no difference."""
    if one.shape != other.shape:
        return math.inf
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.where(same, 0.0, np.abs(one - other))
    # A NaN on one side only: as different as can be.
    return float(np.nan_to_num(difference, nan=np.inf).max()) if difference.size else 0.0
