"""Model sources to frozen models, and the workers that run them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "conversion": ["convert"],
        "frozen_models": ["FrozenModel", "load"],
        "graph_checks": ["vet"],
        "model_workers": ["ModelFailure", "ModelWorker"],
        "networks": ["NETWORKS"],
        "sources": ["ModelSource", "baseline_pb", "resolve"],
    },
)
