"""An interpreter with torch and nothing else, and files of weights that it wrote."""

import os
import subprocess
from pathlib import Path

import pytest

from aic_helpers.cli import main

FIXTURES = Path(__file__).parents[1] / "fixtures"

NETWORKS = FIXTURES / "torch_networks.py"


@pytest.fixture(scope="session")
def python():
    """The interpreter that `make test-torch` names."""
    return os.environ["AIC_TEST_TORCH_PYTHON"]


@pytest.fixture(scope="session")
def weights(python, tmp_path_factory):
    """The folder of `fixtures/torch_weights.py`."""
    folder = tmp_path_factory.mktemp("weights")
    subprocess.run([python, FIXTURES / "torch_weights.py", folder], check=True, stderr=subprocess.DEVNULL)
    return folder


@pytest.fixture
def aic(capsys, tmp_path, monkeypatch):
    """Call a command; returns its exit status, stdout and stderr."""
    monkeypatch.setenv("AIC_CACHE", str(tmp_path / "cache"))

    def call(*arguments):
        status = main.status([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def refused(aic, tmp_path):
    """Convert a network that is wrong; returns its one line on stderr."""

    def call(*arguments):
        out = tmp_path / "run"
        status, stdout, stderr = aic("convert", "--track", "classic_x4", "--out", out, *arguments)
        assert (status, stdout, stderr.count("\n")) == (2, "", 1), stderr
        assert not out.exists()
        return stderr.removeprefix("aic: ").rstrip("\n")

    return call
