"""The figures of one image and model: from the table, or made from the arrays where the table has none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aic_helpers.errors import InputError
from aic_helpers.evaluation import score_output
from aic_helpers.tracks import Track

METRICS = ("psnr_db", "ms_ssim")

Shown = NDArray[np.float32] | str
Row = dict[str, Any]


class ImageFigures:
    """Rows of figures by image and model.

    Parameters
    ----------
    track : Track
    images : DataFrame
        Columns ``image``, ``model``, ``psnr_db``, ``ms_ssim``, both with ``_gain``, and ``failure``.
    baseline : str
    """

    def __init__(self, track: Track, images: pd.DataFrame, baseline: str) -> None:
        self._track, self._baseline = track, baseline
        rows = images.astype(object).where(images.notna(), None).to_dict("records")
        self._rows: dict[tuple[str, str], Row] = {(row["image"], row["model"]): row for row in rows}

    def forget(self, image: str) -> None:
        """Forget an image's figures: another image has its name now."""
        self._rows = {key: row for key, row in self._rows.items() if key[0] != image}

    def row(self, image: str | None, model: str, found: Mapping[str, Shown]) -> Row | None:
        """Return the figures of a model on an image; None where the image has no target.

        Parameters
        ----------
        found : mapping
            The arrays (or the sentences why there are none) of that image by what they are: ``target``, models.
        """
        key = str(image), model
        known = self._rows.get(key)
        if known and known["failure"] is None:
            return known
        made = self._made(model, found)
        if made is None:
            return known
        base = self._rows.get((key[0], self._baseline)) or self._made(self._baseline, found) or made | {"failure": ""}
        for metric in METRICS:
            made[f"{metric}_gain"] = _difference(made[metric], None if base["failure"] == "" else base[metric])
        self._rows[key] = made
        return made

    def _made(self, model: str, found: Mapping[str, Shown]) -> Row | None:
        target, output = found.get("target", ""), found.get(model, "")
        if isinstance(target, str) or isinstance(output, str):
            return None
        try:
            figures = score_output(target, output, self._track)
        except InputError as error:
            return {"psnr_db": math.nan, "ms_ssim": math.nan, "failure": str(error)}
        return {"psnr_db": figures["psnr_db"], "ms_ssim": figures["ms_ssim"], "failure": None}


def _difference(value: float, base: float | None) -> float:
    if base is None:
        return math.nan
    return 0.0 if value == base else value - base
