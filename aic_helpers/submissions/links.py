"""Bring a stranger's file from the link that they gave: from the open internet, only so much, only what they named.

A link is a wish of a stranger to make this machine call an address. It must not reach what only this machine can: a
host's addresses are looked at before the call and after each redirect, and the very address that was is called.
"""

from __future__ import annotations

import hashlib
import ipaddress
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urljoin, urlsplit

from aic_helpers.core.errors import InputError, system_reason
from aic_helpers.core.safe_files import replacing

if TYPE_CHECKING:
    from requests import Response

CHUNK_BYTES = 1 << 16
CONNECT_S, READ_S, WHOLE_S = 10.0, 30.0, 900.0
REDIRECTS = 5
MOVED = {301, 302, 303, 307, 308}

AGAIN = "the submission waits; call this again later"

Told = Callable[[int], None]
"""Told how many bytes are here."""


class NoAnswerError(OSError):
    """A link that may work later: no connection, a server in trouble. The message is one line."""


def fetch(
    link: str, place: Path, sha256: str, *, limit_bytes: int, private: bool = False, told: Told | None = None
) -> None:
    """Bring a file to its place, where nothing of it is seen before it is whole and right.

    Parameters
    ----------
    link : str
    place : Path
    sha256 : str
        What the file must have.
    limit_bytes : int
        A larger one is refused, whatever the server says of its size.
    private : bool
        Let links lead to addresses of this machine and of private networks.
    told : callable, optional

    Raises
    ------
    InputError
        The link leads nowhere, to a private address, or to another file.
    NoAnswerError
        It may work later.
    """
    with replacing(place) as partial:
        found = _bring(link, partial, limit_bytes, private, told or (lambda size: None))
        if found != sha256:
            remedy = "put the very file there that was submitted"
            raise InputError(f"a file of SHA-256 {sha256[:12]}... at the link", f"{found[:12]}...", remedy)
        partial.chmod(0o644)


def _bring(link: str, partial: Path, limit_bytes: int, private: bool, told: Told) -> str:
    """Write what is at the end of a link to a file and return its SHA-256."""
    import requests

    try:
        with ExitStack() as at_end:
            return _receive(_answer(at_end, link, private), partial, limit_bytes, told)
    except requests.exceptions.InvalidURL as error:
        raise InputError("a link to a model", str(error), "give an http or https address") from None
    except requests.RequestException as error:
        reason = system_reason(error, type(error).__name__)
        raise NoAnswerError(f"{_host(link)} doesn't answer ({reason}): {AGAIN}") from None


def _answer(at_end: ExitStack, link: str, private: bool) -> Response:
    """Return the answer at the end of a link's redirects, its content not read yet."""
    url = link
    for _ in range(REDIRECTS + 1):
        answer = _call(at_end, url, private)
        if answer.status_code not in MOVED:
            return _require_a_file(answer)
        url = urljoin(url, answer.headers.get("Location", ""))
    raise InputError(f"a link with at most {REDIRECTS} redirects", "more", "give the file's own address")


def _call(at_end: ExitStack, url: str, private: bool) -> Response:
    """Call the very address that was looked at: asked twice, a name may lead elsewhere the second time."""
    from requests import Session
    from requests.adapters import HTTPAdapter

    parts = _parts(url)
    host, port = str(parts.hostname), parts.port
    ip = _public_address(host, port, private)
    adapter = HTTPAdapter()
    if parts.scheme == "https":  # the certificate must be the host's, though an address is called
        adapter.init_poolmanager(1, 1, server_hostname=host, assert_hostname=host)
    session = at_end.enter_context(Session())
    session.mount(f"{parts.scheme}://", adapter)
    at_end.callback(_close_connections, adapter)  # a session leaves that to the garbage collector
    place = (f"[{ip}]" if ":" in ip else ip) + (f":{port}" if port else "")
    answer = session.get(
        parts._replace(netloc=place).geturl(),
        stream=True,
        allow_redirects=False,
        timeout=(CONNECT_S, READ_S),
        headers={"Host": parts.netloc.rpartition("@")[2], "Accept-Encoding": "identity"},
        auth=lambda request: request,  # no password from ~/.netrc goes to a stranger's server
    )
    return at_end.enter_context(answer)


def _close_connections(adapter: Any) -> None:
    pools = adapter.poolmanager.pools
    for key in pools.keys():  # noqa: SIM118 (it can't be iterated over)
        pools[key].close()


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InputError("a link to a model", str(error), "give an http or https address") from None
    if parts.scheme not in ("http", "https") or not host:
        raise InputError("a link by http or https", f"one by {parts.scheme or 'nothing'}", "give such an address")
    return parts


def _public_address(host: str, port: int | None, private: bool) -> str:
    """Return the address that a host has; `InputError` where any that it has is no public one."""
    try:
        found = [str(address[0]) for *_, address in socket.getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise NoAnswerError(f"{host} has no address ({error}): {AGAIN}") from None
    for address in found:
        _require_public_address(address, host, private)
    return found[0]


def _require_public_address(address: str, host: str, private: bool) -> None:
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if not (private or (ip.is_global and not ip.is_multicast)):
        raise InputError("a link to a public address", f"{host}, which is {ip}", "put the model on a public server")


def _require_a_file(answer: Response) -> Response:
    status = answer.status_code
    if status == 429 or status >= 500:
        raise NoAnswerError(f"HTTP {status} at the link: {AGAIN}")
    if status != 200:
        raise InputError("a file at the link", f"HTTP {status}", "give a link that needs no login, and keep it")
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        raise InputError("a file at the link", "a web page", "give the file's own address, not its page")
    return answer


def _receive(answer: Response, partial: Path, limit_bytes: int, told: Told) -> str:
    """Write what comes to a file and return its SHA-256."""
    digest, size, until_s = hashlib.sha256(), 0, time.monotonic() + WHOLE_S
    with partial.open("wb") as file:
        for chunk in answer.iter_content(CHUNK_BYTES):
            size += len(chunk)
            if size > limit_bytes:
                raise InputError(f"a model of at most {limit_bytes} bytes", "more at the link", "make it smaller")
            if time.monotonic() > until_s:
                raise NoAnswerError(f"{size} bytes within {WHOLE_S:g} s, too slow: {AGAIN}")
            digest.update(chunk)
            file.write(chunk)
            told(size)
    return digest.hexdigest()


def _host(link: str) -> str:
    return urlsplit(link).hostname or "the link"
