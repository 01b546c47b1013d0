"""A `.tflite` file that a person brings -> the model of a run: read, tried, and taken over as it is."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from aic_helpers.core import machine, safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.core.limits import HD_HEIGHT_PX, HD_WIDTH_PX
from aic_helpers.data.images import read_rgb
from aic_helpers.litert import one_network
from aic_helpers.litert.structures import Structure, read
from aic_helpers.models.sources import FIXED_FILE, ModelSource
from aic_helpers.models.trials import TRIAL_SIZES_PX, Trial, batch_of, refuse_another_scale
from aic_helpers.runtimes.model_workers import Loaded, ModelFailure, ModelWorker

CHANNELS = 3


def take_over(
    source: ModelSource, out: Path, enlarges: int, macs_size: tuple[int, int], photo: Path, timeout_s: float
) -> dict[str, Any]:
    """Copy a `.tflite` to `out`, with the file of one size beside it where there is one, and return what is known.

    Returns
    -------
    dict
        As of `aic_helpers.models.freezing`; and ``input_dtype``, ``output_dtype``, and ``fixed``: ``sha256``, ``bytes``
        and ``input_shape`` of the file of one size, or None.

    Raises
    ------
    InputError
        Not a whole file of LiteRT's format, one that takes no RGB image, one that enlarges by another number, or a file
        of one size that is of any size, or of another network.
    """
    structure = read(source.path)
    shutil.copyfile(source.path, out)
    loaded, cost = _tried(out, photo, enlarges, macs_size, timeout_s)
    fixed = _fixed(Path(source.adapt.fixed), structure, out.with_name(FIXED_FILE)) if source.adapt.fixed else None
    return {
        "style": "litert",
        "adapters": [],
        **cost,
        "macs_size": [*macs_size],
        "input_shape": loaded.shape,
        "input_dtype": structure.inputs[0].dtype,
        "output_dtype": structure.outputs[0].dtype,
        "fixed": fixed,
        "checkpoint_unused": [],
        "read_files": {},
        "notes": [],
        "parity": {"state": "frozen already", "by_size": None, "reason": None},
    }


def _tried(
    path: Path, photo: Path, enlarges: int, macs_size: tuple[int, int], timeout_s: float
) -> tuple[Loaded, dict[str, Any]]:
    """Return what a file says of its input and its cost, having run it once where an image of some size goes through.

    It may be a stranger's: its cost is found in the process too, before anything of it runs there.
    """
    with ModelWorker(path, max_rss_mib=machine.spare_memory_mib(), run_timeout_s=timeout_s) as worker:
        try:
            cost = _cost(worker, path, macs_size)
            loaded = worker.load()
        except ModelFailure as failure:
            raise InputError(f"a model that LiteRT loads in {path}", str(failure), "export it again") from None
        if loaded.shape[3] not in (None, CHANNELS):
            found = f"an input with {loaded.shape[3]} of them"
            raise InputError("a network of RGB, three channels last", found, "build the change into it, then export")
        tried = _trial(worker, loaded, photo)
        if tried and not tried.fits(enlarges):
            refuse_another_scale(tried, enlarges)
        return loaded, cost


def _cost(worker: ModelWorker, path: Path, macs_size: tuple[int, int]) -> dict[str, Any]:
    found, hd = worker.cost(path, *macs_size), worker.cost(path, HD_WIDTH_PX, HD_HEIGHT_PX)
    macs = None if found["gmacs"] is None else round(found["gmacs"] * 1e9)
    return {"parameters": found["weights"], "gmacs_720p": hd["gmacs"], "macs": macs}


def _trial(worker: ModelWorker, loaded: Loaded, photo: Path) -> Trial | None:
    """Return the first size that went through; None where none did, which the evaluation and the rules tell of."""
    image = read_rgb(photo)
    for width_px, height_px in TRIAL_SIZES_PX:
        size = loaded.shape[2] or width_px, loaded.shape[1] or height_px
        try:
            worker.give(batch_of(image, size))
            worker.run()
            return Trial(size, worker.output())
        except ModelFailure as failure:
            if failure.kind != "raised":
                return None
    return None


def _fixed(path: Path, free: Structure, out: Path) -> dict[str, Any]:
    structure = read(path)
    shape = structure.inputs[0].shape_signature
    if None in shape:
        sides = ", ".join("any" if side is None else str(side) for side in shape)
        raise InputError(f"a file of one size with --fixed ({path})", f"one of any, ({sides})", "give the other file")
    if found := one_network.differences(free, structure):
        raise InputError(f"the same network in {path}", found[0], "export both files from the same network")
    shutil.copyfile(path, out)
    return {"sha256": safe_files.sha256(out), "bytes": out.stat().st_size, "input_shape": [*shape]}
