"""Who does the work of a board, and this machine as one who does.

A cluster is another: `aic_helpers.boards.dask_executor`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Protocol

import psutil

from aic_helpers.core import machine
from aic_helpers.core.progress_types import Progress
from aic_helpers.profiling.network_pairs import conditions_of
from aic_helpers.profiling.timing import Limits
from aic_helpers.runs import cache_keys, steps
from aic_helpers.runs.run_settings import Settings
from aic_helpers.runs.schema import Result

MIB_EACH = 2500.0
"""Memory that an evaluation is reckoned to take when it is decided how many go on side by side."""


class WorkerError(RuntimeError):
    """A machine of a cluster was lost with the unit that it worked on."""


class Executor(Protocol):
    """Who does the work: this machine, or a cluster.

    Attributes
    ----------
    side_by_side, timed_at_once : int
        How many units of each stage go on at once.
    """

    side_by_side: int
    timed_at_once: int

    def evaluate(self, settings: Settings, progress: Progress) -> None:
        """Write the metrics of a converted model to its run folder."""

    def profile(self, settings: Settings, limits: Limits, progress: Progress) -> None:
        """Write the profile of a converted model to its run folder."""

    def check(self, settings: Settings, weighed: bool) -> None:
        """Write the rules of a converted model to its run folder."""

    def profile_key(self, settings: Settings, limits: Limits, result: Result) -> cache_keys.Key:
        """Return what a profile would be made from; `result` is what the run folder has."""

    def stop(self) -> None:
        """End what goes on, from another thread than those that wait for it."""


class LocalExecutor:
    """This machine: evaluations share its cores, a timed run has it alone."""

    timed_at_once = 1

    def __init__(self, side_by_side: int | None = None) -> None:
        self._others = set(psutil.Process().children(recursive=True))
        cores, spare_mib = machine.usable_cores(), machine.spare_memory_mib()
        self.side_by_side = side_by_side or max(1, min(cores, int(spare_mib / MIB_EACH)))
        self._limits: dict[str, Any] = {
            "threads": max(1, cores // self.side_by_side),
            "max_rss_mib": spare_mib / self.side_by_side,
        }

    def evaluate(self, settings: Settings, progress: Progress) -> None:
        """See `Executor`."""
        steps.evaluate(settings, progress=progress, **self._limits)

    def profile(self, settings: Settings, limits: Limits, progress: Progress) -> None:
        """See `Executor`."""
        steps.profile(settings, limits=limits, progress=progress)

    def check(self, settings: Settings, weighed: bool) -> None:
        """See `Executor`."""
        steps.check(settings, weighed=weighed)

    def profile_key(self, settings: Settings, limits: Limits, result: Result) -> cache_keys.Key:
        """See `Executor`."""
        return cache_keys.profile_key(settings, result.model_sha256, conditions_of(settings.track), limits)

    def stop(self) -> None:
        """See `Executor`: kill everything that this process started since; the threads that wait for it then end."""
        for process in set(psutil.Process().children(recursive=True)) - self._others:
            with suppress(psutil.Error):
                process.kill()
