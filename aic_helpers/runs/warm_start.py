"""The fork server with the modules that the package's own child processes need."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager

from aic_helpers.core import isolation
from aic_helpers.processes import fork_server, worker_kinds

INFERENCE = (
    "aic_helpers.graphs.tensorflow_runtime:preload",
    "aic_helpers.evaluation.isolated_worker",
    "aic_helpers.runtimes.inference_worker",
    "aic_helpers.models.stranger_models",
    "aic_helpers.evaluation.metrics",
)

CONVERSION = ("aic_helpers.models.freezing:import_keras",)

COMPILED = "aic_helpers.evaluation.protocols:compile_metrics"
"""A confined child can keep no compiled code, and would compile it anew each time: so this comes before the first."""


def started(environment: Mapping[str, str] | None = None) -> AbstractContextManager[None]:
    """Keep a fork server as `aic_helpers.processes.fork_server.started` does."""
    inference = [*([COMPILED] if isolation.active() else []), *INFERENCE]
    return fork_server.started({worker_kinds.INFERENCE: inference, worker_kinds.CONVERSION: CONVERSION}, environment)
