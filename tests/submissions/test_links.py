"""A stranger's link brings the file that was named, or one line; and it reaches nothing that only this machine can."""

from __future__ import annotations

import hashlib
import http.server
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.submissions import links
from aic_helpers.submissions.links import NoAnswerError, fetch

CONTENT = b"a model" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(http.server.BaseHTTPRequestHandler):
    """Answers as the path says."""

    protocol_version = "HTTP/1.1"
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        path = self.path.rpartition("/")[2]
        if path in ("404", "403", "500", "503", "429"):
            self.answer(int(path), b"")
        elif path == "page":
            self.answer(200, b"<html>log in</html>", ("Content-Type", "text/html"))
        elif path == "moved":
            self.answer(302, b"", ("Location", "/model.pb"))
        elif path == "round":
            self.answer(302, b"", ("Location", "/round"))
        elif path == "to-a-file":
            self.answer(302, b"", ("Location", "file:///etc/passwd"))
        elif path == "to-the-inside":
            self.answer(302, b"", ("Location", "http://169.254.169.254/latest/meta-data"))
        elif path == "short":
            self.answer(200, CONTENT[:100], ("Content-Length", str(len(CONTENT))))
        else:
            self.answer(200, CONTENT)

    def answer(self, status: int, content: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **dict(headers)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = ("Content-Length", str(len(CONTENT))) in headers  # of which only a part came

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    asked: list[str] = []
    handler = type("Handler", (Server,), {"asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def line(error: type[Exception], link: str, place: Path, **changes: object) -> str:
    arguments = {"sha256": SHA256, "limit_bytes": 10_000, "private": True} | changes
    with pytest.raises(error) as caught:
        fetch(link, place, **arguments)
    assert "\n" not in str(caught.value)
    assert list(place.parent.iterdir()) == [], "something is left behind"
    return str(caught.value)


@pytest.mark.parametrize("path", ["model.pb", "moved"])
def test_file_is_brought(server: str, tmp_path: Path, path: str) -> None:
    told: list[int] = []
    place = tmp_path / "models" / "model.pb"
    fetch(f"{server}/{path}", place, SHA256, limit_bytes=7000, private=True, told=told.append)
    assert place.read_bytes() == CONTENT
    assert told[-1] == 7000


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("404", "found HTTP 404: give a link that needs no login, and keep it"),
        ("403", "found HTTP 403"),
        ("page", "expected a file at the link, found a web page"),
        ("round", "expected a link with at most 5 redirects, found more"),
        ("to-a-file", "expected a link by http or https, found one by file"),
    ],
)
def test_links_that_lead_nowhere(server: str, tmp_path: Path, path: str, words: str) -> None:
    assert words in line(InputError, f"{server}/{path}", tmp_path / "model.pb")


def test_another_file_is_refused(server: str, tmp_path: Path) -> None:
    found = line(InputError, f"{server}/model.pb", tmp_path / "model.pb", sha256="0" * 64)
    assert found.startswith(f"expected a file of SHA-256 000000000000... at the link, found {SHA256[:12]}...")


def test_no_more_than_the_limit_is_read(server: str, tmp_path: Path) -> None:
    found = line(InputError, f"{server}/model.pb", tmp_path / "model.pb", limit_bytes=6999)
    assert found == "expected a model of at most 6999 bytes, found more at the link: make it smaller"


@pytest.mark.parametrize(("path", "words"), [("500", "HTTP 500"), ("503", "HTTP 503"), ("429", "HTTP 429")])
def test_server_in_trouble_may_work_later(server: str, tmp_path: Path, path: str, words: str) -> None:
    assert line(NoAnswerError, f"{server}/{path}", tmp_path / "model.pb") == (
        f"{words} at the link: the submission waits; call this again later"
    )


def test_connections_that_fail_may_work_later(server: str, tmp_path: Path) -> None:
    place = tmp_path / "model.pb"
    assert "127.0.0.1 doesn't answer (Connection refused)" in line(NoAnswerError, "http://127.0.0.1:1/model.pb", place)
    assert "doesn't answer" in line(NoAnswerError, f"{server}/short", place)
    assert "nowhere.invalid has no address" in line(NoAnswerError, "http://nowhere.invalid/model.pb", place)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.0", "[::1]", "2130706433"]
)
def test_private_addresses_are_not_called(tmp_path: Path, host: str) -> None:
    found = line(InputError, f"http://{host}/model.pb", tmp_path / "model.pb", private=False)
    assert found.startswith("expected a link to a public address, found ")


def test_redirect_to_the_inside_is_not_followed(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server itself stands for a public one."""
    check = links._require_public_address
    monkeypatch.setattr(
        links,
        "_require_public_address",
        lambda ip, host, private: None if ip == "127.0.0.1" else check(ip, host, private),
    )
    found = line(InputError, f"{server}/to-the-inside", tmp_path / "model.pb", private=False)
    assert "expected a link to a public address, found 169.254.169.254, which is 169.254.169.254" in found


def test_address_that_was_looked_at_is_called(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads to another address when it is asked again gains nothing: it isn't asked again."""
    port, asked = server.rpartition(":")[2], []

    def lookup(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(0, 0, 0, "", ("127.0.0.1", int(port)))] if host == "models.test" else real(host, *_, **__)

    real = socket.getaddrinfo
    monkeypatch.setattr(links.socket, "getaddrinfo", lookup)
    fetch(f"http://models.test:{port}/model.pb", tmp_path / "model.pb", SHA256, limit_bytes=7000, private=True)
    assert asked.count("models.test") == 1


def test_certificate_must_be_the_hosts(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    call = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=models.test"]
    call += ["-addext", "subjectAltName=DNS:models.test", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(call, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    real = socket.getaddrinfo
    monkeypatch.setattr(
        links.socket,
        "getaddrinfo",
        lambda host, *rest, **named: real("127.0.0.1" if host.endswith(".test") else host, *rest, **named),
    )
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Server,), {"asked": []})) as running:
        running.socket = context.wrap_socket(running.socket, server_side=True)
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        place = tmp_path / "models" / "model.pb"
        fetch(f"https://models.test:{running.server_port}/x", place, SHA256, limit_bytes=7000, private=True)
        other = f"https://other.test:{running.server_port}/x"
        with pytest.raises(NoAnswerError, match=r"other\.test doesn't answer \(SSLError\)"):
            fetch(other, tmp_path / "models" / "second.pb", SHA256, limit_bytes=7000, private=True)
        running.shutdown()
        thread.join()
    assert [file.name for file in place.parent.iterdir()] == ["model.pb"]


@pytest.mark.parametrize("link", ["file:///etc/passwd", "ftp://example.org/x", "/etc/passwd", "http://", "http://[::1"])
def test_what_is_no_link(tmp_path: Path, link: str) -> None:
    assert line(InputError, link, tmp_path / "model.pb").startswith("expected a link")
