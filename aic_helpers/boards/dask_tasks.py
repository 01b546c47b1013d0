"""What a worker of a cluster runs for `dask_executor`: one unit of work on a model and images that travelled to it.

They come as bytes and are kept in the worker's own folder by their hash, so that a worker unpacks them once.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from distributed import WorkerPlugin, get_worker

from aic_helpers.core import isolation
from aic_helpers.core.locks import locked
from aic_helpers.data.datasets import Dataset, open_dataset
from aic_helpers.evaluation import example_images, isolated
from aic_helpers.processes import confinement
from aic_helpers.profiling import profiler, requirements
from aic_helpers.profiling.network_pairs import conditions_of
from aic_helpers.profiling.timing import Limits
from aic_helpers.runs import cache_keys, warm_start
from aic_helpers.runtimes.file_formats import format_by_content
from aic_helpers.runtimes.formats import FORMATS
from aic_helpers.tracks import catalogue
from aic_helpers.tracks.definitions import Task

Told = tuple[str, dict[str, Any]]
"""A track's name, and what its file says."""

TIMING_LOCK = Path(tempfile.gettempdir()) / "aic-timing.lock"
"""Held by the one worker of a machine that times a model."""


class WithForkServer(WorkerPlugin):
    """Keeps a fork server for the children of a worker, as long as that lives, and confines them where it is to.

    Parameters
    ----------
    confined : bool
        See `aic_helpers.processes.confinement`.
    """

    name = "aic-fork-server"

    def __init__(self, confined: bool) -> None:
        self._confined = confined

    def setup(self, worker: Any) -> None:
        """Start it."""
        self._stack = ExitStack()
        os.environ.pop(isolation.VARIABLE, None)  # of the program that started the worker
        if self._confined:
            folder = Path(worker.local_directory)
            self._stack.enter_context(confinement.confined([folder]))
            isolation.let_in(folder)
        self._stack.enter_context(warm_start.started(confinement.environment(os.environ)))

    def teardown(self, worker: Any) -> None:
        """End it."""
        self._stack.close()


def is_confined() -> bool:
    """Return whether the children of this worker are confined."""
    return isolation.active()


def pack(dataset: Dataset, limit: int | None) -> bytes:
    """Return the validation images that a limit leaves as a ZIP file, of the same bytes every time."""
    packed = io.BytesIO()
    folders = _folders(dataset.track.task)
    with zipfile.ZipFile(packed, "w") as archive:
        for pair in dataset.pairs[:limit]:
            for folder, file in zip(folders, (pair.target, pair.input), strict=True):
                if file is not None:
                    archive.writestr(zipfile.ZipInfo(f"{folder}/{file.name}"), file.read_bytes())
    return packed.getvalue()


def _folders(task: Task) -> tuple[str, str]:
    """Return the folders of the targets and of the inputs in a packed dataset."""
    return ("target", "input") if task.scale == 1 else ("HR", f"LR_bicubic/X{task.scale}")


def identity() -> dict[str, str]:
    """Return what must be alike on all machines of a cluster: the workbench's code and the versions under it."""
    versions = {}
    for name in ("numpy", "pillow", *(package for one in FORMATS for package in one.packages)):
        with suppress(PackageNotFoundError):  # some come with an extra
            versions[name] = version(name)
    return {
        "workbench's code": cache_keys.code("boards.dask_tasks")[:12],
        "python": platform.python_version(),
        **versions,
    }


def assess(model: bytes, images: bytes, track: Told) -> dict[str, Any]:
    """Return the rows of an `aic_helpers.evaluation.isolated.Evaluator`, what ran the model, and pictures by name."""
    dataset = open_dataset(str(_unpacked(images)), catalogue.made(*track))
    with tempfile.TemporaryDirectory() as examples, isolated.Evaluator(dataset) as evaluator:
        frame = evaluator.assess(_kept(model), examples=Path(examples))
        files = [Path(examples) / name for name in example_images.EXAMPLES]
        pictures = {file.name: file.read_bytes() for file in files if file.is_file()}
    return {"rows": frame.to_dict("records"), "runtime": frame.attrs["runtime"], "pictures": pictures}


def profile(model: bytes, photo: bytes, baseline: bytes, track: Told, limits: Limits) -> dict[str, Any]:
    """Return what `aic_helpers.profiling.profiler.profile` does, made while no other timing goes on here."""
    conditions = conditions_of(catalogue.made(*track))
    with locked(TIMING_LOCK):
        measured = profiler.profile(_kept(model), _kept(baseline), conditions, limits, image=_photo(photo))
    return {"result": measured.result, "samples": measured.samples.to_dict("records")}


def check(
    model: bytes, photo: bytes, timed: bytes, track: Told, parts: dict[str, Any], weighed: bool
) -> list[dict[str, Any]]:
    """Return the rules of `aic_helpers.profiling.requirements.check`."""
    files: dict[str, Any] = {"photo": _photo(photo), "timed": _kept(timed)}
    return requirements.check(_kept(model), catalogue.made(*track), **parts, **files, weighed=weighed)


def _photo(content: bytes) -> Path | None:
    return _made(content, lambda path: path.write_bytes(content)) if content else None


def _kept(content: bytes) -> Path:
    """Return a model's file in the worker's folder, by the ending that its format is known by."""
    return _made(content, lambda path: path.write_bytes(content), format_by_content(content).suffix)


def _unpacked(packed: bytes) -> Path:
    """Return the folder of a packed dataset in the worker's folder."""
    return _made(packed, lambda path: zipfile.ZipFile(io.BytesIO(packed)).extractall(path))


def _made(content: bytes, make: Callable[[Path], object], suffix: str = "") -> Path:
    """Return the path that is named by a content; made beside it and moved there where it isn't there."""
    store = Path(get_worker().local_directory) / "aic"
    path = store / f"{hashlib.sha256(content).hexdigest()}{suffix}"
    if not path.exists():
        store.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=store)) / "partial"
        make(partial)
        with suppress(OSError):  # another task was first
            partial.rename(path)
    return path
