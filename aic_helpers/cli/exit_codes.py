"""How a command ends: its exit status, and one line on stderr where it went wrong."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from typing import Any

import click

from aic_helpers.core.errors import InputError, in_words

DONE, RULE_BROKEN, INPUT_WRONG, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 130


class Commands(click.Group):
    """A group of commands that keeps interrupts and ends of files from click.

    Click takes both for an interrupt, and prints an empty line for them.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.Abort from None
        except EOFError as error:
            raise RuntimeError(str(error) or "a file ended early") from error


def exit_status(command: Callable[[], int | None]) -> int:
    """Call a click command and return its exit status. `AIC_DEBUG=1` shows the traceback of what nobody foresaw."""
    try:
        return command() or DONE
    except click.UsageError as error:
        name = error.ctx.command_path if error.ctx else "aic"
        return _fail(f"{' '.join(error.format_message().split()).rstrip('.')}; see {name} --help", INPUT_WRONG)
    except InputError as error:
        return _fail(str(error), INPUT_WRONG)
    except (click.Abort, KeyboardInterrupt):
        return _fail("interrupted; nothing half-written is left", INTERRUPTED)
    except OSError as error:
        return _fail(f"{in_words(error)}; check the path, its permissions and the free space", INPUT_WRONG)
    except Exception as error:
        if os.environ.get("AIC_DEBUG"):
            traceback.print_exc()
        reason = " ".join(str(error).split()) or type(error).__name__
        return _fail(f"internal error: {reason} (set AIC_DEBUG=1 for the traceback)", INTERNAL)


def _fail(line: str, code: int) -> int:
    click.echo(f"aic: {line}", err=True)
    return code
