"""A frozen graph as an `.onnx` file, the baselines among them, and an `.onnx` file as a frozen graph."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "baselines": ["onnx_baseline"],
        "exporting": ["export"],
    },
)
