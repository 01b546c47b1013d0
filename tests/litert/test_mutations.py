"""Files changed at random: whatever is read can be judged too, and anything else gets its one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from fixtures import litert_files
from fixtures.litert_files import Draft

from aic_helpers.core.errors import InputError
from aic_helpers.litert.integer_verdict import verdict
from aic_helpers.litert.one_network import differences
from aic_helpers.litert.static_cost import static_cost
from aic_helpers.litert.structures import Structure, read

MAKERS = {
    "float": litert_files.float_network,
    "float16": lambda: litert_files.float16_network(free=True),
    "int8": litert_files.int8_network,
    "island": lambda: litert_files.with_island(litert_files.int8_network(free=True)),
}


@pytest.mark.parametrize("name", MAKERS)
def test_mutations_do_nothing_else(name: str) -> None:
    """125 of each file, 500 in all."""
    make: Callable[[], Draft] = MAKERS[name]
    content = make().content()
    original = read(content)
    answers = Counter(_judged(changed, original) for changed in litert_files.mutations(content, 125))
    assert max(len(line) for line in answers) < 400
    assert not any("\n" in line for line in answers)
    assert 10 < answers[""] < 115  # some are read, with other weights or names


def _judged(content: bytes, original: Structure) -> str:
    """Return why a file isn't read; nothing where it is, down to its last number."""
    try:
        structure = read(content)
        for tensor in structure.tensors:
            assert not tensor.is_constant or structure.content(tensor).shape == tensor.shape
        assert verdict(structure).in_words.isprintable()
        assert all(line.isprintable() for line in differences(original, structure))
        static_cost(structure, width_px=24, height_px=16)
    except InputError as error:
        return str(error)
    return ""
