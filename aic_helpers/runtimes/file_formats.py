"""A file of whatever name -> which format of models it is of, by its content.

A `.tflite` has a mark. A `.pb` and an `.onnx` are both messages of protobuf without one, and share numbers of fields:
what tells them apart is what a field is, and the first that only one of them has decides. A GraphDef is a list of nodes
(field 1, messages); a ModelProto has the number of its version there, its graph in field 7, its opsets in field 8.
"""

from __future__ import annotations

from collections.abc import Iterator

from aic_helpers.core.errors import InputError
from aic_helpers.core.file_marks import is_litert
from aic_helpers.runtimes.formats import FROZEN, LITERT, ONNX, Format

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
"""How protobuf writes a field; groups, which neither format has, aren't followed."""

TELLING = {(1, VARINT): ONNX, (1, LENGTH): FROZEN, (7, LENGTH): ONNX, (8, LENGTH): ONNX}

SAVED_MODEL = b"\x08\x01\x12"
"""How the file of a SavedModel begins: its version, and a graph. No ONNX model has had that version since 2017."""

HEAD_BYTES = 2**16
"""Of a file, in which its format shows."""

MAX_FIELDS = 1_000_000


def format_by_content(head: bytes) -> Format:
    """Return the format of a file by its first `HEAD_BYTES`: a frozen graph's unless they say another."""
    if is_litert(head):
        return LITERT
    return next(_told(head[:HEAD_BYTES]), FROZEN)


def told_format(head: bytes) -> Format | None:
    """Return the format that a file's first `HEAD_BYTES` tell; None where they tell of none."""
    if is_litert(head):
        return LITERT
    return None if head.startswith(SAVED_MODEL) else next(_told(head[:HEAD_BYTES]), None)


def require_one_format(content: bytes) -> None:
    """Raise `InputError` where a message of protobuf is a frozen graph and an ONNX model at once."""
    if len({*_told(content)}) > 1:
        found = "one that is a frozen graph and an ONNX model at once"
        raise InputError("a file of one format", found, "freeze or export it again")


def _told(content: bytes) -> Iterator[Format]:
    """Yield the formats that a message's own fields are of, up to where it can't be followed."""
    at = 0
    for _ in range(MAX_FIELDS):
        tag, at = _varint(content, at)
        field = tag >> 3, tag & 7
        if at < 0 or field[1] not in (VARINT, FIXED64, LENGTH, FIXED32):
            return
        if field in TELLING:
            yield TELLING[field]
        at = _after(content, at, field[1])
        if not 0 <= at < len(content):
            return
    raise InputError(f"a model of at most {MAX_FIELDS} parts", "more", "make it smaller")


def _after(content: bytes, at: int, kind: int) -> int:
    """Return where the field ends whose value begins at `at`; below 0 where it doesn't."""
    if kind in (FIXED64, FIXED32):
        return at + (8 if kind == FIXED64 else 4)
    number, at = _varint(content, at)
    return at + number if kind == LENGTH and at >= 0 else at


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at `at`, and where it ends; -1 where it doesn't."""
    number = 0
    for place, byte in enumerate(content[at : at + 10]):
        number |= (byte & 127) << 7 * place
        if byte < 128:
            return number, at + place + 1
    return 0, -1
