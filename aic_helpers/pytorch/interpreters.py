"""A person's own interpreter: is it there, is it a Python that our scripts run in, and has it the package they need?"""

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
found, package = "", sys.argv[1]
if sys.version_info >= (3, 8):
    from importlib import metadata, util
    if util.find_spec(package):
        try:
            found = metadata.version(package)
        except metadata.PackageNotFoundError:
            found = "unknown"
sys.stdout.write("{mark} %d %d %s\\n" % (sys.version_info[0], sys.version_info[1], found))
""".replace("{mark}", MARK)
"""Python 2 reads it too."""

TORCH = "torch"


@dataclass(frozen=True)
class Interpreter:
    """A Python that has a package.

    Attributes
    ----------
    path : str
        Absolute.
    version : str
        The package's.
    """

    path: str
    version: str


def find(typed: str = "", package: str = TORCH) -> Interpreter:
    """Return the interpreter that a person names, by `AIC_PYTHON` or as it is here, where it has a package.

    Parameters
    ----------
    typed : str
        A path, or a name on the `PATH`; empty for `AIC_PYTHON`, and for this interpreter where that isn't set.
    package : str

    Raises
    ------
    InputError
        Nothing is there, it is no Python of 3.8 or newer, or it hasn't the package.
    """
    named, another = typed or os.environ.get(VARIABLE, ""), f"name one that has {package} with --python or {VARIABLE}"
    path = _program(named, another) if named else sys.executable
    major, minor, version = _answer(path, package, another)
    if (major, minor) < OLDEST:
        raise InputError(f"Python 3.8 or newer at {path}", f"Python {major}.{minor}", another)
    if not version:
        remedy = f"install {package} for it, or {another}" if named else another
        raise InputError(f"{package} in {path}", "none", remedy)
    return Interpreter(path, version)


def _program(named: str, another: str) -> str:
    path = Path(named).expanduser()
    if path.is_dir():
        inside = path / "bin" / "python"
        remedy = f"did you mean {inside}?" if inside.exists() else another
        raise InputError(f"a Python interpreter at {named}", "a folder", remedy)
    if found := shutil.which(str(path) if os.sep not in named else str(path.absolute())):
        return os.path.abspath(found)  # noqa: PTH100 (a link stays one: by it Python knows its environment)
    found = "a file that isn't executable" if path.exists() else "nothing"
    raise InputError(f"a Python interpreter at {named}", found, another)


def _answer(path: str, package: str, another: str) -> tuple[int, int, str]:
    """Return a Python's version, and that of the package or nothing."""
    said = subprocess.DEVNULL
    try:
        asked = subprocess.run(
            [path, "-c", PROBE, package], stdin=said, stderr=said, stdout=subprocess.PIPE, timeout=TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        found = f"a program that gave no answer in {TIMEOUT_S:g} s"
        raise InputError(f"a Python interpreter at {path}", found, another) from None
    except OSError as error:
        raise InputError(f"a Python interpreter at {path}", str(error.strerror), another) from None
    lines = asked.stdout.decode("utf-8", "replace").splitlines()
    answer = next((line.split() for line in lines if line.startswith(MARK)), [])
    try:
        return int(answer[1]), int(answer[2]), " ".join(answer[3:])
    except (IndexError, ValueError):
        raise InputError(f"a Python interpreter at {path}", "another program", another) from None
