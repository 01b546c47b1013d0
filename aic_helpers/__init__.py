"""Convert, evaluate, profile and score networks for super-resolution and photo enhancement on phones.

The names below are loaded when they are first used, so that `import aic_helpers` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

_MODULES = {
    "TRACKS": "core.tracks",
    "check": "profiling.requirements",
    "compare": "dashboard.comparing",
    "convert": "models.conversion",
    "evaluate": "evaluation.per_image",
    "ms_ssim": "evaluation.metrics",
    "profile": "profiling.profiler",
    "psnr": "evaluation.metrics",
    "total_scores": "core.scoring",
}

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
