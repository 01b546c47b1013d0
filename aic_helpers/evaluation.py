"""Callable + validation pairs -> a DataFrame, one row per image."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aic_helpers.datasets import Dataset, LoadedPair, read_pair
from aic_helpers.errors import InputError
from aic_helpers.intervals import mean_ci95
from aic_helpers.metrics import Definition, ms_ssim, psnr
from aic_helpers.tracks import PROTOCOL, Track

Model = Callable[[NDArray[np.float32]], NDArray[np.float32]]

Progress = Callable[[Iterable[Any]], Iterable[Any]]
"""Wraps the validation pairs as they are gone through, as `tqdm` does."""


def evaluate(model: Model, dataset: Dataset, *, limit: int | None = None, progress: Progress = iter) -> pd.DataFrame:
    """Return the figures of a model on each validation pair of a dataset, by the track's protocol.

    Parameters
    ----------
    model : callable
        A batch (1, height, width, 3) of float32 in [0, 1] -> the same shape; see `aic_helpers.inference.load`.
    dataset : Dataset
        From `aic_helpers.datasets.open_dataset`.
    limit : int, optional
        Only the first so many pairs.
    progress : callable, optional
        Wraps the iteration, as `tqdm` does.

    Returns
    -------
    DataFrame
        One row per pair: ``image``, ``width_px``, ``height_px`` (after a crop to a multiple of the scale, which
        ``cropped`` tells), ``psnr_db``, ``ms_ssim``, ``ms_ssim_float64`` (the same with float64 sums),
        ``outside_share`` and ``outside_max`` (how many output values leave [0, 1], and by how much at most), and
        ``failure``: why the model has no figures on this pair, else None.

    Raises
    ------
    InputError
        A pair that can't be read or is too small for the protocol, or a limit below 1.
    """
    if limit is not None and limit < 1:
        raise InputError("a limit of at least 1 image", str(limit), "leave the limit out for all images")
    pairs = (read_pair(dataset, pair) for pair in progress(dataset.pairs[:limit]))
    return pd.DataFrame([_row(model, pair, dataset.track) for pair in pairs])


def run_model(model: Model, image: NDArray[np.float32]) -> tuple[NDArray[np.float32] | None, str | None]:
    """Return the output for one image (height, width, 3), or None and the reason why there is none."""
    try:
        output = model(image[None])
    except Exception as error:  # TensorFlow has no common class for what a graph can raise
        return None, f"raised {type(error).__name__}: {_last_line(error)}"
    if output.shape != (1, *image.shape):
        return None, f"returned shape {output.shape} for an input of {(1, *image.shape)}"
    if not np.isfinite(output).all():
        return None, f"returned NaN or infinity in {np.mean(~np.isfinite(output)):.1%} of the values"
    return output[0], None


def score_output(target: NDArray[np.float32], output: NDArray[np.float32], track: Track) -> dict[str, float]:
    """Return ``psnr_db``, ``ms_ssim`` and ``ms_ssim_float64`` of one output by a track's protocol."""
    clipped = np.clip(output, 0, 1)
    judged = clipped if track.ms_ssim_clipped else output

    def similarity(definition: Definition) -> float:
        return ms_ssim(target, judged, data_range=1.0, crop_px=track.crop_px, definition=definition)

    protocol = similarity(track.ms_ssim_definition)
    return {
        "psnr_db": psnr(target, clipped, data_range=1.0, crop_px=track.crop_px),
        "ms_ssim": protocol,
        "ms_ssim_float64": similarity("per_channel") if track.ms_ssim_definition == "tensorflow" else protocol,
    }


def summarise(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the ``metrics`` part of a result: means over the images, with 95 % intervals over the images.

    Where any image failed, the means are None and ``failed`` says on how many images and why.
    """
    failures = frame["failure"].dropna()
    names = ("psnr_db", "ms_ssim", "ms_ssim_float64")
    means = {name: None if len(failures) else float(frame[name].mean()) for name in names}
    intervals = {f"{name}_ci95": None if len(failures) else mean_ci95(frame[name].to_numpy()) for name in names}
    summary: dict[str, Any] = {"protocol": PROTOCOL, "images": len(frame), **means, **intervals}
    summary |= {"cropped_images": int(frame["cropped"].sum())}
    summary |= {"outside_share": float(frame["outside_share"].mean()), "outside_max": float(frame["outside_max"].max())}
    if len(failures):
        first = frame.loc[failures.index[0], "image"]
        summary["failed"] = f"{len(failures)} of {len(frame)} images; {first}: the model {failures.iloc[0]}"
    return summary


def _row(model: Model, pair: LoadedPair, track: Track) -> dict[str, Any]:
    height_px, width_px = pair.target.shape[:2]
    row = {"image": pair.name, "width_px": width_px, "height_px": height_px, "cropped": pair.cropped}
    output, failure = run_model(model, pair.input)
    if output is None:
        names = ("psnr_db", "ms_ssim", "ms_ssim_float64", "outside_share", "outside_max")
        return row | dict.fromkeys(names, math.nan) | {"failure": failure}
    outside = np.maximum(-output, output - 1)
    try:
        figures = score_output(pair.target, output, track)
    except InputError as error:
        raise InputError.again(f"{pair.name}: {error}") from None
    return {
        **row,
        **figures,
        "outside_share": float(np.mean(outside > 0)),
        "outside_max": max(float(outside.max()), 0.0),
        "failure": None,
    }


def _last_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no message"
