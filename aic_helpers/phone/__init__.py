"""Figures of a real device, and of the same programs on this machine."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["device_plots", "device_tables", "others_figures"],
    submod_attrs={
        "device_choices": ["opened"],
        "device_results": ["DeviceResult", "Plan", "read"],
        "measuring": ["Bench", "Measurement"],
    },
)
