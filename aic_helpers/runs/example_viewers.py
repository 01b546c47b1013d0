"""The example images of a run -> what a page needs to show them in the viewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aic_helpers.evaluation.example_images import SIDES
from aic_helpers.reporting import catalogues, viewer_pages
from aic_helpers.reporting.viewer_pages import Viewer
from aic_helpers.runs.run_folders import Example, RunFolder

BEFORE, AFTER, REFERENCE = SIDES


def of_run(run: RunFolder, number: int, others: Sequence[Viewer]) -> Viewer:
    """Return the viewer of a run's example images: input, output and target.

    Parameters
    ----------
    run : RunFolder
    number : int
        Of the section of the page that tells of it.
    others : sequence of Viewer
        Those of the runs before it in the page.
    """
    images = [_image(example, run) for example in run.examples]
    given = catalogues.catalogue(
        run.model.name,
        [catalogues.shown_input(BEFORE, run.track), {"name": AFTER}, {"name": REFERENCE}],
        images,
        data=run.result.data.name,
        models=[AFTER],
        metrics=catalogues.metrics(run.track.protocol),
    )
    pictures = {
        (example.row["image"], side): picture
        for example in run.examples
        for side, picture in example.pictures.items()
        if side in SIDES
    }
    return viewer_pages.viewer(given, catalogues.start(given, SIDES), pictures, f"picture-{number}", others)


def _image(example: Example, run: RunFolder) -> dict[str, Any]:
    row, columns, images = example.row, run.track.protocol.columns, len(run.tables["images"])
    figures = {BEFORE: figures_of(row, columns, "input_"), AFTER: figures_of(row, columns)}
    failures = {side: picture.problem for side, picture in example.pictures.items() if side in SIDES}
    failures = {side: problem for side, problem in failures.items() if problem}
    end = "Only" if images == 1 else str(row["end"]).capitalize()
    words = f"{end} image by PSNR{_gain(row)}. {place_words(example)}"
    return catalogues.image(row["image"], figures, words=words, failures=failures)


def figures_of(row: dict[str, Any], columns: Sequence[str], side: str = "") -> dict[str, float]:
    """Return the figures of the output, or with ``input_`` of the input, from a row of `examples.csv`."""
    return {column: row[side + column] for column in columns}


def _gain(row: dict[str, Any]) -> str:
    gain_db = row["psnr_db"] - row["input_psnr_db"]
    return f", {gain_db:+.2f} dB against the input" if abs(gain_db) < float("inf") else ""


def place_words(example: Example) -> str:
    """Return in a sentence which part of the image the pictures show."""
    row = example.row
    if "overview" not in example.pictures:
        return f"The whole image, {row['width_px']}x{row['height_px']}."
    size = f"{row['shown_width_px']}x{row['shown_height_px']} from {row['width_px']}x{row['height_px']}"
    return f"A detail of {size}, where input and target differ most; the figures are of the whole image."
