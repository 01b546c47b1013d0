"""The simulated phone cameras behind the pairs of Track B.

They stand in for pairs of photos of one scene by two cameras, which the project has no free ones of. What makes one
camera is fixed (colours and tone curve); what differs from shot to shot is drawn anew (exposure, focus, noise, JPEG
quality). In the order of the light:

1. lens: Gaussian blur, sigma `blur_sigma_px`, in linear light;
2. exposure: a factor of 2 to the power `exposure_ev`;
3. sensor: colour filters that leak (`colours`);
4. noise: of light and of reading, variance `light_noise` x + `read_noise` at linear light x;
5. tone curve: black lifted to `black`, white lowered to `white`, shadows darkened by `contrast`;
6. JPEG of quality `jpeg_quality`, colour at half resolution (4:2:0).

Nothing is moved: each pixel of the shot lies on its pixel of the target.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from aic_helpers.data.images import Rgb8, as_float, as_uint8

Ends = tuple[float, float]
"""What a shot's value lies between."""


@dataclass(frozen=True)
class Camera:
    """One camera.

    Attributes
    ----------
    colours : ndarray of float32, shape (3, 3)
        Linear light of red, green, blue in the scene (columns) -> in the shot (rows).
    blur_sigma_px, exposure_ev : tuple of float
    jpeg_quality : tuple of int
        Both ends may come.
    light_noise, read_noise : float
        Variances, in linear light of 0 to 1.
    black, white : float
        What they come out as, of 1.
    contrast : float
        Power of the tone curve: above 1 darkens shadows.
    """

    colours: NDArray[np.float32]
    blur_sigma_px: Ends
    exposure_ev: Ends
    jpeg_quality: tuple[int, int]
    light_noise: float
    read_noise: float
    black: float
    white: float
    contrast: float


OLD_PHONE = Camera(
    # A yellow-green cast: white comes out 0.92, 1.00, 0.80.
    colours=np.array([[0.76, 0.13, 0.03], [0.11, 0.83, 0.06], [0.05, 0.14, 0.61]], dtype=np.float32),
    blur_sigma_px=(0.5, 0.9),
    exposure_ev=(-0.12, 0.12),
    jpeg_quality=(70, 85),
    light_noise=3e-4,
    read_noise=4e-6,
    black=0.04,
    white=0.90,
    contrast=1.2,
)
"""That of the sample's pairs."""


def draw_camera(rng: np.random.Generator) -> Camera:
    """Return a camera whose settings are drawn from wide ranges, `OLD_PHONE`'s among them."""
    leaks = rng.uniform(0, 0.16, (3, 3)) * (1 - np.eye(3))
    whites = 2 ** rng.uniform(-0.35, 0.1, (3, 1))
    colours = whites * (leaks + np.diag(1 - leaks.sum(axis=1)))
    sharpest, darkest, coarsest = rng.uniform(0.3, 0.9), rng.uniform(-0.3, 0.1), int(rng.integers(50, 81))
    return Camera(
        colours=colours.astype(np.float32),
        blur_sigma_px=(sharpest, sharpest + 0.4),
        exposure_ev=(darkest, darkest + 0.2),
        jpeg_quality=(coarsest, coarsest + 15),
        light_noise=10 ** rng.uniform(-4.3, -3),
        read_noise=10 ** rng.uniform(-6, -5),
        black=rng.uniform(0, 0.06),
        white=rng.uniform(0.86, 1),
        contrast=rng.uniform(0.85, 1.3),
    )


def photograph(target: Rgb8, rng: np.random.Generator, camera: Camera = OLD_PHONE) -> Rgb8:
    """Return the shot that a simulated camera takes of a photo.

    Parameters
    ----------
    target : ndarray of uint8, shape (height, width, 3)
        The scene: a photo, taken as sRGB.
    rng : numpy.random.Generator
        Draws the shot's exposure, focus, noise and JPEG quality.
    camera : Camera, optional

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        Decoded from the shot's JPEG.
    """
    scene = _blurred(_linear(as_float(target)), rng.uniform(*camera.blur_sigma_px))
    light = (scene * np.float32(2 ** rng.uniform(*camera.exposure_ev))) @ camera.colours.T
    spread = np.sqrt(np.float32(camera.light_noise) * light + np.float32(camera.read_noise))
    noisy = light + spread * rng.standard_normal(light.shape, dtype=np.float32)
    black, white, contrast = (np.float32(value) for value in (camera.black, camera.white, camera.contrast))
    toned = black + (white - black) * _encoded(np.clip(noisy, 0, 1)) ** contrast
    return _through_jpeg(as_uint8(toned), int(rng.integers(*camera.jpeg_quality, endpoint=True)))


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
