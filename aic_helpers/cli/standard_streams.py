"""The three standard streams of a command: each is there, and takes any letter."""

from __future__ import annotations

import io
import os
import sys

STREAMS = ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w"))


def settle() -> None:
    """Open those that the caller closed on the null device, and let the others write what they can't as escapes.

    A service may close them. Python has None in their place then, and the first file that is opened would stand where
    children take their own for.
    """
    for number, name, mode in STREAMS:
        stream = getattr(sys, name)
        if stream is None:
            _open_null(number)
            setattr(sys, name, open(number, mode, closefd=False, encoding="utf-8"))  # noqa: SIM115
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def give_up() -> None:
    """Let what is still to be printed go nowhere, where the reader has left: Python would complain as it ends."""
    _open_null(sys.stdout.fileno())


def _open_null(number: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    if null != number:
        os.dup2(null, number)
        os.close(null)
    os.set_inheritable(number, True)  # a notebook's kernel dies without
