"""Files of weights and checkpoints: what kind a file is, what is in it, and which layer of a network it belongs to.

Weights are never matched by their order where a name says otherwise.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "checkpoint_paths": ["checkpoint_prefix"],
        "file_kinds": ["FileKind", "file_kind"],
        "layer_matching": ["match"],
        "layers_of_weights": ["Layer", "Variable", "grouped"],
        "restoring": ["restored"],
    },
)
