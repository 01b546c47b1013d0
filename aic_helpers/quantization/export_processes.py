"""The process that exports a network: what is asked of it, within one limit on time and one on memory."""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core import machine
from aic_helpers.core.errors import InputError
from aic_helpers.core.progress_types import Progress
from aic_helpers.processes import worker_kinds
from aic_helpers.processes.workers import ChildError, Worker
from aic_helpers.quantization.activation_ranges import Ranges
from aic_helpers.quantization.calibration import Size
from aic_helpers.quantization.precisions import CROP, FIXED, FREE

EXPORTING = "aic_helpers.quantization.export_worker:Exporting"

WORDS = {FIXED: "one size", FREE: "any size", CROP: "the size of the crops"}

REMEDIES = {
    "timeout": "give it more time with --timeout, or leave out with --precision what it was at",
    "memory": "end other programs, or take a smaller --size",
}
OTHERWISE = "mend the network, or leave out with --precision what it was at"


class ExportProcess:
    """A process of `export_worker`; use it in a ``with`` statement.

    Every method raises `InputError` where the network can't be exported, or takes more time or memory than it may.

    Parameters
    ----------
    model_pb : Path
    folder : Path
        For the files.
    name : str
        Of the network, in messages.
    timeout_s : float
        For all requests together.
    progress : callable, optional
    ours : bool
        See `aic_helpers.processes.workers.Worker`.
    """

    def __init__(
        self,
        model_pb: Path,
        folder: Path,
        name: str,
        timeout_s: float,
        progress: Progress | None = None,
        *,
        ours: bool = False,
    ) -> None:
        self._model_pb, self._folder, self._name = model_pb, folder, name
        self._end_s = time.monotonic() + timeout_s
        self._timeout_s = timeout_s
        self._tell = progress or (lambda done, total, words: None)
        self._done, self._total = 0, 0
        limits: dict[str, Any] = {"timeout_s": timeout_s, "max_rss_mib": machine.spare_memory_mib()}
        self._worker = Worker(EXPORTING, **limits, warm=worker_kinds.CONVERSION, ours=ours)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: Any) -> None:
        self._worker.__exit__(*raised)

    def plan(self, steps: int) -> None:
        """Say how many steps progress is told of: conversions of forms, crops, and precisions."""
        self._total = steps

    def open(self) -> list[int | None]:
        """Return the shape that the network's input declares; None for sides that may be any."""
        request = {"do": "open", "model": str(self._model_pb.resolve()), "folder": str(self._folder.resolve())}
        return list(self._ask(request, "reading it")["input_shape"])

    def convert(self, form: str, size: Size | None) -> list[str]:
        """Make a float form of the network, the fixed one first; return the names of its layers."""
        request = {"do": "convert", "form": form, "size": size and [*size]}
        return list(self._ask(request, f"converting it for {WORDS[form]}", step=form != CROP)["layers"])

    def see(self, crop: NDArray[np.float32], percentile: float | None) -> None:
        """Show the network a crop."""
        self._ask({"do": "see", "percentile": percentile}, "calibrating it", crop, step=True)

    def ranges(self, given: Ranges) -> dict[str, Any]:
        """Return ``ranges`` of the activations by tensor, and ``layers``, by tensor too, that make them.

        `given` are those of layers that are known already; in the reply it has the names of those that there are.
        """
        return self._ask({"do": "ranges", "given": {name: [*ends] for name, ends in given.items()}}, "calibrating it")

    def make(
        self, precision: str, form: str, file: str, keep_float: Collection[str] = (), weights: Path | None = None
    ) -> dict[str, Any]:
        """Write a file; return what is known of it, with the ``reason`` where it can't be made."""
        request = {"do": "make", "precision": precision, "form": form, "file": file, "keep_float": [*keep_float]}
        return self._ask(
            request | {"weights": str(weights) if weights else None}, f"making {precision}", step=form == FIXED
        )

    def compare(self, files: dict[str, str | None], photo: NDArray[np.float32]) -> dict[str, Any]:
        """Return how a fixed file compares with its source and with the free file, where there is one."""
        request = {"do": "compare", "fixed": files[FIXED], "free": files[FREE]}
        return self._ask(request, f"trying {files[FIXED]}", photo)

    def compare_free(self, file: str, photo: NDArray[np.float32]) -> dict[str, Any]:
        """Return how a free file compares with its source; nothing where the source doesn't take the photo."""
        return self._ask({"do": "compare_free", "free": file}, f"trying {file}", photo)

    def _ask(
        self, request: dict[str, Any], words: str, array: NDArray[Any] | None = None, *, step: bool = False
    ) -> dict[str, Any]:
        self._tell(self._done, self._total, words)
        left_s = self._end_s - time.monotonic()
        try:
            if left_s <= 0:
                raise ChildError("no time is left", "timeout")
            reply = self._worker.ask(request, array, timeout_s=left_s)
        except ChildError as error:
            raise self._refusal(error, words) from None
        self._done += step
        return reply

    def _refusal(self, error: ChildError, words: str) -> InputError:
        if error.kind == "timeout":
            expected, found = f"{self._name} to be exported in {self._timeout_s:g} s", f"the time over while {words}"
        else:
            expected, found = f"{self._name} to export", f"{words}: {error}"
        return InputError(expected, found, REMEDIES.get(error.kind, OTHERWISE))
