"""A frozen model and an `.onnx` file on the same photo: how far apart they are, size by size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.core.limits import MAX_DIFFERENCE
from aic_helpers.models.trials import Function, sized_differences

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
    found, why = sized_differences(source, made, shape, photo)
    if not found:
        raise InputError("a network that takes a photo", why, "name another, or mend it")
    return found


def require_same(differences: dict[str, float], expected: str, remedy: str) -> None:
    """Raise `InputError` where two models give something else; `expected` says what they should."""
    worst = max(differences, key=lambda size: differences[size])
    if differences[worst] > MAX_DIFFERENCE:
        found = f"a difference of {differences[worst]:.1e} on a photo of {worst}, more than {MAX_DIFFERENCE:g}"
        raise InputError(expected, found, remedy)
