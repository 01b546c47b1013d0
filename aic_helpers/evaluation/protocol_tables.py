"""Figures by every protocol -> tables of text: which choice makes two figures differ."""

from __future__ import annotations

from typing import Any

import pandas as pd

from aic_helpers.evaluation.protocol_comparisons import INPUTS, one_at_a_time
from aic_helpers.reporting.text_tables import aligned

TITLES = {"inputs": "small photos", "colour": "colour", "output": "output", "border_px": "border"}
"""The choices, as heads of columns."""

ENLARGED = "the small photos enlarged by the same bicubic, without any network"
AS_IT_IS = "the inputs as they are, without any network"


def lines(frame: pd.DataFrame) -> list[str]:
    """Return what `aic_helpers.evaluation.protocol_comparisons.explain` found as lines of text.

    First what each choice counts for by itself, then every combination; each of the model, and of its input.
    """
    is_enlarged = frame["inputs"].nunique() > 1
    words = {"model": "the model", "input": ENLARGED if is_enlarged else AS_IT_IS}
    told: list[str] = []
    for of in words:
        table = _aligned(_single_rows(one_at_a_time(frame, of)))
        told += [f"One choice at a time, the track's own first; {words[of]}:", *table, ""]
    for of in words:
        table = _aligned(_all_rows(frame[frame["of"] == of]))
        told += [f"PSNR in dB and SSIM by all choices (* the track's own); {words[of]}:", *table, ""]
    return told[:-1]


def _aligned(rows: list[list[str]]) -> list[str]:
    return aligned(rows).splitlines()


def _single_rows(table: pd.DataFrame) -> list[list[str]]:
    rows = [["choice", "PSNR", "difference", "SSIM", "MS-SSIM"]]
    for row in table.to_dict("records"):
        name = row["choice"]
        words = f"{TITLES[name]}: {_choice(name, row[name])}" if name else _own_words(row)
        difference = f"{row['psnr_difference_db']:+.2f} dB" if name else ""
        rows.append([words, f"{row['psnr_db']:.2f} dB", difference, _share(row["ssim"]), _share(row["ms_ssim"])])
    return rows


def _own_words(row: dict[str, Any]) -> str:
    words = [f"small photos {_choice('inputs', row['inputs'])}"] if row["inputs"] in INPUTS else []
    return ", ".join([*words, row["colour"], row["output"], f"border {row['border_px']} px"])


def _choice(name: str, value: Any) -> str:
    if name == "inputs":
        return INPUTS[value]
    return f"{value} px" if name == "border_px" else str(value)


def _all_rows(own: pd.DataFrame) -> list[list[str]]:
    """Return a row for each way to come by inputs, colour and rounding, with PSNR and SSIM for each border."""
    borders = sorted(own["border_px"].unique())
    rows = [
        [*(TITLES[name] for name in ("inputs", "colour", "output")), *(f"border {border} px" for border in borders)]
    ]
    for keys, group in own.groupby(["inputs", "colour", "output"], sort=False):
        cells = {row["border_px"]: _cell(row) for row in group.to_dict("records")}
        rows.append([INPUTS[keys[0]], *keys[1:], *(cells[border] for border in borders)])
    return rows


def _cell(row: dict[str, Any]) -> str:
    return f"{row['psnr_db']:.2f} {_share(row['ssim'])}{' *' if row['own'] else ''}"


def _share(value: float) -> str:
    return "-" if pd.isna(value) else f"{value:.4f}"
