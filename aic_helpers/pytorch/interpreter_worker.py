"""Answers `interpreters`: asks a person's Python for its version and those of packages, in a process with limits."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from typing import Any

MARK = "aic-python"

PROBE = """
import sys
found = []
for package in sys.argv[1:]:
    version = "-"
    if sys.version_info >= (3, 8):
        from importlib import metadata, util
        if util.find_spec(package):
            try:
                version = metadata.version(package)
            except metadata.PackageNotFoundError:
                version = "unknown"
    found.append(version)
sys.stdout.write("{mark} %d %d %s\\n" % (sys.version_info[0], sys.version_info[1], " ".join(found)))
""".replace("{mark}", MARK)
"""Python 2 reads it too."""


def ask(request: dict[str, Any]) -> dict[str, Any]:
    """Return what ``python``, in ``environment``, says of ``packages``: ``words``, or ``error``, why it can't start.

    It starts in an empty folder: Python looks for modules in the current one first, and a folder of a person's may
    have a `csv.py` or a folder `torch`.
    """
    command = [request["python"], "-c", PROBE, *request["packages"]]
    with tempfile.TemporaryDirectory() as folder:
        try:
            asked = subprocess.run(
                command,
                cwd=folder,
                env=request["environment"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=sys.stderr,
            )
        except OSError as error:
            return {"error": str(error.strerror)}
    lines = asked.stdout.decode("utf-8", "replace").splitlines()
    return {"words": next((line.split()[1:] for line in lines if line.startswith(MARK)), [])}
