"""A run folder -> everything that is shown of it; what is missing or damaged becomes a sentence."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from aic_helpers.core import csv_tables
from aic_helpers.core.errors import InputError
from aic_helpers.core.safe_texts import printable
from aic_helpers.core.staging import home
from aic_helpers.data.images import read_rgb
from aic_helpers.evaluation.example_images import ENDS, SIDES, picture
from aic_helpers.reporting.viewer_pages import Picture
from aic_helpers.runs import quantities, results
from aic_helpers.runs.schema import Model, Result
from aic_helpers.tracks.definitions import Track

LOSSLESS = b"VP8L"
"""What stands at the twelfth byte of a WebP whose pixels are those of the array."""

TABLES = ("images", "timing", "growth", "examples", "precision_images")

PLACE = ("height_px", "width_px", "top_px", "left_px", "shown_height_px", "shown_width_px")


@dataclass(frozen=True)
class Example:
    """One example image: its row of `examples.csv`, and its pictures by side."""

    row: dict[str, Any]
    pictures: dict[str, Picture]


@dataclass(frozen=True)
class RunFolder:
    """What is in a run folder.

    Attributes
    ----------
    folder : Path
        Where it is, or will be once a staged folder's files have moved.
    result : Result
        From `result.json`.
    track : Track
        Of the result.
    model : Model
        Of the result.
    tables : dict of str to DataFrame
        `images`, `timing`, `growth`, `examples`, `precision_images`; empty where there is none.
    problems : dict of str to str
        By table: why it can't be read.
    examples : list of Example
        Worst, median, best, as far as they are there.
    """

    folder: Path
    result: Result
    track: Track
    model: Model
    tables: dict[str, pd.DataFrame]
    problems: dict[str, str]
    examples: list[Example]


def open_run(folder: Path, result: Result | None = None) -> RunFolder:
    """Return what is in a run folder; `result` is that of its `result.json`, where it was read already.

    Texts in it come from outside: letters that no page or font can show (control characters, halves of pairs)
    are replaced.

    Raises
    ------
    InputError
        No result, one of another schema, or one without its track or model.
    """
    result = printable_result(result or results.read(folder))
    track = _track(result)
    if track is None or result.model is None:
        remedy = "make the run again: aic run"
        raise InputError(f"a track and a model in {folder / 'result.json'}", "an incomplete result", remedy)
    tables: dict[str, pd.DataFrame] = {}
    problems: dict[str, str] = {}
    for name in TABLES:
        tables[name], problem = read_table(folder / f"{name}.csv")
        problems |= {name: problem} if problem else {}
    whole = _example_figures(track) <= set(tables["examples"].select_dtypes("number").columns)
    if not (whole or tables["examples"].empty):
        problems["examples"] = "examples.csv doesn't say what its pictures are of: make the run again."
    rows = tables["examples"].to_dict("records") if whole else []
    examples = [_example(folder, row) for row in rows if row.get("end") in ENDS]
    return RunFolder(home(folder.absolute()), result, track, result.model, tables, problems, examples)


def _track(result: Result) -> Track | None:
    try:
        return quantities.track_of(result)
    except InputError:
        return None


def _example_figures(track: Track) -> set[str]:
    """Return the columns of `examples.csv` beside the texts `end` and `image`."""
    columns = track.protocol.columns
    return {*columns, *(f"input_{column}" for column in columns), *PLACE}


def printable_result(result: Result) -> Result:
    """Return a result whose texts can stand in a page."""
    return Result.model_validate(printable(result.raw)).noting(result.altered)


def read_table(path: Path) -> tuple[pd.DataFrame, str]:
    """Return a table, and why it can't be read."""
    if not path.is_file():
        return pd.DataFrame(), ""
    try:
        table = csv_tables.read(path, results.TEXTS)
    except ValueError as error:  # pandas' own errors are ones too
        return pd.DataFrame(), f"{path.name} can't be read ({printable(str(error))}): make the run again."
    if "image" in table:
        table["image"] = table["image"].map(printable)
    return table, ""


def _example(folder: Path, row: dict[str, Any]) -> Example:
    names = {side: picture(row["end"], side) for side in (*SIDES, "overview")}
    whole = (row["height_px"], row["width_px"]) == (row["shown_height_px"], row["shown_width_px"])
    return Example(row, {side: _picture(folder / name) for side, name in names.items() if side in SIDES or not whole})


def _picture(path: Path) -> Picture:
    """Return a picture; a file that is no whole image never gets into a page."""
    if not path.is_file():
        return Picture(problem=f"The picture {path.name} is not in the run folder: aic evaluate makes it anew.")
    try:
        height_px, width_px = read_rgb(path).shape[:2]
    except InputError:
        return Picture(problem=f"The picture {path.name} is damaged: aic evaluate makes it anew.")
    content = path.read_bytes()
    exact = content[12:16] == LOSSLESS
    return Picture(base64.b64encode(content).decode("ascii"), width_px, height_px, exact=exact)
