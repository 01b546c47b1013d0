"""Where the project's own files are, where a person's results and data go, and what their folders are called."""

from __future__ import annotations

import os
import re
from pathlib import Path

from aic_helpers.core.errors import InputError

PACKAGE = Path(__file__).resolve().parents[1]
"""The package itself, with what stands beside its modules: templates, scripts and style sheets of pages."""

CHECKOUT = PACKAGE.parent if (PACKAGE.parent / "models_pretrained" / "models.toml").is_file() else None
"""The folder of the project's sources, where the package stands in one; None where it was installed from a wheel."""

PROJECT = CHECKOUT or PACKAGE / "_project"
"""What the project brings: `notebooks/`, `data/` and `models_pretrained/`. Nothing is ever written here."""

FIRST_NOTEBOOK = "00_start_here.ipynb"


def workbench() -> Path:
    """Return the folder that results and data go to: the working folder.

    A notebook's kernel works in the folder of the notebook. So where that holds the workbench's notebooks, it is the
    one above, where `aic lab` and `aic run` are called.
    """
    here = Path.cwd()
    return here.parent if (here / FIRST_NOTEBOOK).is_file() else here


def runs_folder() -> Path:
    """Return the folder of all results of which no other was named."""
    return workbench() / "runs"


CACHE_VARIABLE = "AIC_CACHE"


def cache_folder() -> Path:
    """Return the folder of what is made once and kept: `$AIC_CACHE`, or the person's own; it may not be there."""
    from platformdirs import user_cache_dir

    return Path(os.environ.get(CACHE_VARIABLE) or user_cache_dir("aic-workbench")).absolute()


def fetched_challenge() -> Path:
    """Return where `aic data fetch challenge` puts the challenge's data."""
    return workbench() / "data" / "challenge"


def fetched_training() -> Path:
    """Return where `aic data fetch training` puts training photos."""
    return workbench() / "data" / "training"


LONGEST_NAME = 100


def folder_name(name: str) -> str:
    """Return what the folder of something of that name is called: never a path, and never one's own or the one above.

    Raises
    ------
    InputError
        A name that leaves nothing to call a folder by, or a very long one.
    """
    stem = re.sub(r"[^\w.-]+", "_", name)
    if not stem.strip("."):
        raise InputError("a name with a letter or a digit", repr(name), "change it")
    if len(stem) > LONGEST_NAME:
        raise InputError(f"a name of at most {LONGEST_NAME} letters", f"{name[:20]}... of {len(stem)}", "shorten it")
    return stem


def output_folder(typed: str | Path, what: str, remedy: str) -> Path:
    """Return the folder that a person typed for what comes out; it need not be there yet.

    Raises
    ------
    InputError
        A file is there, or where a folder above it should be. `what` and `remedy` stand in the message.
    """
    folder = Path(typed).expanduser()
    for place in (folder, *folder.parents):
        if place.exists() and not place.is_dir():
            raise InputError(f"a folder for {what} at {place}", "a file", remedy)
    return folder


def challenge_folder() -> Path:
    """Return the folder with the challenge's data and checkpoints: `$AIC_CHALLENGE_DATA`, or `data/challenge`.

    Raises
    ------
    InputError
        Neither is there; the message says how to get it.
    """
    named = os.environ.get("AIC_CHALLENGE_DATA")
    folder = Path(named) if named else fetched_challenge()
    if not folder.is_dir():
        raise InputError(
            "the challenge's data (AIC_CHALLENGE_DATA, or data/challenge)",
            f"no folder {folder}",
            "call aic data fetch challenge, set AIC_CHALLENGE_DATA to a checkout of it, or use --data sample",
        )
    return folder


def fetch_command(folder: Path) -> str:
    """Return the command that brings what a folder of the challenge's data lacks."""
    return "aic data fetch challenge" + ("" if folder.resolve() == fetched_challenge().resolve() else f" --to {folder}")
