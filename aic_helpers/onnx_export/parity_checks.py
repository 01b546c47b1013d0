"""A frozen model and an `.onnx` file on the same photo: how far apart they are, size by size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.error_reasons import reason
from aic_helpers.core.errors import InputError
from aic_helpers.core.limits import MAX_DIFFERENCE
from aic_helpers.models.trials import PARITY_SIZES_PX, Function, batch_of

Shape = list[int | None]


def differences(source: Function, made: Function, shape: Shape, photo: NDArray[np.uint8]) -> dict[str, float]:
    """Return the largest absolute difference between what two models give, by the sizes that the source takes.

    Parameters
    ----------
    source, made : callable
        On batches, float32, (batch, height, width, 3).
    shape : list of int or None
        Of what the source takes; None for a side that may be any.
    photo : ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    InputError
        The source takes none of the sizes, or what was made doesn't run at one that it takes.
    """
    _, height_px, width_px, _ = shape
    found, why = {}, ""
    for width, height in dict.fromkeys((width_px or width, height_px or height) for width, height in PARITY_SIZES_PX):
        batch, words = batch_of(photo, (width, height)), f"{width}x{height}"
        try:
            expected = source(batch)
        except Exception as error:  # a network that doesn't take every size
            why = why or f"{reason(error)} (at {words})"
            continue
        found[words] = _largest(_run(made, batch, words), expected)
    if not found:
        raise InputError("a network that takes a photo", why, "name another, or mend it")
    return found


def require_same(differences: dict[str, float], expected: str, remedy: str) -> None:
    """Raise `InputError` where two models give something else; `expected` says what they should."""
    worst = max(differences, key=lambda size: differences[size])
    if differences[worst] > MAX_DIFFERENCE:
        found = f"a difference of {differences[worst]:.1e} on a photo of {worst}, more than {MAX_DIFFERENCE:g}"
        raise InputError(expected, found, remedy)


def _run(made: Function, batch: NDArray[np.float32], words: str) -> NDArray[np.float32]:
    try:
        return made(batch)
    except Exception as error:
        found = f"{reason(error)} (at {words})"
        raise InputError(
            "a converted network that runs as its source does", found, "build these layers of others"
        ) from None


def _largest(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the largest absolute difference; infinite where the shapes differ or a value is not a number."""
    if one.shape != other.shape:
        return float("inf")
    largest = float(np.abs(one.astype(np.float64) - other).max(initial=0.0))
    return largest if np.isfinite(largest) else float("inf")
