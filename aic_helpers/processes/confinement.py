"""Keep a child process that runs a stranger's network from everything but the network.

While `confined` lasts, every child that `workers` starts, here and in processes below, first shuts itself in: a user
of its own that owns nothing, a network without connections, an environment without the parent's variables, an empty
folder, and limits on files and processes. Time and memory are limited by `workers` in any case. What of this a machine
allows differs; `held` tells it from within, so that a result can say so.

The switch is an environment variable and no argument, so that no module between the desk and a child can forget it.
"""

from __future__ import annotations

import ctypes
import os
import resource
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from aic_helpers.core.isolation import VARIABLE
from aic_helpers.core.project_paths import PROJECT

FOLDER = "AIC_CONFINED_FOLDER"
"""Names a confined child's own folder to it."""

KEPT_PREFIXES = ("LC_", "OMP_", "TF_", "ONEDNN_", "DNNL_", "KMP_", "MKL_", "OPENBLAS_", "CUDA_", "XLA_", "PYTHON")
KEPT = ("PATH", "LANG", "LD_LIBRARY_PATH", "MALLOC_ARENA_MAX", "AIC_CHALLENGE_DATA", VARIABLE)
"""Variables that a confined child gets: what finds programs, steers TensorFlow, and finds the challenge's data."""

FIRST_UID = 0x7000_0000
"""The user of a confined child is this plus its process id: beyond what systems and containers give out, and no two
children share one, so that none can signal another."""

MAX_FILE_BYTES = 2**28
MAX_PROCESSES = 1024
"""Threads count; TensorFlow starts a few for each core."""
MAX_OPEN_FILES = 256

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWIPC = 0x2_0000, 0x1000_0000, 0x4000_0000, 0x0800_0000
MS_REC, MS_PRIVATE, MS_BIND = 0x4000, 0x4_0000, 0x1000
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38


@contextmanager
def confined(readable: Sequence[Path] = ()) -> Iterator[None]:
    """Confine all children that start meanwhile.

    Parameters
    ----------
    readable : sequence of Path
        Files and folders that they may read beside Python, the project and the challenge's data.
    """
    os.environ[VARIABLE] = os.pathsep.join(str(path.resolve()) for path in readable)
    try:
        yield
    finally:
        del os.environ[VARIABLE]


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return what of these variables a child gets: all of them where children aren't confined."""
    if VARIABLE not in variables:
        return dict(variables)
    return {name: value for name, value in variables.items() if name in KEPT or name.startswith(KEPT_PREFIXES)}


def own_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a new folder to be a confined child's own."""
    return tempfile.TemporaryDirectory(prefix="aic-confined-", ignore_cleanup_errors=True)


def enter() -> None:
    """Shut this process in, as far as the machine allows; nothing where children aren't confined.

    To be called before there is a second thread.
    """
    if FOLDER not in os.environ:
        return
    folder = Path(os.environ[FOLDER])
    os.environ |= {"HOME": str(folder), "TMPDIR": str(folder)}
    _forget_the_fork_servers_places()
    if os.geteuid() == 0:
        _leave_root(folder)
    else:
        _leave_network()
    os.chdir(folder)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, MAX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_OPEN_FILES, MAX_OPEN_FILES))
    _libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def held() -> dict[str, bool]:
    """Return what of its confinement holds for this process, by name, as it looks from within."""
    names = {name for _, name in socket.if_nameindex()}
    folder = os.environ.get(FOLDER)
    return {
        "another user": os.getuid() >= FIRST_UID,
        "no network": names <= {"lo"},
        "no variables of the parent": folder is not None and environment(os.environ).keys() | _OURS == {*os.environ},
        "an empty folder": folder is not None and Path.cwd() == Path(folder) and not any(Path(folder).iterdir()),
        "no new privileges": _status("NoNewPrivs") == "1",
        "a limit on files": resource.getrlimit(resource.RLIMIT_FSIZE)[1] == MAX_FILE_BYTES,
        "a limit on processes": os.getuid() >= FIRST_UID
        and resource.getrlimit(resource.RLIMIT_NPROC)[1] == MAX_PROCESSES,
    }


_OURS = {FOLDER, "HOME", "TMPDIR"}


def _forget_the_fork_servers_places() -> None:
    """Let a fork, whose libraries were loaded by another user, neither look for places of that user nor write there."""
    tempfile.tempdir = None
    if caching := sys.modules.get("numba.core.caching"):
        caching.Cache.save_overload = lambda *_: None


def _leave_root(folder: Path) -> None:
    """Give up being root. Where the other user couldn't read Python any more, this process stays who it is."""
    with suppress(OSError):
        _unshare(CLONE_NEWNET | CLONE_NEWIPC)
    try:
        _unshare(CLONE_NEWNS)
        _mount("none", "/", MS_REC | MS_PRIVATE)
        _clear_the_way([folder, *_readable()])
    except OSError:
        return
    uid = FIRST_UID + os.getpid()
    os.chown(folder, uid, uid)
    resource.setrlimit(resource.RLIMIT_NPROC, (MAX_PROCESSES, MAX_PROCESSES))
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    _libc().prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # else /proc/self is root's, and it can't read its own memory


def _leave_network() -> None:
    """Take a network without connections, which a user who isn't root may in a user namespace, where those are on."""
    uid, gid = os.geteuid(), os.getegid()
    with suppress(OSError):
        _unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC)
        for name, line in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            Path("/proc/self", name).write_text(line)


def _readable() -> list[Path]:
    """Return what a child must be able to read: Python, the packages, the project, the challenge's data."""
    named = [sys.base_prefix, sys.prefix, *sys.path, str(PROJECT)]
    named += [os.environ.get("AIC_CHALLENGE_DATA", ""), *os.environ[VARIABLE].split(os.pathsep)]
    return list(dict.fromkeys(Path(name).resolve() for name in named if name and Path(name).exists()))


def _clear_the_way(paths: Sequence[Path]) -> None:
    """Make paths reachable for others: where a folder above one is closed to them, put an empty one over it.

    In it only what is needed is mounted again, so that the rest of a closed folder can't be seen at all.
    """
    needed: dict[Path, list[Path]] = {}
    for path in paths:
        closed = next((above for above in reversed(path.parents) if not above.stat().st_mode & 0o001), None)
        if closed:
            needed.setdefault(closed, []).append(path)
    for closed, inside in needed.items():
        handles = {path: os.open(path, os.O_PATH) for path in inside}
        _mount("tmpfs", str(closed), 0, "tmpfs", "mode=755,size=1m")
        for path in sorted(inside, key=lambda path: len(path.parts)):
            if not path.exists():  # else it lies in one that is there again
                _mount_again(f"/proc/self/fd/{handles[path]}", path)
        for handle in handles.values():
            os.close(handle)


def _mount_again(handle: str, path: Path) -> None:
    if Path(handle).is_dir():
        path.mkdir(parents=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    _mount(handle, str(path), MS_BIND | MS_REC)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _unshare(flags: int) -> None:
    if not hasattr(_libc(), "unshare"):
        raise OSError("no namespaces on this system")
    if _libc().unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _mount(source: str, target: str, flags: int, kind: str = "", options: str = "") -> None:
    texts = [text.encode() or None for text in (source, target, kind)]
    if _libc().mount(*texts, ctypes.c_ulong(flags), options.encode() or None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), target)


def _status(name: str) -> str:
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return line.split()[1]
    return ""
