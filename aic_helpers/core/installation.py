"""The installed package: `__version__`, and its extras (`pip install "aic-workbench[desk]"`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aic_helpers.core.errors import InputError

NAME = "aic-workbench"
"""Of the project, as pip knows it."""


def __getattr__(name: str) -> str:
    """Read the version where it is asked for: that takes as long as the help of a command."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(NAME)
    except PackageNotFoundError:  # a folder of sources on the path
        return "unknown"


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
