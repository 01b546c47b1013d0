"""Frozen graphs as data: what one costs, how far it looks, and what of TensorFlow runs it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "receptive_fields": ["ReceptiveField", "receptive_field"],
        "tensorflow_runtime": ["runtime"],
    },
)
