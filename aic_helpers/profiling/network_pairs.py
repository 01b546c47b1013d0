"""Baseline and model, each in a process of its own and with the same settings, to be timed and weighed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from aic_helpers.core import machine
from aic_helpers.core.errors import InputError
from aic_helpers.core.limits import HD_HEIGHT_PX, HD_WIDTH_PX, MAX_RAM_MIB
from aic_helpers.runtimes.model_workers import OF_THE_OUTPUT, Loaded, ModelFailure, ModelWorker, Run
from aic_helpers.tracks.definitions import Track

SIZES_PX = (16, 8192)

BASELINE_SHARE = 0.8
"""Of the memory available at the start: no rule holds for the baseline, but it must not take the machine down."""


def read_size(text: str) -> tuple[int, int]:
    """Return the width and height in px that a person typed, as in ``1280x720``."""
    sides = str(text).lower().split("x")
    if len(sides) != 2 or not all(side.isascii() and side.isdecimal() for side in sides):
        raise InputError("a size as WIDTHxHEIGHT", text or repr(text), "say for example 1280x720")
    return int(sides[0]), int(sides[1])


@dataclass(frozen=True)
class Conditions:
    """What both networks are run with, alike; this cap on memory is for the model alone.

    Attributes
    ----------
    width_px, height_px : int
        Size of the one image of the batch.
    threads : int
        For TensorFlow's two pools; by default the cores that this process may use.
    device : {"cpu", "gpu"}
    run_timeout_s : float
        A run that takes longer ends the profile.
    max_rss_mib : float or None
        Cap on the resident size of the model's process, as the track's rule has it; None for a share of the memory
        that is available. On the device ``gpu``, the memory of the device, as PIRM's organisers limited it.
    enlarges : int
        How many times larger the output's sides are than the image's.
    """

    width_px: int = HD_WIDTH_PX
    height_px: int = HD_HEIGHT_PX
    threads: int = field(default_factory=machine.usable_cores)
    device: str = "cpu"
    run_timeout_s: float = 120.0
    max_rss_mib: float | None = MAX_RAM_MIB
    enlarges: int = 1

    def __post_init__(self) -> None:
        low, high = SIZES_PX
        if not (low <= self.width_px <= high and low <= self.height_px <= high):
            found = f"{self.width_px}x{self.height_px}"
            raise InputError(f"an image of {low} to {high} px on each side", found, "leave it out for the track's own")
        cores = machine.usable_cores()
        if not 1 <= self.threads <= cores:
            raise InputError(f"1 to {cores} threads (the cores here)", f"{self.threads}", "leave it out to use all")
        if self.device not in ("cpu", "gpu"):
            raise InputError("the device cpu or gpu", self.device or repr(self.device), "take one of them")
        for name, value in (("time limit", self.run_timeout_s), ("cap on memory", self.max_rss_mib or 1)):
            if not value > 0:
                raise InputError(f"a {name} above 0", f"{value:g}", "give more")


def conditions_of(track: Track, size: str = "", threads: int | None = None, device: str = "cpu") -> Conditions:
    """Return the conditions of a track; at another size, or with other threads, where a person says so."""
    width_px, height_px = read_size(size) if size else track.measured.size
    threads = machine.usable_cores() if threads is None else threads
    return Conditions(
        width_px, height_px, threads, device, max_rss_mib=track.rules.max_ram_mib, enlarges=track.enlarges
    )


@dataclass(frozen=True)
class Network:
    """One of the two networks in its process. A failure of the model raises `ModelFailure`, one of the baseline
    `InputError`: without a baseline there is nothing to measure against."""

    is_model: bool
    worker: ModelWorker
    conditions: Conditions

    def loaded(self, images: NDArray[np.float32]) -> Loaded:
        """Return the memory of the process with the network loaded, and hand over the images."""
        with self._failures("while it was loaded"):
            loaded = self.worker.loaded()
            self.worker.give(images)
            return loaded

    def run(self) -> Run:
        """Run the network once."""
        with self._failures(f"at {self.conditions.width_px}x{self.conditions.height_px}"):
            return self.worker.run()

    def time_ms(self) -> float:
        """Run the network once; return the milliseconds."""
        return self.run().time_ms

    def check_output(self) -> None:
        """Raise where the last output has another size than it should have, or isn't of finite numbers."""
        with self._failures("while its output was looked at"):
            self.worker.checked_output()

    def cost_of(self, path: Path) -> dict[str, Any]:
        """Return the static cost of a file of its format at that size: see `aic_helpers.graphs.static_cost`."""
        return self.worker.cost(path, self.conditions.width_px, self.conditions.height_px)

    def roofline(self) -> dict[str, Any]:
        """Return the machine's own limits with as many threads; see `aic_helpers.graphs.rooflines.roofline`."""
        with self._failures("while the machine's limits were measured"):
            return self.worker.roofline(self.conditions.threads)

    @contextmanager
    def _failures(self, when: str) -> Iterator[None]:
        try:
            yield
        except ModelFailure as error:
            reason = str(error) if error.kind in OF_THE_OUTPUT else f"{when}: {error}"
            if self.is_model:
                raise ModelFailure(reason, error.kind, error.mechanism, error.mib) from None
            remedy = "take a smaller size" if error.kind == "memory" else "mend the baseline"
            raise InputError(f"a baseline that runs ({self.worker.path})", reason, remedy) from None


def baseline_cap_mib() -> float:
    """Return the cap on the baseline's process: a share of the memory that is available now."""
    return BASELINE_SHARE * psutil.virtual_memory().available / 2**20


@contextmanager
def started(baseline: Path, model: Path, conditions: Conditions) -> Iterator[tuple[Network, Network]]:
    """Give baseline and model, both on their way to being loaded, and end them at the end."""
    start = partial(
        ModelWorker,
        threads=conditions.threads,
        device=conditions.device,
        run_timeout_s=conditions.run_timeout_s,
        enlarges=conditions.enlarges,
    )
    on_cpu = conditions.device == "cpu"
    cap_mib = conditions.max_rss_mib or (baseline_cap_mib() if on_cpu else None)
    with (
        start(baseline, max_rss_mib=baseline_cap_mib() if on_cpu else None) as first,
        start(model, max_rss_mib=cap_mib if on_cpu else None, gpu_limit_mib=cap_mib) as second,
    ):
        for worker in (first, second):
            worker.start_loading()
        yield Network(False, first, conditions), Network(True, second, conditions)
