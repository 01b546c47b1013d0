"""The `aic` command."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from aic_helpers.cli import (
    board_commands,
    compare_commands,
    data_commands,
    export_commands,
    model_commands,
    organiser_commands,
    phone_commands,
    standard_streams,
    study_commands,
    submit_commands,
    track_commands,
    train_commands,
    workbench_commands,
)
from aic_helpers.cli.exit_codes import READER_LEFT, Commands, exit_status
from aic_helpers.core.safe_texts import require_text


def main() -> NoReturn:
    """Run the command line and exit with its status."""
    standard_streams.settle()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends children and half-made files, as Ctrl-C does
    _say_on_stderr()
    code = status(sys.argv[1:])
    if code == READER_LEFT:
        standard_streams.give_up()
    sys.exit(code)


def status(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; whatever goes wrong is one line on stderr."""

    def command() -> int | None:
        for argument in arguments:
            require_text(argument, "arguments in UTF-8")
        return aic.main(list(arguments), prog_name="aic", standalone_mode=False)

    return exit_status(command)


def _say_on_stderr() -> None:
    """Let what the package has to say beside its results stand on stderr, a line each."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("aic: %(message)s"))
    said = logging.getLogger("aic_helpers")
    said.addHandler(handler)
    said.setLevel(logging.INFO)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="aic-workbench", prog_name="aic")
def aic() -> None:
    """Convert, evaluate, profile, check and score image networks for phones.

    \b
    Exit status
      0    done, and every requirement met
      1    done, but the model breaks a requirement
      2    the call or an input was wrong
      3    an error of the workbench itself
      130  interrupted
      141  whoever read the output left before its end, as head does
    """


for command in (
    model_commands.run,
    model_commands.convert,
    model_commands.evaluate,
    model_commands.profile,
    model_commands.check,
    model_commands.score,
    model_commands.report,
    export_commands.export,
    track_commands.track,
    compare_commands.compare,
    board_commands.board,
    submit_commands.submit,
    organiser_commands.leaderboard,
    study_commands.study,
    data_commands.data,
    phone_commands.phone,
    train_commands.train,
    workbench_commands.new,
    workbench_commands.lab,
):
    aic.add_command(command)
