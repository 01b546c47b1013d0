"""The interpreter that has torch: is it there, is it a Python that our script runs in, and has it torch?"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from aic_helpers.core.errors import InputError

VARIABLE = "AIC_PYTHON"
"""Names the interpreter where --python doesn't."""

OLDEST = (3, 8)

TIMEOUT_S = 60.0

MARK = "aic-python"

PROBE = """
import sys
torch = ""
if sys.version_info >= (3, 8):
    from importlib import metadata, util
    if util.find_spec("torch"):
        try:
            torch = metadata.version("torch")
        except metadata.PackageNotFoundError:
            torch = "unknown"
sys.stdout.write("{mark} %d %d %s\\n" % (sys.version_info[0], sys.version_info[1], torch))
""".replace("{mark}", MARK)
"""Python 2 reads it too."""

NAME_ANOTHER = f"name one that has torch with --python or {VARIABLE}"


@dataclass(frozen=True)
class Interpreter:
    """A Python that has torch.

    Attributes
    ----------
    path : str
        Absolute.
    torch : str
        Its version.
    """

    path: str
    torch: str


def find(typed: str = "") -> Interpreter:
    """Return the interpreter that a person names, by `AIC_PYTHON` or as it is here, where it has torch.

    Parameters
    ----------
    typed : str
        A path, or a name on the `PATH`; empty for `AIC_PYTHON`, and for this interpreter where that isn't set.

    Raises
    ------
    InputError
        Nothing is there, it is no Python of 3.8 or newer, or it has no torch.
    """
    named = typed or os.environ.get(VARIABLE, "")
    path = _program(named) if named else sys.executable
    major, minor, torch = _answer(path)
    if (major, minor) < OLDEST:
        raise InputError(f"Python 3.8 or newer at {path}", f"Python {major}.{minor}", NAME_ANOTHER)
    if not torch:
        remedy = f"install torch for it, or {NAME_ANOTHER}" if named else NAME_ANOTHER
        raise InputError(f"torch in {path}", "none", remedy)
    return Interpreter(path, torch)


def _program(named: str) -> str:
    path = Path(named).expanduser()
    if path.is_dir():
        inside = path / "bin" / "python"
        remedy = f"did you mean {inside}?" if inside.exists() else NAME_ANOTHER
        raise InputError(f"a Python interpreter at {named}", "a folder", remedy)
    if found := shutil.which(str(path) if os.sep not in named else str(path.absolute())):
        return os.path.abspath(found)  # noqa: PTH100 (a link stays one: by it Python knows its environment)
    found = "a file that isn't executable" if path.exists() else "nothing"
    raise InputError(f"a Python interpreter at {named}", found, NAME_ANOTHER)


def _answer(path: str) -> tuple[int, int, str]:
    """Return a Python's version, and torch's or nothing."""
    said = subprocess.DEVNULL
    try:
        asked = subprocess.run([path, "-c", PROBE], stdin=said, stderr=said, stdout=subprocess.PIPE, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        found = f"a program that gave no answer in {TIMEOUT_S:g} s"
        raise InputError(f"a Python interpreter at {path}", found, NAME_ANOTHER) from None
    except OSError as error:
        raise InputError(f"a Python interpreter at {path}", str(error.strerror), NAME_ANOTHER) from None
    lines = asked.stdout.decode("utf-8", "replace").splitlines()
    answer = next((line.split() for line in lines if line.startswith(MARK)), [])
    try:
        return int(answer[1]), int(answer[2]), " ".join(answer[3:])
    except (IndexError, ValueError):
        raise InputError(f"a Python interpreter at {path}", "another program", NAME_ANOTHER) from None
