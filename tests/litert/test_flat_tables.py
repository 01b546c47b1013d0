"""Tables of a flatbuffer whose offsets lead where they shouldn't."""

from __future__ import annotations

import struct

import pytest

from aic_helpers.litert.flat_tables import INT32, Damaged, FlatFile, Table


def file_of(vtable_offset: int = 8, field: int = 4, vector: int = 4, count: int = 2) -> FlatFile:
    """Return a file of one table: a number 77, and a vector of the numbers 5 and 6."""
    table = struct.pack("<iiI", vtable_offset, 77, vector)
    return FlatFile(struct.pack("<IHHHH", 12, 8, 12, field, 8) + table + struct.pack("<Iii", count, 5, 6))


def test_a_whole_table() -> None:
    table = file_of().root()
    assert table.number(0, INT32) == 77
    assert table.numbers(1, "int32", 9, "numbers").tolist() == [5, 6]
    assert (table.number(5, INT32, 3), table.table(5), table.text(5, 9, "nothing")) == (3, None, "")


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [
        ({"vtable_offset": 2000}, "one that ends at byte 36, before its parts do"),
        ({"vtable_offset": -2000}, "one that ends at byte 36, before its parts do"),
        ({"field": 400}, "one with a damaged table"),
        ({"field": 2}, "one with a damaged table"),
        ({"vector": 4000}, "one that ends at byte 36, before its parts do"),
        ({"count": 3}, "one that ends at byte 36, before its parts do"),
        ({"count": 10}, "10 numbers, more than 9"),
    ],
)
def test_offsets_out_of_the_file(spoilt: dict[str, int], words: str) -> None:
    with pytest.raises(Damaged, match=words):
        _read_all(file_of(**spoilt))


def _read_all(file: FlatFile) -> None:
    table = file.root()
    table.number(0, INT32)
    table.numbers(1, "int32", 9, "numbers")


def test_parts_laid_over_one_another() -> None:
    """What a file holds once may be read some times, not by the thousand."""
    file = FlatFile(file_of().content[:24] + struct.pack("<I", 20_000) + b"\0" * 80_000)
    table = file.root()
    table.numbers(1, "int32", 20_000, "numbers")
    with pytest.raises(Damaged, match="one whose parts lie over one another"):
        _read_often(table)


def _read_often(table: Table) -> None:
    for _ in range(20):
        table.numbers(1, "int32", 20_000, "numbers")
