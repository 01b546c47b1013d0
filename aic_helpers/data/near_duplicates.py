"""Which training photos are nearly validation photos: resized, compressed, lit otherwise, mirrored, or cut otherwise.

The middle of a validation photo is looked for in a training photo, at every place and at many sizes, by the normalised
correlation of their details: what lies between two blurs, which leaves out skies, of which unlike photos have the same.
A coarse look passes over most pairs, a finer one judges the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL.ImageFilter import GaussianBlur

from aic_helpers.core.machine import usable_cores
from aic_helpers.data import images

Grey = PillowImage.Image
Floats = NDArray[np.float32]

READ_PX = 256
"""The longest side that a photo is kept at. A JPEG is decoded at about this size, in two thirds of the time."""

COARSE_PX, FINE_PX = 64, 128
"""The longer side of a training photo in either look."""

COARSE_LEAST, FINE_LEAST = 0.7, 0.8
"""The least correlation of a near-duplicate in either look.

Of 9900 pairs of 100 unlike photos 301 pass the coarse look, and the finer one finds 0.75 at most. Copies of these
photos that were resized, compressed at JPEG quality 30, mirrored, given another gamma (0.6) or cut by 5 or 10 % have at
least 0.89 and 0.88. Where they are made brighter by half, what was bright becomes white: 2 of 100 are missed then.
"""

BLURS_PX = (1.0, 2.5)
"""Sigma of the two Gaussians between which the details lie."""

MIDDLE = 0.8
"""How much of a validation photo's width and height is looked for: the training photo may lack its border."""

SCALES = tuple(1.25 * 0.96**step for step in range(24))
"""The longer side of a validation photo, as parts of the training photo's."""

FINER = tuple(1 + percent / 100 for percent in range(-4, 5))
"""What a scale is multiplied by in the finer look."""

FAINT = 0.2
"""The least variance of details (grey levels squared): below it lies what rounding to whole levels leaves."""


@dataclass(frozen=True)
class NearDuplicate:
    """A training photo, the validation photo that it nearly is, and the correlation of their details (at most 1)."""

    photo: Path
    validation: Path
    correlation: float


@dataclass(frozen=True)
class _Template:
    """The middle of a validation photo at one scale: its spectrum, of unit length, as it is and mirrored."""

    scale: float
    height_px: int
    width_px: int
    spectra: NDArray[np.complexfloating]


@dataclass(frozen=True)
class _Ground:
    """A training photo's details: their spectrum, and the sum of their squares above and left of each pixel."""

    height_px: int
    width_px: int
    spectrum: NDArray[np.complexfloating]
    squares: NDArray[np.float64]


def find(photos: Sequence[Path], validation: Sequence[Path]) -> list[NearDuplicate]:
    """Return those photos that are nearly a validation photo, each with the one that it is nearest to.

    Found are copies that were resized, compressed, made brighter or darker, mirrored, or lost a tenth of their width
    and height, and photos that the validation photo was cut from, be it at half their size. Not found are smaller
    parts of a validation photo, and copies that were turned.

    Parameters
    ----------
    photos, validation : sequence of Path
        Image files. Of their colours only the brightness counts.

    Raises
    ------
    InputError
        A photo that can't be read; see `aic_helpers.data.images.read_rgb`.
    """
    with ThreadPoolExecutor(usable_cores()) as pool:
        wanted = list(pool.map(_read, validation))
        coarse = [list(_templates(photo, SCALES, COARSE_PX)) for photo in wanted]
        found = []
        for path, photo in zip(photos, pool.map(_read, photos), strict=True):
            ground = _ground(photo, COARSE_PX)
            looks = [_best(ground, templates) for templates in coarse]
            near = [
                NearDuplicate(path, other, _finer(photo, seen, scale))
                for other, seen, (correlation, scale) in zip(validation, wanted, looks, strict=True)
                if correlation >= COARSE_LEAST
            ]
            found += [max(near, key=lambda pair: pair.correlation)] if near else []
    return [pair for pair in found if pair.correlation >= FINE_LEAST]


def _read(path: Path) -> Grey:
    """Return a photo in grey, small."""
    try:
        with PillowImage.open(path) as photo:
            photo.draft("L", (READ_PX // 2, READ_PX // 2))  # at least so large, and less than twice as large
            photo.thumbnail((READ_PX, READ_PX), PillowImage.Resampling.BOX)
            return photo.convert("L")
    except (OSError, SyntaxError, ValueError, PillowImage.DecompressionBombError):  # which that one tells in words
        return PillowImage.fromarray(images.read_rgb(path)).convert("L")


def _finer(photo: Grey, other: Grey, scale: float) -> float:
    """Return the correlation of a training photo with a validation photo at about a scale, from a closer look."""
    return _best(_ground(photo, FINE_PX), _templates(other, [scale * factor for factor in FINER], FINE_PX))[0]


def _best(ground: _Ground, templates: Iterable[_Template]) -> tuple[float, float]:
    """Return the highest correlation with a template, wherever it lies in a photo, and that template's scale."""
    fit = (one for one in templates if one.height_px <= ground.height_px and one.width_px <= ground.width_px)
    return max(((_correlation(ground, template), template.scale) for template in fit), default=(-1.0, 1.0))


def _correlation(ground: _Ground, template: _Template) -> float:
    height_px, width_px = template.height_px, template.width_px
    rows, columns = ground.height_px - height_px + 1, ground.width_px - width_px + 1
    products = np.fft.irfft2(ground.spectrum * template.spectra)[:, :rows, :columns]
    sums = ground.squares[: rows + height_px, : columns + width_px]
    squares = sums[height_px:, width_px:] - sums[:-height_px, width_px:]
    squares -= sums[height_px:, :-width_px] - sums[:-height_px, :-width_px]
    return float((products / np.sqrt(np.maximum(squares, height_px * width_px * FAINT))).max())


def _templates(photo: Grey, scales: Iterable[float], side_px: int) -> Iterator[_Template]:
    """Yield a validation photo's middle at those scales at which it fits into a square of this side, and has detail."""
    for scale in scales:
        details = _details(photo, scale * side_px)
        height_px, width_px = (round(size * MIDDLE) for size in details.shape)
        top, left = ((size - part) // 2 for size, part in zip(details.shape, (height_px, width_px), strict=True))
        middle = details[top : top + height_px, left : left + width_px]
        length = float(np.linalg.norm(middle))
        if max(middle.shape) <= side_px and length**2 > middle.size * FAINT:
            both = np.stack([middle, middle[:, ::-1]]) / length
            spectra = np.conj(np.fft.rfft2(both, (side_px, side_px)))
            yield _Template(scale, height_px, width_px, spectra)


def _ground(photo: Grey, side_px: int) -> _Ground:
    details = _details(photo, side_px)
    squares = np.pad(np.square(details, dtype=np.float64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    height_px, width_px = details.shape
    return _Ground(height_px, width_px, np.fft.rfft2(details, (side_px, side_px)), squares)


def _details(photo: Grey, longer_px: float) -> Floats:
    """Return what a photo has between two blurs, its longer side reduced to about so much."""
    factor = longer_px / max(photo.size)
    width_px, height_px = (max(1, round(side * factor)) for side in photo.size)
    small = photo.resize((width_px, height_px), PillowImage.Resampling.BILINEAR)
    fine, wide = (np.asarray(small.filter(GaussianBlur(sigma)), np.float32) for sigma in BLURS_PX)
    return fine - wide
