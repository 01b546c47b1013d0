"""The worker of `isolated`: one frozen model, evaluated on a dataset a few images at a time."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aic_helpers.data.datasets import open_dataset, read_pair
from aic_helpers.evaluation import example_images, plausibility
from aic_helpers.evaluation.per_image import Row, batches_of_rows, chosen
from aic_helpers.graphs import tensorflow_runtime
from aic_helpers.runtimes import loading
from aic_helpers.tracks import catalogue


class Assessment:
    """Answers ``prepare``, ``open``, ``next`` until no rows are left, ``doubts`` and ``examples``."""

    def __init__(self) -> None:
        self._batches: Iterator[list[Row]] = iter(())
        self._rows: list[Row] = []

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        actions = {"prepare": self._prepare, "open": self._open, "next": self._next}
        actions |= {"doubts": self._doubts, "examples": self._examples}
        return actions[request["do"]](request)

    def _prepare(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do all that needs no model."""
        tensorflow_runtime.preload()
        self._dataset = open_dataset(request["data"], catalogue.made(**request["track"]))
        self._pairs = chosen(self._dataset, request["limit"])
        return {}

    def _open(self, request: dict[str, Any]) -> dict[str, Any]:
        model = self._model = loading.load(request["model"])
        self._rows = []
        self._outputs = example_images.KeptOutputs(model, self._dataset.track.enlarges)
        self._batches = batches_of_rows(model, self._dataset, self._pairs, self._outputs.keep)
        return {"runtime": model.runtime, "runtime_note": model.runtime_note}

    def _next(self, request: dict[str, Any]) -> dict[str, Any]:
        batch = next(self._batches, [])
        self._rows += batch
        return {"rows": batch}

    def _doubts(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return `plausibility.doubts` on the example images, and the operation for which images went one by one."""
        pairs = {pair.name: pair for pair in self._pairs}
        seen = []
        for row in example_images.choose(self._rows).values():
            pair = read_pair(self._dataset, pairs[row["image"]])
            output = self._outputs.of(pair)
            if output is not None:
                seen.append(plausibility.Seen(pair.input, pair.shown, pair.target, output))
        return {"doubts": plausibility.doubts(self._model, seen), "mixing": self._model.mixing}

    def _examples(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the pictures of the worst, the median and the best image by name, their bytes in base64."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            example_images.write(folder, self._dataset, self._outputs, self._rows)
            files = [path for file in example_images.EXAMPLES if (path := folder / file).is_file()]
            return {"pictures": {file.name: base64.b64encode(file.read_bytes()).decode("ascii") for file in files}}
