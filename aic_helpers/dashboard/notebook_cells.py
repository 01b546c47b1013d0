"""The cell of a notebook that makes something: where it runs again, what it made before ends."""

from __future__ import annotations

import weakref
from typing import Any, Protocol

from IPython import get_ipython


class Closable(Protocol):
    """What ends; a widget."""

    def close(self) -> None: ...


def end_with_cell(made: Closable) -> None:
    """Close what the running cell makes as soon as that cell begins to run again.

    A kernel keeps what a cell showed last (`Out`), with the processes of its models. A cell is known by the id that
    JupyterLab sends; where a frontend sends none, by its text. Outside of a notebook's cell nothing is done.
    """
    shell: Any = get_ipython()
    cell = _running(shell)
    if not cell:
        return
    kept = weakref.ref(made)

    def begins(info: Any) -> None:
        if cell != (info.cell_id or info.raw_cell):
            return
        shell.events.unregister("pre_run_cell", begins)
        before = kept()
        if before is not None:
            before.close()

    shell.events.register("pre_run_cell", begins)


def _running(shell: Any) -> str:
    """Return what the running cell is known by; empty where none runs, as while a message of a page is answered."""
    message = shell.get_parent() if hasattr(shell, "get_parent") else {}
    code = message.get("content", {}).get("code", "")
    return (message.get("metadata", {}).get("cellId") or code) if code else ""
