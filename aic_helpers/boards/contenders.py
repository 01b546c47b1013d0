"""A model's figures and those of its single images -> what counts against another model's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from aic_helpers.tracks.definitions import COLUMNS
from aic_helpers.tracks.scoring import Figure, exact
from aic_helpers.tracks.significance import Contender, speed_of, time_of

Images = Mapping[str, Any]
"""Metrics by their columns (``psnr_db``), each a figure for every image, or a DataFrame with such columns."""

IN_ROWS = {
    **{column: name for name, column in COLUMNS.items()},
    "speedup": "speedup",
    "time_ms": "time_ms",
    "baseline_time_ms": "baseline_time_ms",
    "peak_rss_mib": "peak_rss_mib",
    "macs": "macs",
    "parameters": "parameters",
    "bytes": "file_bytes",
}
"""The quantities of a row by its columns."""


def contender(figures: Mapping[str, Figure], images: Images) -> Contender:
    """Return a model's figures as they count against another's.

    Parameters
    ----------
    figures : mapping of str to Figure
        By the names of quantities.
    images : mapping
    """
    metrics = {name: np.asarray(images[column], dtype=float) for name, column in COLUMNS.items() if column in images}
    speedup, ci95 = speed_of(figures)
    fixed = {name: figure.value for name, figure in figures.items() if name not in {*COLUMNS, "speedup"}}
    return Contender({name: metrics[name] for name in metrics if name in figures}, speedup, ci95, fixed)


def of_row(row: Mapping[str, Any] | pd.Series) -> dict[str, Figure]:
    """Return the quantities that a row of a board has, each with its interval."""
    values = {name: row.get(column) for column, name in IN_ROWS.items()}
    found = {name: exact(float(value)) for name, value in values.items() if value is not None and not pd.isna(value)}
    for column, name in IN_ROWS.items():
        if name in found and f"{column}_low" in row:
            low, high = row[f"{column}_low"], row[f"{column}_high"]
            found[name] = Figure(found[name].value, None if math.isnan(low) else (low, high))
    if "time_ms" in found and "speedup" in found:
        found["time_ms"] = time_of(found["time_ms"].value, found["speedup"])
    return found
