"""A desk's tracks: which submissions are to one of them, and which were made by another file of its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fixtures import desks

from aic_helpers.core.errors import InputError
from aic_helpers.submissions import desk_tracks
from aic_helpers.submissions.messages import Submission
from aic_helpers.tracks.catalogue import find_track
from aic_helpers.tracks.definitions import Track

TEXT = 'title = "Ours"\n[protocol]\nborder_px = 2\n[baseline]\nmodel = "slow.pb"\n'


@pytest.fixture
def track(tmp_path: Path) -> Track:
    """The one track of a desk's own."""
    folder = tmp_path / "tracks"
    folder.mkdir()
    (folder / "slow.pb").write_bytes(b"a graph")
    (folder / "ours.toml").write_text(TEXT)
    return desk_tracks.tracks_of(tmp_path)["ours"]


def submission(track: str, content: Any) -> Submission:
    result = {} if content is None else {"track_file": content}
    return Submission(track, 1, "Team", "https://example.org/model.pb", "0" * 64, 1000, desks.TOKEN, result)


def test_a_run_by_the_desks_file_is_taken_wherever_its_baseline_lies(tmp_path: Path, track: Track) -> None:
    elsewhere = tmp_path / "a team's"
    (elsewhere / "nets").mkdir(parents=True)
    (elsewhere / "nets" / "slow.pb").write_bytes(b"a graph")
    (elsewhere / "ours.toml").write_text(TEXT.replace("slow.pb", "nets/slow.pb"))
    theirs = find_track(elsewhere / "ours.toml")
    assert theirs.timed_beside != track.timed_beside
    desk_tracks.require_known({"ours": track}, submission("ours", theirs.content), tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"protocol": {"border_px": 3}},
        {"title": "Theirs"},
        {"formulas": {"A": "psnr + 1"}, "scores": {"A": "higher"}},
        {"baseline": {"model": "fast.pb"}},
    ],
)
def test_a_run_by_another_file_of_that_name_is_refused(tmp_path: Path, track: Track, changes: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        desk_tracks.require_known({"ours": track}, submission("ours", {**track.content, **changes}), tmp_path)
    assert str(caught.value) == (
        "expected a run by the ours.toml of this desk, found one by another: "
        "send the team your file, by which it has to make the run again"
    )


def test_a_run_that_brings_no_file_is_refused_on_a_track_of_the_desks_own_alone(tmp_path: Path, track: Track) -> None:
    tracks = desk_tracks.tracks_of(tmp_path)
    desk_tracks.require_known(tracks, submission("enhancement", None), tmp_path)
    with pytest.raises(InputError, match=r"expected a run by the ours\.toml of this desk"):
        desk_tracks.require_known(tracks, submission("ours", None), tmp_path)


def test_a_track_that_the_desk_does_not_have(tmp_path: Path, track: Track) -> None:
    with pytest.raises(InputError, match="expected a submission to a track of this desk, found our: did you mean ours"):
        desk_tracks.require_known(desk_tracks.tracks_of(tmp_path), submission("our", None), tmp_path)


@pytest.mark.parametrize(
    ("used", "names"),
    [
        (set(), ["super_resolution", "enhancement"]),
        ({"enhancement"}, ["super_resolution", "enhancement"]),
        ({"ours"}, ["ours"]),
        ({"ours", "super_resolution"}, ["super_resolution", "enhancement", "ours"]),
    ],
)
def test_a_leaderboard_shows_the_tracks_in_use(tmp_path: Path, track: Track, used: set[str], names: list[str]) -> None:
    assert list(desk_tracks.shown(desk_tracks.tracks_of(tmp_path), used)) == names


def test_a_figure_measured_otherwise_is_judged_by_something_else(track: Track) -> None:
    judged = track.judged_by
    assert judged["baseline"] == "slow.pb"
    assert judged == track.model_copy(update={"title": "Other", "formulas": {"A": "psnr"}}).judged_by
    for part in ("protocol", "task", "measured"):
        other = getattr(track, part).model_copy(update={"colour": "y", "scale": 3, "size": (64, 64)})
        assert judged != track.model_copy(update={part: other}).judged_by
