"""The command that writes a report."""

from __future__ import annotations

from pathlib import Path

import click

from aic_helpers.endings import DONE
from aic_helpers.errors import InputError


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--out", required=True, metavar="FILE", help="The HTML file to write.")
def report(runs: tuple[str, ...], out: str) -> int:
    """Write one HTML report on one or many run folders.

    The file needs no network and nothing beside it. A run that can't be shown is told in a sentence.

    \b
    Example
      aic report runs/super_resolution/* --out comparison.html
    """
    from aic_helpers import reports

    file = Path(out).expanduser()
    if file.is_dir():
        raise InputError("an HTML file to write", f"the folder {out}", "name a file in it, as in report.html")
    if file.suffix.lower() not in (".html", ".htm"):
        raise InputError("a file whose name ends in .html", out, "name one, as in comparison.html")
    reports.write_report([Path(run) for run in runs], file)
    click.echo(f"{file}  {file.stat().st_size / 1e6:.1f} MB")
    return DONE
