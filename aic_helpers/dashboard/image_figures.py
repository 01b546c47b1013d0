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
from aic_helpers.evaluation.metrics import least_side_px, ms_ssim, psnr
from aic_helpers.evaluation.protocols import score_output
from aic_helpers.reporting import catalogues
from aic_helpers.reporting.text_tables import NOT_MEASURED
from aic_helpers.tracks.definitions import Track

KINDS = {metric["key"]: metric for metric in catalogues.METRICS}
METRICS = tuple(KINDS)

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
        Columns ``image``, ``model``, ``psnr_db``, ``ms_ssim`` and ``failure``.
    pixels : callable
        Called with an image and what is shown of it, for figures that the table lacks.
    """

    def __init__(self, track: Track, images: pd.DataFrame, pixels: Callable[[str, str], Shown]) -> None:
        self._track, self._pixels = track, pixels
        rows = images.astype(object).where(images.notna(), None).to_dict("records")
        self._rows: dict[tuple[str, str], Row] = {
            (row["image"], row["model"]): {metric: row[metric] for metric in METRICS}
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
            figures = score_output(target, output, self._track)
        except InputError:  # too small for the metric
            return dict.fromkeys(METRICS)
        return {metric: figures[metric] for metric in METRICS}


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
    """Return PSNR and MS-SSIM of a part of an image against the same part of the target, in words.

    They follow the track's protocol, save that no border is left out. A part that is too small for the five
    scales of MS-SSIM has none, and the words say so.
    """
    clipped = np.clip(output, 0, 1)
    judged = clipped if track.ms_ssim_clipped else output
    found = {"psnr_db": number(psnr(target, clipped, data_range=1.0), "psnr_db")}
    try:
        similarity = ms_ssim(target, judged, data_range=1.0, definition=track.ms_ssim_definition)
        found["ms_ssim"] = number(similarity, "ms_ssim")
    except InputError:
        found["ms_ssim"] = f"crop too small: needs {least_side_px(track.ms_ssim_definition)} px a side"
    return found


def number(value: float | None, metric: str) -> str:
    """Return a figure with its unit; infinity (identical images) and a missing figure as words."""
    if value is None or math.isnan(value):
        return NOT_MEASURED
    if math.isinf(value):
        return "infinite: identical"
    return f"{value:.{KINDS[metric]['digits']}f} {KINDS[metric]['unit']}".rstrip()


def run_words(run: Mapping[str, Any]) -> list[list[str]]:
    """Return speed, RAM and scores of a model's run as labels and words; nothing where nothing was measured.

    Parameters
    ----------
    run : mapping
        A row of the table of runs: ``time_ms``, ``speedup`` and ``score_A`` to ``score_C`` with ``_low`` and
        ``_high``, ``peak_rss_mib``.
    """
    time = "" if _missing(run["time_ms"]) else f", {run['time_ms']:.0f} ms"
    rows = [("speedup", _with_interval(run, "speedup"), time)]
    rows += [("RAM", "" if _missing(run["peak_rss_mib"]) else f"{run['peak_rss_mib']:.0f} MiB", "")]
    rows += [(f"score {name}", _with_interval(run, f"score_{name}"), "") for name in "ABC"]
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
