"""What everything else stands on: tracks, scores, statistics, files, errors. Neither TensorFlow nor matplotlib."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "errors": ["InputError"],
        "machine": ["usable_cores"],
        "project_paths": ["PROJECT"],
        "quiet_tensorflow": ["import_tensorflow"],
        "scoring": ["total_scores"],
        "statistics": ["mean_ci95"],
        "tracks": ["TRACKS", "Track", "find_track"],
    },
)
