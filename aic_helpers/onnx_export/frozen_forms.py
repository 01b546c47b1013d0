"""An `.onnx` file -> a frozen graph that gives the same, by onnx2tf in the person's own environment.

onnx2tf pins another TensorFlow than ours, so it is no package of the workbench's. What it makes, a SavedModel, is
frozen here and compared with the `.onnx` file on a photo; it converts some networks to others.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

from aic_helpers.core import machine, safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.core.project_paths import cache_folder
from aic_helpers.core.source_hashes import code
from aic_helpers.models import conversion
from aic_helpers.onnx_export.parity_checks import require_same
from aic_helpers.processes import workers
from aic_helpers.processes.workers import ChildError
from aic_helpers.pytorch import interpreters
from aic_helpers.pytorch.interpreters import Interpreter
from aic_helpers.runtimes.formats import ONNX, format_of

PACKAGE = "onnx2tf"

TO_SAVED_MODEL = "aic_helpers.onnx_export.frozen_form_worker:to_saved_model"
COMPARE = "aic_helpers.onnx_export.frozen_form_worker:compare"

TIMEOUT_S = 600.0

REMEDY = "export the network to LiteRT where it was made"


def interpreter(python: str) -> Interpreter:
    """Return a person's interpreter that has onnx2tf; `InputError` as of `aic_helpers.pytorch.interpreters.find`."""
    return interpreters.find(python, PACKAGE)


def frozen(model: Path, enlarges: int, python: str, *, name: str) -> Path:
    """Return the frozen graph of a converted model: the model itself where it is one, else made once and kept.

    Parameters
    ----------
    model : Path
        A `.pb`, or an `.onnx` file of RGB in [0, 1].
    enlarges : int
        How many times as high and wide as its input the output has to be.
    python : str
        The interpreter that has onnx2tf; empty for `AIC_PYTHON`, and for this one.
    name : str
        Of the network, in messages.

    Raises
    ------
    InputError
        No interpreter with onnx2tf; a network that it doesn't convert, or converts to another.
    """
    if format_of(model) is not ONNX:
        return model
    found = interpreter(python)
    made_from = (safe_files.sha256(model), enlarges, found.version, code("onnx_export.frozen_forms"))
    kept = cache_folder() / "from_onnx" / f"{hashlib.sha256(repr(made_from).encode()).hexdigest()}.pb"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".made-") as folder:
            _make(model, Path(folder), enlarges, found, name).replace(kept)
    return kept


def _make(model: Path, folder: Path, enlarges: int, found: Interpreter, name: str) -> Path:
    saved, made = folder / "saved_model", folder / "model.pb"
    asked = {"python": found.path, "version": found.version, "model": str(model.resolve()), "out": str(saved)}
    _ask(TO_SAVED_MODEL, asked, name)
    try:
        conversion.convert(saved, made, enlarges=enlarges)
    except InputError as error:
        expected = f"a network of TensorFlow that onnx2tf {found.version} made of {name}"
        raise InputError(expected, f"one that doesn't do ({error})", REMEDY) from None
    photo = str(conversion.photo())
    reply = _ask(COMPARE, {"model": str(model.resolve()), "frozen": str(made), "photo": photo}, name)
    require_same(reply["by_size"], f"TensorFlow to give what {name} gives, by onnx2tf {found.version}", REMEDY)
    return made


def _ask(function: str, request: dict[str, Any], name: str) -> dict[str, Any]:
    try:
        return workers.call(function, request, timeout_s=TIMEOUT_S, max_rss_mib=machine.spare_memory_mib())
    except ChildError as error:
        raise InputError(f"{name} to convert to TensorFlow", str(error), REMEDY) from None
