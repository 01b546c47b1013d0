"""The commands on a person's own workbench folder: new and lab."""

from __future__ import annotations

import shlex

import click

from aic_helpers.cli.exit_codes import DONE


@click.command()
@click.argument("folder", metavar="FOLDER")
def new(folder: str) -> int:
    """Make a workbench folder of your own.

    It gets the notebooks, a network to begin with, an environment.yml, and folders for data, weights and runs. What is
    there already stays as it is.

    \b
    Example
      aic new my_workbench
    """
    from aic_helpers.cli import workbench_folders
    from aic_helpers.reporting import text_tables

    place, made = workbench_folders.make(folder)
    rows = [(name, "made" if new else "was there, and stays") for name, new in made.items()]
    click.echo(f"{place}\n{text_tables.aligned(rows)}\n\nNext:")
    click.echo(f"  cd {shlex.quote(str(place))}")
    click.echo("  aic run --track super_resolution --model my_network.py:network")
    click.echo("  aic lab")
    return DONE


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, metavar="[FOLDER] [OPTION OF JUPYTERLAB]...")
def lab(words: tuple[str, ...]) -> int:
    """Open JupyterLab on the notebooks of a workbench folder, by default of this one.

    What stands behind the folder goes to JupyterLab. In a checkout of the project it opens copies in my_notebooks/.

    \b
    Examples
      aic lab
      aic lab my_workbench --no-browser --port 8890
    """
    from aic_helpers.cli import workbench_folders

    named = bool(words) and not words[0].startswith("-")
    workbench_folders.open_lab(workbench_folders.notebooks(words[0] if named else "."), words[named:])
