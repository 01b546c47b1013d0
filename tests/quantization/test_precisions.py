"""Precisions by their names."""

import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.quantization.precisions import BY_NAME, named
from aic_helpers.runtimes.formats import PRECISIONS


def test_names_once_and_in_the_order_of_tables():
    assert named(["int8", "float32", "int8"]) == ("float32", "int8")
    assert named([]) == PRECISIONS == tuple(BY_NAME) == ("float32", "float16", "dynamic_int8", "int8", "int16x8")


def test_no_name_at_all():
    with pytest.raises(InputError, match=r"found nothing: take one of them$"):
        named([""])


def test_a_name_that_there_isnt():
    line = r"^expected a precision \(float32, float16, dynamic_int8, int8, int16x8\), found int7: did you mean int8\?$"
    with pytest.raises(InputError, match=line):
        named(["int7"])
