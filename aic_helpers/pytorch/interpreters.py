"""A person's own interpreter: is it there, is it a Python that our scripts run in, and has it the package they need?"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aic_helpers.core import machine
from aic_helpers.core.errors import InputError
from aic_helpers.processes import workers
from aic_helpers.processes.workers import ChildError

ASK = "aic_helpers.pytorch.interpreter_worker:ask"

VARIABLE = "AIC_PYTHON"
"""Names the interpreter where --python doesn't."""

OLDEST = (3, 8)

TIMEOUT_S = 60.0

OURS_ALONE = ("PYTHONHOME", "PYTHONSAFEPATH")

TORCH = "torch"

CONVERTERS = (TORCH, "onnx", "onnxscript", "spandrel", "onnx2tf")
"""Packages of a person's interpreter that convert networks, and so make another file as they change."""

NONE = "-"
"""What it says of a package that it hasn't."""


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
    named, another = _named(typed), _remedy(package)
    path = _program(named, another) if named else sys.executable
    python, (version,) = _answer(path, [package], another)
    if python < OLDEST:
        raise InputError(f"Python 3.8 or newer at {path}", f"Python {python[0]}.{python[1]}", another)
    if version == NONE:
        remedy = f"install {package} for it, or {another}" if named else another
        raise InputError(f"{package} in {path}", "none", remedy)
    return Interpreter(path, version)


def versions(typed: str = "", package: str = TORCH) -> dict[str, str] | None:
    """Return the versions of an interpreter, and of what converts networks there; None where none has the package."""
    named, another = _named(typed), _remedy(package)
    with suppress(InputError):
        path = _program(named, another) if named else sys.executable
        python, found = _answer(path, CONVERTERS, another)
        there = {name: version for name, version in zip(CONVERTERS, found, strict=True) if version != NONE}
        return {"python": f"{python[0]}.{python[1]}", **there} if package in there else None
    return None


def environment() -> dict[str, str]:
    """Return the variables that a person's interpreter gets: not those that say how the workbench's own starts."""
    return {name: value for name, value in os.environ.items() if name not in OURS_ALONE}


def _named(typed: str) -> str:
    return typed or os.environ.get(VARIABLE, "")


def _remedy(package: str) -> str:
    return f"name one that has {package} with --python or {VARIABLE}"


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


def _answer(path: str, packages: Sequence[str], another: str) -> tuple[tuple[int, int], list[str]]:
    """Return a Python's version, and those of packages."""
    expected, cap_mib = f"a Python interpreter at {path}", machine.spare_memory_mib()
    try:
        asked = {"python": path, "packages": [*packages], "environment": environment()}
        answer = workers.call(ASK, asked, timeout_s=TIMEOUT_S, max_rss_mib=cap_mib)
    except ChildError as error:
        found = f"a program that gave no answer in {TIMEOUT_S:g} s" if error.kind == "timeout" else str(error)
        raise InputError(expected, found, another) from None
    if "error" in answer:
        raise InputError(expected, answer["error"], another)
    try:
        major, minor, *found = answer["words"]
        python = (int(major), int(minor))
    except ValueError:
        raise InputError(expected, "another program", another) from None
    return python, [*found, *[NONE] * len(packages)][: len(packages)]
