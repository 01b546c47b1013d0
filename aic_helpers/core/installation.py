"""The installed package and its extras (`pip install "aic-workbench[desk]"`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aic_helpers.core.errors import InputError

NAME = "aic-workbench"
"""Of the project, as pip knows it."""


def command(extra: str) -> str:
    """Return the command that installs an extra."""
    return f'pip install "{NAME}[{extra}]"'


@contextmanager
def needed(extra: str) -> Iterator[None]:
    """Around imports: turn a package that is missing into an `InputError` with the extra that brings it."""
    try:
        yield
    except ImportError as error:
        missing = (error.name or str(error)).partition(".")[0]
        raise InputError(f"the packages of {NAME}[{extra}]", f"no {missing}", command(extra)) from None
