"""What an `.onnx` file says of itself, without running it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={"structures": ["Structure", "read"]},
)
