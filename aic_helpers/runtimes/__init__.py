"""What runs a converted model: TensorFlow, LiteRT and ONNX Runtime, each in a process of its own."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "frozen_models": ["FrozenModel", "load"],
        "model_workers": ["ModelFailure", "ModelWorker"],
    },
)
