"""From photos to a checkpoint."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["training_plots"],
    submod_attrs={
        "jobs": ["learn", "settle", "summary_rows"],
        "plans": ["Plan"],
        "trainer": ["sample_patches", "train"],
    },
)
