"""Run a function of the package in a child process, with limits on time and memory, and end it for certain.

A worker is ``python -m aic_helpers.processes.worker_main module:function``. Requests and replies go over two pipes of
their own (see `pipe_messages`), because TensorFlow and people's model code print on stdout; what they print goes to a
temporary file, whose last lines an error shows.

Memory is watched from outside: the resident size of the child and its descendants, read every 20 ms. Behind that
stands RLIMIT_DATA, which refuses a single allocation too large to be caught in time. (RLIMIT_AS would count
1.5 GB of address space that TensorFlow reserves and never touches.) Behind both, where the system lets us make
one, stands a cgroup v2, which counts what the kernel holds for the child as well.

A child lives in a session of its own, so Ctrl-C in the terminal reaches only the parent, which ends it. A parent
that is killed outright closes the request pipe, and the child ends itself.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, Literal, Self

from aic_helpers.core import isolation
from aic_helpers.core.errors import InputError
from aic_helpers.processes import confinement, fork_server
from aic_helpers.processes.parent_pipes import ParentPipes
from aic_helpers.processes.process_limits import ProcessTree, cap_memory

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORKER_MAIN = "aic_helpers.processes.worker_main"

RLIMIT_MARGIN_MIB = 512
"""TensorFlow maps about 180 MiB of data that it doesn't touch; RLIMIT_DATA must not stop what the cap allows."""

STAMP = re.compile(r"^[IWEF]\d{4} [\d:.]+ +\d+ (?=\S+:\d+\] )")
"""Time and process id before a line of TensorFlow's: they differ from run to run."""

LOG_LINES = 5
MAX_LOG_BYTES = 64 * 2**20
"""A child that prints more is ended: its log is on the disk."""

WANT_OF_MEMORY = ("bad_alloc", "RESOURCE_EXHAUSTED")
"""What a process prints that dies of an allocation refused: oneDNN prints the second, goes on, and dies of SIGSEGV."""

Kind = Literal["raised", "signal", "exit", "timeout", "memory"]


class ChildError(RuntimeError):
    """A child process did not reply; the message is one line that says why.

    Attributes
    ----------
    kind : {"raised", "signal", "exit", "timeout", "memory"}
    mechanism : str or None
        For "memory": what stopped it, ``watchdog``, ``RLIMIT_DATA`` or ``cgroup v2``.
    mib : float or None
        For "memory": the resident size at which the watchdog stopped it, or the limit that it ran into.
    log : list of str
        The last lines that the child printed.
    """

    def __init__(self, message: str, kind: Kind, mechanism: str | None = None, mib: float | None = None) -> None:
        super().__init__(" ".join(message.split()))
        self.kind = kind
        self.mechanism = mechanism
        self.mib = mib
        self.log: list[str] = []


def call(
    function: str,
    request: dict[str, Any],
    *,
    timeout_s: float,
    max_rss_mib: float | None = None,
    environment: Mapping[str, str] | None = None,
    warm: str | None = None,
) -> dict[str, Any]:
    """Return what ``function(request)`` returns in a fresh process.

    Parameters
    ----------
    function : str
        ``module:name`` of a function from a JSON-able dict to another, such as ``aic_helpers.package.module:look``.
    timeout_s : float
        For everything, the start of the process included (importing TensorFlow alone takes seconds).
    max_rss_mib : float, optional
        Cap on the resident size of the child and its descendants together.
    environment : mapping, optional
        Variables set for the child beside those of this process.
    warm : str, optional
        The kind as which the fork server may start it (see `fork_server`): its own size is no measurement then.

    Raises
    ------
    InputError
        The function raised it; the text is the same.
    ChildError
        The function raised anything else, or the child was stopped or died.
    """
    limits: dict[str, Any] = {"timeout_s": timeout_s, "max_rss_mib": max_rss_mib}
    with Worker(function, **limits, environment=environment, warm=warm) as worker:
        return worker.ask(request)


