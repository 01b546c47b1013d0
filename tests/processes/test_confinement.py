"""A confined child can't reach what isn't its own, and can still do its work."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from aic_helpers.core import isolation
from aic_helpers.processes import confinement, workers

FIXTURES = Path(__file__).parents[1] / "fixtures"
LONG_S = 60.0

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a child another user")


@pytest.fixture(autouse=True)
def _targets_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(FIXTURES), prepend=os.pathsep)
    monkeypatch.setenv("AIC_SECRET", "the organiser's password")


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def call(name: str, request: dict | None = None) -> dict:
    return workers.call(f"child_targets:{name}", request or {}, timeout_s=LONG_S)


@ROOT
def test_everything_holds_for_a_child_of_root() -> None:
    with confinement.confined():
        found = call("confinement_held")
    assert found["held"] == dict.fromkeys(found["held"], True)
    assert found["uid"] >= confinement.FIRST_UID
    assert not Path(found["cwd"]).exists(), "its folder stays behind"


def test_parents_variables_stay_with_the_parent() -> None:
    with confinement.confined():
        found = call("confinement_held")["environment"]
    assert "AIC_SECRET" not in found
    assert found["HOME"] == found["TMPDIR"] == found[confinement.FOLDER] != os.environ.get("HOME")


@ROOT
def test_a_confined_child_reaches_nothing(tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where the child that is free writes
    secret = tmp_path / "secret"
    secret.write_text("mine")
    secret.chmod(0o600)
    request = {"secret": str(secret), "beside": str(tmp_path / "beside"), "port": port}
    with confinement.confined([tmp_path]):
        confined = call("try_everything", request)
    assert confined == {
        "connect": "OSError",
        "read a secret": "PermissionError",
        "write beside": "PermissionError",
        "write in its folder": "done: 1",
        "fill the disk": "OSError",
        "become root": "PermissionError",
        "signal its parent": "PermissionError",
        "list root's home": confined["list root's home"],
    }
    assert not (tmp_path / "beside").exists()
    free = call("try_everything", request)
    assert free["connect"] == "done: connected"
    assert free["read a secret"] == "done: mine"


@ROOT
def test_what_lies_in_a_closed_folder_is_readable_where_it_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "data").mkdir(parents=True)
    (closed / "data" / "file").write_text("needed")
    (closed / "other").write_text("not needed")
    closed.chmod(0o700)
    request = {"secret": str(closed / "data" / "file"), "beside": str(closed / "other"), "port": 1}
    with confinement.confined([closed / "data"]):
        found = call("try_everything", request)
        assert found["read a secret"] == "done: needed"
        request["secret"] = str(closed / "other")
        assert call("try_everything", request)["read a secret"] == "FileNotFoundError"


def test_nothing_is_confined_afterwards() -> None:
    with confinement.confined():
        assert isolation.active()
    assert not isolation.active()
    assert call("confinement_held")["held"]["no variables of the parent"] is False


def test_a_child_that_no_stranger_reaches_is_not_confined_beside_those_that_are() -> None:
    with (
        confinement.confined(),
        workers.Worker("child_targets:confinement_held", timeout_s=LONG_S, ours=True) as worker,
    ):
        found = worker.ask({})
        assert found["environment"]["AIC_SECRET"] == "the organiser's password"
        assert not {confinement.FOLDER, isolation.VARIABLE} & {*found["environment"]}
        assert isolation.active()
