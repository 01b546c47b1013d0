"""Run a frozen model in child processes on what the rules ask for, and return what happened, unjudged."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core import isolation
from aic_helpers.core.errors import InputError
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data import images
from aic_helpers.processes.workers import ChildError, Worker

TRIAL = "aic_helpers.profiling.probe_worker:Trial"
LOAD_TIMEOUT_S = 180.0

HOME_PX = (128, 96)
"""Width and height of the first trial; a graph that is fixed at a size is tried at its own."""

SIZES_PX = ((101, 103), (97, 389), (640, 50), (33, 35), (32, 32))
"""Width and height: prime, tall, wide, odd, small. HD is tried apart."""

Size = tuple[int, int]


@dataclass(frozen=True)
class Outcome:
    """One run at one size: the reply of the child, or how it failed (`kind` as in `ChildError`)."""

    size: Size
    reply: dict[str, Any] | None
    error: str | None = None
    kind: str | None = None
    mechanism: str | None = None

    @property
    def where(self) -> str:
        """The size as text."""
        return f"{self.size[0]}x{self.size[1]}"

    @property
    def right_size(self) -> bool:
        """Whether an output came, and had the input's height and width."""
        return self.reply is not None and self.reply["output_shape"][:3] == [1, self.size[1], self.size[0]]


@dataclass
class Findings:
    """What happened.

    Attributes
    ----------
    declared : dict
        ``shape`` and ``dtype`` of the graph's placeholder.
    hd : Outcome or None
        At 1280x720, in a fresh process; None where it wasn't tried.
    home : Outcome
        At the size of the first trial.
    sizes : list of Outcome
        At the others, up to the first that failed.
    values, batch : Outcome or None
        At the size of the first trial; None where that failed (`batch` also where `values` failed, or where the
        graph declares a batch of 1).
    """

    declared: dict[str, Any]
    hd: Outcome | None
    home: Outcome
    sizes: list[Outcome] = field(default_factory=list)
    values: Outcome | None = None
    batch: Outcome | None = None


def run_trials(
    model: Path,
    *,
    hd_size: Size | None,
    photo: Path | None,
    run_timeout_s: float,
    max_rss_mib: float,
    weighed: bool = True,
) -> Findings:
    """Return how a frozen model takes the sizes, batches and values that the rules ask for.

    Parameters
    ----------
    model : Path
    hd_size : (width, height) or None
        Tried first, in a process that has done nothing else, so that its memory counts. None leaves it out.
    photo : Path, optional
        The trials are made on crops of it; by default of the first HD photo of the sample data.
    run_timeout_s, max_rss_mib : float
        For each run. A process that dies or is stopped is followed by another.
    weighed : bool
        Whether the memory at `hd_size` is to be read, for which the process must start afresh. It is capped in
        any case.

    Raises
    ------
    InputError
        Not a frozen model.
    """
    weighed = weighed and hd_size is not None
    with _Bench(model, _photo(photo), run_timeout_s, max_rss_mib, warm=not weighed) as bench:
        hd = bench.run("size", hd_size) if hd_size else None
        if hd and hd.reply and not weighed:
            hd.reply["peak_rss_mib"] = None
        declared = bench.load()
        _, height_px, width_px, _ = [*declared["shape"], *[None] * 4][:4]
        size = (width_px or HOME_PX[0], height_px or HOME_PX[1])
        findings = Findings(declared, hd, bench.run("size", size))
        if findings.home.reply is None:
            return findings
        findings.values = bench.run("values", size)
        if findings.values.reply is not None and declared["shape"][:1] != [1]:
            findings.batch = bench.run("batch", size)
        for other in SIZES_PX:
            findings.sizes.append(bench.run("size", other))
            if not findings.sizes[-1].right_size:
                break
    return findings


class _Bench:
    """A child with the model loaded; another takes its place when it ends."""

    def __init__(
        self, model: Path, photo: NDArray[np.uint8], run_timeout_s: float, max_rss_mib: float, *, warm: bool
    ) -> None:
        self._warm = warm
        self._model = model
        self._run_timeout_s = run_timeout_s
        self._max_rss_mib = max_rss_mib
        self._stack = ExitStack()
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="aic-check-")))
        isolation.let_in(folder)
        self._file = folder / "photo.npy"
        np.save(self._file, photo)
        self._worker: Worker | None = None
        self._declared: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def load(self) -> dict[str, Any]:
        """Return what the graph declares, in a child that has it loaded."""
        if self._worker is None:
            worker = Worker(TRIAL, timeout_s=LOAD_TIMEOUT_S, max_rss_mib=self._max_rss_mib, warm=self._warm)
            self._worker = self._stack.enter_context(worker)
            request = {"do": "load", "model": str(self._model.resolve()), "photo": str(self._file)}
            try:
                self._declared = worker.ask(request)
            except ChildError as error:
                raise InputError(f"a frozen model that loads ({self._model})", str(error), "freeze it again") from None
        return self._declared

    def run(self, what: str, size: Size) -> Outcome:
        """Return what came of one request."""
        self.load()
        assert self._worker is not None
        request = {"do": what, "width_px": size[0], "height_px": size[1]}
        try:
            return Outcome(size, self._worker.ask(request, timeout_s=self._run_timeout_s))
        except ChildError as error:
            if error.kind != "raised":
                self._worker = None
            return Outcome(size, None, str(error), error.kind, error.mechanism)


def _photo(path: Path | None) -> NDArray[np.uint8]:
    if path is None:
        folder = PROJECT / "data" / "sample" / "hd"
        path = min(folder.iterdir(), default=None) if folder.is_dir() else None
    if path is None:
        return np.random.default_rng(2018).integers(0, 256, (720, 1280, 3), np.uint8)
    return images.read_rgb(path)
