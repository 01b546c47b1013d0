"""How far each model is ahead of the next on a score, and whether that is decided or within noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.statistics import Interval, difference_ci95, paired_means
from aic_helpers.tracks.definitions import Track
from aic_helpers.tracks.formulas import Quantity
from aic_helpers.tracks.scoring import Figure

Part = tuple[float, Interval | None]
"""A value and its 95 % interval."""

DECIDED, NOISE, UNTOLD = "decided", "within noise", "no interval"


@dataclass(frozen=True)
class Contender:
    """One model's figures, all on the same images in the same order.

    Attributes
    ----------
    images : mapping of str to ndarray, shape (images,), finite
        Metrics by the names of quantities (``psnr``).
    speedup : float or None
        None where the track's scores don't take times.
    speedup_ci95 : (low, high) or None
    fixed : mapping of str to float
        Quantities that are known exactly (``macs``), and ``time_ms``, which goes with the speedup.
    """

    images: Mapping[str, NDArray[np.float64]]
    speedup: float | None = None
    speedup_ci95: Interval | None = None
    fixed: Mapping[str, float] = field(default_factory=dict)

    def quantities(self, means: Mapping[str, Quantity], speedup: Quantity | None = None) -> dict[str, Quantity]:
        """Return all quantities, where the metrics have these means, and the speedup another value."""
        known: dict[str, Quantity] = {**self.fixed, **means}
        if self.speedup is not None:
            at = self.speedup if speedup is None else speedup
            known["speedup"] = at
            if "time_ms" in self.fixed:
                known["time_ms"] = self.fixed["time_ms"] * self.speedup / at
        return known


def time_of(time_ms: float, speedup: Figure) -> Figure:
    """Return a time that was measured with a speedup: it has the interval of that, as a share."""
    ends = speedup.ci95
    return Figure(time_ms, ends and (time_ms * speedup.value / ends[1], time_ms * speedup.value / ends[0]))


def speed_of(figures: Mapping[str, Figure]) -> tuple[float | None, Interval | None]:
    """Return the speedup of a contender; without one a time counts as 1 with the interval that it has as a share."""
    if "speedup" in figures:
        return figures["speedup"].value, figures["speedup"].ci95
    if "time_ms" not in figures:
        return None, None
    time_ms, ends = figures["time_ms"].value, figures["time_ms"].ci95
    return 1.0, ends and (time_ms / ends[1], time_ms / ends[0])


@dataclass(frozen=True)
class Lead:
    """How much better a model scores than the next one, and the 95 % interval of that."""

    value: float
    ci95: Interval | None

    @property
    def words(self) -> str:
        """``decided`` where the interval excludes 0."""
        return verdict(self.ci95, 0.0)


def verdict(ci95: Interval | None, none: float) -> str:
    """Return whether a difference is decided: its interval excludes the value at which there is none."""
    if ci95 is None:
        return UNTOLD
    return DECIDED if ci95[0] > none or ci95[1] < none else NOISE


def leads(track: Track, score: str, contenders: Sequence[Contender]) -> list[Lead]:
    """Return the lead of each model but the last over the one that follows it: above 0 where it scores better.

    Parameters
    ----------
    track : Track
    score : str
    contenders : sequence of Contender
        The best by that score first.

    Notes
    -----
    Three things are uncertain, and have nothing to do with each other: on which images the two were judged, and how
    fast each of them is.

    The images count as the paired bootstrap of `aic_helpers.core.statistics` has it: in each draw both models are
    scored on the same images, so that what makes an image hard for both drops out. The score is computed anew of the
    draw's means, whatever its formula, with the speeds as they were measured.

    Each speedup was measured by itself. So for each of the two the score is computed at the ends of its interval, with
    the means as they are.

    The distances to the ends are added as squares, each side by itself: the low end of the lead is its value minus the
    root of the squared distances to the low end by the images, the low end by this model's speed and the high end by
    the next one's. For normal distributions and sums that is the exact interval; otherwise it keeps the lopsidedness
    (Newcombe's and Zou's "MOVER").

    Each interval is that of one pair. Of 100 pairs without a difference, about five will be called decided.
    """
    if len(contenders) < 2:
        return []
    metrics = [name for name in track.scores.needs(score) if name in contenders[0].images]
    stacked = {name: np.stack([one.images[name] for one in contenders], axis=1) for name in metrics}
    drawn = {name: paired_means(values) for name, values in stacked.items()}
    values: list[float] = []
    draws: list[NDArray[np.float64]] = []
    speeds: list[Part] = []
    for place, one in enumerate(contenders):
        means = {name: float(columns[:, place].mean()) for name, columns in stacked.items()}
        values.append(float(signed(track, score, one.quantities(means))))
        drawn_means = {name: drawn[name][:, place] for name in metrics}
        draws.append(np.asarray(signed(track, score, one.quantities(drawn_means))))
        speeds.append(speed_part(track, score, one, means, values[-1]))
    count = len(next(iter(stacked.values()))) if stacked else 0
    found = []
    for place in range(len(contenders) - 1):
        value = values[place] - values[place + 1]
        interval: Interval | None = (value, value)
        if metrics:
            interval = _over_images(draws[place], draws[place + 1], value, count)
        found.append(combined([(value, interval), speeds[place], less(speeds[place + 1])]))
    return found


def _over_images(first: NDArray[np.float64], second: NDArray[np.float64], value: float, count: int) -> Interval | None:
    """Return the interval of a lead over the images; None where the formula has no value in a draw."""
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return None
    return difference_ci95(first, second, difference=value, images=count)


def signed(track: Track, score: str, quantities: Mapping[str, Quantity]) -> Quantity:
    """Return a score, or its negative where lower ones are the better.

    `quantities` may leave out those that are the same for all models.
    """
    value = track.scores.value(score, {**track.fixed, **quantities})
    return value if track.scores.better[score] == "higher" else -value


def speed_part(track: Track, score: str, one: Contender, means: Mapping[str, float], value: float) -> Part:
    """Return 0, with the interval of what the uncertainty of a speedup adds to the signed score, which has a value.

    There is no interval where the score has no value at an end of the speedup's.
    """
    if one.speedup is None or not {"speedup", "time_ms"} & {*track.scores.needs(score)}:
        return 0.0, (0.0, 0.0)
    if one.speedup_ci95 is None:
        return 0.0, None
    at_ends = signed(track, score, one.quantities(means, np.array(one.speedup_ci95)))
    reached = np.asarray(at_ends, dtype=np.float64) - value
    return 0.0, (min(*reached, 0.0), max(*reached, 0.0)) if np.isfinite(reached).all() else None


def less(part: Part) -> Part:
    """Return a part to be taken off: its value and interval with the other sign."""
    value, interval = part
    return -value, None if interval is None else (-interval[1], -interval[0])


def combined(parts: Sequence[Part]) -> Lead:
    """Return the sum of independent parts; no interval where one of them has none."""
    value = sum(part for part, _ in parts)
    known = [(part, interval) for part, interval in parts if interval is not None]
    if len(known) < len(parts):
        return Lead(value, None)
    below = np.hypot.reduce([part - low for part, (low, _) in known])
    above = np.hypot.reduce([high - part for part, (_, high) in known])
    return Lead(value, (value - float(below), value + float(above)))
