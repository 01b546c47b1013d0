"""Commands, called in this process."""

import pytest

from aic_helpers.cli import main


@pytest.fixture
def aic(capsys):
    """Call a command; returns its exit status, stdout and stderr."""

    def call(*arguments):
        status = main.status([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def refused(aic):
    """Call a command that is wrong; returns its one line on stderr."""

    def call(*arguments):
        status, stdout, stderr = aic(*arguments)
        assert (status, stdout, stderr.count("\n")) == (2, "", 1)
        assert stderr.startswith("aic: ")
        return stderr.removeprefix("aic: ").rstrip("\n")

    return call
