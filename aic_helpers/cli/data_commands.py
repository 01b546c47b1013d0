"""The commands on data."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aic_helpers.cli.exit_codes import DONE, INTERRUPTED, RULE_BROKEN
from aic_helpers.core.errors import InputError

if TYPE_CHECKING:
    from aic_helpers.data.manifests import Judged, Manifest

FROM = "A mirror.  [default: the challenge's repository; needed for training]"

FETCH_TRAINING = "aic data fetch training --from URL|DIR"

NAMED = 10
"""So many files that aren't whole a table names."""


@click.group()
def data() -> None:
    """See which validation data there is, fetch the challenge's and training photos, check them.

    \b
    Examples
      aic data list
      aic data fetch challenge
    """


@data.command("list")
def list_data() -> int:
    """List the datasets that --data names, and the layouts of a folder of your own.

    \b
    Example
      aic data list
    """
    from aic_helpers.data import datasets
    from aic_helpers.reporting import text_tables
    from aic_helpers.tracks.catalogue import PIRM2018, TRACKS

    rows = []
    for name in ("sample", "challenge"):
        for track in map(TRACKS.__getitem__, PIRM2018):
            try:
                dataset = datasets.open_dataset(name, track=track)
                rows.append(
                    (name, track.name, f"{len(dataset.pairs)} pairs, {len(dataset.hd)} HD images", dataset.note)
                )
            except InputError as error:
                rows.append((name, track.name, "not here", str(error).rpartition(": ")[2]))
    click.echo(text_tables.aligned(rows))
    click.echo("\nA folder of your own, --data DIR, is known by what is in it:")
    click.echo(text_tables.aligned(datasets.layout_words()))
    click.echo("Tracks of scale 1 take pairs. Others take small photos of their scale (X2, X3, X4), or make them from")
    click.echo(
        "the large ones; super_resolution always makes them, and a track whose small photos are given never does."
    )
    click.echo("An input and its target have the same name before the suffix; a small photo's may end in x2, x3 or x4.")
    click.echo("HD images are for measuring time and memory, and may be left out.")
    return DONE


@data.command()
@click.argument("name", metavar="NAME", type=click.Choice(["challenge", "training"]))
@click.option("--from", "source", default="", metavar="URL|DIR", help=FROM)
@click.option("--to", "folder", default="", metavar="DIR", help="Where to put it.  [default: data/NAME]")
def fetch(name: str, source: str, folder: str) -> int:
    """Fetch what isn't there yet of data that doesn't come with the workbench.

    NAME is challenge, for the challenge's photos and checkpoints (42 MB and four photos more), or training, for 74
    photos to train on (107 MB). No address has just these files: --from names one who has them, and
    data/training.toml where each was taken from. ATTRIBUTION.csv beside them has their makers.

    Every file is checked before it gets its name. End the command as you like: the next call goes on.

    \b
    Examples
      aic data fetch challenge
      aic data fetch challenge --from http://127.0.0.1:8000 --to /tmp/challenge
      aic data fetch training --from /mnt/photos_training
    """
    from aic_helpers.core import project_paths
    from aic_helpers.core.progress_bars import bar
    from aic_helpers.data import downloads

    manifest = _manifest(name)
    usual = project_paths.fetched_training() if name == "training" else project_paths.fetched_challenge()
    place = Path(folder).expanduser() if folder else usual
    source = _source(manifest, source)
    try:
        with bar("B") as show:
            fetched = downloads.fetch(manifest, source, place, progress=show)
    except KeyboardInterrupt:
        click.echo("aic: interrupted; the next call goes on from here", err=True)
        return INTERRUPTED
    click.echo(f"{len(manifest.entries)} files in {place}, {len(fetched)} of them fetched now")
    if name == "training":
        _say_how_to_train(place)
    else:
        _say_where(place)
    return DONE


