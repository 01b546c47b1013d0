"""Model source -> converted model, each in a process of its own."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from aic_helpers.core import isolation, machine
from aic_helpers.core.errors import InputError
from aic_helpers.core.limits import HD_HEIGHT_PX, HD_WIDTH_PX
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data.images import is_called_image, read_rgb
from aic_helpers.models import litert_sources, model_objects, onnx_sources
from aic_helpers.models.adapted_graphs import own_form
from aic_helpers.models.adapters import Adapters
from aic_helpers.models.sources import FIXED_FILE, ModelSource, resolve
from aic_helpers.models.trials import COMPARED, PARITY_SIZES_PX, batch_of
from aic_helpers.processes import worker_kinds
from aic_helpers.processes.workers import ChildError, Worker
from aic_helpers.pytorch.exporting import Network, to_onnx

FREEZING = "aic_helpers.models.freezing:Freezing"
TIMEOUT_S = 300.0

TRIAL_TIMEOUT_S = 10.0
"""For one image; a model that takes longer is judged by what runs it."""

PHOTO = PROJECT / "data" / "sample" / "hd"
"""The first image here is what the frozen model is compared with its source on."""


def convert(
    model: Any,
    out: str | Path,
    *,
    checkpoint: str | Path | None = None,
    adapt: Mapping[str, Any] | None = None,
    enlarges: int = 1,
    macs_size: tuple[int, int] = (HD_WIDTH_PX, HD_HEIGHT_PX),
    timeout_s: float = TIMEOUT_S,
) -> dict[str, Any]:
    """Write the frozen model of a source to `out` and return what is known of it.

    Parameters
    ----------
    model : str, Path, ModelSource or Keras model
        See `aic_helpers.models.sources.resolve`; or a `keras.Model` or `tf_keras.Model` itself, as it is now.
    out : path
        The file to write, as `source.format` is called: `.pb`, `.tflite` or `.onnx`. It is replaced only by a whole
        one.
    checkpoint : path, optional
        For `file.py:function`.
    adapt : mapping, optional
        See `resolve`; a `ModelSource` holds its own.
    enlarges : int
        How many times as high and wide as its input the model's output has to be.
    macs_size : (int, int)
        Width and height (px) of the input for which ``macs`` are counted.
    timeout_s : float
        A model that takes longer to build is ended.

    Returns
    -------
    dict
        ``name``, ``source``, ``kind``, ``style``, ``sha256``, ``bytes``, ``parameters``, ``gmacs_720p``, ``macs``
        (multiply-accumulates of one image of ``macs_size``, None where they can't be known), ``input_shape``,
        ``checkpoint_unused``, ``read_files`` (SHA-256 by path of what the model's code read beside the source's own
        files), ``adapters`` (what was built around the network, a line each), ``notes`` (what a
        person should know of how it was made), and ``parity`` with ``state`` (``compared``, ``frozen already`` or
        ``not compared``), ``reason`` (why not compared), ``max_abs`` (the largest absolute difference between source
        and frozen model) and ``by_size``.

    Raises
    ------
    InputError
        The source can't be converted; the message says what was expected, found, and what to do.
    """
    out = Path(out)
    source = _source(model, checkpoint, adapt)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".convert-") as folder:
        isolation.let_in(Path(folder))
        source = source or model_objects.exported(model, Path(folder) / "exported", adapt)
        partial = Path(folder) / source.format.model_file
        if source.kind in ("frozen", "onnx"):
            shutil.copyfile(source.path, partial)  # here, so that a child that is confined need not write
        make = MAKE.get(source.kind, _freeze_in_child)
        report = make(source, partial, enlarges, macs_size, photo(), timeout_s)
        content = partial.read_bytes()
        fixed = partial.with_name(FIXED_FILE)
        if fixed.is_file():
            fixed.replace(out.with_name(FIXED_FILE))
        else:  # one that is there is of another model
            out.with_name(FIXED_FILE).unlink(missing_ok=True)
        partial.replace(out)
    parity = report.pop("parity")
    differences = parity["by_size"]
    return {
        "name": source.name,
        "source": source.typed,
        "kind": source.kind,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        **report,
        "parity": {"max_abs": max(differences.values()) if differences else None, **parity},
    }


def _source(model: Any, checkpoint: str | Path | None, adapt: Mapping[str, Any] | None) -> ModelSource | None:
    """Return what a person gave as a model source; None where it is a model itself."""
    if isinstance(model, ModelSource):
        return model
    if isinstance(model, str | Path):
        return resolve(str(model), checkpoint, adapt)
    model_objects.require(model, checkpoint)
    return None


def photo() -> Path:
    """Return the photo that models are tried on."""
    return min(filter(is_called_image, PHOTO.iterdir()))


def _freeze_in_child(
    source: ModelSource, out: Path, enlarges: int, macs_size: tuple[int, int], photo: Path, timeout_s: float
) -> dict[str, Any]:
    request = {
        "do": "freeze",
        "kind": source.kind,
        "path": str(source.path.resolve()),
        "function": source.function,
        "checkpoint": source.checkpoint and str(source.checkpoint.resolve()),
        "adapt": source.adapt.given | ({"code": str(Path(source.adapt.code).resolve())} if source.adapt.code else {}),
        "photo": str(photo),
        "out": str(out.resolve()),
        "enlarges": enlarges,
        "macs_size": [*macs_size],
    }
    try:
        cap_mib = machine.spare_memory_mib()
        as_it_is = source.kind == "frozen" and not source.adapt.given
        warm = worker_kinds.INFERENCE if as_it_is else worker_kinds.CONVERSION
        with Worker(FREEZING, timeout_s=timeout_s, max_rss_mib=cap_mib, warm=warm) as worker:
            report = worker.ask(request)
            with suppress(ChildError):  # it hangs, or wants too much: evaluation and rules tell of that
                worker.ask({"do": "try"}, timeout_s=TRIAL_TIMEOUT_S)
            return report
    except ChildError as error:
        remedy = "mend the model; `aic convert` tries it again"
        raise InputError(f"{source.typed} to convert", str(error), remedy) from None


def _by_onnx(
    source: ModelSource, out: Path, enlarges: int, macs_size: tuple[int, int], photo: Path, timeout_s: float
) -> dict[str, Any]:
    """Have a PyTorch network exported to ONNX, and take that file over as a person's own."""
    adapt = source.adapt
    exported = out.with_name("exported.onnx")
    weights = source.checkpoint if source.function else source.path
    network = Network(source.path if source.function else None, source.function or "", weights, dict(adapt.args))
    image = read_rgb(photo)
    given = [own_form(batch_of(image, size), replace(adapt, layout="nchw")) for size in (*PARITY_SIZES_PX, macs_size)]
    white = float(adapt.range)
    made = to_onnx(network, exported, given[:-1], given[-1], python=adapt.python, white=white, timeout_s=timeout_s)
    form = Adapters(range=adapt.range, colour=adapt.colour, channels=adapt.channels, layout="nchw")
    file = ModelSource("onnx", source.name, exported, None, None, None, source.typed, form)
    report = onnx_sources.take_over(file, out, enlarges, macs_size, photo, timeout_s)
    built = report["parity"]["by_size"] or {}
    by_size = {size: difference + built.get(size, 0.0) for size, difference in made["by_size"].items()}
    return {
        **report,
        "style": "torch",
        "checkpoint_unused": made["unused"],
        "read_files": made["read_files"],
        "notes": [*made["notes"], *report["notes"]],
        "parity": {"state": COMPARED, "by_size": by_size, "reason": None},
    }


MAKE = {"litert": litert_sources.take_over, "onnx": onnx_sources.take_over, "torch": _by_onnx}
"""By kind of source, where it isn't frozen: what makes the converted model."""
