"""The rows of a table that no other row beats in all of some columns."""

from __future__ import annotations

import numpy as np
import pandas as pd


def pareto_front(points: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return the rows that no other row matches in all columns and beats in one (more is better), by the first."""
    values = points[list(columns)].to_numpy(dtype=float)
    beaten = [bool(((values >= row).all(axis=1) & (values > row).any(axis=1)).any()) for row in values]
    return points[~np.array(beaten, dtype=bool)].sort_values(columns[0])
