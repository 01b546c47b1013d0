"""A tensor of a `.tflite` file as it declares it: its type, its shape, and how it is quantised."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from aic_helpers.core.safe_texts import shown
from aic_helpers.litert.flat_tables import BOOL, INT8, INT32, UINT32, Damaged, Table
from aic_helpers.litert.schema_names import names

MAX_RANK = 8
MAX_ELEMENTS = 2**40
MAX_CHANNELS = 2**16
"""Scales of one tensor."""

MAX_NAME = 10_000
"""Characters. Those of fused operators are the names of all that went into them."""

FLOATS = frozenset({"float16", "float32", "float64"})
INTEGERS = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})
READ = FLOATS | INTEGERS | {"bool", "complex64", "complex128"}
"""Types whose numbers are read. LiteRT has others: texts, and numbers of less than a byte."""


@dataclass(frozen=True)
class Tensor:
    """A tensor as the file declares it.

    Attributes
    ----------
    index : int
        In its subgraph.
    name : str
    dtype : str
        As NumPy calls it, where NumPy has it.
    shape : tuple of int
        As it is before anything is resized: 1 for sides that may be any.
    shape_signature : tuple of (int or None)
        None for sides that may be any.
    scales, zero_points : tuple
        One of each, or one for each channel; none where it isn't quantised.
    channel_axis : int
        The axis that several scales go along.
    min, max : tuple of float
        The range that a calibration left, if any.
    is_constant, is_variable, is_sparse : bool
    buffer : int
    """

    index: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    shape_signature: tuple[int | None, ...]
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    channel_axis: int
    min: tuple[float, ...]
    max: tuple[float, ...]
    is_constant: bool
    is_variable: bool
    is_sparse: bool
    buffer: int


def read_tensor(index: int, table: Table, buffers: list[tuple[int, int]]) -> Tensor:
    """Return the tensor that a table declares; `buffers` are where each begins, and its bytes."""
    number, types = table.number(1, INT8), names("TensorType")
    if number not in types:
        raise Damaged(f"one with a tensor of type {number}, which this version of ai-edge-litert doesn't know")
    name, dtype = table.text(3, MAX_NAME, "a name"), types[number].lower()
    shape = _sides(table, 0, name)
    signature = _sides(table, 7, name) or shape
    buffer = index_of(table.number(2, UINT32), len(buffers), "buffer")
    sparse = table.table(6) is not None
    size = buffers[buffer][1]
    if size and not sparse:
        _refuse_other_size(name, dtype, shape, size)
    return Tensor(
        index=index,
        name=name,
        dtype=dtype,
        shape=tuple(1 if side < 0 else side for side in shape),
        shape_signature=tuple(None if side < 0 else side for side in signature),
        **_quantization(table.table(4), shape, name, dtype),
        is_constant=size > 0,
        is_variable=bool(table.number(5, BOOL)),
        is_sparse=sparse,
        buffer=buffer,
    )


def _sides(table: Table, number: int, name: str) -> tuple[int, ...]:
    sides = tuple(table.numbers(number, "int32", MAX_RANK, f"sides of {shown(name)}").tolist())
    if any(side < -1 for side in sides) or math.prod(max(side, 1) for side in sides) > MAX_ELEMENTS:
        raise Damaged(f"one with a tensor of shape {sides}, {shown(name)}")
    return sides


def _refuse_other_size(name: str, dtype: str, shape: tuple[int, ...], size: int) -> None:
    """Refuse a constant that has other bytes than its shape says; of texts, and of parts of bytes, nothing is known."""
    expected = math.prod(shape) * item_bytes(dtype)
    if item_bytes(dtype) and size != expected:
        raise Damaged(f"one whose constant {shown(name)} of shape {shape} has {size} bytes, not {expected}")


def item_bytes(dtype: str) -> int:
    """Return the bytes of a number, or 0 of a type that isn't read."""
    return np.dtype(dtype).itemsize if dtype in READ else 0


def _quantization(table: Table | None, shape: tuple[int, ...], name: str, dtype: str) -> dict[str, Any]:
    if table is None:
        return {"scales": (), "zero_points": (), "channel_axis": 0, "min": (), "max": ()}
    what = f"scales of {shown(name)}"
    scales = tuple(table.numbers(2, "float32", MAX_CHANNELS, what).tolist())
    zero_points = tuple(table.numbers(3, "int64", MAX_CHANNELS, what).tolist())
    axis = table.number(6, INT32)
    _refuse_other_scales(name, scales, zero_points, shape, axis)
    _refuse_outside(name, zero_points, dtype)
    low, high = (tuple(table.numbers(number, "float32", MAX_CHANNELS, what).tolist()) for number in (0, 1))
    return {"scales": scales, "zero_points": zero_points, "channel_axis": axis, "min": low, "max": high}


def _refuse_other_scales(
    name: str, scales: tuple[float, ...], zero_points: tuple[int, ...], shape: tuple[int, ...], axis: int
) -> None:
    if not all(math.isfinite(scale) and scale >= 0 for scale in scales):
        raise Damaged(f"one with a scale that is no number from 0 on, at {shown(name)}")
    if len(zero_points) not in (0, 1, len(scales)):
        raise Damaged(f"one with {len(scales)} scales and {len(zero_points)} zero points at {shown(name)}")
    if len(scales) > 1 and not (0 <= axis < len(shape) and shape[axis] == len(scales)):
        raise Damaged(f"one with {len(scales)} scales for the shape {shape} of {shown(name)}")


def _refuse_outside(name: str, zero_points: tuple[int, ...], dtype: str) -> None:
    """Refuse zero points that their type can't hold: LiteRT looks numbers up by them, beyond its tables too."""
    if dtype in INTEGERS:
        limits = np.iinfo(dtype)
        outside = [zero for zero in zero_points if not limits.min <= zero <= limits.max]
        if outside:
            raise Damaged(f"one with the zero point {outside[0]} at {shown(name)}, which {dtype} can't hold")


def index_of(number: int, count: int, what: str) -> int:
    """Return a number that names one of `count` things, having seen that there is one."""
    if not 0 <= number < count:
        raise Damaged(f"one that names {what} {number} of {count}")
    return number
