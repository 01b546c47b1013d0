"""What goes over the pipes comes out the same; what a stranger writes there is refused."""

from __future__ import annotations

import os

import numpy as np
import pytest

from aic_helpers.processes import pipe_messages

ARRAYS = [
    *(np.arange(24).reshape(2, 3, 4).astype(dtype) for dtype in sorted(pipe_messages.DTYPES)),
    np.zeros((0, 5, 3), np.float32),
    np.float32(7.5) * np.ones(()),
    np.arange(60, dtype=np.float64).reshape(3, 4, 5)[:, ::-2, 1:],
    np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype} {array.shape}")
def test_an_array_is_the_same_on_the_other_side(array: np.ndarray) -> None:
    ends = os.pipe()
    pipe_messages.write(ends[1], pipe_messages.encoded({"text": "é\n"}, array))
    os.close(ends[1])
    with os.fdopen(ends[0], "rb") as pipe:
        line = pipe.readline()
        found = pipe_messages.room({"dtype": str(array.dtype), "shape": array.shape})
        assert pipe.readinto(pipe_messages.bytes_of(found)) == array.nbytes
        assert pipe.read() == b""
    assert line.startswith(b'{"text": "\\u00e9\\n", "array"')
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert np.array_equal(found, array)


def test_memory_is_not_copied() -> None:
    array = np.arange(5, dtype=np.float32)
    assert np.shares_memory(np.asarray(pipe_messages.encoded({}, array)[1]), array)


@pytest.mark.parametrize("array", [np.array(["a"], object), np.array(["a"]), np.zeros(2, "i4,f4"), np.zeros(2, ">f4")])
def test_only_plain_numbers_are_sent(array: np.ndarray) -> None:
    with pytest.raises(TypeError, match="can't be sent"):
        pipe_messages.encoded({}, array)


@pytest.mark.parametrize(
    "header",
    [
        {"dtype": "object", "shape": [1]},
        {"dtype": "O", "shape": [1]},
        {"dtype": "i4,O", "shape": [1]},
        {"dtype": ["float32"], "shape": [1]},
        {"dtype": "uint8", "shape": [101]},
        {"dtype": "float32", "shape": [26]},
        {"dtype": "uint8", "shape": [2**40, 2**40]},
        {"dtype": "uint8", "shape": [-1, -1]},
        {"dtype": "uint8", "shape": [-1]},
        {"dtype": "uint8", "shape": [2.5]},
        {"dtype": "uint8", "shape": [0, 2**80]},
        {"dtype": "uint8", "shape": 100 * [1]},
        {"dtype": "uint8", "shape": "12"},
        {"dtype": "uint8", "shape": None},
        {"dtype": "uint8"},
        ["uint8", [1]],
        7,
    ],
)
def test_a_header_that_claims_too_much_or_is_none_is_refused(header: object) -> None:
    with pytest.raises(ValueError, match="an array of numbers in at most 100 bytes was expected, found "):
        pipe_messages.room(header, 100)
