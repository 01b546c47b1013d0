"""Whether child processes are confined now: what others ask of `processes.confinement`."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "AIC_CONFINED"
"""Names, while children are confined, further files and folders that they may read."""


def active() -> bool:
    """Return whether children are confined now."""
    return VARIABLE in os.environ


def let_in(folder: Path) -> None:
    """Let confined children read in a temporary folder, which only its owner may otherwise."""
    if active():
        folder.chmod(0o755)
