"""A frozen model evaluated in a child process with limits: one that aborts or hangs ends only that."""

from __future__ import annotations

import base64
import importlib
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from aic_helpers.core import machine
from aic_helpers.core.progress_types import Progress
from aic_helpers.evaluation import example_images
from aic_helpers.evaluation.per_image import OUTSIDE, chosen
from aic_helpers.evaluation.protocols import figure_names
from aic_helpers.graphs import tensorflow_runtime
from aic_helpers.processes import worker_kinds
from aic_helpers.processes.workers import ChildError, Worker

if TYPE_CHECKING:
    import pandas as pd

    from aic_helpers.data.datasets import Dataset, Pair

ASSESSMENT = "aic_helpers.evaluation.isolated_worker:Assessment"

BATCH_TIMEOUT_S = 300.0
"""For the start of the process, and then for each batch of images."""


class Evaluator:
    """A process that evaluates one frozen model on a dataset; use it in a ``with`` statement.

    It makes ready at once, and meanwhile the model may still be converted: `assess` waits for both.

    Parameters
    ----------
    dataset, limit
        See `aic_helpers.evaluation.per_image.evaluate`.
    threads : int, optional
        For TensorFlow; by default all cores.
    max_rss_mib : float, optional
        Cap on the resident size of the process; by default what the machine can spare.
    timeout_s : float
        For each batch of images.
    """

    def __init__(
        self,
        dataset: Dataset,
        *,
        limit: int | None = None,
        threads: int | None = None,
        max_rss_mib: float | None = None,
        timeout_s: float = BATCH_TIMEOUT_S,
    ) -> None:
        self._pairs = chosen(dataset, limit)
        environment = machine.timing_settings(threads, "cpu") if threads else None
        cap_mib = machine.spare_memory_mib() if max_rss_mib is None else max_rss_mib
        limits: dict[str, Any] = {"timeout_s": timeout_s, "max_rss_mib": cap_mib, "environment": environment}
        track = {"name": dataset.track.name, "content": dataset.track.content}
        request = {"do": "prepare", "data": str(dataset.root.absolute()), "track": track, "limit": limit}
        self._figures = (*figure_names(dataset.track.protocol), *OUTSIDE)
        self._starting = ThreadPoolExecutor(1)  # the fork server may not be ready
        self._worker = self._starting.submit(_started, request, limits)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: Any) -> None:
        self._starting.shutdown()
        if not self._worker.exception():
            self._worker.result().__exit__(*raised)

    def assess(self, model_pb: Path, *, examples: Path | None = None, progress: Progress | None = None) -> pd.DataFrame:
        """Return what `aic_helpers.evaluation.per_image.evaluate` does.

        Parameters
        ----------
        model_pb : Path
        examples : Path, optional
            A run folder into which pictures of the worst, the median and the best image go.
        progress
            See `aic_helpers.evaluation.per_image.evaluate`.

        Returns
        -------
        DataFrame
            As of `evaluate`. Where the process was stopped or died, the images that it didn't come to have that as
            their ``failure``. `attrs` has ``runtime``: what ran the model, see `aic_helpers.graphs.tensorflow_runtime`;
            ``doubts``, of `aic_helpers.evaluation.plausibility.doubts`; and ``mixing``, the operation for which images
            went through one by one, or None.

        Raises
        ------
        InputError
            As of `evaluate`, or a `.pb` that isn't a frozen model.
        """
        import pandas as pd

        rows: list[dict[str, Any]] = []
        made: dict[str, Any] = {}
        worker = self._worker.result()
        try:
            worker.receive()
            opened = worker.ask({"do": "open", "model": str(model_pb)})
            made["runtime"] = opened["runtime"]
            if opened["runtime_note"]:
                tensorflow_runtime.tell(opened["runtime_note"])
            while batch := worker.ask({"do": "next"})["rows"]:
                rows += batch
                if progress:
                    progress(len(rows), len(self._pairs), "images")
            made |= worker.ask({"do": "doubts"})
            if examples:
                _write(examples, worker.ask({"do": "examples"})["pictures"])
        except ChildError as error:
            rows += _lost(self._pairs[len(rows) :], self._figures, str(error))
        images = pd.DataFrame(rows)
        images.attrs |= made
        return images


def _started(request: dict[str, Any], limits: dict[str, Any]) -> Worker:
    worker = Worker(ASSESSMENT, **limits, warm=worker_kinds.INFERENCE)
    worker.send(request)
    importlib.import_module("pandas")  # what `assess` needs, while nothing waits for it
    return worker


def _write(folder: Path, pictures: dict[str, str]) -> None:
    """Write the pictures that a child sent; it needs no right to write here itself."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in example_images.EXAMPLES:
        if name in pictures:
            (folder / name).write_bytes(base64.b64decode(pictures[name]))


def _lost(pairs: Sequence[Pair], figures: Sequence[str], reason: str) -> list[dict[str, Any]]:
    """Return rows for the images that the process didn't come to."""
    blank = {"width_px": 0, "height_px": 0, "cropped": False, "capped": False, **dict.fromkeys(figures, math.nan)}
    first = [{"image": pair.name, **blank, "failure": f"ended its process: {reason}"} for pair in pairs[:1]]
    after = [{"image": pair.name, **blank, "failure": "was not run any more"} for pair in pairs[1:]]
    return first + after