class Worker:
    """A child process that answers one request after the other; use it in a ``with`` statement.

    Parameters
    ----------
    target : str
        ``module:name`` of a function as in `call`, or of a class: one instance is made, without arguments, and
        called with each request, so that it can keep a model between them.
    timeout_s, max_rss_mib, environment, warm
        See `call`. The time is for each reply; the first includes the start of the process.
    ours : bool
        Whether nothing of a stranger comes to it: it isn't confined then, where others are.

    Attributes
    ----------
    pid : int
    peak_rss_mib : float, the largest resident size that the watchdog saw
    """

    def __init__(
        self,
        target: str,
        *,
        timeout_s: float,
        max_rss_mib: float | None = None,
        environment: Mapping[str, str] | None = None,
        warm: str | None = None,
        ours: bool = False,
    ) -> None:
        self._timeout_s = timeout_s
        self._max_rss_mib = max_rss_mib
        self.peak_rss_mib = 0.0
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed in close)
        child_reads, self._requests = os.pipe()
        self._replies, child_writes = os.pipe()
        self._pipes = ParentPipes(self._requests, self._replies, self._watch)
        limit_mib = "none" if max_rss_mib is None else str(int(max_rss_mib) + RLIMIT_MARGIN_MIB)
        shared = {name: value for name, value in os.environ.items() if not ours or name != isolation.VARIABLE}
        variables = confinement.environment({**shared, **(environment or {})})
        self._folder = confinement.own_folder() if isolation.VARIABLE in variables else None
        if self._folder:
            variables[confinement.FOLDER] = self._folder.name
        ends = (child_reads, child_writes)
        try:
            to = (target, *ends, self._log.fileno(), limit_mib, variables)
            forked = fork_server.fork(warm, *to) if warm else None
            self._process = forked or _started(target, ends, self._log, limit_mib, variables)
        except BaseException:
            os.close(self._requests)
            os.close(self._replies)
            self._log.close()
            raise
        finally:
            os.close(child_reads)
            os.close(child_writes)
        self.pid = self._process.pid
        self._tree = ProcessTree(self.pid)
        self._group = None if max_rss_mib is None else cap_memory(self.pid, int(max_rss_mib) + RLIMIT_MARGIN_MIB)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close(grace_s=5.0 if kind is None else 0.0)

    def ask(
        self,
        request: dict[str, Any],
        array: NDArray[Any] | None = None,
        *,
        timeout_s: float | None = None,
        max_array_bytes: int = 0,
    ) -> dict[str, Any]:
        """Send a request and return its reply; raises as `call` does. Only a child that raised lives on.

        Parameters
        ----------
        request : dict
            What JSON can hold.
        array : ndarray, optional
            Of numbers; the child finds it in the request under ``array``.
        timeout_s : float, optional
            By default that of the worker.
        max_array_bytes : int
            What the child may send beside its reply: an array, which is put into the reply under ``array``. A child
            that announces more is ended, before any memory is taken for it.
        """
        self.send(request, array)
        return self.receive(timeout_s=timeout_s, max_array_bytes=max_array_bytes)

    def send(self, request: dict[str, Any], array: NDArray[Any] | None = None) -> None:
        """Send a request, and don't wait: `receive` does, writes the rest of it, and watches over the child."""
        if self._requests < 0:
            raise ChildError("it has ended already", "exit")
        self._pipes.send(request, array)

    def receive(self, *, timeout_s: float | None = None, max_array_bytes: int = 0) -> dict[str, Any]:
        """Return the reply to the request sent before."""
        try:
            reply = self._reply(self._timeout_s if timeout_s is None else timeout_s, max_array_bytes)
        except BaseException as error:
            self._end(0.0)
            if isinstance(error, ChildError):
                error.log = self._last_lines()
            raise
        if "error" in reply:
            raise self._raised(reply["error"])
        return reply["reply"]

    def close(self, *, grace_s: float = 0.0) -> None:
        """End the child and all its descendants; it gets `grace_s` to end by itself."""
        if not self._log.closed:
            self._end(grace_s)
            os.close(self._replies)
            self._log.close()
            if self._folder:
                self._folder.cleanup()

    def _reply(self, timeout_s: float, max_array_bytes: int) -> dict[str, Any]:
        try:
            return self._pipes.receive(timeout_s, max_array_bytes)
        except TimeoutError as error:
            raise ChildError(f"{error}; it was ended", "timeout") from None
        except ValueError as error:
            raise ChildError(f"{error}; it was ended", "exit") from None
        except EOFError:
            raise self._death() from None

    def _watch(self) -> None:
        """Note the resident size of the child and its descendants; raise where it is above the cap."""
        if os.fstat(self._log.fileno()).st_size > MAX_LOG_BYTES:
            raise ChildError(f"it printed more than {MAX_LOG_BYTES >> 20} MiB; it was ended", "exit")
        rss_mib = self._tree.rss_mib()
        self.peak_rss_mib = max(self.peak_rss_mib, rss_mib)
        if self._max_rss_mib is not None and rss_mib > self._max_rss_mib:
            text = (
                f"stopped by the watchdog at {rss_mib:.0f} MiB resident, above the cap of {self._max_rss_mib:.0f} MiB"
            )
            raise ChildError(text, "memory", "watchdog", rss_mib)

    def _death(self) -> ChildError:
        """Say how a child ended that closed its pipe without a reply."""
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return ChildError("it closed its reply pipe and went on running; it was ended", "exit")
        log = self._last_lines()
        if self._group is not None and self._group.overrun():
            text = (
                f"ended by the kernel above {self._group.limit_mib} MiB (cgroup v2), what it holds for files included"
            )
            return ChildError(text, "memory", "cgroup v2", float(self._group.limit_mib))
        refused = next((word for word in WANT_OF_MEMORY if any(word in line for line in log)), None)
        if self._max_rss_mib is not None and refused:
            return self._refused(refused)
        last = f"; it last printed: {log[-1][:200]}" if log else ""
        if status >= 0:
            return ChildError(f"it exited with status {status} before it replied{last}", "exit")
        name = signal.Signals(-status).name
        hint = " (which the kernel sends when the machine is out of memory)" if name == "SIGKILL" else ""
        return ChildError(f"it died of {name}{hint}{last}", "signal")

    def _raised(self, error: dict[str, Any]) -> Exception:
        message = str(error.get("message"))
        if error.get("input_error"):
            return InputError.again(message)
        if error.get("out_of_memory") and self._max_rss_mib is not None:
            return self._refused(message)
        raised = ChildError(message, "raised")
        raised.log = self._last_lines()
        return raised

    def _refused(self, message: str) -> ChildError:
        limit_mib = int(self._max_rss_mib or 0) + RLIMIT_MARGIN_MIB
        text = f"an allocation above the cap of {self._max_rss_mib:.0f} MiB was refused (RLIMIT_DATA {limit_mib} MiB)"
        return ChildError(f"{text}: {message}", "memory", "RLIMIT_DATA", float(limit_mib))

    def _last_lines(self) -> list[str]:
        """Return the last lines printed, without the frames of a stack."""
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - 8192))
        lines = [STAMP.sub("", line.strip()) for line in self._log.read().decode(errors="replace").splitlines()]
        return [line for line in lines if line and not line.startswith(("@ ", "***"))][-LOG_LINES:]

    def _end(self, grace_s: float) -> None:
        """Close the request pipe, wait, then kill what is left of the tree and its process group."""
        if self._requests < 0:
            return  # its process id may be another's by now
        if self._process.returncode is None:
            self._tree.look()  # before the child is told to go: its own children are nobody's afterwards
        os.close(self._requests)
        self._requests = -1
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=grace_s)
        self._tree.kill()
        self._process.wait()
        if self._group is not None:
            self._group.close()


def _started(
    target: str, ends: tuple[int, int], log: IO[bytes], limit_mib: str, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    # -P: the folder that aic is called from may hold a json.py, and must not shadow the library's.
    return subprocess.Popen(
        [sys.executable, "-P", "-m", WORKER_MAIN, target, *map(str, ends), limit_mib],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        pass_fds=ends,
        env=environment,
        start_new_session=True,
    )
