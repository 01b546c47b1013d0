"""Model source -> frozen model, each in a process of its own."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

from aic_helpers.core import isolation, machine
from aic_helpers.core.errors import InputError
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.models import worker_kinds
from aic_helpers.models.sources import ModelSource, resolve
from aic_helpers.processes import workers

FREEZE = "aic_helpers.models.freezing:freeze"
TIMEOUT_S = 300.0

PHOTO = PROJECT / "data" / "sample" / "hd"
"""The first image here is what the frozen model is compared with its source on."""


def convert(
    model: str | ModelSource, out: str | Path, *, checkpoint: str | Path | None = None, timeout_s: float = TIMEOUT_S
) -> dict[str, Any]:
    """Write the frozen model of a source to `out` and return what is known of it.

    Parameters
    ----------
    model : str or ModelSource
        See `aic_helpers.models.sources.resolve`.
    out : path
        The `.pb` file to write. It is replaced only by a whole one.
    checkpoint : path, optional
        For `file.py:function`.
    timeout_s : float
        A model that takes longer to build is ended.

    Returns
    -------
    dict
        ``name``, ``source``, ``kind``, ``style``, ``sha256``, ``bytes``, ``parameters``, ``gmacs_720p``,
        ``input_shape``, ``checkpoint_unused``, ``read_files`` (SHA-256 by path of what the model's code read beside
        the source's own files), and ``parity`` with ``max_abs`` (the largest absolute difference
        between source and frozen model, None for a source that is frozen already) and ``by_size``.

    Raises
    ------
    InputError
        The source can't be converted; the message says what was expected, found, and what to do.
    """
    source = resolve(model, checkpoint) if isinstance(model, str) else model
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".convert-") as folder:
        isolation.let_in(Path(folder))
        partial = Path(folder) / "model.pb"
        if source.kind == "frozen":
            shutil.copyfile(source.path, partial)  # here, so that a child that is confined need not write
        report = _freeze_in_child(source, partial, timeout_s)
        content = partial.read_bytes()
        partial.replace(out)
    parity = report.pop("parity")
    return {
        "name": source.name,
        "source": source.typed,
        "kind": source.kind,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        **report,
        "parity": {"max_abs": max(parity.values()) if parity else None, "by_size": parity},
    }


def _freeze_in_child(source: ModelSource, out: Path, timeout_s: float) -> dict[str, Any]:
    request = {
        "kind": source.kind,
        "path": str(source.path.resolve()),
        "function": source.function,
        "checkpoint": source.checkpoint and str(source.checkpoint.resolve()),
        "photo": str(min(PHOTO.iterdir())),
        "out": str(out.resolve()),
    }
    try:
        cap_mib = machine.spare_memory_mib()
        warm = worker_kinds.INFERENCE if source.kind == "frozen" else worker_kinds.CONVERSION
        return workers.call(FREEZE, request, timeout_s=timeout_s, max_rss_mib=cap_mib, warm=warm)
    except workers.ChildError as error:
        remedy = "mend the model; `aic convert` tries it again"
        raise InputError(f"{source.typed} to convert", str(error), remedy) from None
