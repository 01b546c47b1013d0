"""Callable + validation pairs -> a DataFrame, one row per image.

Three things go on at once: a thread reads the next images, the network runs on a batch, and a thread scores the
batch before. At most four batches are in memory, however many images there are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.error_reasons import named_reason
from aic_helpers.core.errors import InputError
from aic_helpers.core.limits import HD_HEIGHT_PX, HD_WIDTH_PX
from aic_helpers.core.progress_types import Progress
from aic_helpers.core.statistics import UNBOUNDED, Interval, mean_ci95
from aic_helpers.data.datasets import Dataset, LoadedPair, Pair, read_pair
from aic_helpers.evaluation.protocols import figure_names, most_db, score_output
from aic_helpers.tracks.definitions import Protocol, Track

if TYPE_CHECKING:
    import pandas as pd

Model = Callable[[NDArray[np.float32]], NDArray[np.float32]]

See = Callable[[LoadedPair, NDArray[np.float32]], None]
"""Shown each pair that is scored, with the output."""

Row = dict[str, Any]
Item = TypeVar("Item")

BATCH_PIXELS = HD_WIDTH_PX * HD_HEIGHT_PX
"""Images of one size go through the network together up to so many pixels: 92 patches of 100x100, one 2K photo.

As many as the rules ask of every model at once, so that a batch takes no memory that the rules don't allow for."""

FLOATS = ("float32", "float16", "bfloat16", "float64")
"""Types of an output that can be judged."""

OUTSIDE = ("outside_share", "outside_max")
"""How many output values leave [0, 1], and by how much at most."""

BOUNDS: dict[str, Interval] = {"psnr_db": UNBOUNDED, "ssim": (-1.0, 1.0)} | dict.fromkeys(
    ("ms_ssim", "ms_ssim_float64"), (0.0, 1.0)
)
"""Of the figures' means."""


def evaluate(
    model: Model, dataset: Dataset, *, limit: int | None = None, progress: Progress | None = None
) -> pd.DataFrame:
    """Return the figures of a model on each validation pair of a dataset, by the track's protocol.

    Parameters
    ----------
    model : callable
        A batch (images, height, width, 3) of float32 in [0, 1] -> the same shape, or sides larger by what the track
        enlarges; see
        `aic_helpers.runtimes.frozen_models.load`. It gets images one by one, unless it has a method `keeps_apart` that
        says of the shape of a batch that each output is that of its image alone, as a `FrozenModel` has.
    dataset : Dataset
        From `aic_helpers.data.datasets.open_dataset`.
    limit : int, optional
        Only the first so many pairs.
    progress : callable, optional
        Called after each batch.

    Returns
    -------
    DataFrame
        One row per pair: ``image``, ``width_px``, ``height_px`` (after a crop to a multiple of the scale, which
        ``cropped`` tells), ``capped`` (whether its PSNR counts as below), the figures of the track's protocol
        (see `aic_helpers.evaluation.protocols.score_output`), ``outside_share`` and ``outside_max`` (how many output
        values leave [0, 1], and by how much at most), and ``failure``: why the model has no figures on this pair, or
        None.

    Notes
    -----
    The PSNR of an output that equals its target is infinite, and would make the mean over all images so: one white
    patch that stays white would decide a ranking. No image counts for more than a single value off by one of 255
    levels, the smallest error that an 8-bit image can have: 92.9 dB for 100x100 px.

    Raises
    ------
    InputError
        A pair that can't be read or is too small for the protocol, or a limit below 1.
    """
    import pandas as pd

    pairs = chosen(dataset, limit)
    rows: list[Row] = []
    for batch in batches_of_rows(model, dataset, pairs):
        rows += batch
        if progress:
            progress(len(rows), len(pairs), "images")
    return pd.DataFrame(rows)


def chosen(dataset: Dataset, limit: int | None) -> Sequence[Pair]:
    """Return the pairs that a limit leaves."""
    if limit is not None and limit < 1:
        raise InputError("a limit of at least 1 image", str(limit), "leave the limit out for all images")
    return dataset.pairs[:limit]


def batches_of_rows(
    model: Model, dataset: Dataset, pairs: Sequence[Pair], see: See | None = None
) -> Iterator[list[Row]]:
    """Yield the rows of a few pairs at a time, in their order; `evaluate` says what is in them."""
    batches = _batched((read_pair(dataset, pair) for pair in pairs), model)
    loaded = ((batch, np.stack([pair.input for pair in batch])) for batch in batches)
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as scorer:
        scored = None
        for batch, inputs in _ahead(reader, loaded):
            outputs = _run(model, inputs, dataset.track.enlarges)
            if scored:
                yield scored.result()
            scored = scorer.submit(_rows, batch, outputs, dataset.track, see)
        if scored:
            yield scored.result()


def _ahead(thread: ThreadPoolExecutor, items: Iterator[Item]) -> Iterator[Item]:
    """Yield items while a thread makes the one after."""
    upcoming = thread.submit(next, items, None)
    while (item := upcoming.result()) is not None:
        upcoming = thread.submit(next, items, None)
        yield item


