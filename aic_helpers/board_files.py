"""The table of a board as files: `board.csv`, and `board.parquet` where pyarrow is installed."""

from __future__ import annotations

import importlib.util
import os

from aic_helpers import tables, texts
from aic_helpers.standings import Standings
from aic_helpers.tables import Row

CSV, PARQUET = "board.csv", "board.parquet"

NO_PARQUET = f'not written; {PARQUET} needs pyarrow: pip install "aic-workbench[parquet]"'


def write_tables(shown: Standings) -> list[Row]:
    """Write the table beside `board.json`; return each file with where it is, or why it isn't.

    The same board folder gives the same bytes of CSV. An older `board.parquet` goes where none can be written now.
    """
    folder = shown.board.folder
    texts.write_text(folder / CSV, shown.table.to_csv(index=False, lineterminator="\n"))
    rows = [("table", tables.typed(folder / CSV))]
    if importlib.util.find_spec("pyarrow") is None:
        (folder / PARQUET).unlink(missing_ok=True)  # it would tell what the board was before
        return [*rows, ("parquet", NO_PARQUET)]
    partial = folder / f".{PARQUET}.{os.getpid()}.partial"
    try:
        shown.table.to_parquet(partial, index=False, engine="pyarrow")
        partial.replace(folder / PARQUET)
    finally:
        partial.unlink(missing_ok=True)
    return [*rows, ("parquet", tables.typed(folder / PARQUET))]
