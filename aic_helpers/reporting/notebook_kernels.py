"""What a notebook of the workbench does first, whoever executes it: JupyterLab, papermill, nbval or `aic run`."""

from __future__ import annotations

import ast
import os
from collections.abc import Sequence

from aic_helpers.core.errors import InputError, nearest
from aic_helpers.core.project_paths import workbench

OWN = {"JUPYTER_PREFER_ENV_PATH": "1"}
"""For who starts kernels: `python3` is this interpreter's."""

INJECTED = "# Parameters\n"
"""How the cell begins that papermill puts behind the one tagged `parameters`."""

WORKING_FOLDER = "AIC_WORKING_FOLDER"
"""Names, for the kernels of `aic run`, the folder that paths count from."""


def open_notebook() -> None:
    """Let the paths in a notebook's parameters count from the folder above the notebooks, and check their names.

    Raises
    ------
    InputError
        Papermill was given a parameter that the notebook hasn't. It only warns of it.
    """
    from IPython import get_ipython

    shell = get_ipython()
    os.chdir(os.environ.get(WORKING_FOLDER) or workbench())
    if shell is not None:
        check_injected(shell.user_ns["In"])


def check_injected(cells: Sequence[str]) -> None:
    """Raise `InputError` for a name that papermill's cell sets and no cell before it.

    Parameters
    ----------
    cells : sequence of str
        The code that was executed, in its order.
    """
    places = [place for place, cell in enumerate(cells) if cell.startswith(INJECTED)]
    injected = places[-1] if places else 0
    known = list(dict.fromkeys(name for cell in cells[:injected] for name in _set_in(cell)))
    for name in _set_in(cells[injected]) if known else ():
        if name not in known:
            expected = f"a parameter of this notebook ({', '.join(known)})"
            raise InputError(expected, name, nearest(name, known, "leave it out"))


def _set_in(cell: str) -> list[str]:
    """Return the names that the lines of a cell set."""
    try:
        body = ast.parse(cell).body
    except SyntaxError:  # a cell that failed
        return []
    lines = [line for line in body if isinstance(line, ast.Assign | ast.AnnAssign)]
    targets = [target for line in lines for target in (line.targets if isinstance(line, ast.Assign) else [line.target])]
    return [target.id for target in targets if isinstance(target, ast.Name)]
