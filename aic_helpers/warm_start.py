"""The nursery with the modules that the package's own child processes need."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager

from aic_helpers import confinement, nurseries

MODULES = (
    "aic_helpers.quiet:import_tensorflow",
    "keras",
    "pandas",
    "aic_helpers.assessment",
    "aic_helpers.examples",
    "aic_helpers.freezing",
    "aic_helpers.output",
    "aic_helpers.trial",
    "aic_helpers.vetting",
)

COMPILED = "aic_helpers.evaluation:compile_metrics"
"""A confined child can keep no compiled code, and would compile it anew each time."""


def started(environment: Mapping[str, str] | None = None) -> AbstractContextManager[None]:
    """Keep a nursery as `aic_helpers.nurseries.started` does."""
    return nurseries.started([*MODULES, *([COMPILED] if confinement.active() else [])], environment)
