"""A flatbuffer read with every offset held against its end: tables, vectors and texts, or one reason why not.

The library's own reader trusts its file: a negative offset reads from the other end, a slice past the end is short.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

INT8, UINT8, BOOL = struct.Struct("<b"), struct.Struct("<B"), struct.Struct("<?")
UINT16, INT32, UINT32, UINT64 = struct.Struct("<H"), struct.Struct("<i"), struct.Struct("<I"), struct.Struct("<Q")

SHARED = 8
"""How many times its own size a file may be read: writers let parts be shared, but not all by thousands."""

FREE_BYTES = 2**16
"""To be read of the smallest file."""


class Damaged(ValueError):  # noqa: N818 (what is found of a file, which its reader words)
    """The bytes are no whole flatbuffer; the text is what was found."""


class FlatFile:
    """The bytes of a flatbuffer, and how much of them was read.

    Parameters
    ----------
    content : bytes
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._left = SHARED * len(content) + FREE_BYTES

    def root(self) -> Table:
        """Return the table that the file begins with."""
        return Table(self, self.number(UINT32, 0))

    def number(self, form: struct.Struct, at: int) -> Any:
        """Return the number that stands at a byte."""
        self.require(at, form.size)
        return form.unpack_from(self.content, at)[0]

    def require(self, at: int, size: int) -> None:
        """Raise `Damaged` where `size` bytes from `at` on aren't all in the file."""
        if at < 0 or at + size > len(self.content):
            raise Damaged(f"one that ends at byte {len(self.content)}, before its parts do")

    def span(self, at: int, item_bytes: int, at_most: int, what: str) -> tuple[int, int]:
        """Return where the vector begins that an offset at `at` leads to, and how many items it has."""
        vector = at + self.number(UINT32, at)
        count = self.number(UINT32, vector)
        if count > at_most:
            raise Damaged(f"{count} {what}, more than {at_most}")
        self.require(vector + 4, count * item_bytes)
        return vector + 4, count

    def spend(self, size: int) -> None:
        """Count what is read, so that parts laid over one another cost no more than a large file would."""
        self._left -= size
        if self._left < 0:
            raise Damaged("one whose parts lie over one another")


class Table:
    """A table of a flatbuffer, its fields by their numbers in the schema.

    Parameters
    ----------
    file : FlatFile
    at : int
        Its first byte.
    """

    def __init__(self, file: FlatFile, at: int) -> None:
        self.file, self.at = file, at
        self._vtable = at - file.number(INT32, at)
        size = file.number(UINT16, self._vtable)
        self._inline = file.number(UINT16, self._vtable + 2)
        if size < 4 or size % 2 or self._inline < 4:
            raise Damaged("one with a damaged table")
        file.require(self._vtable, size)
        file.require(at, self._inline)
        file.spend(size)
        self._fields = (size - 4) // 2

    def number(self, field: int, form: struct.Struct, default: int = 0) -> int:
        """Return a number of the table, or `default` where it has none."""
        at = self._place(field, form.size)
        return default if at is None else self.file.number(form, at)

    def table(self, field: int) -> Table | None:
        """Return a table that the table holds, or None."""
        at = self._place(field, 4)
        return None if at is None else Table(self.file, at + self.file.number(UINT32, at))

    def tables(self, field: int, at_most: int, what: str) -> list[Table]:
        """Return the tables of a vector; `what` they are called in a message."""
        start, count = self._span(field, 4, at_most, what)
        places = range(start, start + 4 * count, 4)
        return [Table(self.file, place + self.file.number(UINT32, place)) for place in places]

    def numbers(self, field: int, dtype: str, at_most: int, what: str) -> NDArray[Any]:
        """Return the numbers of a vector."""
        start, count = self._span(field, np.dtype(dtype).itemsize, at_most, what)
        return np.frombuffer(self.file.content, np.dtype(dtype).newbyteorder("<"), count, start)

    def text(self, field: int, at_most: int, what: str) -> str:
        """Return a text; whatever isn't UTF-8 stands there as U+FFFD."""
        start, count = self._span(field, 1, at_most, f"characters of {what}")
        return self.file.content[start : start + count].decode("utf-8", "replace")

    def data(self, field: int, at_most: int, what: str) -> tuple[int, int]:
        """Return where bytes begin and how many they are, without reading them."""
        at = self._place(field, 4)
        return (0, 0) if at is None else self.file.span(at, 1, at_most, f"bytes of {what}")

    def _span(self, field: int, item_bytes: int, at_most: int, what: str) -> tuple[int, int]:
        at = self._place(field, 4)
        if at is None:
            return 0, 0
        start, count = self.file.span(at, item_bytes, at_most, what)
        self.file.spend(count * item_bytes)
        return start, count

    def _place(self, field: int, size: int) -> int | None:
        """Return where a field of `size` bytes stands, or None where the table leaves it out."""
        if field >= self._fields:
            return None
        within = self.file.number(UINT16, self._vtable + 4 + 2 * field)
        if within and not 4 <= within <= self._inline - size:
            raise Damaged("one with a damaged table")
        return self.at + within if within else None
