"""A frozen model -> an `.onnx` file that gives the same, made in a worker process with limits."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aic_helpers.core import machine, safe_files
from aic_helpers.core.errors import InputError, require_file
from aic_helpers.core.installation import needed
from aic_helpers.core.limits import MAX_DIFFERENCE
from aic_helpers.models.conversion import photo
from aic_helpers.onnx_export.parity_checks import require_same
from aic_helpers.processes import worker_kinds
from aic_helpers.processes.workers import ChildError, Worker
from aic_helpers.runtimes.formats import ONNX

EXPORTING = "aic_helpers.onnx_export.export_worker:Exporting"

TIMEOUT_S = 600.0

SCHEMA = 1

PACKAGES = ("onnx", "onnxruntime", "tensorflow", "tf2onnx")

REMEDIES = {"timeout": "give it more time with --timeout", "memory": "end other programs"}


def export(
    model_pb: Path, out: Path, *, name: str = "", timeout_s: float = TIMEOUT_S, ours: bool = False
) -> dict[str, Any]:
    """Write a network as an `.onnx` file and return what is known of it.

    Parameters
    ----------
    model_pb : Path
        A frozen model.
    out : Path
        The file to write; it is replaced only by a whole one that gives what the network gives.
    name : str
        Of the network, in messages; by default that of the model's file.
    timeout_s : float
    ours : bool
        See `aic_helpers.processes.workers.Worker`.

    Returns
    -------
    dict
        ``schema``, ``name``, ``file``, ``sha256``, ``bytes``, ``opset``, ``ir_version``, ``producer``, ``input_shape``,
        ``model_sha256`` (of the frozen model), ``parity`` (``max_abs``, ``limit`` and ``by_size``, of ONNX Runtime
        beside TensorFlow), ``versions`` and ``created_utc``.

    Raises
    ------
    InputError
        An operation that tf2onnx doesn't convert; or what ONNX Runtime gives for a photo is not what the network
        gives; or it took more time or memory than there is.
    """
    name = name or require_file(model_pb, "a frozen model").stem
    require_packages()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as folder:
        made = Path(folder) / out.name
        found = _made(model_pb, made, name, timeout_s, ours)
        differences = found.pop("by_size")
        require_same(differences, f"ONNX Runtime to give what {name} gives", "build the network of other layers")
        report = {
            "schema": SCHEMA,
            "name": name,
            "file": out.name,
            "sha256": safe_files.sha256(made),
            "bytes": made.stat().st_size,
            **found,
            "model_sha256": safe_files.sha256(model_pb),
            "parity": {"max_abs": max(differences.values()), "limit": MAX_DIFFERENCE, "by_size": differences},
            "versions": {package: version(package) for package in PACKAGES},
            "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        made.replace(out)
    return report


def require_packages() -> None:
    """Raise `InputError` where the packages that export are missing."""
    ONNX.require()
    with needed(ONNX.extra):
        if not find_spec("tf2onnx"):  # to import it takes TensorFlow along
            raise ImportError(name="tf2onnx")


def _made(model_pb: Path, out: Path, name: str, timeout_s: float, ours: bool) -> dict[str, Any]:
    request = {"model": str(model_pb.resolve()), "out": str(out.resolve()), "photo": str(photo())}
    limits: dict[str, Any] = {"timeout_s": timeout_s, "max_rss_mib": machine.spare_memory_mib()}
    try:
        with Worker(EXPORTING, **limits, warm=worker_kinds.CONVERSION, ours=ours) as worker:
            return worker.ask(request)
    except ChildError as error:
        raise InputError(
            f"{name} to export to ONNX", str(error), REMEDIES.get(error.kind, "mend the network")
        ) from None
