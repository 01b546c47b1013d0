"""By what the models of a board are ranked: the scores of their track, or PSNR where a run can have none of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aic_helpers.runs.result_tables import score_title
from aic_helpers.tracks import catalogue
from aic_helpers.tracks.definitions import TITLES, Track

PSNR = "psnr_db"

OF_A_RUN = ("time_ms", "peak_rss_mib", "macs", "parameters", "file_bytes")
"""Quantities that every run may have, beside the metrics of its track."""

BESIDE_ITS_BASELINE = ("speedup", "baseline_time_ms")


@dataclass(frozen=True)
class Order:
    """What ranks.

    Attributes
    ----------
    name : str
        What ``--by`` takes, and what the columns of its ranks end with.
    title : str
        As people read it: "score A", "PSNR".
    column : str
        Of the table: where its values stand.
    track : Track
        Whose formulas it is computed by.
    score : str
        Of that track.
    """

    name: str
    title: str
    column: str
    track: Track
    score: str

    @property
    def lower_is_better(self) -> bool:
        """Whether the first has the lowest value."""
        return self.track.scores.better[self.score] == "lower"

    @property
    def short(self) -> str:
        """The title without the word score."""
        return self.title.removeprefix("score ")

    @property
    def needs(self) -> tuple[str, ...]:
        """The quantities that a model must have for it."""
        return tuple(name for name in self.track.scores.needs(self.score) if name not in self.track.fixed)


def orders_of(track: Track) -> tuple[Order, ...]:
    """Return by what models of a track are ranked: each score that a run can have, or PSNR where there is none."""
    found = tuple(Order(name, score_title(name), f"score_{name}", track, name) for name in _within_reach(track))
    return found or (Order(PSNR, TITLES[PSNR], PSNR, _by_psnr(track), PSNR),)


def _within_reach(track: Track) -> list[str]:
    """Return the scores of which no quantity is given by a person, or needs a baseline that isn't at hand."""
    known = {*OF_A_RUN, *track.protocol.metrics, *track.fixed}
    if track.baseline.model:
        known |= {*BESIDE_ITS_BASELINE}
    return [name for name in track.scores.better if known >= {*track.scores.needs(name)}]


def _by_psnr(track: Track) -> Track:
    """Return the track with its PSNR as its one score."""
    return catalogue.made(track.name, {**track.content, "formulas": {PSNR: "psnr"}, "scores": {PSNR: "higher"}})


def notes(track: Track) -> list[str]:
    """Return what a reader of a track's ranks has to know, as sentences."""
    out = [name for name in track.scores.better if name not in _within_reach(track)]
    found = []
    if out:
        lacking = {*track.scores.needs(out[0])} - {*track.fixed, *OF_A_RUN, *track.protocol.metrics}
        scores, quantities = " and ".join(map(score_title, out)), ", ".join(sorted(lacking))
        found.append(f"{words_of(track)}: no {scores} of a run, which has no {quantities}.")
    return [*found, *(f"{words_of(track)}: {note}" for note in track.notes)]


def words_of(track: Track) -> str:
    """Return how sentences call a track: by its letter where it has one."""
    return f"Track {track.letter}" if track.letter else track.title


def named(orders: Iterable[Order], name: str) -> Order | None:
    """Return the order of that name; None where there is none."""
    return next((order for order in orders if order.name == name), None)


def chosen(orders: Sequence[Order], name: str) -> Order:
    """Return the order of that name, or else the first."""
    return named(orders, name) or orders[0]
