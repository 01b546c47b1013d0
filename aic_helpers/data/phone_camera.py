"""The simulated old phone camera behind the sample pairs of Track B.

It stands in for pairs of photos of one scene by two cameras, which the project has no free ones of. What makes
it one camera is fixed (colours and tone curve); what differs from shot to shot is drawn anew (exposure, focus,
noise, JPEG quality). In the order of the light:

1. lens: Gaussian blur, sigma `BLUR_SIGMA_PX`, in linear light;
2. exposure: a factor of 2 to the power `EXPOSURE_EV`;
3. sensor: colour filters that leak (`COLOURS`) with a yellow-green cast;
4. noise: of light and of reading, variance `LIGHT_NOISE` x + `READ_NOISE` at linear light x;
5. tone curve: black lifted to `BLACK`, white lowered to `WHITE`, shadows darkened by `CONTRAST`;
6. JPEG of quality `JPEG_QUALITY`, colour at half resolution (4:2:0).

Nothing is moved: each pixel of the shot lies on its pixel of the target.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from aic_helpers.data.images import Rgb8, as_float, as_uint8

BLUR_SIGMA_PX = (0.5, 0.9)
EXPOSURE_EV = (-0.12, 0.12)
COLOURS = np.array([[0.76, 0.13, 0.03], [0.11, 0.83, 0.06], [0.05, 0.14, 0.61]], dtype=np.float32)
"""Linear light of red, green, blue in the scene (columns) -> in the shot (rows). White comes out 0.92, 1.00, 0.80."""
LIGHT_NOISE, READ_NOISE = 3e-4, 4e-6
BLACK, WHITE, CONTRAST = 0.04, 0.90, 1.2
JPEG_QUALITY = (70, 85)


def photograph(target: Rgb8, rng: np.random.Generator) -> Rgb8:
    """Return the shot that the simulated old phone camera takes of a photo.

    Parameters
    ----------
    target : ndarray of uint8, shape (height, width, 3)
        The scene: a photo, taken as sRGB.
    rng : numpy.random.Generator
        Draws the shot's exposure, focus, noise and JPEG quality.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        Decoded from the shot's JPEG.
    """
    scene = _blurred(_linear(as_float(target)), rng.uniform(*BLUR_SIGMA_PX))
    light = (scene * np.float32(2 ** rng.uniform(*EXPOSURE_EV))) @ COLOURS.T
    spread = np.sqrt(LIGHT_NOISE * light + READ_NOISE)
    noisy = light + spread * rng.standard_normal(light.shape, dtype=np.float32)
    toned = BLACK + (WHITE - BLACK) * _encoded(np.clip(noisy, 0, 1)) ** CONTRAST
    return _through_jpeg(as_uint8(toned), int(rng.integers(*JPEG_QUALITY, endpoint=True)))


def _linear(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Undo the transfer curve of sRGB (IEC 61966-2-1)."""
    return np.where(image <= 0.04045, image / 12.92, ((image + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _encoded(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Apply the transfer curve of sRGB."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055).astype(np.float32)


def _blurred(image: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    """Blur along both axes by a Gaussian; the border repeats."""
    radius = int(np.ceil(3 * sigma_px))
    weights = np.exp(-0.5 * np.square(np.arange(-radius, radius + 1) / sigma_px))
    weights = (weights / weights.sum()).astype(np.float32)
    for axis in (0, 1):
        size = image.shape[axis]
        padding = [(radius, radius) if side == axis else (0, 0) for side in range(3)]
        padded = np.pad(image, padding, mode="edge")
        shifted = (
            padded[tap : tap + size] if axis == 0 else padded[:, tap : tap + size] for tap in range(weights.size)
        )
        image = sum(weight * part for weight, part in zip(weights, shifted, strict=True))
    return image


def _through_jpeg(image: Rgb8, quality: int) -> Rgb8:
    file = io.BytesIO()
    PillowImage.fromarray(image).save(file, format="JPEG", quality=quality, subsampling="4:2:0")
    return np.asarray(PillowImage.open(file))
