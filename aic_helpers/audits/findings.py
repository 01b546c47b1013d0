"""What doesn't hold in published figures: floors, budgets, first images, figures that disagree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aic_helpers.audits.published_tables import Published, Values
from aic_helpers.core.safe_texts import shown
from aic_helpers.tracks.definitions import Track

FLOOR, ROUNDED, BUDGET = "below the floor", "below the floor before rounding", "over a budget"

FIRST_IMAGE, RATIO, MEAN, SCORE = "slow first image", "figures disagree", "mean disagrees", "score disagrees"

FAR = 5.0
"""A first image that took more than this many times the median of the others of its set took far longer."""

MARGIN = 1.25
"""So did one that took this many times as long as the longest of the others."""

FEWEST_IMAGES = 10
"""Of a set, beside the first, below which no first image is judged."""

MANY_IMAGES = 30
"""Of a set, from which on first images are set against other rows' too: among so many some are alike in size."""

RATIOS = (("macs", "parameters", "operations"), ("file_bytes", "parameters", "bytes"))
"""Figures that go together, and what the first counts in words."""

OFF, DEVIATIONS = 3.0, 6.0
"""A ratio is far off all others where it is more than `OFF` times, and in logarithms more than `DEVIATIONS` robust
standard deviations (1.4826 times the median distance from the median), from their median."""

FEWEST_ROWS = 5
"""Of a table, below which no ratio is judged."""

SCORE_OFF = 0.01
"""A published score disagrees where it is off by more than this share, and by more than rounding explains."""

MEAN_OFF = 1e-6
"""As a share, of a mean that was published beside its images."""


@dataclass(frozen=True)
class Finding:
    """Something about a row in words; `sets_apart` where it has no rank for that."""

    kind: str
    row: int
    words: str
    sets_apart: bool = False


@dataclass(frozen=True)
class FirstImage:
    """A first image that took far longer than the rest: its time, and the median of the others."""

    row: int
    of_set: str
    time_ms: float
    others_ms: float


def below_floors(track: Track, published: Published) -> list[Finding]:
    """Return rows whose PSNR is below a floor of the track: rounded as its rules say, or only before that."""
    rules = track.rules
    by_set = {of_set: floor for of_set, floor in rules.min_psnr_db_by_set.items() if of_set in published.by_set}
    floors = [(of_set, floor, published.by_set[of_set]) for of_set, floor in by_set.items()]
    if rules.min_psnr_db is not None and not floors:
        floors.append(("", rules.min_psnr_db, published.figures))
    found = []
    for of_set, floor, figures in floors:
        for row, psnr_db in enumerate(figures.get("psnr", [])):
            if psnr_db >= floor or np.isnan(psnr_db):
                continue
            rounded = round(float(psnr_db), rules.psnr_decimals)
            on = of_set and f" on {shown(of_set)}"
            if rounded < floor:
                words = f"PSNR {psnr_db:g} dB{on}, the floor is {rules.floor(floor)}: not ranked"
                found.append(Finding(FLOOR, row, words, sets_apart=True))
            else:
                words = f"PSNR {psnr_db:g} dB{on} is {rounded:.{rules.psnr_decimals}f} only when rounded"
                found.append(Finding(ROUNDED, row, f"{words}, the floor is {rules.floor(floor)}"))
    return found


def over_budgets(track: Track, published: Published) -> list[Finding]:
    """Return rows with more parameters or operations than the track's rules allow."""
    limits = {"parameters": track.rules.max_parameters, "macs": track.rules.max_macs}
    return [
        Finding(BUDGET, row, f"{value:,.0f} {name}, at most {limit:,.0f} are allowed: not ranked", sets_apart=True)
        for name, limit in limits.items()
        for row, value in enumerate(published.figures.get(name, []))
        if limit is not None and value > limit
    ]


