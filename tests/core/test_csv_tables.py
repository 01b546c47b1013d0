"""Tables come back as they were written."""

import numpy as np
import pandas as pd
import pytest

from aic_helpers.core import csv_tables

NAMES = [
    "NA",
    "null",
    "nan",
    "None",
    "N/A",
    "#N/A",
    "true",
    "1e5",
    "007",
    "-inf",
    " x ",
    "caf\u00e9",
    "a,b",
    '"',
    "a\nb",
]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_names_stay_texts_and_figures_numbers(tmp_path, mark):
    table = pd.DataFrame({"model": NAMES, "psnr_db": [np.nan, np.inf, *map(float, range(len(NAMES) - 2))]})
    table["met"] = True
    (tmp_path / "a.csv").write_text(mark + table.to_csv(index=False), "utf-8", newline="")
    pd.testing.assert_frame_equal(csv_tables.read(tmp_path / "a.csv", ["model", "photo"]), table)


def test_what_is_empty_is_no_value(tmp_path):
    (tmp_path / "a.csv").write_text("image,failure\n1,\n2,NA\n")
    assert csv_tables.read(tmp_path / "a.csv", ["failure"])["failure"].isna().tolist() == [True, False]