def _batched(pairs: Iterable[LoadedPair], model: Model) -> Iterator[list[LoadedPair]]:
    """Yield neighbours of one size together, as many as go through the model at once."""
    batch: list[LoadedPair] = []
    for pair in pairs:
        if batch and (batch[0].input.shape != pair.input.shape or len(batch) >= _at_once(model, batch[0])):
            yield batch
            batch = []
        batch.append(pair)
    if batch:
        yield batch


def _at_once(model: Model, like: LoadedPair) -> int:
    """Return how many images of a shape go through a model together: an image's figures are those of it alone."""
    count = BATCH_PIXELS // like.target[..., 0].size
    keeps_apart = getattr(model, "keeps_apart", None)
    return count if count > 1 and keeps_apart and keeps_apart((count, *like.input.shape)) else 1


def _run(
    model: Model, inputs: NDArray[np.float32], enlarges: int
) -> list[tuple[NDArray[np.float32] | None, str | None]]:
    """Return `run_model` of each image, by one run over all of them where the model can."""
    if len(inputs) > 1:
        try:
            outputs = model(inputs)
        except Exception:  # one by one tells on which image, and what
            outputs = np.empty(0, np.float32)
        if (
            outputs.shape == _enlarged(inputs.shape, enlarges)
            and outputs.dtype == np.float32
            and np.isfinite(outputs).all()
        ):
            return [(output, None) for output in outputs]
    return [run_model(model, image, enlarges) for image in inputs]


def _enlarged(shape: tuple[int, ...], enlarges: int) -> tuple[int, ...]:
    """Return the shape that the outputs of a batch have."""
    return (shape[0], shape[1] * enlarges, shape[2] * enlarges, *shape[3:])


def run_model(
    model: Model, image: NDArray[np.float32], enlarges: int = 1
) -> tuple[NDArray[np.float32] | None, str | None]:
    """Return the output for one image (height, width, 3), or None and the reason why there is none.

    Its sides are to be `enlarges` times those of the image.
    """
    try:
        output = model(image[None])
    except Exception as error:  # TensorFlow has no common class for what a graph can raise
        return None, f"raised {named_reason(error)}"
    if str(output.dtype) not in FLOATS:
        return None, f"returned {output.dtype}, expected float32"
    output = output.astype(np.float32, copy=False)
    expected = _enlarged((1, *image.shape), enlarges)
    if output.shape != expected:
        wanted = f", expected {expected} at scale {enlarges}" if enlarges > 1 else ""
        return None, f"returned shape {output.shape} for an input of {(1, *image.shape)}{wanted}"
    if not np.isfinite(output).all():
        return None, f"returned NaN or infinity in {np.mean(~np.isfinite(output)):.1%} of the values"
    return output[0], None


def summarise(frame: pd.DataFrame, protocol: Protocol) -> dict[str, Any]:
    """Return the ``metrics`` part of a result: means over the images, with 95 % intervals over the images.

    Where any image failed, the means are None and ``failed`` says on how many images and why.
    """
    failures, names = frame["failure"].dropna(), figure_names(protocol)
    means = {name: None if len(failures) else float(frame[name].mean()) for name in names}
    intervals = {name: None if len(failures) else mean_ci95(frame[name], bounds=BOUNDS[name]) for name in names}
    made = {"protocol": protocol.label, "runtime": frame.attrs.get("runtime"), "images": len(frame)}
    made |= {"mixing": frame.attrs.get("mixing"), "doubts": frame.attrs.get("doubts", [])}
    summary: dict[str, Any] = {**made, **means, **{f"{name}_ci95": ends for name, ends in intervals.items()}}
    summary |= {"cropped_images": int(frame["cropped"].sum()), "capped_images": int(frame["capped"].sum())}
    summary |= {"outside_share": float(frame["outside_share"].mean()), "outside_max": float(frame["outside_max"].max())}
    if len(failures):
        first = frame.loc[failures.index[0], "image"]
        summary["failed"] = f"{len(failures)} of {len(frame)} images; {first}: the model {failures.iloc[0]}"
    return summary


def _rows(
    batch: Sequence[LoadedPair],
    outputs: Sequence[tuple[NDArray[np.float32] | None, str | None]],
    track: Track,
    see: See | None,
) -> list[Row]:
    rows = []
    for pair, (output, failure) in zip(batch, outputs, strict=True):
        rows.append(_row(pair, output, failure, track))
        if see and output is not None:
            see(pair, output)
    return rows


def _row(pair: LoadedPair, output: NDArray[np.float32] | None, failure: str | None, track: Track) -> Row:
    height_px, width_px = pair.target.shape[:2]
    row = {"image": pair.name, "width_px": width_px, "height_px": height_px, "cropped": pair.cropped, "capped": False}
    if output is None:
        return row | dict.fromkeys((*figure_names(track.protocol), *OUTSIDE), math.nan) | {"failure": failure}
    outside = np.maximum(-output, output - 1)
    try:
        figures = score_output(pair.target, output, track.protocol)
    except InputError as error:
        raise InputError.again(f"{pair.name}: {error}") from None
    cap_db = most_db(pair.target, track.protocol)  # see the notes of `evaluate`
    if figures["psnr_db"] > cap_db:
        row["capped"], figures["psnr_db"] = True, cap_db
    return {
        **row,
        **figures,
        "outside_share": float(np.mean(outside > 0)),
        "outside_max": max(float(outside.max()), 0.0),
        "failure": None,
    }