def slow_first_images(published: Published) -> list[FirstImage]:
    """Return the first images that took far longer than the rest, as where nobody warmed up.

    A row's first image of a set is named where it took more than `FAR` times the median of the others, or at least
    `MARGIN` times as long as the longest of them. A large image may hide the first one so. Therefore what is left is
    looked at once more: each image's time as a multiple of what that image took the other rows that weren't named (each
    row's times over its own median; of the rows the median). There `MARGIN` alone counts, and from `MANY_IMAGES` on.
    """
    found = []
    for of_set, figures in published.images.items():
        times_ms = figures["time_ms"]
        if times_ms.shape[1] <= FEWEST_IMAGES:
            continue
        medians = np.median(times_ms[:, 1:], axis=1)
        named = (times_ms[:, 0] > FAR * medians) | _stands_out(times_ms)
        if times_ms.shape[1] > MANY_IMAGES:
            named |= _stands_out(_against_others(times_ms / medians[:, None], np.flatnonzero(~named)))
        found += [FirstImage(int(row), of_set, times_ms[row, 0], medians[row]) for row in np.flatnonzero(named)]
    return sorted(found, key=lambda first: first.row)


def _stands_out(times: Values) -> NDArray[np.bool_]:
    return times[:, 0] >= MARGIN * times[:, 1:].max(axis=1)


def _against_others(times: Values, references: NDArray[np.intp]) -> Values:
    """Return times over what the same images took the references but the row itself; 1 where there are no others."""
    rows = []
    for row, own in enumerate(times):
        others = references[references != row]
        rows.append(own / np.median(times[others], axis=0) if others.size else np.ones_like(own))
    return np.array(rows)


def without_first_images(published: Published) -> dict[str, Values]:
    """Return the figures where the first image of each set is left out of all rows' times, so that they compare."""
    return published.figures | {"time_ms": _times(published, lambda times_ms: times_ms[:, 1:].mean(axis=1))}


def by_medians(published: Published) -> dict[str, Values]:
    """Return the figures with medians of the times in place of means."""
    return published.figures | {"time_ms": _times(published, lambda times_ms: np.median(times_ms, axis=1))}


def _times(published: Published, middle: Callable[[Values], Values]) -> Values:
    return np.mean([middle(figures["time_ms"]) for figures in published.images.values()], axis=0)


@dataclass(frozen=True)
class OddRatio:
    """A ratio of two figures of a row that is far off the others' median."""

    row: int
    above: str
    below: str
    counted: str
    ratio: float
    median: float


def odd_ratios(published: Published) -> list[OddRatio]:
    """Return ratios of a row's figures that are far off those of all others; see `OFF`."""
    found = []
    for above, below, counted in RATIOS:
        if above not in published.figures or below not in published.figures:
            continue
        ratios = published.figures[above] / published.figures[below]
        for row in np.flatnonzero(np.isfinite(ratios)):
            others = np.delete(ratios, row)
            logarithms = np.log(others[np.isfinite(others)])
            if logarithms.size < FEWEST_ROWS - 1:
                continue
            middle = np.median(logarithms)
            distance = abs(np.log(ratios[row]) - middle)
            if distance > max(np.log(OFF), DEVIATIONS * 1.4826 * np.median(np.abs(logarithms - middle))):
                odd = OddRatio(int(row), above, below, counted, float(ratios[row]), float(np.exp(middle)))
                found.append(odd)
    return found


def wrong_means(published: Published) -> list[Finding]:
    """Return means that were published beside their images, and aren't theirs."""
    units = {"time_ms": "ms", "psnr": "dB"}
    return [
        Finding(MEAN, row, f"{name} of {of_set} is published as {claimed:.4f}, its images give {own:.4f} {units[name]}")
        for of_set, figures in published.claimed.items()
        for name, values in figures.items()
        for row, (claimed, own) in enumerate(zip(values, published.by_set[of_set][name], strict=True))
        if abs(claimed - own) > MEAN_OFF * abs(own)
    ]


def wrong_scores(score: str, published: Published, values: Values, reach: Values) -> list[Finding]:
    """Return published scores that the published figures don't give, however those were rounded."""
    claimed, halves = published.scores[score], published.score_halves[score]
    allowed = np.maximum(SCORE_OFF * np.abs(values), reach + halves)
    return [
        Finding(SCORE, int(row), f"{score} is published as {claimed[row]:g}, its figures give {values[row]:.4f}")
        for row in np.flatnonzero(np.abs(claimed - values) > allowed)
    ]


def rows_of(findings: Sequence[Finding], kind: str) -> list[int]:
    """Return the rows of one kind of findings, each once."""
    return list(dict.fromkeys(finding.row for finding in findings if finding.kind == kind))
