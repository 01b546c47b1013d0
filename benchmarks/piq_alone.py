"""piq's MS-SSIM, also where torchvision doesn't load.

piq imports torchvision for networks that aren't measured here. PyPI's torchvision is compiled for a torch with CUDA;
beside one for the processor alone its operations are missing, and its import stops at the first of them.
"""

from __future__ import annotations

import torch

try:
    import torchvision  # noqa: F401
except RuntimeError:
    for missing in ("nms", "qnms"):
        torch.library.define(f"torchvision::{missing}", "(Tensor boxes) -> Tensor")

from piq import multi_scale_ssim

__all__ = ["multi_scale_ssim"]
