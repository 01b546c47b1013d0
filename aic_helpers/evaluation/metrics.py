"""PSNR, SSIM and MS-SSIM: plain functions of two arrays, within 1e-6 of what float64 gives.

One definition is meant not to be: ``tensorflow`` sums in float32, as TensorFlow does.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Literal, NamedTuple

import numpy as np

from aic_helpers.core.errors import InputError
from aic_helpers.data.images import Floats, crop_border
from aic_helpers.evaluation import ssim_float64
from aic_helpers.evaluation.kernels import WINDOW_PX, Doubles, squared_error
from aic_helpers.evaluation.ssim_means import scale_means

SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Wang, Simoncelli and Bovik 2003, "Multi-scale structural similarity", section 3.2."""

HALVINGS = len(SCALE_WEIGHTS) - 1

LEAST_RANGE = 1e-12
"""Its square is a number in float32 too."""

FLOAT32_ERROR = 1e-7
"""What the mean of a scale may be off by."""

MOST_ERROR = 1e-6
"""Of MS-SSIM. Where it may be more, the scales that it comes from are made again in float64."""

SMALL_MEAN = 0.05
"""Above it there is no need: only of a mean near 0 does a small power make much of the last digits."""

Definition = Literal["per_channel", "tensorflow", "pooled"]


def psnr(reference: Floats, output: Floats, *, data_range: float, crop_px: int = 0) -> float:
    """Return the peak signal-to-noise ratio of one image pair.

    Parameters
    ----------
    reference, output : ndarray, shape (height, width, 3), RGB, or (height, width), one plane such as luma; floating
        Values in [0, data_range]; a value outside raises. Clip first.
    data_range : float
        White minus black: 1.0 or 255.0. Never guessed from the dtype.
    crop_px : int
        Pixels removed from each side before scoring.

    Returns
    -------
    float
        dB, computed in float64; ``inf`` for identical images.

    Raises
    ------
    InputError
        Unequal shapes, values out of range or not finite, nothing left after the crop, or a range or a crop that can't
        be.
    """
    _check_pair(reference, output, data_range, crop_px)
    pair = _prepared(reference, output)
    error, misplaced = squared_error(*pair, crop_px, pair[0].dtype.type(data_range))
    if misplaced or not _border_is_finite(pair, crop_px):
        _check_values(reference, output, crop_px, data_range)
    return math.inf if error == 0 else 10 * math.log10(data_range**2 * crop_border(reference, crop_px).size / error)


def ssim(reference: Floats, output: Floats, *, data_range: float, crop_px: int = 0) -> float:
    """Return the structural similarity of one image pair, as the literature has it.

    Parameters
    ----------
    reference, output : ndarray, shape (height, width, 3), RGB, or (height, width), one plane such as luma; floating
        Any finite values.
    data_range : float
        White minus black: 1.0 or 255.0. Never guessed from the dtype. Luma's is that of the image it is made of.
    crop_px : int
        Pixels removed from each side before scoring.

    Returns
    -------
    float
        At most 1, which identical images get; below 0 where they correlate negatively. The mean over all windows that
        fit, and over the channels.

    Raises
    ------
    InputError
        Unequal shapes, values that aren't finite, less than 11 px on a side, or a range or crop that can't be.

    Notes
    -----
    The window is a Gaussian of 11 px with a sigma of 1.5 px, K1 is 0.01 and K2 0.03: Wang et al. 2004, "Image quality
    assessment: from error visibility to structural similarity". A later script of theirs, `ssim.m`, first reduces a
    large image to some 256 px; papers on super-resolution don't, and neither does this.
    """
    _check_pair(reference, output, data_range, crop_px)
    _check_sides(reference.shape, WINDOW_PX, crop_px, "a window of SSIM")
    means, _, _ = _scale_means(_three_channels(reference, output), float(data_range), crop_px, scales=1)
    return float(means.mean())


