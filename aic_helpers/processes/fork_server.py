"""Child processes that start in 30 ms, forked from a process that has imported what they need.

While `started` lasts, an environment variable tells every process below where that fork server listens: on a socket
for each kind of child. A fork has the fork server's memory until it writes to it, so its own size says less than that
of a process started afresh: what measures memory doesn't start here. Linux only; elsewhere children start in the
ordinary way.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FORK_SERVER_MAIN = "aic_helpers.processes.fork_server_main"

VARIABLE = "AIC_FORK_SERVER"
"""Names the folder of the sockets on which the fork server listens."""

REPLY_BYTES = 4096
"""Of what the fork server says: a process id, an exit status."""


@contextmanager
def started(kinds: Mapping[str, Sequence[str]], environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """Keep a fork server for this process and those below it; a process that has one keeps that.

    Parameters
    ----------
    kinds : mapping
        For each kind of child what is imported before it is forked: see `aic_helpers.processes.fork_server_main.main`.
        For the first that is done at once, for the others when a child of theirs is first wanted.
    environment : mapping, optional
        All that it gets of variables; by default this process's.
    """
    if not hasattr(os, "pidfd_open") or os.environ.get(VARIABLE):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="aic-fork-server-") as folder:
        listeners = [_listening(str(Path(folder) / kind)) for kind in kinds]
        numbers = [listener.fileno() for listener in listeners]
        called = [json.dumps([number, *modules]) for number, modules in zip(numbers, kinds.values(), strict=True)]
        # It ends when its standard input closes, however this process ends.
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", FORK_SERVER_MAIN, *called],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=numbers,
            env=environment,
            start_new_session=True,
        )
        for listener in listeners:
            listener.close()
        os.environ[VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[VARIABLE]
            os.killpg(process.pid, signal.SIGKILL)  # each kind has a process of its own
            process.communicate()


def _listening(path: str) -> socket.socket:
    """Return a socket on which who comes before all is imported waits."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    return listener


class Forked:
    """A process that a fork server forked, with what `workers` needs of a `subprocess.Popen`."""

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self._connection = connection
        self.pid = pid
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status, negative for a signal; that of a process whose fork server is gone is -9."""
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a forked child", timeout or 0.0)
            said = self._connection.recv(REPLY_BYTES)
            self.returncode = json.loads(said)["returncode"] if said else -9
            self._connection.close()  # from here on the process id may be another's
        return self.returncode


def fork(
    kind: str, target: str, requests: int, replies: int, log: int, limit_mib: str, environment: Mapping[str, str]
) -> Forked | None:
    """Have the fork server start a worker process; None where there is none that answers.

    Parameters
    ----------
    kind : str
        What it needs to have imported: one of those that the fork server was started with.
    target, requests, replies, limit_mib
        See `aic_helpers.processes.worker_main.main`.
    log : int
        The file descriptor that the child prints to.
    environment : mapping
        All of the child's environment.
    """
    folder = os.environ.get(VARIABLE)
    if not folder:
        return None
    asked: dict[str, Any] = {"target": target, "limit_mib": limit_mib, "cwd": str(Path.cwd())}
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(Path(folder) / kind))
        message = json.dumps(asked | {"environment": dict(environment)}).encode()
        socket.send_fds(connection, [message], [requests, replies, log])
        said = connection.recv(REPLY_BYTES)
        if said:
            return Forked(connection, json.loads(said)["pid"])
    except OSError:
        pass  # it was ended, by the system for want of memory, say
    connection.close()
    return None
