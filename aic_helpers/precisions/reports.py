"""What a report says of a model's precisions: a table, a sentence, plots, and how the figures were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from aic_helpers.precisions import plots as precision_plots
from aic_helpers.precisions import tables as precision_tables
from aic_helpers.precisions.results import Precisions
from aic_helpers.reporting.captioned_plots import Plot, drawn
from aic_helpers.reporting.text_tables import counted
from aic_helpers.tracks.definitions import TITLES


@dataclass(frozen=True)
class PrecisionSection:
    """What a report says of a run's precisions."""

    sentence: str
    head: list[str]
    rows: list[list[precision_tables.Cell]]
    problems: list[str]
    made: list[str]
    plots: list[Plot]


def section(precisions: Precisions, images: pd.DataFrame, columns: Sequence[str], number: int) -> PrecisionSection:
    """Return what a report says.

    Parameters
    ----------
    precisions : Precisions
    images : DataFrame
        `precision_images.csv` of the run folder.
    columns : sequence of str
        The metrics of the track's protocol.
    number : int
        Of the run in the report; it tells the ids of its plots from others'.
    """
    return PrecisionSection(
        sentence=precision_tables.sentence(precisions),
        head=precision_tables.head(columns),
        rows=precision_tables.rows(precisions, columns),
        problems=precision_tables.problems(precisions),
        made=_made(precisions),
        plots=[_front(precisions, columns, number), _losses(images, columns[0], number)],
    )


def _made(precisions: Precisions) -> list[str]:
    """Return how the figures were made, as sentences."""
    size = f"{precisions.width_px}x{precisions.height_px}"
    runs = counted(precisions.repetitions or 0, "run")
    threads = counted(precisions.threads or 0, "thread")
    return [
        "Quality is that of the files of any height and width, by the track's protocol.",
        "What is lost is the mean of the differences to float32, image by image, with its 95 % interval.",
        f"Times are those of the files of one size, {size}, in LiteRT on this processor with {threads}: {runs} of each "
        "in turn, float32 and TensorFlow among them. A phone may rank them otherwise.",
    ]


def _front(precisions: Precisions, columns: Sequence[str], number: int) -> Plot:
    table, column = precision_tables.frame(precisions, columns), columns[0]
    title = f"{TITLES[column]} over time, by precision"

    def alt() -> str:
        points = table.dropna(subset=["time_ms", column]).itertuples()
        return "; ".join(f"{one.precision}: {getattr(one, column):.2f} at {one.time_ms:.1f} ms" for one in points)

    caption = "Up and to the left is better. Orange: what no other precision beats in both."
    return drawn(
        title,
        caption,
        alt,
        lambda: precision_plots.quality_over_time(table, column, narrow=True),
        f"precisions-{number}",
    )


def _losses(images: pd.DataFrame, column: str, number: int) -> Plot:
    title = f"{TITLES[column]} beside float32, image by image"
    if images.empty:
        return Plot(title, missing="There are no figures of single images: aic run --export makes them.")

    def alt() -> str:
        means = images.groupby("precision", sort=False)[column].mean()
        return "; ".join(f"{name}: mean {mean:.2f}" for name, mean in means.items())

    caption = "Each dot is an image: what it has more or less than in float32. The orange line is the mean."
    return drawn(title, caption, alt, lambda: precision_plots.losses(images, column, narrow=True), f"losses-{number}")
