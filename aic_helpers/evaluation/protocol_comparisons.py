"""Why figures differ: the same outputs by every protocol that people use, and how much each choice counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.core.progress_types import Progress
from aic_helpers.data.colour_spaces import luma
from aic_helpers.data.datasets import Dataset, LoadedPair, Pair, read_pair, remade_pair
from aic_helpers.data.images import as_uint8
from aic_helpers.evaluation.per_image import chosen
from aic_helpers.evaluation.protocols import rounded
from aic_helpers.tracks.definitions import Track

if TYPE_CHECKING:
    import pandas as pd

    from aic_helpers.evaluation.metrics import Definition

Image = NDArray[np.floating]
Row = dict[str, Any]
Metric = Callable[..., float]

GIVEN, MATLAB, PILLOW = "given", "matlab_bicubic", "pillow_bicubic"

INPUTS = {GIVEN: "as they come with the data", MATLAB: "made by MATLAB's bicubic", PILLOW: "made by Pillow's bicubic"}
"""Where small photos come from, in words."""

RGB, Y, Y_ROUNDED = "RGB", "Y", "Y, rounded"
"""What is compared; the last is MATLAB's rgb2ycbcr of an 8-bit image, which gives 8 bits again."""

CHOICES = ("inputs", "colour", "output", "border_px")
FIGURES = ("psnr_db", "ssim", "ms_ssim")

AS_IT_IS, IN_8_BITS = "as it is", "rounded to 8 bits"

WIDEST_PX = 16
"""Of the borders: PIRM 2018's."""


def explain(
    model: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    dataset: Dataset,
    *,
    limit: int | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return the figures of a model's outputs, and of bicubic's, by each combination of the choices of a protocol.

    Parameters
    ----------
    model : callable
        An image (height, width, 3) of float32 in [0, 1] -> its output, unclipped.
    dataset : Dataset
    limit : int, optional
        Only the first so many pairs.
    progress : callable, optional
        Called after each image.

    Returns
    -------
    DataFrame
        Means over the images: ``of`` (``model``, or ``input``: the input at the target's size, which is bicubic's
        enlargement in super-resolution), ``inputs``, ``colour``, ``output``, ``border_px``, ``psnr_db``, ``ssim``,
        ``ms_ssim`` (by the track's definition, ``per_channel`` where it has none; None where an image is too small for
        it), and ``own``: whether all choices are the track's.
    """
    import pandas as pd

    pairs = chosen(dataset, limit)
    rows: list[Row] = []
    for done, pair in enumerate(pairs):
        if progress:
            progress(done, len(pairs), pair.name)
        for inputs, loaded in _loaded(dataset, pair):
            for of, image in (("model", model(loaded.input)), ("input", loaded.shown)):
                rows += [{"of": of, "inputs": inputs, **row} for row in _rows(loaded.target, image, dataset.track)]
    if progress:
        progress(len(pairs), len(pairs), "images")
    keys = ["of", *CHOICES]
    means = pd.DataFrame(rows).groupby(keys, sort=False)[list(FIGURES)].agg(lambda values: values.mean(skipna=False))
    frame = means.reset_index()
    own = _own(dataset.track, str(frame["inputs"].iloc[0]))
    frame["own"] = [all(row[name] == own[name] for name in CHOICES) for row in frame.to_dict("records")]
    return frame


def one_at_a_time(frame: pd.DataFrame, of: str = "model") -> pd.DataFrame:
    """Return the track's own figures, and those with one of its choices changed, with the difference to its own.

    Returns
    -------
    DataFrame
        The rows of `explain` that differ in at most one choice: ``choice`` says which (empty in the first, the track's
        own), ``psnr_db``, ``ssim``, ``ms_ssim``, and ``psnr_difference_db``.
    """
    import pandas as pd

    own = frame[frame["own"] & (frame["of"] == of)].iloc[0]
    found = [dict(own, choice="")]
    for _, row in frame[frame["of"] == of].iterrows():
        differing = [name for name in CHOICES if row[name] != own[name]]
        if len(differing) == 1:
            found.append(dict(row, choice=differing[0]))
    table = pd.DataFrame(found)
    table["psnr_difference_db"] = table["psnr_db"] - own["psnr_db"]
    return table.sort_values("choice", key=lambda names: names.map(["", *CHOICES].index), kind="stable")


def _own(track: Track, inputs: str) -> Row:
    """Return the track's own choices; `inputs` are the first that a dataset has, which the track takes."""
    protocol = track.protocol
    colour = RGB if protocol.colour == "rgb" else Y
    output = IN_8_BITS if protocol.round_output else AS_IT_IS
    return {"inputs": inputs, "colour": colour, "output": output, "border_px": protocol.border_px}


def _loaded(dataset: Dataset, pair: Pair) -> Iterator[tuple[str, LoadedPair]]:
    """Yield a pair by each way to come by its input, the track's own first."""
    task = dataset.track.task
    own = GIVEN if pair.input is not None else task.reduced_by
    yield own, read_pair(dataset, pair)
    for other in (MATLAB, PILLOW) if task.scale > 1 else ():
        if other != own:
            yield other, remade_pair(dataset, pair, other)


def _rows(target: Image, image: Image, track: Track) -> Iterator[Row]:
    protocol, clipped = track.protocol, np.clip(image, 0, 1)
    definition: Definition = protocol.ms_ssim if "ms_ssim" in protocol.metrics else "per_channel"
    borders_px = sorted({0, track.task.scale if track.task.scale > 1 else 0, WIDEST_PX, protocol.border_px})
    target = rounded(target)  # that of a file of 8 bits, without the rounding of float32
    for output, judged, for_ms_ssim in (
        (AS_IT_IS, clipped, clipped if protocol.clip_for_ms_ssim else image),
        (IN_8_BITS, rounded(clipped), rounded(clipped)),
    ):
        for colour, planes in _planes(target, judged, for_ms_ssim).items():
            for border_px in borders_px:
                choices = {"colour": colour, "output": output, "border_px": border_px}
                yield {**choices, **_figures(planes, border_px, definition)}


def _planes(*images: Image) -> dict[str, list[Image]]:
    rgb = [image.astype(np.float64) for image in images]
    return {RGB: rgb, Y: [*map(luma, rgb)], Y_ROUNDED: [luma(as_uint8(image)) / 255 for image in rgb]}


def _figures(planes: list[Image], border_px: int, definition: Definition) -> dict[str, float]:
    from aic_helpers.evaluation.metrics import ms_ssim, psnr, ssim  # numba: who only reads results needs none

    reference, judged, for_ms_ssim = planes
    of_ms_ssim: Metric = partial(ms_ssim, definition=definition)
    metrics: list[tuple[Metric, Image]] = [(psnr, judged), (ssim, judged), (of_ms_ssim, for_ms_ssim)]
    found: dict[str, float] = {}
    for name, (metric, output) in zip(FIGURES, metrics, strict=True):
        try:
            found[name] = metric(reference, output, data_range=1.0, crop_px=border_px)
        except InputError:  # too small for the border, or for its scales
            found[name] = np.nan
    return found
