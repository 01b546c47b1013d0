"""By what the models of a board are ranked: the scores of their track, or PSNR where a run can have none of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from aic_helpers.core.errors import InputError
from aic_helpers.runs.quantities import BESIDE_A_BASELINE
from aic_helpers.runs.result_tables import score_title
from aic_helpers.tracks.definitions import TITLES, Track
from aic_helpers.tracks.scoring import lacking
from aic_helpers.tracks.significance import signed

PSNR = "psnr_db"

OF_A_RUN = ("time_ms", "peak_rss_mib", "macs", "parameters", "file_bytes")
"""Quantities that every run may have, beside the metrics of its track."""

MILLISECONDS = ("time_ms", "baseline_time_ms")


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
    def compares_ms(self) -> bool:
        """Whether it takes milliseconds as they are, which compare on one machine only.

        It does unless its value stays the same where the model's time and the baseline's are as many times as long.
        """
        taken = [name for name in self.needs if name in MILLISECONDS]
        if not taken:
            return False
        generator = np.random.default_rng(0)
        known = {name: 10 ** generator.uniform(-1, 2, size=100) for name in self.needs}
        longer = known | {name: 7 * known[name] for name in taken}
        first, second = (np.asarray(signed(self.track, self.score, tried)) for tried in (known, longer))
        both = np.isfinite(first) & np.isfinite(second)
        return not (both.any() and np.allclose(first[both], second[both], rtol=1e-6))

    @property
    def clock(self) -> tuple[str, ...]:
        """The columns that rows must share to be ranked: none where it takes no times."""
        if self.compares_ms:
            return "machine", "runtime"
        return ("runtime",) if {*MILLISECONDS, "speedup"} & {*self.needs} else ()

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
    return [name for name in track.scores.better if not _out_of_reach(track, name)]


def _known(track: Track) -> set[str]:
    """Return the quantities that a run of a track can have."""
    beside = BESIDE_A_BASELINE if track.baseline.model else ()
    return {*OF_A_RUN, *track.protocol.metrics, *track.fixed, *beside}


def _by_psnr(track: Track) -> Track:
    """Return the track with its PSNR as its one score."""
    scores = {"formulas": {PSNR: "psnr"}, "scores": {PSNR: "higher"}}
    return Track.model_validate({**track.content, "name": track.name, **scores})


def orders_between(track: Track, also: Track | None = None) -> tuple[Order, ...]:
    """Return by what models of a track are ranked, and by what else where another track's formulas are asked for."""
    if also is None or also.name == track.name:
        return orders_of(track)
    return (*orders_of(track), *orders_elsewhere(also))


def orders_elsewhere(track: Track) -> tuple[Order, ...]:
    """Return a track's orders as they are called among those of another.

    Raises
    ------
    InputError
        It has no score that a run can have.
    """
    found = _within_reach(track)
    if not found:
        raise InputError("a track with a score that a run can have", track.name + _without(track), "name another")
    named = [(f"{track.name}.{name}", f"{track.name} {score_title(name)}", name) for name in found]
    return tuple(Order(name, title, f"score_{name}", track, score) for name, title, score in named)


def _without(track: Track) -> str:
    for score in track.scores.better:
        return f", whose {score_title(score)} needs {lacking(track, _out_of_reach(track, score))}"
    return ", which has none"


def _out_of_reach(track: Track, score: str) -> list[str]:
    return [name for name in track.scores.needs(score) if name not in _known(track)]


def notes(track: Track) -> list[str]:
    """Return what a reader of a track's ranks has to know, as sentences."""
    out = [name for name in track.scores.better if name not in _within_reach(track)]
    found = []
    if out:
        scores, why = " and ".join(map(score_title, out)), lacking(track, _out_of_reach(track, out[0]))
        found.append(f"{words_of(track)}: a run has no {scores}, for it lacks {why}.")
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
