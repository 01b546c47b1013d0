"""The command that shows what models make of photos, as one HTML file."""

from __future__ import annotations

import itertools
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aic_helpers.cli.exit_codes import DONE, RULE_BROKEN
from aic_helpers.cli.options import TRACK
from aic_helpers.core.errors import InputError

if TYPE_CHECKING:
    from aic_helpers.dashboard.compared_images import Compared
    from aic_helpers.tracks.definitions import Track

log = logging.getLogger(__name__)

FEW_IMAGES = 4
"""Validation images in a page where nobody says how many: more of them are seen better in the dashboard."""


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("--photo", "photos", multiple=True, metavar="FILE", help="A photo of your own; once for each.")
@click.option("--out", required=True, metavar="FILE", help="The HTML file to write.")
@click.option("--track", metavar="TRACK", help=f"{TRACK}  [default: that of the models]")
@click.option(
    "--take-as",
    "way",
    default="as it is",
    show_default=True,
    metavar="WAY",
    help="How a photo is taken. On tracks of super-resolution also: as-the-target, which is shrunk first, and has "
    "figures; on super_resolution itself enlarged-first, for a small one.",
)
@click.option("--data", metavar="sample|challenge|DIR", help="Without --photo: validation data.  [default: sample]")
@click.option(
    "--limit", type=click.IntRange(min=0), metavar="N", help=f"Its first N images; 0 for all.  [default: {FEW_IMAGES}]"
)
def compare(
    models: tuple[str, ...],
    photos: tuple[str, ...],
    out: str,
    track: str | None,
    way: str,
    data: str | None,
    limit: int | None,
) -> int:
    """Write the pictures of many models side by side as one HTML file.

    It shows what each MODEL (as aic run takes them, or a run folder) and the track's baseline make of your photos, or
    of validation images. It needs no kernel, no network and nothing beside it. Models run in processes of their own;
    one that fails is told in the page and on stderr, stops no other, and makes the exit status 1.

    \b
    Examples
      aic compare fast_sr --photo holiday.jpg --take-as as-the-target --out holiday.html
      aic compare fast_sr fast_sr_int8_free.tflite --out int8.html
      aic compare runs/enhancement/* --data my_data --limit 8 --out ours.html
    """
    from aic_helpers.cli import options
    from aic_helpers.core import progress_bars
    from aic_helpers.dashboard import comparison_pages
    from aic_helpers.reporting import text_tables

    if photos and (data is not None or limit is not None):
        raise InputError("--photo, or validation images with --data and --limit", "both", "leave one of them out")
    file = options.html_file(out)
    with progress_bars.bar("picture") as show:
        written = comparison_pages.write_page(
            models,
            file,
            _track(track, models),
            photos=[Path(photo).expanduser() for photo in photos],
            way=way.replace("-", " "),
            data="sample" if data is None else data,
            limit=FEW_IMAGES if limit is None else limit,
            progress=show,
        )
    for note in written.notes:
        log.warning(note)
    if written.compared.has_target:
        click.echo(text_tables.aligned(_rows(written.compared)) + "\n")
    kind = "exact pictures" if written.exact else "pictures compressed with some loss"
    click.echo(f"{file}  {file.stat().st_size / 1e6:.1f} MB, {kind}")
    return RULE_BROKEN if written.compared.failures else DONE


def _track(typed: str | None, models: tuple[str, ...]) -> Track:
    """Return the track that was named, or the first that a model says it was made for."""
    from aic_helpers.runs import candidates
    from aic_helpers.tracks.catalogue import find_track

    made_for = None if typed else next(filter(None, map(candidates.track_of, models)), None)
    return made_for or find_track(typed or "super_resolution")


def _rows(compared: Compared) -> list[tuple[str, ...]]:
    """Return the figures of each image and model; those that couldn't be made are words."""
    from aic_helpers.dashboard.image_figures import number
    from aic_helpers.reporting import catalogues

    metrics = catalogues.metrics(compared.track.protocol)
    rows: list[tuple[str, ...]] = [("image", "model", *(metric["title"] for metric in metrics))]
    together = [own.to_dict("records") for _, own in compared.images.groupby("image", sort=False)]
    for row in itertools.chain.from_iterable(together):
        found = [number(row[metric["key"]], metric) for metric in metrics]
        failed = ["failed", *[""] * (len(metrics) - 1)]
        rows.append((row["image"], row["model"], *(failed if isinstance(row["failure"], str) else found)))
    return rows
