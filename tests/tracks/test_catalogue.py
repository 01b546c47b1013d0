"""What a person types for a track."""

import pytest
from fixtures.pirm2018 import ENHANCEMENT, SUPER_RESOLUTION

from aic_helpers.core.errors import InputError
from aic_helpers.tracks.catalogue import find_track


@pytest.mark.parametrize("typed", ["super_resolution", "super-resolution", "Super Resolution", "A", "a", " a "])
def test_a_track_by_its_name_or_letter(typed):
    assert find_track(typed) is SUPER_RESOLUTION


def test_the_other_track():
    assert [find_track(typed) for typed in ("B", "b", "Enhancement")] == [ENHANCEMENT] * 3


@pytest.mark.parametrize(
    ("typed", "remedy"), [("C", "name one"), ("", "name one"), ("enhance", "did you mean enhancement?")]
)
def test_no_track(typed, remedy):
    with pytest.raises(InputError) as error:
        find_track(typed)
    assert str(error.value) == f"expected a track (super_resolution or enhancement), found {typed!r}: {remedy}"
