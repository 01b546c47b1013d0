"""What a `.tflite` file computes in, and what LiteRT's targets say of its operators, found in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aic_helpers.core import machine
from aic_helpers.core.errors import InputError
from aic_helpers.litert import targets
from aic_helpers.litert.structures import read
from aic_helpers.litert.targets import Target
from aic_helpers.processes import workers

TAKEN = "aic_helpers.runtimes.litert_targets_worker:taken"
COMPUTED = "aic_helpers.runtimes.litert_targets_worker:computed"
TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Computed:
    """What a file computes in: see `aic_helpers.litert.integer_verdict.Verdict`."""

    precision: str
    in_words: str
    doubts: list[str]


def computed(path: Path) -> Computed:
    """Return what a file, which may be a stranger's, computes in.

    Raises
    ------
    InputError
        Not a whole `.tflite` file.
    ChildError
        It takes more time or memory than there is.
    """
    return Computed(**workers.call(COMPUTED, {"model": str(path.resolve())}, **_limits()))


def _limits() -> dict[str, Any]:
    return {"timeout_s": TIMEOUT_S, "max_rss_mib": machine.spare_memory_mib()}


def ask(path: Path, *, width_px: int, height_px: int) -> list[Target]:
    """Return what each target says of a file.

    Parameters
    ----------
    path : Path
    width_px, height_px : int
        For a file of any size: it is made ready for an image of this one.

    Returns
    -------
    list of Target
        LiteRT's CPU with XNNPACK, its GPU delegate, and the vendors' compilers.

    Raises
    ------
    InputError
        Not a whole `.tflite` file.
    """
    structure = read(path)
    request = {"model": str(path.resolve()), "width_px": width_px, "height_px": height_px}
    try:
        found = workers.call(TAKEN, request, **_limits())
        on_cpu = targets.cpu(structure, found["delegates"], found["why"])
    except (workers.ChildError, InputError) as error:
        on_cpu = targets.cpu(structure, None, f"LiteRT doesn't make it ready ({error})")
    return [on_cpu, targets.gpu(structure), targets.vendors(structure)]
