"""What makes a challenge: the formulas of its scores, read safely and computed over arrays."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "formulas": ["Formula", "read_formula"],
        "score_sets": ["ScoreSet", "ranks", "read_scores"],
    },
)
