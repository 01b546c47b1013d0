"""A person's own workbench folder: made, and its notebooks opened in JupyterLab."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from aic_helpers.core import installation, safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.core.project_paths import CHECKOUT, FIRST_NOTEBOOK, PACKAGE, PROJECT, output_folder
from aic_helpers.reporting import notebook_kernels

TEMPLATES = PACKAGE / "cli" / "new_folder"

LAB_CONFIG = PACKAGE / "cli" / "lab_config"
"""What JupyterLab does here unless a person's settings say otherwise: it saves the state of widgets, so that a notebook
without a kernel shows what was seen last."""

FILES = ("my_network.py", "environment.yml", "data/README.md", "models_pretrained/README.md")
"""Of the templates: pip puts compiled files beside them."""

NOTEBOOKS = "notebooks"

COPIES = "my_notebooks"
"""In a checkout: beside `notebooks/`, which git watches."""


def make(typed: str) -> tuple[Path, dict[str, bool]]:
    """Make a workbench folder, or what one lacks; nothing that is there is changed.

    Returns
    -------
    folder : Path
    made : dict of str to bool
        By what is in it now: whether it was made by this call.

    Raises
    ------
    InputError
        A file is in the folder's place, or in that of a folder in it.
    """
    folder = output_folder(typed, "the workbench", "name another")
    for name in (NOTEBOOKS, "data", "models_pretrained", "runs"):
        output_folder(folder / name, f"{name}/", "move the file away")
    made = {f"{NOTEBOOKS}/": _copy_notebooks(folder / NOTEBOOKS)}
    for name in FILES:
        text = (TEMPLATES / name).read_text("utf-8").replace("{version}", installation.__version__)
        made[name] = _write(folder / name, text)
    made["runs/"] = not (folder / "runs").exists()
    (folder / "runs").mkdir(exist_ok=True)
    return folder, made


def _copy_notebooks(to: Path) -> bool:
    """Copy the notebooks that a folder lacks; return whether there were any."""
    own = sorted((PROJECT / NOTEBOOKS).glob("*.ipynb"))
    lacked = [_write(to / notebook.name, notebook.read_text("utf-8")) for notebook in own]
    return any(lacked)


def _write(path: Path, text: str) -> bool:
    """Write a file where there is none; return whether there was none."""
    if path.exists() or path.is_symlink():
        return False
    safe_files.write_text(path, text)
    return True


def notebooks(typed: str) -> Path:
    """Return the folder of a person's notebooks in a workbench folder.

    In a checkout these are copies, made where they aren't there, so that running them changes nothing that git watches.

    Raises
    ------
    InputError
        The folder has no notebooks of the workbench.
    """
    folder = Path(typed).expanduser()
    if CHECKOUT and folder.resolve() == CHECKOUT:
        _copy_notebooks(folder / COPIES)
        return folder / COPIES
    if not (folder / NOTEBOOKS / FIRST_NOTEBOOK).is_file():
        expected = f"a workbench folder, with {NOTEBOOKS}/{FIRST_NOTEBOOK}, at {folder.absolute()}"
        raise InputError(expected, "none", f"make one with: aic new {'FOLDER' if folder == Path() else typed}")
    return folder / NOTEBOOKS


def open_lab(own: Path, options: Sequence[str]) -> NoReturn:
    """Become JupyterLab on a folder of notebooks, at the first of them."""
    command = [*_lab(own), *options]
    paths = [*filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")]), str(LAB_CONFIG)]
    config = {"JUPYTER_CONFIG_PATH": os.pathsep.join(paths)}
    os.execve(sys.executable, command, os.environ | notebook_kernels.OWN | config)


def _lab(own: Path) -> Iterator[str]:
    yield from (sys.executable, "-m", "jupyterlab", f"--notebook-dir={own.absolute().parent}")
    if os.geteuid() == 0:
        yield "--allow-root"
    yield str(own.absolute() / FIRST_NOTEBOOK)
