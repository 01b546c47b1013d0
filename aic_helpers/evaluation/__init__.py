"""Quality, image by image: the metrics, and outputs of frozen models."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["protocol_tables"],
    submod_attrs={
        "any_image": ["Outputs"],
        "isolated": ["Evaluator"],
        "metrics": ["ms_ssim", "psnr"],
        "per_image": ["evaluate"],
    },
)
