"""Tables of ours in CSV, read back as they were written."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def read(path: Path, texts: Collection[str]) -> pd.DataFrame:
    """Return a table of a CSV file in UTF-8.

    Parameters
    ----------
    path : Path
    texts : collection of str
        Columns whose values stay texts, whatever they look like: "007", "NA", "1e5", "true". Others are numbers, or
        true and false, where all their values are. Only what is empty counts as no value.
    """
    import pandas as pd

    types = dict.fromkeys(texts, str)
    return pd.read_csv(path, dtype=types, keep_default_na=False, na_values=[""], encoding="utf-8-sig")
