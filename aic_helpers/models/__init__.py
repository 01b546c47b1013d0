"""Model sources to frozen models."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "conversion": ["convert"],
        "networks": ["NETWORKS"],
        "sources": ["ModelSource", "baseline_pb", "resolve"],
        "stranger_models": ["vet"],
    },
)
