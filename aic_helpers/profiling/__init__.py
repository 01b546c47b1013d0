"""Time, memory and the rules of a track."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "network_pairs": ["Conditions", "conditions_of"],
        "profiler": ["profile"],
        "requirements": ["check"],
        "scaling": ["growth"],
        "timing": ["Limits"],
    },
)
