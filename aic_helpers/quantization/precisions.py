"""The precisions that a network is exported in, and what each is in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aic_helpers.runtimes.formats import PRECISIONS, require_precision


@dataclass(frozen=True)
class Precision:
    """How a file stores and computes.

    Attributes
    ----------
    name : str
    words : str
    is_calibrated : bool
        Whether it takes ranges of activations, and so photos to find them on.
    """

    name: str
    words: str
    is_calibrated: bool = False


FLOAT32 = Precision("float32", "weights and activations in 32-bit floats")
FLOAT16 = Precision("float16", "weights in 16-bit floats, computed in floats")
DYNAMIC_INT8 = Precision("dynamic_int8", "weights in 8 bits, floats in and out; activations are quantised as they come")
INT8 = Precision("int8", "weights and activations in 8 bits, uint8 in and out", is_calibrated=True)
INT16X8 = Precision("int16x8", "weights in 8 bits, activations in 16, floats in and out", is_calibrated=True)

BY_NAME = {precision.name: precision for precision in (FLOAT32, FLOAT16, DYNAMIC_INT8, INT8, INT16X8)}

FIXED, FREE, CROP = "fixed", "free", "crop"
"""Forms of a network: of the size that is timed, of any, and of the crops that it is calibrated on."""


def named(names: Iterable[str]) -> tuple[str, ...]:
    """Return names of precisions once each, in the order of tables; all of them where none is given.

    Raises
    ------
    InputError
        A name that there isn't.
    """
    given = [require_precision(name) for name in names]
    return tuple(name for name in PRECISIONS if name in given) or PRECISIONS
