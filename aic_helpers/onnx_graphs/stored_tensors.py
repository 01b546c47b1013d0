"""A constant of a stranger's `.onnx`: whether it is of numbers, and as large as it says."""

from __future__ import annotations

import math
from typing import Any

from aic_helpers.core.errors import InputError
from aic_helpers.core.safe_texts import shown
from aic_helpers.onnx_graphs.structures import AGAIN, dtype_name

STORES: dict[str, tuple[int, str]] = {
    "float32": (4, "float_data"),
    "float64": (8, "double_data"),
    "float16": (2, "int32_data"),
    "bfloat16": (2, "int32_data"),
    "bool": (1, "int32_data"),
    "int8": (1, "int32_data"),
    "uint8": (1, "int32_data"),
    "int16": (2, "int32_data"),
    "uint16": (2, "int32_data"),
    "int32": (4, "int32_data"),
    "uint32": (4, "uint64_data"),
    "int64": (8, "int64_data"),
    "uint64": (8, "uint64_data"),
}
"""The types that are taken: bytes of a number, and the field that numbers stand in where they aren't raw bytes."""

FIELDS = ("float_data", "double_data", "int32_data", "int64_data", "uint64_data", "string_data")

MAX_SIDES = 16

MAX_NAME = 200
"""Characters of a name that a reason shows."""


def told(name: str | bytes, empty: str = "(no name)") -> str:
    """Return a name as a message shows it; one that isn't UTF-8 comes from protobuf as bytes."""
    return shown(name if isinstance(name, str) else repr(name), MAX_NAME, empty=empty)


def checked_bytes(tensor: Any, where: str) -> int:
    """Return how many bytes a constant takes in memory, having seen that its numbers are all in the file.

    Parameters
    ----------
    tensor : TensorProto
    where : str
        What a message calls it.

    Raises
    ------
    InputError
        It isn't of numbers, stands in another file, or says another size than it has.
    """
    _refuse_elsewhere(tensor, where)
    kind = dtype_name(tensor.data_type)
    if kind not in STORES:
        raise InputError("constants of numbers", f"{kind} ({where})", "export it without")
    size, field = STORES[kind]
    sides = len(tensor.dims)
    if sides > MAX_SIDES or any(side < 0 for side in tensor.dims):
        found = f"{sides} sides" if sides > MAX_SIDES else f"a side of {min(tensor.dims)}"
        raise InputError(f"constants of at most {MAX_SIDES} known sides", f"{found} ({where})", AGAIN)
    declared = math.prod(tensor.dims) * size
    there = len(tensor.raw_data) if tensor.HasField("raw_data") else len(getattr(tensor, field)) * size
    if declared != there or _stored_twice(tensor, field):
        found = f"{there}, where {declared} are declared" if declared != there else "some of it twice"
        raise InputError("constants as large as they say, in bytes", f"{found} ({where})", AGAIN)
    return declared


def _stored_twice(tensor: Any, field: str) -> bool:
    others = [name for name in FIELDS if name != field or tensor.HasField("raw_data")]
    return any(len(getattr(tensor, name)) for name in others)


def _refuse_elsewhere(tensor: Any, where: str) -> None:
    from onnx import TensorProto

    if tensor.data_location != TensorProto.DEFAULT or tensor.external_data:
        location = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
        found = f"one that names {told(location, 'another file')} ({where})"
        raise InputError("a file that has all of its weights", found, "export it in one file")
    if tensor.HasField("segment"):
        raise InputError("whole constants", f"a part of one ({where})", AGAIN)
