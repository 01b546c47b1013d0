"""A model in the precisions of phones: export, calibration, what is lost, which layer, and cures."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "calibration": ["settle"],
        "exporting": ["export", "read_export"],
        "precisions": ["BY_NAME"],
    },
)
