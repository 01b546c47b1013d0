"""What everything else stands on: tracks, scores, statistics, files, errors. Neither TensorFlow nor matplotlib."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "errors": ["InputError"],
        "machine": ["usable_cores"],
        "project_paths": ["PROJECT"],
        "quiet_tensorflow": ["import_tensorflow"],
        "statistics": ["mean_ci95"],
    },
)
