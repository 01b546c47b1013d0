"""The commands on data."""

from __future__ import annotations

import click

from aic_helpers.endings import DONE
from aic_helpers.errors import InputError


@click.group()
def data() -> None:
    """See which validation data there is."""


@data.command("list")
def list_data() -> int:
    """List the datasets that --data names, and what is in them.

    \b
    Example
      aic data list
    """
    from aic_helpers import datasets, tables
    from aic_helpers.tracks import TRACKS

    rows = []
    for name in ("sample", "challenge"):
        for track in TRACKS.values():
            try:
                dataset = datasets.open_dataset(name, track=track)
                rows.append(
                    (name, track.name, f"{len(dataset.pairs)} pairs, {len(dataset.hd)} HD images", dataset.note)
                )
            except InputError as error:
                rows.append((name, track.name, "not here", str(error).rpartition(": ")[2]))
    click.echo(tables.aligned(rows))
    return DONE
