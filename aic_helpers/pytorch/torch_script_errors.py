"""One line for what a person can mend, as `torch_script.py` says it; which files are a person's. Run where torch is."""

import difflib
import os
import re
import sys
import traceback
from pathlib import Path

SHOWN = 3
"""Of names in a line."""


class RefusedError(Exception):
    """What a person can mend: what was expected, found, and what to do."""

    def __init__(self, expected, found, remedy):
        super().__init__(expected, found, remedy)
        self.parts = [" ".join(str(part).split()) for part in (expected, found, remedy)]


class PersonsCode:
    """Turns what a person's code raises into one line."""

    def __init__(self, request, what):
        self.request, self.what = request, what

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if error is None or isinstance(error, (RefusedError, KeyboardInterrupt)):
            return False
        path, name = self.request["path"], self.request["name"]
        raise RefusedError(f"{name} of {path} {self.what}", words_of(error, self.request), remedy_of(error)) from None


def remedy_of(error):
    if isinstance(error, ImportError) and getattr(error, "name", None):
        return f"install it for {sys.executable}, or take the import out"
    return "mend the network"


def words_of(error, request=None):
    """Return an error in a line, and where in a person's own files."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if request and is_persons(frame.filename, request)]
    where = f" at {Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""
    if isinstance(error, SyntaxError) and error.filename:
        where = f" at {Path(error.filename).name}:{error.lineno}"
        return f"SyntaxError: {error.msg}{where}"
    return f"{type(error).__name__}: {first_line(error)[:300]}{where}"


def first_line(error):
    return " ".join((re.sub("\x1b\\[[0-9;]*m", "", str(error)).strip().splitlines() or [""])[0].split())


def listed(names):
    return ", ".join(names)


def some(names):
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


def near(name, known):
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else "name one of these"


def is_persons(path, request):
    folder = Path(request["path"] or request["checkpoint"]).parent
    return str(Path(path).absolute()).startswith(f"{folder}{os.sep}") and "-packages" + os.sep not in path


def line_in(text, request):
    """Return the first line of a person's files that a text of an error names."""
    for path, line in re.findall(r'([^\s"()]+\.py)(?:", line |\(|:)(\d+)', text):
        if is_persons(path, request):
            return f"{Path(path).name}:{line}"
    return ""
