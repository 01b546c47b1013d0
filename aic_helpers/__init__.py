"""Convert, evaluate, profile and score networks for super-resolution and photo enhancement on phones.

The names below are loaded when they are first used, so that `import aic_helpers` costs nothing.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "core.installation": ["__version__"],
        "tracks.scoring": ["total_scores"],
        "tracks.catalogue": ["TRACKS"],
        "dashboard.comparing": ["compare"],
        "evaluation.metrics": ["ms_ssim", "psnr"],
        "evaluation.per_image": ["evaluate"],
        "models.conversion": ["convert"],
        "profiling.profiler": ["profile"],
        "profiling.requirements": ["check"],
    },
)
