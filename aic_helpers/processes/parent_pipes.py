"""The parent's ends of the two pipes to a child, which may be a stranger's.

Nothing that the child does to the pipes makes the parent wait beyond the time limit, or take more memory than the
caller expects.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aic_helpers.processes import pipe_messages

if TYPE_CHECKING:
    from numpy.typing import NDArray

POLL_S = 0.02

MAX_LINE_BYTES = 2**28
"""Of a reply without its array. Pictures in base64 are the longest that come."""

PIPE_BYTES = 2**20
"""What a pipe holds, where the system lets us say so: by default 64 KiB, and an image would take hundreds of turns."""


class ParentPipes:
    """Sends requests and receives replies, while something else watches over the child.

    Parameters
    ----------
    requests, replies : int
        File descriptors: to write to, and to read from.
    watch : callable
        Called every 20 ms at the least while a reply is waited for; what it raises ends the wait.
    """

    def __init__(self, requests: int, replies: int, watch: Callable[[], None]) -> None:
        self._requests, self._replies, self._watch = requests, replies, watch
        self._unsent: list[memoryview] = []
        self._received, self._part = bytearray(), bytearray(PIPE_BYTES)
        self._timeout_s = self._end_s = 0.0
        os.set_blocking(requests, False)
        for pipe in (requests, replies):
            _widen(pipe)

    def send(self, request: dict[str, Any], array: NDArray[Any] | None) -> None:
        """Write as much of a request as the child takes now; `receive` writes the rest."""
        self._unsent += pipe_messages.encoded(request, array)
        self._write()

    def receive(self, timeout_s: float, max_array_bytes: int) -> dict[str, Any]:
        """Return the next reply: ``error``, or ``reply`` with its array, if any, under ``array``.

        Raises
        ------
        TimeoutError
            Not all of it came in time.
        EOFError
            The child has closed its end.
        ValueError
            No reply, or one with a larger array; the text is one line.
        """
        self._timeout_s, self._end_s = timeout_s, time.monotonic() + timeout_s
        said = _understood(self._line())
        if "array" in said:
            said["reply"]["array"] = self._array(said["array"], max_array_bytes)
        return said

    def _line(self) -> bytes:
        searched = 0
        while (end := self._received.find(b"\n", searched)) < 0:
            searched = len(self._received)
            if searched > MAX_LINE_BYTES:
                raise ValueError(f"its reply is longer than {MAX_LINE_BYTES >> 20} MiB")
            self._received += self._part[: self._read(self._part)]
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        return line

    def _array(self, header: Any, max_bytes: int) -> NDArray[Any]:
        array = pipe_messages.room(header, max_bytes)
        rest = pipe_messages.bytes_of(array)
        early = min(len(self._received), len(rest))
        rest[:early] = self._received[:early]
        del self._received[:early]
        rest = rest[early:]
        while rest:
            rest = rest[self._read(rest) :]
        return array

    def _read(self, room: bytearray | memoryview) -> int:
        """Wait until the child has written something, meanwhile write what it is to read; return the bytes read."""
        readable: list[int] = []
        while not readable:
            left_s = self._end_s - time.monotonic()
            if left_s <= 0:
                raise TimeoutError(f"no reply within {self._timeout_s:g} s")
            unsent = [self._requests] if self._unsent else []
            readable, writable, _ = select.select([self._replies], unsent, [], min(POLL_S, left_s))
            if writable:
                self._write()
            self._watch()
        count = os.readv(self._replies, [room])
        if not count:
            raise EOFError
        return count

    def _write(self) -> None:
        try:
            while self._unsent:
                rest = self._unsent[0][os.write(self._requests, self._unsent[0]) :]
                self._unsent[:1] = [rest] if rest else []
        except BlockingIOError:
            pass  # the pipe is full
        except BrokenPipeError:
            self._unsent = []  # the child died: `receive` finds out


def _understood(line: bytes) -> dict[str, Any]:
    """Return a line as a reply or an error."""
    try:
        said = json.loads(line)
        (kind,) = said.keys() & {"reply", "error"}
        if isinstance(said[kind], dict) and (kind == "reply" or "array" not in said):
            return said
    except (ValueError, AttributeError, RecursionError):
        pass
    raise ValueError("its reply can't be understood")


def _widen(pipe: int) -> None:
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):  # all pipes of a user may hold so much and no more
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
