"""How a command ends: its exit status, and one line on stderr where it went wrong."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from aic_helpers.core.errors import InputError, in_words

DONE, RULE_BROKEN, INPUT_WRONG, INTERNAL, INTERRUPTED, READER_LEFT = 0, 1, 2, 3, 130, 141
"""The last two as a shell has them for SIGINT and SIGPIPE."""


class ReaderLeftError(Exception):
    """Whoever read the output left before its end."""


class Commands(click.Group):
    """A group of commands that keeps interrupts, ends of files and broken pipes from click.

    Click takes the first two for an interrupt, and prints an empty line for them. For the third it ends with 1.
    """

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        try:
            return super().make_context(*arguments, **options)
        except BrokenPipeError:  # of --help
            raise ReaderLeftError from None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderLeftError from None
        except KeyboardInterrupt:
            raise click.Abort from None
        except EOFError as error:
            raise RuntimeError(str(error) or "a file ended early") from error


def exit_status(command: Callable[[], int | None]) -> int:
    """Call a click command and return its exit status. `AIC_DEBUG=1` shows the traceback of what nobody foresaw."""
    try:
        code = command() or DONE
        sys.stdout.flush()
        return code
    except click.exceptions.NoArgsIsHelpError as error:
        shown = error.format_message()
        return exit_status(lambda: click.echo(shown))
    except click.UsageError as error:
        name = error.ctx.command_path if error.ctx else "aic"
        return _fail(f"{' '.join(error.format_message().split()).rstrip('.')}; see {name} --help", INPUT_WRONG)
    except InputError as error:
        return _fail(str(error), INPUT_WRONG)
    except (click.Abort, KeyboardInterrupt):
        return _fail("interrupted; nothing half-written is left", INTERRUPTED)
    except (BrokenPipeError, ReaderLeftError):
        return READER_LEFT
    except OSError as error:
        return _fail(_of_the_system(error), INPUT_WRONG)
    except Exception as error:
        if os.environ.get("AIC_DEBUG"):
            traceback.print_exc()
        reason = " ".join(str(error).split()) or type(error).__name__
        return _fail(f"internal error: {reason} (set AIC_DEBUG=1 for the traceback)", INTERNAL)


def _of_the_system(error: OSError) -> str:
    """Return what the system refused, and what to do."""
    try:
        Path.cwd()
    except FileNotFoundError:  # whatever is looked for in it, isn't there
        return "expected a current folder, found one that was deleted: change to another with cd"
    return f"{in_words(error)}; check the path, its permissions and the free space"


def _fail(line: str, code: int) -> int:
    with suppress(OSError):  # a reader that left
        click.echo(f"aic: {line}", err=True)
    return code
