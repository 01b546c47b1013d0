"""Baseline and model, each in a process of its own and with the same settings, to be timed and weighed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from aic_helpers.core import machine
from aic_helpers.core.errors import InputError
from aic_helpers.core.tracks import HD_HEIGHT_PX, HD_WIDTH_PX, MAX_RAM_MIB
from aic_helpers.processes.workers import ChildError, Worker

SUBJECT = "aic_helpers.profiling.network_worker:Subject"
LOAD_TIMEOUT_S = 180.0
SIZES_PX = (16, 8192)

BASELINE_SHARE = 0.8
"""Of the memory available at the start: no rule holds for the baseline, but it must not take the machine down."""


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
        Cap on the resident size of the model's process; 3584 MiB is the challenge's rule. On the device ``gpu``,
        the memory of the device, as the organisers limited it.
    """

    width_px: int = HD_WIDTH_PX
    height_px: int = HD_HEIGHT_PX
    threads: int = field(default_factory=machine.usable_cores)
    device: str = "cpu"
    run_timeout_s: float = 120.0
    max_rss_mib: float | None = MAX_RAM_MIB

    def __post_init__(self) -> None:
        low, high = SIZES_PX
        if not (low <= self.width_px <= high and low <= self.height_px <= high):
            found = f"{self.width_px}x{self.height_px}"
            raise InputError(f"an image of {low} to {high} px on each side", found, "the rules name 1280x720")
        cores = machine.usable_cores()
        if not 1 <= self.threads <= cores:
            raise InputError(f"1 to {cores} threads (the cores here)", f"{self.threads}", "leave it out to use all")
        if self.device not in ("cpu", "gpu"):
            raise InputError("the device cpu or gpu", self.device or repr(self.device), "take one of them")
        for name, value in (("time limit", self.run_timeout_s), ("cap on memory", self.max_rss_mib or 1)):
            if not value > 0:
                raise InputError(f"a {name} above 0", f"{value:g}", "give more")


class ModelError(Exception):
    """The model, not the baseline, did not do what was asked; the text is one line.

    Attributes
    ----------
    failure : dict
        ``kind`` (as in `ChildError`, or ``dtype``, ``shape`` or ``not finite``), ``mechanism`` and ``mib``.
    """

    def __init__(self, reason: str, kind: str, mechanism: str | None = None, mib: float | None = None) -> None:
        super().__init__(reason)
        self.failure = {"kind": kind, "mechanism": mechanism, "mib": mib}


@dataclass(frozen=True)
class Network:
    """One of the two networks in its process. A failure of the model raises `ModelError`, one of the baseline
    `InputError`: without a baseline there is nothing to measure against."""

    is_model: bool
    path: Path
    worker: Worker
    conditions: Conditions

    def start_loading(self, pixels: Path) -> None:
        """Ask it to load the network and the images in a `.npy` file; `loaded` waits for that."""
        request = {"do": "load", "model": str(self.path.resolve()), "images": str(pixels)}
        gpu_limit_mib = self.conditions.max_rss_mib if self.is_model else None
        settings = {
            "threads": self.conditions.threads,
            "device": self.conditions.device,
            "gpu_limit_mib": gpu_limit_mib,
        }
        self.worker.send({**request, **settings})

    def loaded(self) -> dict[str, Any]:
        """Return the memory of the process with the network loaded."""
        with self._failures("while it was loaded"):
            return self.worker.receive(timeout_s=LOAD_TIMEOUT_S)

    def run(self) -> dict[str, Any]:
        """Run the network once; return ``time_ms`` and the memory of the process until then."""
        with self._failures(f"at {self.conditions.width_px}x{self.conditions.height_px}"):
            return self.worker.ask({"do": "run"}, timeout_s=self.conditions.run_timeout_s)

    def time_ms(self) -> float:
        """Run the network once; return the milliseconds."""
        return self.run()["time_ms"]

    def check_output(self) -> None:
        """Raise `ModelError` where the last output has another size than the input, or isn't of finite numbers."""
        with self._failures("while its output was looked at"):
            found = self.worker.ask({"do": "inspect"})
        if found["dtype"] == "string":
            raise ModelError("the output is of strings, expected float32", "dtype")
        if found["output_shape"] != found["input_shape"]:
            shapes = f"the output is {tuple(found['output_shape'])} where the input is {tuple(found['input_shape'])}"
            raise ModelError(shapes, "shape")
        if found["finite_share"] < 1:
            share = f"{1 - found['finite_share']:.2%} of the output's values are NaN or infinite"
            raise ModelError(share, "not finite")

    def cost_of(self, path: Path) -> dict[str, Any]:
        """Return the static cost of any `.pb` file at that size; see `aic_helpers.models.static_cost.static_cost`."""
        size = {"width_px": self.conditions.width_px, "height_px": self.conditions.height_px}
        return self.worker.ask({"do": "cost", "model": str(path.resolve()), **size})

    def roofline(self) -> dict[str, Any]:
        """Return the machine's own limits with as many threads; see `aic_helpers.profiling.network_worker.roofline`."""
        return self.worker.ask({"do": "roofline", "threads": self.conditions.threads})

    @contextmanager
    def _failures(self, when: str) -> Iterator[None]:
        try:
            yield
        except ChildError as error:
            if self.is_model:
                raise ModelError(f"{when}: {error}", error.kind, error.mechanism, error.mib) from None
            remedy = "take a smaller size" if error.kind == "memory" else "mend the baseline"
            raise InputError(f"a baseline that runs ({self.path})", f"{when}: {error}", remedy) from None


def baseline_cap_mib() -> float:
    """Return the cap on the baseline's process: a share of the memory that is available now."""
    return BASELINE_SHARE * psutil.virtual_memory().available / 2**20


@contextmanager
def started(baseline: Path, model: Path, pixels: Path, conditions: Conditions) -> Iterator[tuple[Network, Network]]:
    """Give baseline and model, both on their way to being loaded, and end them at the end."""
    environment = machine.timing_settings(conditions.threads, conditions.device)
    caps_mib = baseline_cap_mib(), conditions.max_rss_mib
    first_mib, second_mib = caps_mib if conditions.device == "cpu" else (None, None)
    with (
        Worker(SUBJECT, timeout_s=LOAD_TIMEOUT_S, environment=environment, max_rss_mib=first_mib) as first,
        Worker(SUBJECT, timeout_s=LOAD_TIMEOUT_S, environment=environment, max_rss_mib=second_mib) as second,
    ):
        pair = Network(False, baseline, first, conditions), Network(True, model, second, conditions)
        for network in pair:
            network.start_loading(pixels)
        yield pair
