"""Images, datasets, and how they are fetched."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "datasets": ["Dataset", "open_dataset", "read_pair"],
        "downloads": ["fetch"],
        "images": ["as_float", "as_uint8", "read_rgb", "write_png"],
    },
)