def ms_ssim(
    reference: Floats,
    output: Floats,
    *,
    data_range: float,
    crop_px: int = 0,
    definition: Definition = "per_channel",
) -> float:
    """Return the multi-scale structural similarity of one image pair over five scales.

    Parameters
    ----------
    reference, output : ndarray, shape (height, width, 3), RGB, or (height, width), one plane such as luma; floating
        Any finite values: Track B's protocol measures the unclipped output.
    data_range : float
        White minus black: 1.0 or 255.0. Never guessed from the dtype.
    crop_px : int
        Pixels removed from each side before scoring.
    definition : {"per_channel", "tensorflow", "pooled"}
        ``per_channel``: the 11 px window never shrinks, the scales are multiplied for each channel, and the
        channels are averaged last. ``tensorflow`` (Track A) is the same as `tf.image.ssim_multiscale` prints
        it: TensorFlow sums the pixels of a scale one after the other in float32, which on a 2K photo rounds
        nearly every addition and lifts the result by up to 0.0015. The challenge's figures contain that, so
        its protocol does. ``pooled`` (Track B) is the challenge's own script: the window shrinks to an image
        smaller than it (its sigma in proportion), and each scale is averaged over pixels and channels before
        the scales are multiplied.

    Returns
    -------
    float
        At most 1, which identical images get. A scale that correlates negatively counts as 0.

    Raises
    ------
    InputError
        Unequal shapes, values that aren't finite, an image too small for five scales (161 px on each side, or 16 px
        for ``pooled``), or a range or crop that can't be.
    """
    float32_sums = definition == "tensorflow"
    exact, rounded = _means(reference, output, data_range, crop_px, least_side_px(definition), float32_sums)
    return _combined(rounded if float32_sums else exact, pooled=definition == "pooled")


def least_side_px(definition: str) -> int:
    """Return how many pixels each side of an image must have for five scales."""
    return 2**HALVINGS if definition == "pooled" else (WINDOW_PX - 1) * 2**HALVINGS + 1


class BothSums(NamedTuple):
    """MS-SSIM by the definitions ``tensorflow`` and ``per_channel``, which differ in how they add the pixels."""

    tensorflow: float
    per_channel: float


def ms_ssim_both(reference: Floats, output: Floats, *, data_range: float, crop_px: int = 0) -> BothSums:
    """Return `ms_ssim` by ``tensorflow`` and by ``per_channel``, from one pass over the pair.

    Parameters
    ----------
    reference, output, data_range, crop_px
        As `ms_ssim` takes them.

    Returns
    -------
    BothSums
        Just what two calls of `ms_ssim` return.

    Raises
    ------
    InputError
        As `ms_ssim` does.
    """
    exact, rounded = _means(reference, output, data_range, crop_px, least_side_px("tensorflow"), True)
    return BothSums(tensorflow=_combined(rounded), per_channel=_combined(exact))


def _means(
    reference: Floats, output: Floats, data_range: float, crop_px: int, least_px: int, float32_sums: bool
) -> tuple[Doubles, Doubles]:
    _check_pair(reference, output, data_range, crop_px)
    _check_sides(reference.shape, least_px, crop_px, "five scales of MS-SSIM")
    pair, white = _three_channels(reference, output), float(data_range)
    exact, rounded, is_far_out = _scale_means(pair, white, crop_px, len(SCALE_WEIGHTS), float32_sums)
    if exact.min() < SMALL_MEAN and any(unsure := _unsure(exact)):
        inner = [crop_border(image, crop_px) for image in pair]
        wanted = [True] * len(SCALE_WEIGHTS) if is_far_out else unsure
        exact[wanted] = ssim_float64.scale_means(*inner, data_range=white, wanted=wanted)
    return exact, rounded


def _scale_means(
    pair: list[Floats], data_range: float, crop_px: int, scales: int, float32_sums: bool = False
) -> tuple[Doubles, Doubles, bool]:
    """Return what `scale_means` does, and whether some values were so far out that they had to be clipped for it."""
    fast = partial(scale_means, data_range=data_range, crop_px=crop_px, scales=scales, float32_sums=float32_sums)
    exact, rounded = fast(*pair)
    is_far_out = not np.isfinite(exact).all()
    if is_far_out or not _border_is_finite(pair, crop_px):
        _check_values(pair[0], pair[1], crop_px)
        exact, rounded = fast(*_within_float32(pair, data_range))
    return exact, rounded, is_far_out


