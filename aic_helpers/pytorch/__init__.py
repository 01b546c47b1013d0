"""A PyTorch network -> `.onnx`, made in a person's own interpreter, which has torch."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "exporting": ["to_onnx"],
        "interpreters": ["Interpreter", "find"],
    },
)
