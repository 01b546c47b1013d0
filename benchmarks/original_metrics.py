"""MS-SSIM as the challenge's own script computes it, written anew from its description: the reference of `metrics.py`.

In float64 on values in [0, 255]: an 11-tap Gaussian window as a 2-D array, five convolutions a scale by FFT, and half
the size by a 2x2 mean with a reflected border, of which every other pixel is kept.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2

Doubles = NDArray[np.float64]


def pooled(reference: NDArray[np.floating], output: NDArray[np.floating]) -> float:
    """Return MS-SSIM of a pair (height, width, 3) in [0, 1]: a scale averages pixels and channels."""
    return float(np.prod(means(reference, output).mean(axis=1) ** WEIGHTS))


def per_channel(reference: NDArray[np.floating], output: NDArray[np.floating]) -> float:
    """Return MS-SSIM where the scales of each channel are multiplied first, as TensorFlow and the other tools do."""
    return float(np.prod(means(reference, output) ** WEIGHTS[:, None], axis=0).mean())


def means(reference: NDArray[np.floating], output: NDArray[np.floating]) -> Doubles:
    """Return the mean of each scale and channel, shape (5, 3); the last scale contains the luminance."""
    x, y = (255 * image.astype(np.float64) for image in (reference, output))
    found = []
    for scale in range(len(WEIGHTS)):
        luminance, contrast = parts(x, y)
        found.append((luminance * contrast if scale == len(WEIGHTS) - 1 else contrast).mean(axis=(0, 1)))
        x, y = halved(x), halved(y)
    return np.array(found)


def parts(x: Doubles, y: Doubles) -> tuple[Doubles, Doubles]:
    """Return the luminance part of SSIM and its contrast-structure part, where the window fits."""
    window = gaussian(min(11, *x.shape[:2]))

    def mean(image: Doubles) -> Doubles:
        return signal.fftconvolve(image, window, mode="valid")

    mean_x, mean_y = mean(x), mean(y)
    variances = mean(x * x) - mean_x**2 + mean(y * y) - mean_y**2
    covariance = mean(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
    return luminance, (2 * covariance + C2) / (variances + C2)


def gaussian(size: int) -> Doubles:
    """Return the window (size, size, 1), its sigma 1.5 of 11."""
    offsets = np.arange(size) - (size - 1) / 2
    line = np.exp(-(offsets**2) / (2 * (1.5 * size / 11) ** 2))
    return (np.outer(line, line) / line.sum() ** 2)[:, :, None]


def halved(image: Doubles) -> Doubles:
    """Average 2x2 pixels everywhere and keep every other one."""
    return ndimage.convolve(image, np.full((2, 2, 1), 0.25), mode="reflect")[::2, ::2]
