"""What makes a challenge: a track as a file, its protocol, rules and baseline, and the formulas of its scores."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "catalogue": ["TRACKS", "find_track"],
        "definitions": ["Track"],
        "formulas": ["Formula", "read_formula"],
        "score_sets": ["ScoreSet", "ranks", "read_scores"],
        "scoring": ["total_scores"],
    },
)
