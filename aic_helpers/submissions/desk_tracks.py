"""The tracks of a desk: those that are shipped, and the files in its folder `tracks`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aic_helpers.core.errors import InputError, nearest
from aic_helpers.core.limits import MAX_FILE_BYTES
from aic_helpers.core.safe_texts import with_texts
from aic_helpers.submissions.messages import Submission, clean_text
from aic_helpers.tracks import catalogue
from aic_helpers.tracks.catalogue import PIRM2018, TRACKS
from aic_helpers.tracks.definitions import Track

FOLDER = "tracks"


def tracks_of(desk: Path) -> dict[str, Track]:
    """Return the tracks of a desk by name.

    Raises
    ------
    InputError
        A file in its folder `tracks` with a mistake in it.
    """
    own = (catalogue.find_track(file) for file in sorted((desk / FOLDER).glob("*.toml")))
    return {**TRACKS, **{track.name: track for track in own}}


def named(desk: Path, track: str) -> str:
    """Return the name of a desk's track, as it was typed or by its letter."""
    own = tracks_of(desk)
    return track if track in own else catalogue.find_track(track).name


def typed(desk: Path, name: str) -> str:
    """Return what one would type for a track of a desk: its file where it is the desk's own."""
    return name if name in TRACKS else str(desk / FOLDER / f"{name}.toml")


def shown(tracks: Mapping[str, Track], used: set[str]) -> dict[str, Track]:
    """Return the tracks that a leaderboard shows: those in use, and PIRM 2018's two where one of them is, or none."""
    there = used | {*PIRM2018} if not used or used & {*PIRM2018} else used
    return {name: track for name, track in tracks.items() if name in there}


def require_known(tracks: Mapping[str, Track], arrival: Submission, desk: Path) -> None:
    """Raise `InputError` where a desk doesn't have the track of a submission, or another one by that name."""
    track = tracks.get(arrival.track)
    if track is None:
        remedy = nearest(arrival.track, tracks, f"put its file into {desk / FOLDER}, or tell the team")
        raise InputError("a submission to a track of this desk", arrival.track, remedy)
    if catalogue.is_own(track) and _told(arrival.result.get("track_file")) != _told(track.content):
        remedy = "send the team your file, by which it has to make the run again"
        raise InputError(f"a run by the {track.name}.toml of this desk", "one by another", remedy)


def _told(content: Any) -> Any:
    """Return what a track's file says as an e-mail brings it."""
    return with_texts(content, clean_text)


def max_file_bytes(track: Track) -> int:
    """Return how large a model of a track may be: by its rule, or as the workbench takes them."""
    limit_mb = track.rules.max_file_mb
    return MAX_FILE_BYTES if limit_mb is None else int(limit_mb * 1e6)
