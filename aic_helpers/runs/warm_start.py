"""The fork server with the modules that the package's own child processes need."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager

from aic_helpers.core import isolation
from aic_helpers.processes import fork_server

MODULES = (
    "aic_helpers.core.quiet_tensorflow:import_tensorflow",
    "keras",
    "pandas",
    "aic_helpers.evaluation.isolated_worker",
    "aic_helpers.evaluation.example_images",
    "aic_helpers.models.freezing",
    "aic_helpers.models.inference_worker",
    "aic_helpers.models.graph_checks",
)

COMPILED = "aic_helpers.evaluation.per_image:compile_metrics"
"""A confined child can keep no compiled code, and would compile it anew each time."""


def started(environment: Mapping[str, str] | None = None) -> AbstractContextManager[None]:
    """Keep a fork server as `aic_helpers.processes.fork_server.started` does."""
    return fork_server.started([*MODULES, *([COMPILED] if isolation.active() else [])], environment)
