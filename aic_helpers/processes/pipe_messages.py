"""Messages over a pipe: a line of JSON, and behind it the bytes of an array where the message has one.

The line says dtype and shape under ``array``. Nothing is pickled. NumPy is imported only where an array is read, so
that a process that gets none stays as small as it is.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

DTYPES = frozenset(
    ["bool", "complex64", "complex128", "float16", "float32", "float64"]
    + [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
)
"""What travels: plain numbers. An array of objects, or of fields, doesn't."""


def encoded(message: dict[str, Any], array: NDArray[Any] | None = None) -> list[memoryview]:
    """Return the bytes of a message, to be written one part after the other.

    Parameters
    ----------
    message : dict
        Without a key ``array``.
    array : ndarray, optional
        Its memory is not copied where it is contiguous.

    Raises
    ------
    TypeError
        No JSON, or an array of another dtype than those of `DTYPES`.
    """
    if array is None:
        return [_line(message)]
    if str(array.dtype) not in DTYPES:
        raise TypeError(f"an array of {array.dtype} can't be sent")
    header = {"dtype": str(array.dtype), "shape": array.shape}
    return [_line({**message, "array": header}), array.ravel().view("uint8").data]


def _line(message: dict[str, Any]) -> memoryview:
    return memoryview(json.dumps(message).encode() + b"\n")


def write(descriptor: int, parts: Sequence[memoryview]) -> None:
    """Write parts to a pipe, and wait until all is written."""
    for part in parts:
        while part:
            part = part[os.write(descriptor, part) :]


def room(header: Any, max_bytes: float = math.inf) -> NDArray[Any]:
    """Return an array to read into, as a line announces it.

    Parameters
    ----------
    header : dict
        ``dtype`` and ``shape``. It may come from a stranger: anything else is refused.
    max_bytes : float
        Checked before any memory is taken.

    Raises
    ------
    ValueError
        Not such a header, or one for more bytes than that.
    """
    import numpy as np

    try:
        dtype, shape = header["dtype"], header["shape"]
        if dtype in DTYPES and math.prod(shape) * np.dtype(dtype).itemsize <= max_bytes:
            return np.empty(shape, dtype)
    except (KeyError, TypeError, ValueError, OverflowError):
        pass
    said = str(header)[:100]
    raise ValueError(f"an array of numbers in at most {max_bytes:.0f} bytes was expected, found {said}")


def bytes_of(array: NDArray[Any]) -> memoryview:
    """Return the memory of a new array, to be read into."""
    return array.reshape(-1).view("uint8").data