@data.command()
@click.argument("name", default="challenge", type=click.Choice(["challenge", "sample", "training"]))
def verify(name: str) -> int:
    """Say which files of a dataset are whole, missing or damaged; exit status 1 where some are not whole.

    \b
    Examples
      aic data verify challenge
      aic data verify training
    """
    from aic_helpers.data import manifests
    from aic_helpers.reporting import text_tables

    folder = _folder(name)
    judged = manifests.judge_all(folder, _manifest(name))
    click.echo(f"{name}: {folder}")
    click.echo(text_tables.aligned(_counts(judged)))
    not_whole = [one for one in judged if one.state != "whole"]
    for one in not_whole[:NAMED]:
        expected = f": expected {one.entry.kind} {one.entry.digest}, found {one.found}" if one.found else ""
        click.echo(f"{one.state}  {one.entry.path}{expected}")
    if len(not_whole) > NAMED:
        click.echo(f"and {len(not_whole) - NAMED} more")
    if not_whole:
        click.echo(f"-> {_remedy(name, folder)}")
    return RULE_BROKEN if not_whole else DONE


def _source(manifest: Manifest, typed: str) -> str:
    """Return where to fetch from: what was typed, or the manifest's own."""
    if source := typed or manifest.source:
        return str(Path(source).expanduser()) if source.startswith("~") else source
    listed = f"{_manifest_file(manifest.name)} says where each was taken from"
    expected = f"--from URL|DIR that has the files of {manifest.name}"
    raise InputError(expected, "none", f"name one: no address has just these files; {listed}")


def _folder(name: str) -> Path:
    """Return where a dataset lies."""
    from aic_helpers.core import project_paths
    from aic_helpers.data.datasets import SAMPLE

    if name != "training":
        return SAMPLE if name == "sample" else project_paths.challenge_folder()
    folder = project_paths.fetched_training()
    if not folder.is_dir():
        raise InputError("the training photos (data/training)", f"no folder {folder}", f"call {FETCH_TRAINING}")
    return folder


def _remedy(name: str, folder: Path) -> str:
    """Return the command that brings what a dataset's folder lacks."""
    from aic_helpers.core.installation import NAME
    from aic_helpers.core.project_paths import CHECKOUT, fetch_command

    if name != "sample":
        return FETCH_TRAINING if name == "training" else fetch_command(folder)
    return "git restore data/sample" if CHECKOUT else f"pip install --force-reinstall --no-deps {NAME}"


def _manifest(name: str) -> Manifest:
    from aic_helpers.data import manifests

    return manifests.read(_manifest_file(name))


def _manifest_file(name: str) -> Path:
    from aic_helpers.core.project_paths import PROJECT

    return PROJECT / "data" / f"{name}.toml"


def _say_how_to_train(place: Path) -> None:
    from aic_helpers.data import attribution
    from aic_helpers.reporting.text_tables import typed

    click.echo(f"their makers are named in {typed(place / attribution.FILE)}")
    click.echo(f"aic train NAME --photos {shlex.quote(typed(place))}")


def _say_where(place: Path) -> None:
    """Say how to use a folder where `challenge` means another."""
    from aic_helpers.core.project_paths import challenge_folder

    try:
        meant = challenge_folder()
    except InputError:
        meant = None
    if meant is None or meant.resolve() != place.resolve():
        click.echo(f"set AIC_CHALLENGE_DATA={place.absolute()} for --data challenge to mean it")


def _counts(judged: list[Judged]) -> list[tuple[str, ...]]:
    """Return rows of how many files of each folder are whole, missing and damaged."""
    rows: list[tuple[str, ...]] = [("folder", "whole", "missing", "damaged")]
    for folder in dict.fromkeys(one.entry.path.rpartition("/")[0] for one in judged):
        states = [one.state for one in judged if one.entry.path.rpartition("/")[0] == folder]
        rows.append((folder or ".", *(str(states.count(state)) for state in ("whole", "missing", "damaged"))))
    return rows
