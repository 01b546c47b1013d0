"""Convert, evaluate, profile and score networks for super-resolution and photo enhancement on phones.

The names below are loaded when they are first used, so that `import aic_helpers` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

_ROOMS = {
    "TRACKS": "tracks",
    "check": "requirements",
    "compare": "comparing",
    "convert": "conversion",
    "evaluate": "evaluation",
    "ms_ssim": "metrics",
    "profile": "profiling",
    "psnr": "metrics",
    "total_scores": "scoring",
}

__all__ = list(_ROOMS)


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_ROOMS[name]}"), name)
