"""The fork server's processes: ``python -m aic_helpers.processes.fork_server_main KIND...``.

A kind is a list in JSON: the descriptor of a listening socket, and the modules that children of this kind find
imported. Each has a process of its own, which never runs an operation: TensorFlow starts its threads with the first,
and threads don't survive a fork.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from aic_helpers.processes import worker_main

MAX_BYTES = 2**20
"""Of a request: a target, an environment, a folder."""


Kind = tuple[socket.socket, Sequence[str]]


def main(kinds: Sequence[Kind]) -> None:
    """Leave each kind to a fork of this process until standard input closes.

    Parameters
    ----------
    kinds : sequence of tuple
        A listening socket, and what to import, in this order; of ``module:function`` the function is called once as
        well. The first is forked at once, the others when they are first asked for a child.
    """
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin, selectors.EVENT_READ)
    _fork_server(kinds[0], selector)
    for kind in kinds[1:]:
        selector.register(kind[0], selectors.EVENT_READ, kind)
    while True:
        for key, _ in selector.select():
            if key.data is None:
                os._exit(0)
            selector.unregister(key.fileobj)
            _fork_server(key.data, selector)


def _fork_server(kind: Kind, selector: selectors.BaseSelector) -> None:
    listener, modules = kind
    if os.fork() == 0:
        try:
            for key in list(selector.get_map().values()):
                if key.fileobj not in (sys.stdin, listener):
                    os.close(key.fd)
            selector.close()
            serve(listener, modules)
        finally:
            os._exit(1)
    listener.close()


def serve(listener: socket.socket, modules: Sequence[str]) -> None:
    """Import modules, and fork a child for each connection until standard input closes."""
    warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside NumPy's threads, which it looks after itself
    ForkServer(listener, modules).run()


def _import(name: str) -> None:
    module, _, function = name.partition(":")
    imported = importlib.import_module(module)
    if function:
        getattr(imported, function)()


class ForkServer:
    """Answers connections one at a time, and tells each how its child ended."""

    def __init__(self, listener: socket.socket, modules: Sequence[str]) -> None:
        self._selector = selectors.DefaultSelector()
        self._listener = listener
        self._modules = list(modules)
        self._watch(listener, self._accept)
        self._watch(sys.stdin, self._end)

    def run(self) -> None:
        """Serve for ever. Who comes before all is imported needn't wait for more than the first of it."""
        while True:
            if self._modules:
                _import(self._modules.pop(0))
            for key, _ in self._selector.select(timeout=0 if self._modules else None):
                key.data()

    def _watch(self, file: Any, answer: Callable[[], None]) -> None:
        self._selector.register(file, selectors.EVENT_READ, answer)

    def _end(self) -> None:
        os._exit(0)

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        try:
            message, files, _, _ = socket.recv_fds(connection, MAX_BYTES, 3)
            pid = self._fork(json.loads(message), files)
        except (OSError, ValueError):  # the other side has gone
            connection.close()
            return
        for file in files:
            os.close(file)
        ended = os.pidfd_open(pid)
        self._watch(ended, lambda: self._tell(connection, ended, pid))
        with contextlib.suppress(OSError):
            connection.send(json.dumps({"pid": pid}).encode())

    def _tell(self, connection: socket.socket, ended: int, pid: int) -> None:
        """Tell how a child ended, and let go of its process id once the other side knows."""
        self._selector.unregister(ended)
        os.close(ended)
        found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        status = found.si_status if found and found.si_code == os.CLD_EXITED else -(found.si_status if found else 9)
        with contextlib.suppress(OSError):
            connection.send(json.dumps({"returncode": status}).encode())
        self._watch(connection, lambda: self._reap(connection, pid))

    def _reap(self, connection: socket.socket, pid: int) -> None:
        self._selector.unregister(connection)
        connection.close()
        os.waitpid(pid, 0)

    def _fork(self, request: dict[str, Any], files: list[int]) -> int:
        pid = os.fork()
        if pid == 0:
            try:
                self._become_a_child(request, *files)
            finally:
                os._exit(1)
        return pid

    def _become_a_child(self, request: dict[str, Any], requests: int, replies: int, log: int) -> None:
        os.setsid()
        for key in list(self._selector.get_map().values()):
            os.close(key.fd)
        self._selector.close()
        null = os.open(os.devnull, os.O_RDONLY)
        for ours, standard in ((null, 0), (log, 1), (log, 2)):
            os.dup2(ours, standard)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["cwd"])
        signal.signal(signal.SIGINT, signal.default_int_handler)
        worker_main.main(request["target"], requests, replies, request["limit_mib"])
        worker_main.leave()


if __name__ == "__main__":
    main([(socket.socket(fileno=number), modules) for number, *modules in map(json.loads, sys.argv[1:])])
