"""A stranger's `.pb`, `.tflite` or `.onnx` -> whether it may be loaded: read as data, with limits, in a child process.

Which of them it is the file itself says, whatever it is called. `vet` is what others call. `look` is its child's side.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aic_helpers.core import isolation
from aic_helpers.core.errors import InputError, require_file
from aic_helpers.core.limits import MAX_FILE_BYTES
from aic_helpers.graphs import graph_checks
from aic_helpers.litert import file_checks as litert_checks
from aic_helpers.onnx_graphs import file_checks as onnx_checks
from aic_helpers.processes import confinement, worker_kinds, workers
from aic_helpers.runtimes.file_formats import HEAD_BYTES, format_by_content, require_one_format
from aic_helpers.runtimes.formats import FROZEN, LITERT, ONNX

LOOK = "aic_helpers.models.stranger_models:look"

CHECKS = {FROZEN: graph_checks.refuse, LITERT: litert_checks.refuse, ONNX: onnx_checks.refuse}

TIMEOUT_S = 60.0
MAX_RSS_MIB = 3072.0
"""Of the process that reads the model: a hundred MB of small nodes take ten times that as objects."""


def suffix(model: Path) -> str:
    """Return how the name of a model has to end, by its content: ``.pb``, ``.tflite`` or ``.onnx``."""
    with model.open("rb") as file:
        return format_by_content(file.read(HEAD_BYTES)).suffix


def vet(model: Path) -> dict[str, Any]:
    """Return what a stranger's model is, having seen that it may be loaded.

    Parameters
    ----------
    model : Path

    Returns
    -------
    dict
        ``nodes`` and ``operations`` (how many kinds); and ``confinement``, what held for the process that looked.

    Raises
    ------
    InputError
        It may not: the message names the operation and the reason. Or it is neither a frozen graph nor a file of
        LiteRT's or ONNX, or takes too much to read.
    OSError
        The file can't be read there, or this machine lacks what runs its format, which says nothing of it.
    """
    path = require_file(model, "a model")
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise InputError(f"a model of at most {MAX_FILE_BYTES} bytes", f"{size} bytes", "make it smaller")
    try:
        request = {"model": str(path.resolve())}
        found = workers.call(LOOK, request, timeout_s=TIMEOUT_S, max_rss_mib=MAX_RSS_MIB, warm=worker_kinds.INFERENCE)
    except workers.ChildError as error:
        raise InputError("a model that can be read", str(error), "freeze or export it again") from None
    if found["unread"]:
        raise OSError(found["unread"])
    if found["refused"]:
        raise InputError.again(found["refused"])
    return found


def look(request: dict[str, Any]) -> dict[str, Any]:
    """Return what `vet` does, with ``refused``, the line that says why not, and ``unread``; or None for each."""
    held = confinement.held() if isolation.active() else {}
    found = {"unread": None, "refused": None, "confinement": held}
    try:
        content = Path(request["model"]).read_bytes()
    except OSError as error:
        return found | {"unread": str(error)}
    kind = format_by_content(content)
    try:
        kind.require()
    except InputError as error:
        return found | {"unread": str(error)}
    try:
        if kind is not LITERT:
            require_one_format(content)
        return found | CHECKS[kind](content)
    except InputError as error:
        return found | {"refused": str(error)}
