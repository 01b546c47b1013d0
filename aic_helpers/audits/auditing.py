"""A file of published rows and a track -> what its scores, ranks and figures are worth."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aic_helpers.audits import findings, published_tables, rank_decisions, raw_images, recomputed_scores
from aic_helpers.audits.findings import Finding, FirstImage, OddRatio
from aic_helpers.audits.published_tables import Published, Values
from aic_helpers.audits.rank_decisions import Draws, Standing
from aic_helpers.audits.recomputed_scores import Baseline
from aic_helpers.core.errors import require_file
from aic_helpers.core.statistics import Interval
from aic_helpers.tracks.definitions import Track
from aic_helpers.tracks.significance import verdict

OF_TIME = {"time_ms", "speedup", "rank_time_ms"}
"""Quantities that the times of single images make."""

OF_IMAGES = OF_TIME | {"psnr", "baseline_psnr"}
"""Quantities that single images make, so that a score of them is more or less sure."""


@dataclass(frozen=True)
class Speed:
    """How many times as fast as the baseline a row is, with its 95 % interval."""

    value: float
    ci95: Interval | None

    @property
    def words(self) -> str:
        """Whether it differs from the baseline's."""
        return verdict(self.ci95, 1.0)


@dataclass(frozen=True)
class Score:
    """One score of all rows.

    Attributes
    ----------
    standing : Standing
    published : ndarray, shape (rows,), or None
        What was published of it.
    without_first, by_medians : Standing or None
        The same without the first image of each set, where some row's took far longer; and with medians of the times.
    """

    standing: Standing
    published: Values | None
    without_first: Standing | None
    by_medians: Standing | None


@dataclass(frozen=True)
class Audit:
    """What `audit` found.

    Attributes
    ----------
    missing : dict of str to str
        Scores that can't be computed, and why.
    speeds : list of Speed
        One a row; empty where no baseline's time is known.
    first_images : list of FirstImage
    findings : list of Finding
        All that was found, in words, kind after kind.
    """

    path: Path
    track: Track
    published: Published
    baseline: Baseline
    scores: dict[str, Score]
    missing: dict[str, str]
    speeds: list[Speed]
    first_images: list[FirstImage]
    findings: list[Finding]

    @property
    def main(self) -> str:
        """The first of the scores, which the others stand beside."""
        return next(iter(self.scores))

    @property
    def unranked(self) -> dict[int, str]:
        """The rows that have no rank for a rule, with why."""
        found: dict[int, str] = {}
        for finding in self.findings:
            if finding.sets_apart:
                found[finding.row] = "; ".join(filter(None, [found.get(finding.row), finding.words]))
        return found


def audit(path: Path, track: Track, baseline: str = "") -> Audit:
    """Return what published rows are worth by a track.

    Parameters
    ----------
    path : Path
        A table in CSV (`published_tables.read_csv`), or raw data of single images in JSON (`raw_images.read_json`).
    track : Track
    baseline : str
        The row that is the baseline's; without it that of the track's name, else the figures of the track's file.

    Raises
    ------
    InputError
        What the readers raise; no such row; a table that no score of the track can be computed of.
    """
    published = read(path, track)
    base = recomputed_scores.find_baseline(track, published.names, baseline)
    found = recomputed_scores.quantities(track, published.figures, base)
    missing = recomputed_scores.missing(track, found, published, path)
    by_rules = [*findings.below_floors(track, published), *findings.over_budgets(track, published)]
    judged = _Judged(track, published, base, {one.row for one in by_rules if one.sets_apart})
    first_images, drawn = findings.slow_first_images(published), rank_decisions.draws(published)
    scores = {
        score: _score(judged, score, drawn, first_images) for score in track.scores.better if score not in missing
    }
    told = [
        *by_rules,
        *(_first_image(judged, first, scores) for first in first_images),
        *(_odd_ratio(judged, odd, scores) for odd in findings.odd_ratios(published)),
        *findings.wrong_means(published),
        *(wrong for score in scores for wrong in _wrong_scores(judged, score, scores[score])),
    ]
    return Audit(path, track, published, base, scores, missing, _speeds(found, drawn, judged), first_images, told)


