"""Bring one file from a web server or a folder to its place: on from where it stopped, and checked before it is there.

pooch makes the requests. What it doesn't do, to go on with a part of a file and to check by git's ids, is here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from aic_helpers.core.errors import InputError, system_reason
from aic_helpers.data import manifests
from aic_helpers.data.manifests import Entry

if TYPE_CHECKING:
    from requests import RequestException, Response

CHUNK_BYTES = 1 << 16

LONGEST_PAUSE_S = 60.0
"""However long a server that is asked too often (HTTP 429) wants to be left alone."""

BEHIND_THE_END = 416

TRY_AGAIN_STATUS = {408, 429, 500, 502, 503, 504}

Told = Callable[[int], None]
"""Told how many bytes of the file are here; may raise to end the transfer."""


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server, and how often to ask it for one file; pauses double from try to try."""

    connect_s: float = 10.0
    read_s: float = 30.0
    tries: int = 4
    pause_s: float = 0.5


PATIENT = Patience()


class NotHadError(Exception):
    """One file can't be had from its source; others may. `kind` says why, `detail` adds what is this file's alone."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind} {detail}".rstrip())
        self.kind, self.detail = kind, detail


def bring(entry: Entry, source: str, folder: Path, told: Told, patience: Patience) -> None:
    """Bring a file into its folder. What is there under its name is replaced once the new content is known to be right.

    It grows under another name beside its place. A part that is there from an earlier call is gone on with.

    Parameters
    ----------
    entry : Entry
    source : str
        An http or https address, or a folder.
    folder : Path
        The data folder; folders in it are made.
    told : callable
    patience : Patience

    Raises
    ------
    NotHadError
        The source has no such file, or one of another content, which is removed.
    InputError
        The source doesn't answer, or with something else than files.
    OSError
        The file can't be written.
    """
    place = folder / entry.path
    part = place.with_name(f".{place.name}.partial")
    for goes_on in (part.exists(), False):
        if not (goes_on and part.stat().st_size == entry.size_bytes):
            _receive(source, entry.path, part, told, patience)
        judged = manifests.judge(part, entry)
        if judged.state == "whole":
            part.replace(place)
            return
        page = judged.state == "damaged" and _is_a_page(part)
        part.unlink(missing_ok=True)
        if not goes_on:  # else what was gone on with was no part of this file: once more from its start
            break
    if page:
        raise _a_page(f"{source}, {entry.path}")
    found = judged.found or "nothing"
    raise NotHadError("of another content (removed)", f"expected {entry.kind} {entry.digest}, found {found}")


def is_address(source: str) -> bool:
    """Return whether a source is an address rather than a folder."""
    return source.startswith(("http://", "https://"))


def _receive(source: str, name: str, part: Path, told: Told, patience: Patience) -> None:
    if is_address(source):
        _download_patiently(source, name, part, told, patience)
    else:
        _copy(Path(source), name, part, told)


def _copy(source: Path, name: str, part: Path, told: Told) -> None:
    try:
        content = (source / name).read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        raise NotHadError("not there") from None
    except OSError as error:
        raise InputError(f"files from {source}", f"{error.strerror} ({name})", "check --from") from None
    told(0)
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(content)
    told(len(content))


def _download_patiently(source: str, name: str, part: Path, told: Told, patience: Patience) -> None:
    from requests import RequestException

    pause_s = patience.pause_s
    for tries_left in reversed(range(patience.tries)):
        try:
            _download(f"{source.rstrip('/')}/{quote(name)}", part, told, patience)
            return
        except RequestException as error:
            if error.response is not None and error.response.status_code == BEHIND_THE_END:
                return  # the checksum tells whether the part is the file
            if not (tries_left and _may_pass(error)):
                raise _in_words(error, source, name, patience) from None
            _pause(max(pause_s, _asked_pause_s(error)), part, told)
        pause_s *= 2


def _download(url: str, part: Path, told: Told, patience: Patience) -> None:
    """Append to a part what it lacks; start it anew where the server answers with the whole file."""
    from pooch import HTTPDownloader

    start = _size_bytes(part)
    # A compressed answer could not be gone on with.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with ExitStack() as at_end:

        def begin(answer: Response, **_: Any) -> None:
            at_end.callback(answer.close)
            if answer.headers.get("Content-Type", "").startswith("text/html") and answer.status_code in (200, 206):
                raise _a_page(answer.url)
            if answer.status_code == 200:
                part.unlink(missing_ok=True)

        fetch = HTTPDownloader(
            chunk_size=CHUNK_BYTES,
            timeout=(patience.connect_s, patience.read_s),
            headers=headers,
            hooks={"response": begin},
        )
        fetch(url, at_end.enter_context(_Growing(part, told)), None)


class _Growing:
    """What pooch writes to: appends to a file, which is there from its first byte on, and tells its size."""

    def __init__(self, part: Path, told: Told) -> None:
        self._part, self._told = part, told
        self._file: BinaryIO | None = None
        told(_size_bytes(part))

    def __enter__(self) -> _Growing:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def write(self, chunk: bytes) -> None:
        if not self._file:
            self._part.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._part.open("ab")
        self._file.write(chunk)
        self._told(self._file.tell())

    def flush(self) -> None:
        if self._file:
            self._file.flush()


def _size_bytes(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _pause(pause_s: float, part: Path, told: Told) -> None:
    """Wait, in small steps, so that `told` can end it."""
    until = time.monotonic() + min(pause_s, LONGEST_PAUSE_S)
    while (left_s := until - time.monotonic()) > 0:
        told(_size_bytes(part))
        time.sleep(min(left_s, 0.1))


def _may_pass(error: RequestException) -> bool:
    """Return whether to ask again may help."""
    from requests.exceptions import ChunkedEncodingError, ConnectionError, Timeout

    if error.response is not None:
        return error.response.status_code in TRY_AGAIN_STATUS
    return isinstance(error, ChunkedEncodingError | ConnectionError | Timeout)


def _asked_pause_s(error: RequestException) -> float:
    asked = "" if error.response is None else error.response.headers.get("Retry-After", "")
    return float(asked) if asked.isdecimal() else 0.0


def _in_words(error: RequestException, source: str, name: str, patience: Patience) -> NotHadError | InputError:
    from requests.exceptions import ConnectTimeout

    if error.response is not None and error.response.status_code in (404, 410):
        return NotHadError(f"not there (HTTP {error.response.status_code})")
    if error.response is not None:
        found = f"HTTP {error.response.status_code} for {name}"
    elif "timed out" in str(error):
        limit_s = patience.connect_s if isinstance(error, ConnectTimeout) else patience.read_s
        found = f"no answer within {limit_s:g} s ({name})"
    elif _may_pass(error):
        found = f"{system_reason(error, 'a connection that closed in the middle')} ({name})"
    else:  # an address that can't be one
        found = str(error)
    remedy = "check the network and the address, or name another source with --from; what is whole is kept"
    tried = f", in {patience.tries} tries" if _may_pass(error) else ""
    return InputError(f"files from {source}", found + tried, remedy)


def _is_a_page(part: Path) -> bool:
    with part.open("rb") as file:
        return file.read(64).lstrip().lower().startswith((b"<!doctype html", b"<html"))


def _a_page(url: str) -> InputError:
    remedy = "open the address in a browser (does the network want a login?), or name another source with --from"
    return InputError(f"a file from {url}", "a web page", remedy)
