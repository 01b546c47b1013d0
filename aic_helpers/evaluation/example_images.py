"""Example images of a run: the worst, the median and the best by PSNR, as pictures for display in its folder.

They are for the eye: every figure is made on the arrays.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from aic_helpers.core.staging import staged
from aic_helpers.data.crops import largest_error
from aic_helpers.data.datasets import Dataset, LoadedPair, read_pair
from aic_helpers.data.images import Floats, as_float, as_uint8
from aic_helpers.evaluation.per_image import Model, Row, run_model
from aic_helpers.evaluation.protocols import score_output

ENDS = ("worst", "median", "best")
"""The images, by PSNR, of which a run keeps pictures."""

SIDES = ("input", "output", "target")
"""What is kept of each; and an overview of the whole photo where the pictures are a detail of it."""


def picture(end: str, side: str) -> str:
    """Return the name of the picture of one side (or of the ``overview``) of an example image."""
    return f"example_{end}_{side}.webp"


EXAMPLES = ("examples.csv", *(picture(end, side) for end in ENDS for side in (*SIDES, "overview")))


DETAIL_PX = (360, 480)
"""Height and width that are shown of a photo larger than that, at 1:1."""

OVERVIEW_PX = 480
"""Longer side of the picture of the whole photo."""

LOSSLESS_PX = 180
"""Images up to this side are kept exactly: they are shown enlarged, where the marks of compression would show."""

QUALITIES = (90, 70, 40)
"""Of the others: the first that keeps a picture under `MAX_BYTES`, which all but noise are with the first."""

MAX_BYTES = 100_000
"""Twelve pictures of a run, in base64, then leave room in the 2 MB that its report may have."""


KEPT_BYTES = 2**26
"""Of outputs with 8 bits a value, seven 2K photos or so. Of more images than that, three are few to run again."""


class KeptOutputs:
    """What is seen of a model's outputs, kept while they are scored, so that showing three needs no second run.

    Parameters
    ----------
    model : callable
        See `aic_helpers.evaluation.per_image.evaluate`.
    enlarges : int
        See `aic_helpers.evaluation.per_image.run_model`.
    """

    def __init__(self, model: Model, enlarges: int = 1) -> None:
        self._model, self._enlarges = model, enlarges
        self._kept: dict[str, NDArray[np.uint8]] = {}
        self._free_bytes = KEPT_BYTES

    def keep(self, pair: LoadedPair, output: Floats) -> None:
        """Keep an output while there is room."""
        if output.size <= self._free_bytes:
            self._kept[pair.name] = as_uint8(output)
            self._free_bytes -= output.size

    def of(self, pair: LoadedPair) -> Floats | None:
        """Return an output, by a run where it isn't kept; None where the model fails then."""
        if pair.name in self._kept:
            return as_float(self._kept[pair.name])
        return run_model(self._model, pair.input, self._enlarges)[0]


def write(folder: Path, dataset: Dataset, outputs: KeptOutputs, images: Sequence[Row]) -> None:
    """Write the pictures and `examples.csv` into a run folder; what was there before goes.

    Parameters
    ----------
    folder : Path
    dataset : Dataset
        Whose images they are.
    outputs : KeptOutputs
        Of the model on these images.
    images : sequence of dict
        The rows of `aic_helpers.evaluation.per_image.evaluate`.
    """
    pairs = {pair.name: pair for pair in dataset.pairs}
    rows = []
    with staged(folder, "examples.csv", replaces=EXAMPLES) as stage:
        for end, found in choose(images).items():
            pair = read_pair(dataset, pairs[found["image"]])
            output = outputs.of(pair)
            if output is not None:
                protocol = dataset.track.protocol
                before = score_output(pair.target, pair.shown, protocol)
                figures = {f"input_{name}": before[name] for name in protocol.columns}
                figures |= {name: found[name] for name in protocol.columns}
                rows.append({"end": end, "image": pair.name, **figures, **_pictures(stage, end, pair, output)})
        if rows:
            with (stage / "examples.csv").open("w", encoding="utf-8", newline="") as file:
                table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                table.writeheader()
                table.writerows(rows)


def choose(images: Sequence[Row]) -> dict[str, Row]:
    """Return the rows of the worst, the median and the best image by PSNR, by their names.

    Failed images are left out. Two leave no median; one is called the median.
    """
    scored = sorted((row for row in images if not math.isnan(row["psnr_db"])), key=lambda row: row["psnr_db"])
    last = len(scored) - 1
    ends = {"worst": 0, "median": last // 2, "best": last} if last > 1 else {"worst": 0, "best": 1}
    return {end: scored[place] for end, place in (ends if last else {"median": 0}).items() if scored}


def _pictures(folder: Path, end: str, pair: LoadedPair, output: Floats) -> dict[str, int]:
    """Write what is shown of one image; return its place in the whole image."""
    height_px, width_px = pair.target.shape[:2]
    rows, columns = min(DETAIL_PX[0], height_px), min(DETAIL_PX[1], width_px)
    top, left = largest_error(pair.target, pair.shown, (rows, columns))
    for side, image in zip(SIDES, (pair.shown, output, pair.target), strict=True):
        _write(folder / picture(end, side), image[top : top + rows, left : left + columns])
    if (rows, columns) != (height_px, width_px):
        _write(folder / picture(end, "overview"), pair.target, OVERVIEW_PX)
    place = {"top_px": top, "left_px": left, "shown_height_px": rows, "shown_width_px": columns}
    return {"height_px": height_px, "width_px": width_px, **place}


def _write(path: Path, image: Floats, at_most_px: int | None = None) -> None:
    shown = PillowImage.fromarray(as_uint8(image))
    if at_most_px:
        shown.thumbnail((at_most_px, at_most_px))
    for quality in QUALITIES:
        shown.save(path, format="WEBP", quality=quality, lossless=max(shown.size) <= LOSSLESS_PX)
        if path.stat().st_size <= MAX_BYTES:
            return
