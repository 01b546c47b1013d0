"""The worker process: ``python -m aic_helpers.processes.worker_main module:function REQUESTS REPLIES LIMIT_MIB``."""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import queue
import resource
import signal
import sys
import sysconfig
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import IO, Any, NoReturn

from aic_helpers.core.error_reasons import named_reason
from aic_helpers.core.errors import InputError
from aic_helpers.core.project_paths import PACKAGE
from aic_helpers.processes import confinement, pipe_messages

PR_SET_CHILD_SUBREAPER = 36

GRAPH_ERROR = "Graph execution error:"

Function = Callable[[dict[str, Any]], dict[str, Any]]
Waiting = queue.SimpleQueue[dict[str, Any] | Exception | None]

NOT_THE_USERS = (str(PACKAGE), sysconfig.get_paths()["stdlib"], "<")


def main(target: str, requests: int, replies: int, limit_mib: str) -> None:
    """Answer requests until the pipe closes.

    Parameters
    ----------
    target : str
        ``module:name``; imported at the first request, so that what importing it raises is a reply too.
    requests, replies : int
        File descriptors of the two pipes.
    limit_mib : str
        RLIMIT_DATA, or ``none``.
    """
    for descriptor in (requests, replies):
        os.set_inheritable(descriptor, False)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _adopt_descendants()
    confinement.enter()
    if limit_mib != "none":
        _limit_data(int(limit_mib) * 2**20)
    waiting: Waiting = queue.SimpleQueue()
    busy = threading.Event()
    threading.Thread(target=_listen, args=(requests, waiting, busy), daemon=True).start()
    function: Function | None = None
    while (request := waiting.get()) is not None:
        try:
            if isinstance(request, Exception):
                raise request
            function = function or _load(target)
            parts = _reply(function(request))
        except BaseException as error:
            parts = pipe_messages.encoded({"error": _describe(error)})
        busy.clear()
        pipe_messages.write(replies, parts)
        del parts  # else the array in it would be in memory beside the next


def _adopt_descendants() -> None:
    """Become the parent of descendants whose own parent ends, so that they stay in the tree (Linux only)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _limit_data(limit_bytes: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = limit_bytes if hard == resource.RLIM_INFINITY else min(limit_bytes, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _listen(requests: int, waiting: Waiting, busy: threading.Event) -> None:
    """Hand on what comes over the pipe; where it closes in the middle of work, the parent is gone: end the group."""
    with open(requests, "rb") as pipe:
        while line := pipe.readline():
            busy.set()
            try:
                waiting.put(_request(line, pipe))
            except Exception as error:  # no memory: the array is still in the pipe, so this is the last reply
                waiting.put(error)
                waiting.put(None)
                return
    if busy.is_set():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    waiting.put(None)


def _request(line: bytes, pipe: IO[bytes]) -> dict[str, Any]:
    request = json.loads(line)
    if "array" in request:
        request["array"] = pipe_messages.room(request["array"])
        pipe.readinto(pipe_messages.bytes_of(request["array"]))  # type: ignore[attr-defined]
    return request


def _load(target: str) -> Function:
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    return function() if isinstance(function, type) else function


def _reply(reply: dict[str, Any]) -> list[memoryview]:
    array = reply.pop("array", None)
    return pipe_messages.encoded({"reply": reply}, array)


def _describe(error: BaseException) -> dict[str, Any]:
    """Return what the parent needs to raise it again: one line, and what kind of error it was."""
    if isinstance(error, InputError):
        return {"message": str(error), "input_error": True, "out_of_memory": False}
    message, where = named_reason(error), _where(error)
    return {
        "message": f"{message} ({where})" if where else message,
        "input_error": False,
        "out_of_memory": isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError",
    }


def _is_of_a_graph(error: BaseException) -> bool:
    return str(error).startswith(GRAPH_ERROR)


def _where(error: BaseException) -> str:
    """Return ``file:line`` of the last frame in the user's own code, or else of the last frame of all.

    A frozen graph has no lines; its errors name the node.
    """
    if _is_of_a_graph(error):
        return ""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = list(_frames(error))
    users = [frame for frame in frames if _is_users(frame.filename)]
    if not users and frames and frames[-1].filename.startswith(str(PACKAGE)):
        return ""  # the workbench's own refusal, whose text says all
    last = (users or frames)[-1:]
    return f"{last[0].filename}:{last[0].lineno}" if last else ""


def _frames(error: BaseException | None) -> Iterator[traceback.FrameSummary]:
    """Yield the frames of an error's causes first and its own last."""
    if error is not None:
        yield from _frames(error.__cause__)
        yield from traceback.extract_tb(error.__traceback__)


def _is_users(filename: str) -> bool:
    return not filename.startswith(NOT_THE_USERS) and "-packages" not in filename and "autograph" not in filename


def leave() -> NoReturn:
    """End this process at once: TensorFlow's threads make an orderly end slow, and it sometimes crashes."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    leave()
