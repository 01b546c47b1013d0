"""The figures of one image and model, from the table or made from the arrays, and those of a run in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.data.crops import largest_error
from aic_helpers.evaluation.kernels import WINDOW_PX
from aic_helpers.evaluation.metrics import least_side_px
from aic_helpers.evaluation.protocols import score_output
from aic_helpers.reporting import catalogues
from aic_helpers.reporting.catalogues import Metric
from aic_helpers.reporting.text_tables import NOT_MEASURED
from aic_helpers.tracks.definitions import Protocol, Track

FURTHEST_PX = 96
"""Side of the part in which an output is furthest from its target, as the viewer's key `w` has it (`pixels.js`)."""

Shown = NDArray[np.float32] | str
Row = dict[str, Any]


class ImageFigures:
    """The figures of whole images, by image and model.

    Parameters
    ----------
    track : Track
    images : DataFrame
        Columns ``image``, ``model``, ``failure`` and the track's metrics.
    pixels : callable
        Called with an image and what is shown of it, for figures that the table lacks.
    """

    def __init__(self, track: Track, images: pd.DataFrame, pixels: Callable[[str, str], Shown]) -> None:
        self._protocol, self._pixels = track.protocol, pixels
        self._metrics = track.protocol.columns
        rows = images.astype(object).where(images.notna(), None).to_dict("records")
        self._rows: dict[tuple[str, str], Row] = {
            (row["image"], row["model"]): {metric: row[metric] for metric in self._metrics}
            for row in rows
            if row["failure"] is None
        }

    def forget(self, image: str) -> None:
        """Forget an image's figures: another image has its name now."""
        self._rows = {key: row for key, row in self._rows.items() if key[0] != image}

    def of(self, image: str, model: str) -> Row | None:
        """Return the figures of a model on an image, None for those not measured; None where it has no target."""
        key = image, model
        if key not in self._rows:
            target, output = self._pixels(image, "target"), self._pixels(image, model)
            if isinstance(target, str) or isinstance(output, str):
                return None
            self._rows[key] = self._made(target, output)
        return self._rows[key]

    def _made(self, target: NDArray[np.float32], output: NDArray[np.float32]) -> Row:
        try:
            figures = score_output(target, output, self._protocol)
        except InputError:  # too small for the metric
            return dict.fromkeys(self._metrics)
        return {metric: figures[metric] for metric in self._metrics}


def furthest(target: Shown, output: Shown) -> dict[str, float]:
    """Return the middle of the part in which an output is furthest from its target: ``x`` and ``y``, in px.

    Empty where one of them can't be shown, or they are of unlike sizes.
    """
    if isinstance(target, str) or isinstance(output, str) or target.shape != output.shape:
        return {}
    rows, columns = (min(FURTHEST_PX, side) for side in target.shape[:2])
    top, left = largest_error(target, np.clip(output, 0, 1), (rows, columns))
    return {"x": left + columns / 2, "y": top + rows / 2}


def crop_figures(track: Track, target: NDArray[np.float32], output: NDArray[np.float32]) -> dict[str, str]:
    """Return the figures of a part of an image against the same part of the target, in words.

    They follow the track's protocol, save that no border is left out. A part that is too small for SSIM's window, or
    the five scales of MS-SSIM, has none, and the words say so.
    """
    whole = track.protocol.model_copy(update={"border_px": 0})
    known = {metric["key"]: metric for metric in catalogues.metrics(whole)}
    try:
        found = score_output(target, output, whole)
    except InputError:
        found = score_output(target, output, whole.model_copy(update={"metrics": ("psnr",)}))
    small = f"crop too small: needs {_least_px(whole)} px a side"
    return {key: number(found[key], metric) if key in found else small for key, metric in known.items()}


def _least_px(protocol: Protocol) -> int:
    return least_side_px(protocol.ms_ssim) if "ms_ssim" in protocol.metrics else WINDOW_PX


def number(value: float | None, metric: Metric) -> str:
    """Return a figure with its unit; infinity (identical images) and a missing figure as words."""
    if value is None or math.isnan(value):
        return NOT_MEASURED
    if math.isinf(value):
        return "infinite: identical"
    return f"{value:.{metric['digits']}f} {metric['unit']}".rstrip()


def run_words(run: Mapping[str, Any], track: Track) -> list[list[str]]:
    """Return speed, RAM and scores of a model's run as labels and words; nothing where nothing was measured.

    Parameters
    ----------
    run : mapping
        A row of the table of runs: ``time_ms``, ``speedup`` and the track's scores (``score_A``) with ``_low`` and
        ``_high``, ``peak_rss_mib``.
    track : Track
    """
    time = "" if _missing(run["time_ms"]) else f", {run['time_ms']:.0f} ms"
    rows = [("speedup", _with_interval(run, "speedup"), time)]
    rows += [("RAM", "" if _missing(run["peak_rss_mib"]) else f"{run['peak_rss_mib']:.0f} MiB", "")]
    rows += [(f"score {name}", _with_interval(run, f"score_{name}"), "") for name in track.scores.better]
    return [[label, words + more] for label, words, more in rows if words]


def _with_interval(run: Mapping[str, Any], name: str) -> str:
    """Return a figure and its 95 % interval in words; nothing where it wasn't measured."""
    if _missing(run[name]):
        return ""
    low, high = run[f"{name}_low"], run[f"{name}_high"]
    span = "" if _missing(low) else f" ({low:.2f} to {high:.2f})"
    return f"{run[name]:.2f}{span}"


def _missing(value: Any) -> bool:
    return value is None or math.isnan(value)
