"""The one error that a person can cause and mend, and what the system itself gives as the reason of one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
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

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows in place of a traceback, under JupyterLab, papermill and nbval alike."""
        return [f"{InputError.__name__}: {self}"]

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


def require_folder(path: Path, what: str) -> Path:
    """Return `path`, or raise `InputError` when no folder is there. `what` names it in the message."""
    if not path.is_dir():
        raise InputError(f"{what} at {path}", "a file" if path.exists() else "nothing", "check the path")
    return path


def nearest(typed: str, known: Iterable[str], otherwise: str, *, cutoff: float = 0.6) -> str:
    """Return the remedy for a name that isn't known: the one that may be meant, or `otherwise` where none is near.

    `cutoff` is from 0, where any is near, to 1. Capitals are as near as small letters.
    """
    written = {name.lower(): name for name in known}
    close = difflib.get_close_matches(typed.lower(), written, n=1, cutoff=cutoff)
    return f"did you mean {written[close[0]]}?" if close else otherwise


def in_words(error: OSError) -> str:
    """Return an error of the system in one line: which file, and what."""
    said = error.strerror or " ".join(str(error).split())
    return f"{error.filename}: {said}" if error.filename else said


def system_reason(error: BaseException, otherwise: str) -> str:
    """Return the innermost reason that the system gave, such as "Connection refused"."""
    reason, inner = "", error.__context__
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            reason = inner.strerror
        inner = inner.__context__
    return reason or otherwise