def read(path: Path, track: Track) -> Published:
    """Return published rows: of JSON where the file begins as an object or a list does, else of CSV."""
    require_file(path, "a table in CSV, or raw data in JSON,")
    with path.open("rb") as file:
        start = file.read(200).removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return raw_images.read_json(path) if start in (b"{", b"[") else published_tables.read_csv(path, track)


@dataclass(frozen=True)
class _Judged:
    """What all scores of a table are made of; the rows of `apart` have no rank."""

    track: Track
    published: Published
    baseline: Baseline
    apart: Collection[int]

    def standing(self, score: str, figures: Mapping[str, Values], drawn: Draws | None = None) -> Standing:
        return rank_decisions.standing(self.track, score, figures, drawn, self.baseline, self.apart)


def _score(judged: _Judged, score: str, drawn: Draws | None, first_images: Sequence[FirstImage]) -> Score:
    published, needs = judged.published, set(judged.track.scores.needs(score))
    by_time, by_images = bool(needs & OF_TIME), bool(needs & OF_IMAGES)
    without_first = findings.without_first_images(published) if first_images and by_time else None
    by_medians = findings.by_medians(published) if published.images and by_time else None
    return Score(
        judged.standing(score, published.figures, drawn if by_images else None),
        published.scores.get(score),
        None if without_first is None else judged.standing(score, without_first),
        None if by_medians is None else judged.standing(score, by_medians),
    )


def _first_image(judged: _Judged, first: FirstImage, scores: Mapping[str, Score]) -> Finding:
    words = (
        f"the first image of {first.of_set} took {first.time_ms:.1f} ms, the median of the others {first.others_ms:.2f}"
    )
    ways = [(score, one.standing, one.without_first) for score, one in scores.items() if one.without_first]
    return Finding(findings.FIRST_IMAGE, first.row, f"{words}; without first images {_changed(first.row, ways)}")


def _odd_ratio(judged: _Judged, odd: OddRatio, scores: Mapping[str, Score]) -> Finding:
    figures = judged.published.figures
    supposed = figures[odd.below][odd.row] * odd.median
    above, below = figures[odd.above][odd.row], figures[odd.below][odd.row]
    words = (
        f"{_counted(above)} {odd.counted} and {_counted(below)} {odd.below}: {odd.ratio:.5g} {odd.counted} each, "
        f"where the median of the others is {odd.median:.5g}"
    )
    changed = np.where(np.arange(len(judged.published.names)) == odd.row, supposed, figures[odd.above])
    ways = [
        (score, one.standing, judged.standing(score, {**figures, odd.above: changed}))
        for score, one in scores.items()
        if odd.above in judged.track.scores.needs(score)
    ]
    return Finding(
        findings.RATIO, odd.row, f"{words}; with {_counted(supposed)} {odd.counted} {_changed(odd.row, ways)}"
    )


def _counted(value: float) -> str:
    """Return a large number as people write it, as in 1.59 G."""
    letter, unit = next(((letter, unit) for letter, unit in (("G", 1e9), ("M", 1e6)) if value >= unit / 10), ("", 1))
    return f"{value / unit:.3g} {letter}".strip()


def _changed(row: int, ways: Sequence[tuple[str, Standing, Standing]]) -> str:
    """Return what becomes of a row's score and rank, by the first score that changes."""
    told = [f"{score} is {other.words(row)} in place of {published.words(row)}" for score, published, other in ways]
    return told[0] if told else "no score changes"


def _wrong_scores(judged: _Judged, score: str, found: Score) -> list[Finding]:
    if found.published is None:
        return []
    reach = recomputed_scores.rounding_reach(judged.track, score, judged.published, judged.baseline)
    return findings.wrong_scores(score, judged.published, found.standing.values, reach)


def _speeds(found: Mapping[str, float | Values], drawn: Draws | None, judged: _Judged) -> list[Speed]:
    """Return each row's speed over the baseline's row, or over the published time of it."""
    if "time_ms" not in judged.published.figures or "speedup" not in found:
        return []
    values = np.asarray(found["speedup"])
    samples = None
    if drawn is not None:
        samples = np.asarray(recomputed_scores.quantities(judged.track, drawn.figures, judged.baseline)["speedup"])
    return [
        Speed(float(value), rank_decisions.own_ci95(values, samples, drawn, row)) for row, value in enumerate(values)
    ]
