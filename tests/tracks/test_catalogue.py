"""What a person types for a track."""

import pytest
from fixtures.pirm2018 import ENHANCEMENT, SUPER_RESOLUTION

from aic_helpers.core.errors import InputError
from aic_helpers.tracks.catalogue import TRACKS, find_track

LIST = "aic track list names them"


@pytest.mark.parametrize("typed", ["super_resolution", "super-resolution", "Super Resolution", "A", "a", " a "])
def test_a_track_by_its_name_or_letter(typed):
    assert find_track(typed) is SUPER_RESOLUTION


def test_names_of_other_tracks_may_be_written_otherwise():
    assert find_track("Classic X4") is TRACKS["classic_x4"]


def test_the_other_track():
    assert [find_track(typed) for typed in ("B", "b", "Enhancement")] == [ENHANCEMENT] * 3


@pytest.mark.parametrize(
    ("typed", "remedy"),
    [("C", LIST), ("", LIST), ("enhance", "did you mean enhancement?"), ("clasic_x4", "did you mean classic_x4?")],
)
def test_no_track(typed, remedy):
    with pytest.raises(InputError) as error:
        find_track(typed)
    assert str(error.value) == f"expected the name of a track, or a .toml file, found {typed!r}: {remedy}"
