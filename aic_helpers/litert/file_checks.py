"""A stranger's `.tflite` -> whether LiteRT may load it: its structure held against a list and limits, as data alone."""

from __future__ import annotations

from typing import Any

from aic_helpers.core.errors import InputError
from aic_helpers.core.safe_texts import shown
from aic_helpers.litert.allowed_operators import ALLOWED
from aic_helpers.litert.structures import Operator, Structure, read
from aic_helpers.litert.tensor_tables import FLOATS, INTEGERS, Tensor

MAX_NAME = 200
"""Characters of a layer's name that a reason shows."""

MAX_CONSTANT_BYTES = 2**29
"""Of all constants together; tensors may share one."""

IMAGES = ("float32", "uint8", "int8", "int16")
TYPES = FLOATS | INTEGERS | {"bool", "complex64", "int4"}
"""Of numbers; no texts, and nothing that stands for something outside the file."""

CHANNELS = 3


def refuse(content: bytes) -> dict[str, Any]:
    """Return what a file is: ``nodes``, its operators, and ``operations``, how many kinds; or raise why it isn't taken.

    Raises
    ------
    InputError
        It may not be loaded: the message names the operator or tensor, and the reason. Or it is no whole file.
    """
    structure = read(content)
    _refuse_parts(structure)
    for step in structure.operators:
        _refuse_operator(step)
    for tensor in structure.tensors:
        _refuse_tensor(tensor)
    _refuse_size(structure)
    _refuse_other_ends(structure)
    return {"nodes": len(structure.operators), "operations": len({step.name for step in structure.operators})}


def _refuse_parts(structure: Structure) -> None:
    if structure.names_other_files:
        raise InputError("a file that has all of its weights", "one that names other files", "export it in one file")
    if len(structure.subgraphs) != 1:
        found = f"{len(structure.subgraphs)} subgraphs"
        raise InputError("one network, without loops and branches", found, "leave them out")


def _refuse_operator(step: Operator) -> None:
    if step.is_custom or step.name not in ALLOWED:
        kind = "the custom operator " if step.is_custom else ""
        found = f"{kind}{shown(step.name, MAX_NAME)} (layer {shown(step.layer, MAX_NAME)})"
        remedy = "leave it out: only LiteRT's own operators that make tensors of tensors are run"
        raise InputError("operators on tensors alone", found, remedy)


def _refuse_tensor(tensor: Tensor) -> None:
    kind = "a variable" if tensor.is_variable else "a sparse constant" if tensor.is_sparse else tensor.dtype
    if kind not in TYPES:
        raise InputError("tensors of numbers", f"{kind} ({shown(tensor.name, MAX_NAME)})", "export it without")


def _refuse_size(structure: Structure) -> None:
    declared = sum(structure.stored_bytes(tensor) for tensor in structure.tensors)
    if declared > MAX_CONSTANT_BYTES:
        expected = f"constants of at most {MAX_CONSTANT_BYTES >> 20} MiB together"
        raise InputError(expected, f"{declared >> 20} MiB", "make them smaller")


def _refuse_other_ends(structure: Structure) -> None:
    """Refuse a file that takes something else than one image in RGB, or gives more or less than one output."""
    for what, ends in (("input", structure.inputs), ("output", structure.outputs)):
        if len(ends) != 1:
            raise InputError(f"one {what}", str(len(ends)), f"export a network with one {what}")
        (end,) = ends
        if end.dtype not in IMAGES:
            raise InputError(f"an {what} of {', '.join(IMAGES[:-1])} or {IMAGES[-1]}", end.dtype, "export it again")
        if what == "input" and (len(end.shape_signature) != 4 or end.shape_signature[3] not in (CHANNELS, None)):
            sides = ", ".join("any" if side is None else str(side) for side in end.shape_signature)
            raise InputError("an input of shape (1, height, width, 3)", f"({sides})", "export it again")
