"""The one error that a person can cause and mend."""

from __future__ import annotations

from pathlib import Path


class InputError(ValueError):
    """Something a person gave is not usable; the message is one line that says what to do.

    Parameters
    ----------
    expected, found, remedy : str
        Joined as ``expected X, found Y: Z``. Line breaks are folded, so that the message stays one line.
    """

    def __init__(self, expected: str, found: str, remedy: str) -> None:
        super().__init__(" ".join(f"expected {expected}, found {found}: {remedy}".split()))

    @classmethod
    def again(cls, line: str) -> InputError:
        """Return the error that another process raised: its line has all three parts by now."""
        error = cls.__new__(cls)
        error.args = (line,)
        return error


def require_file(path: Path, what: str) -> Path:
    """Return `path`, or raise `InputError` when no file is there. `what` names it in the message."""
    if not path.is_file():
        found = "a folder" if path.is_dir() else "nothing"
        raise InputError(f"{what} at {path}", found, "check the path")
    return path