def _unsure(means: Doubles) -> list[bool]:
    """Return for each scale whether what float32 makes of its mean is seen in MS-SSIM, pooled or not."""
    errors = []
    for scale in range(len(SCALE_WEIGHTS)):
        off = np.zeros_like(means)
        off[scale] = FLOAT32_ERROR
        spreads = [_combined(means + off, pooled=way) - _combined(means - off, pooled=way) for way in (False, True)]
        errors.append(max(spreads) / 2)
    return [sum(errors) > MOST_ERROR and error > MOST_ERROR / 10 for error in errors]


def _within_float32(pair: list[Floats], data_range: float) -> list[Floats]:
    """Clip finite values to where float32 still has their squares. No window that far out is like one in the range."""
    return [np.clip(image, -1e15 * data_range, 1e15 * data_range) for image in pair]


def _combined(means: Doubles, *, pooled: bool = False) -> float:
    """Multiply the scales, then average the channels, or before that if `pooled`; `means` is (scales, channels)."""
    means = means.mean(axis=1, keepdims=True) if pooled else means
    return float(np.prod(np.maximum(means, 0) ** np.array(SCALE_WEIGHTS)[:, None], axis=0).mean())


def _check_pair(reference: Floats, output: Floats, data_range: float, crop_px: int) -> None:
    """Refuse what can't be measured by shape, type, range or crop; what it takes to look at the values comes later."""
    if not LEAST_RANGE <= data_range <= 1 / LEAST_RANGE:
        raise InputError("a data_range above 0, such as 1.0 or 255.0", f"{data_range:g}", "give white minus black")
    if not isinstance(crop_px, int | np.integer) or crop_px < 0:
        raise InputError("a crop_px of whole pixels, 0 or more", f"{crop_px}", "give how many each side loses")
    if reference.shape != output.shape:
        raise InputError(
            f"output of the reference's shape {reference.shape}",
            str(output.shape),
            "scale or crop the output, or pass the matching reference",
        )
    for name, image in (("reference", reference), ("output", output)):
        is_image = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
        if not is_image or not np.issubdtype(image.dtype, np.floating):
            wanted = f"{name} as a floating array (height, width, 3) or (height, width)"
            raise InputError(wanted, f"{image.dtype} {image.shape}", "convert it")
    crop_border(reference, crop_px)


def _check_sides(shape: tuple[int, ...], least_px: int, crop_px: int, need: str) -> None:
    if min(shape[:2]) < least_px + 2 * crop_px:
        raise InputError(
            f"at least {least_px + 2 * crop_px} px on each side ({need})",
            f"{shape[1]}x{shape[0]}",
            "use a larger image",
        )


def _check_values(reference: Floats, output: Floats, crop_px: int, data_range: float = math.inf) -> None:
    """Say what is wrong with the values. Only called where a metric has met such values: it goes over them again."""
    for name, image in (("reference", reference), ("output", output)):
        if not np.isfinite(image).all():
            raise InputError(f"finite {name} values", "NaN or infinity", "mend the model that made them")
    for name, image in (("reference", reference), ("output", output)):
        inner = crop_border(image, crop_px)
        if data_range < math.inf and (inner.min() < 0 or inner.max() > data_range):
            raise InputError(
                f"{name} values in [0, {data_range:g}]",
                f"[{inner.min():g}, {inner.max():g}]",
                "clip the image first, or pass its data_range",
            )


def _border_is_finite(pair: list[Floats], crop_px: int) -> bool:
    """Whether the values that a crop takes away, which the metrics never see, are finite too."""
    sides = (np.s_[:crop_px], np.s_[-crop_px:], np.s_[:, :crop_px], np.s_[:, -crop_px:])
    return crop_px == 0 or all(np.isfinite(image[side]).all() for image in pair for side in sides)


def _prepared(reference: Floats, output: Floats) -> list[Floats]:
    """Return the pair as the compiled passes take it, mostly as it is: float32 or float64, contiguous, writable.

    A plane has one channel.
    """
    dtype = np.float64 if max(reference.dtype.itemsize, output.dtype.itemsize) > 4 else np.float32
    return [np.require(np.atleast_3d(image), dtype, ["C", "W"]) for image in (reference, output)]


def _three_channels(reference: Floats, output: Floats) -> list[Floats]:
    """Return the pair as the pass of SSIM takes it: a plane is there three times."""
    pair = _prepared(reference, output)
    return pair if reference.ndim == 3 else [image.repeat(3, axis=2) for image in pair]
