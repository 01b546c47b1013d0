"""A converted model in a process of its own, with limits: load it, run arrays, time it, weigh it, judge what it gives.

No runtime of models in this process. A model that aborts, hangs or wants all memory ends its own process and
nothing else, and whatever it does wrong is a `ModelFailure`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core import machine
from aic_helpers.core.errors import InputError
from aic_helpers.graphs import tensorflow_runtime
from aic_helpers.processes import worker_kinds
from aic_helpers.processes.workers import ChildError, Worker
from aic_helpers.runtimes.formats import FROZEN, LITERT, ONNX, format_of

INFERENCE = "aic_helpers.runtimes.inference_worker:Inference"
WORKERS = {
    FROZEN: INFERENCE,
    LITERT: "aic_helpers.runtimes.litert_worker:LitertInference",
    ONNX: "aic_helpers.runtimes.onnx_worker:OnnxInference",
}
LOAD_TIMEOUT_S = 180.0

MAX_OUTPUT_BYTES = 2**28
"""Of an output of any shape."""

WIDEST_BYTES = 16
"""Of a number."""

Reply = TypeVar("Reply")

OF_THE_OUTPUT = ("dtype", "shape", "not finite")


class ModelFailure(Exception):  # noqa: N818 (a finding about a model, not a fault of this program)
    """A model did not do what was asked; the text is one line that says why.

    Attributes
    ----------
    kind : str
        As in `ChildError`, where its process did not reply; or what is wrong with its output: ``dtype``, ``shape`` or
        ``not finite``.
    mechanism : str or None
    mib : float or None
        As in `ChildError`.
    """

    def __init__(
        self, reason: str, kind: str = "raised", mechanism: str | None = None, mib: float | None = None
    ) -> None:
        super().__init__(reason)
        self.kind, self.mechanism, self.mib = kind, mechanism, mib


@dataclass(frozen=True)
class Memory:
    """Of the process: see `aic_helpers.core.machine.own_memory_mib`."""

    rss_mib: float
    file_mib: float | None
    peak_rss_mib: float | None


@dataclass(frozen=True)
class Loaded(Memory):
    """What a model says of its input, and the memory of its process before any image was there.

    Attributes
    ----------
    shape : list of int or None
        Batch, height, width and channels; None where any will do.
    dtype : str
    runtime, runtime_version : str
    provider : str
        What of the runtime computes, as ``XNNPACK``.
    runtime_note : str or None
        As of `aic_helpers.runtimes.frozen_models.FrozenModel`.
    """

    shape: list[int | None]
    dtype: str
    runtime: str
    runtime_version: str
    provider: str
    runtime_note: str | None


@dataclass(frozen=True)
class Run(Memory):
    """What one run took, the memory of the process right after it, and what came out.

    Attributes
    ----------
    time_ms : float
        Of the model alone.
    gpu_peak_mib : float or None
        None on the device ``cpu``.
    output_shape : list of int
    output_dtype : str
        ``string`` for TensorFlow's strings.
    """

    time_ms: float
    gpu_peak_mib: float | None
    output_shape: list[int]
    output_dtype: str


@dataclass(frozen=True)
class _Sent:
    array: NDArray[Any]


class ModelWorker:
    """A process with one converted model; use it in a ``with`` statement.

    It starts at once, and so do two that are to load side by side: `start_loading` on both, then `loaded`. All methods
    raise `ModelFailure` where the model or its process fails. One that only raised an error goes on; every other
    failure, and one while loading, ends the process.

    Parameters
    ----------
    path : Path
        A `.pb`, `.tflite` or `.onnx` file: TensorFlow, LiteRT or ONNX Runtime runs it.
    threads : int, optional
        For TensorFlow's two pools, or for the other runtimes; by default as they have it.
    device : {"cpu", "gpu"}
        Where `threads` are given; else what TensorFlow finds.
    gpu_limit_mib : float, optional
        Cap on the memory taken of the device.
    max_rss_mib : float, optional
        Cap on the resident size of the process.
    run_timeout_s : float
        For each run.
    warm : bool
        Whether the fork server may start it: its memory is no measurement then.
    enlarges : int
        How many times as high and wide as its input the model's output has to be.

    Attributes
    ----------
    path : Path
    ready : bool
        Whether the model is loaded, and its process there.
    pid : int
    """

    def __init__(
        self,
        path: Path,
        *,
        threads: int | None = None,
        device: str = "cpu",
        gpu_limit_mib: float | None = None,
        max_rss_mib: float | None = None,
        run_timeout_s: float = 120.0,
        warm: bool = False,
        enlarges: int = 1,
    ) -> None:
        self.path = path
        self._enlarges = enlarges
        self.ready = False
        self._run_timeout_s = run_timeout_s
        self._settings = {"threads": threads, "device": device, "gpu_limit_mib": gpu_limit_mib}
        self._input_shape: list[int] = []
        self._last: Run | None = None
        environment = None if threads is None else machine.timing_settings(threads, device)
        limits: dict[str, Any] = {"timeout_s": LOAD_TIMEOUT_S, "max_rss_mib": max_rss_mib}
        kind = worker_kinds.INFERENCE if warm and format_of(path) is FROZEN else None
        target = WORKERS[format_of(path)]
        self._worker = Worker(target, **limits, environment=environment, warm=kind)
        self.pid = self._worker.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: Any) -> None:
        self._worker.__exit__(*raised)

    def close(self) -> None:
        """End the process."""
        self.ready = False
        self._worker.close()

    def load(self) -> Loaded:
        """Load the model; see `loaded`."""
        self.start_loading()
        return self.loaded()

    def start_loading(self) -> None:
        """Ask the process to load the model, and don't wait."""
        self._worker.send({"do": "load", "model": str(self.path.resolve()), **self._settings})

    def loaded(self) -> Loaded:
        """Return what the model says of its input, once it is loaded.

        Raises
        ------
        InputError
            Not a model of that format, or no such device.
        """
        with self._failures():
            loaded = _understood(Loaded, self._worker.receive())
            self.ready = True
        if loaded.runtime_note:
            tensorflow_runtime.tell(loaded.runtime_note)
        return loaded

    def give(self, images: NDArray[np.float32]) -> None:
        """Hand over the batch that the runs from now on take: float32, (batch, height, width, 3), in [0, 1]."""
        self._ask({"do": "give"}, images)
        self._input_shape = list(images.shape)

    def run(self) -> Run:
        """Run the model once on the batch that it was given; only the run itself is timed."""
        self._last = _understood(Run, self._ask({"do": "run"}, timeout_s=self._run_timeout_s))
        return self._last

    def output(self, max_bytes: int = MAX_OUTPUT_BYTES) -> NDArray[Any]:
        """Return the output of the last run, of whatever shape; one of strings, or of more bytes, is a failure."""
        self._run_of_numbers()
        reply = self._ask({"do": "output"}, max_array_bytes=max_bytes)
        return _understood(_Sent, reply).array

    def checked_output(self) -> NDArray[Any]:
        """Return the output of the last run; one of another shape than the input, enlarged, or not finite, fails."""
        self._require_shape(self._run_of_numbers().output_shape)
        output = self.output(WIDEST_BYTES * math.prod(self._expected_shape()))
        self._require_shape(list(output.shape))  # a stranger's process may say one thing and send another
        finite_share = float(np.isfinite(output).mean())
        if finite_share < 1:
            raise ModelFailure(f"{1 - finite_share:.2%} of the output's values are NaN or infinite", "not finite")
        return output

    def output_of(self, images: NDArray[np.float32]) -> NDArray[Any]:
        """Return what `checked_output` does for a batch: unclipped, of the batch's shape, enlarged, all finite."""
        self.give(images)
        self.run()
        return self.checked_output()

    def peak_rss_mib(self, run: Run) -> tuple[float, str]:
        """Return the peak resident size of the process until the end of a run, and how it was read."""
        if run.peak_rss_mib is not None:
            return run.peak_rss_mib, "VmHWM, read by the process itself"
        return max(self._worker.peak_rss_mib, run.rss_mib), "resident size sampled every 20 ms"

    def receptive_field(self, width_px: int, height_px: int) -> dict[str, Any]:
        """Return the fields of `aic_helpers.graphs.receptive_fields.ReceptiveField` for an image of that size.

        Beside them stands ``mib_per_megapixel``, what the largest activations take.
        """
        request = {"do": "receptive_field", "model": str(self.path.resolve())}
        return self._ask({**request, "width_px": width_px, "height_px": height_px}, timeout_s=self._run_timeout_s)

    def cost(self, path: Path, width_px: int, height_px: int) -> dict[str, Any]:
        """Return the static cost of any file of its format; see `aic_helpers.graphs.static_cost.static_cost`."""
        return self._ask({"do": "cost", "model": str(path.resolve()), "width_px": width_px, "height_px": height_px})

    def roofline(self, threads: int) -> dict[str, Any]:
        """Return the machine's own limits; see `aic_helpers.graphs.rooflines.roofline`."""
        return self._ask({"do": "roofline", "threads": threads})

    def _run_of_numbers(self) -> Run:
        if self._last is None:
            raise RuntimeError("run the model before asking for its output")
        if self._last.output_dtype == "string":
            raise ModelFailure("the output is of strings, expected float32", "dtype")
        return self._last

    def _expected_shape(self) -> list[int]:
        images, height_px, width_px, channels = self._input_shape
        return [images, self._enlarges * height_px, self._enlarges * width_px, channels]

    def _require_shape(self, found: list[int]) -> None:
        expected = self._expected_shape()
        if found != expected:
            shapes = f"the output is {tuple(found)} where the input is {tuple(self._input_shape)}"
            wanted = f", expected {tuple(expected)}, {self._enlarges} times its size" if self._enlarges > 1 else ""
            raise ModelFailure(shapes + wanted, "shape")

    def _ask(
        self,
        request: dict[str, Any],
        array: NDArray[Any] | None = None,
        *,
        timeout_s: float | None = None,
        max_array_bytes: int = 0,
    ) -> dict[str, Any]:
        with self._failures():
            return self._worker.ask(request, array, timeout_s=timeout_s, max_array_bytes=max_array_bytes)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Make a failure of the process one of the model, and end a process that can't go on or has no model."""
        goes_on = False
        try:
            yield
            goes_on = True
        except InputError:
            goes_on = self.ready
            raise
        except ChildError as error:
            goes_on = self.ready and error.kind == "raised"
            raise ModelFailure(str(error), error.kind, error.mechanism, error.mib) from None
        finally:
            if not goes_on:
                self.close()


def _understood(kind: type[Reply], reply: dict[str, Any]) -> Reply:
    """Return a reply as an object; that of a stranger's process may have other parts."""
    try:
        return kind(**reply)
    except TypeError:
        raise ModelFailure("its process sent a reply that can't be understood", "exit") from None
