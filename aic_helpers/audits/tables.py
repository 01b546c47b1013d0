"""An audit as tables: lines for a terminal, and `audit.csv`."""

from __future__ import annotations

import csv
import io
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aic_helpers.audits.auditing import Audit, Score
from aic_helpers.audits.published_tables import Values
from aic_helpers.audits.rank_decisions import Standing, in_digits
from aic_helpers.core.safe_texts import shown
from aic_helpers.core.statistics import Interval
from aic_helpers.reporting import text_tables
from aic_helpers.reporting.text_tables import Row, counted
from aic_helpers.tracks.significance import DECIDED, NOISE

CSV = "audit.csv"

NAMED_TIES = 3
"""Up to this many rows within noise are named in a cell."""

NEXT = "to the next"
"""The column that says whether a rank is decided, and below that from which rows a row can't be told apart."""

LONGEST = 500
"""Letters of a text of the track's file."""

SHOWN_TIES = 8
"""Up to this many pairs within noise are named in a sentence."""


@dataclass(frozen=True)
class Cell:
    """What stands in a column of a row: a figure, what is said of it in small letters, and what it is sorted by."""

    head: str
    value: str
    small: str = ""
    sort: str = ""

    @property
    def text(self) -> str:
        """All of it in a line."""
        return self.value + (f" ({self.small})" if self.small else "")


def about_rows(audit: Audit) -> list[Row]:
    """Return what was audited, by which track and against what, as labels and values."""
    published = audit.published
    ranked = sum(np.isfinite(audit.scores[audit.main].standing.ranks))
    images = [f"{of_set} {next(iter(found.values())).shape[1]}" for of_set, found in published.images.items()]
    unread = [("columns not read", ", ".join(published.unread))] if published.unread else []
    return [
        ("file", shown(text_tables.typed(audit.path), LONGEST)),
        ("track", f"{shown(audit.track.title, LONGEST)} ({audit.track.name})"),
        ("baseline", audit.baseline.words),
        ("rows", f"{len(published.names)}, {ranked} of them ranked"),
        ("images", ", ".join(images) or "none, so no rank has an interval"),
        *unread,
    ]


def lines(audit: Audit) -> list[str]:
    """Return an audit as lines of text."""
    told = [_main_lines(audit), _other_lines(audit)]
    told += [[f"{titled(score)}: {why}"] for score, why in audit.missing.items()]
    told += [
        [f"{kind}: {counted(len(dict(rows)), 'model')}", *text_tables.aligned(rows).splitlines()]
        for kind, rows in finding_rows(audit)
    ]
    told.append([shown(note, LONGEST) for note in audit.track.notes])
    apart = [["", *paragraph] for paragraph in told if paragraph]
    return [*text_tables.aligned(about_rows(audit)).splitlines(), *itertools.chain(*apart)]


def _main_lines(audit: Audit) -> list[str]:
    """Return how the rows stand by the main score; who is within noise of whom is told in a sentence."""
    count = len(audit.scores) - 1
    whole = score_cells(audit, audit.main)
    cells = [row[: len(row) - count] for row in whole]
    texts = [[cell.value if cell.head == NEXT else cell.text for cell in row] for row in cells]
    rows = [[cell.head for cell in cells[0]], *texts]
    title = f"{titled(audit.main)}, {audit.track.scores.better[audit.main]} is better"
    summary = [f"{label}: {words}" for label, words in summary_rows(audit, audit.main)]
    return [title, *text_tables.aligned(rows).splitlines(), *summary]


def _other_lines(audit: Audit) -> list[str]:
    """Return the other scores, if there are any, in the same order of rows."""
    others = [score for score in audit.scores if score != audit.main]
    if not others:
        return []
    rows = [["model", *others]]
    for row in audit.scores[audit.main].standing.order:
        rows.append([audit.published.names[row], *(_beside(audit, score, row).text for score in others)])
    summaries = [
        f"{titled(score)}, {label}: {words}" for score in others for label, words in summary_rows(audit, score)
    ]
    return [*text_tables.aligned(rows).splitlines(), *summaries]


def score_cells(audit: Audit, score: str) -> list[list[Cell]]:
    """Return the rows in the order of a score: rank, model, and its figures; for the main one the other scores, too."""
    found, decimals = audit.scores[score], digits(audit, score)
    return [
        [
            *_standing_cells(audit, found.standing, row, decimals),
            *_published_cells(found, row, decimals),
            *_other_cells(found, row, decimals),
            *(_beside_main(audit, row) if score == audit.main else []),
        ]
        for row in found.standing.order
    ]


def titled(score: str) -> str:
    """Return what a score is called in a sentence."""
    return score if score == "score" else f"score {score}"


def summary_rows(audit: Audit, score: str) -> list[Row]:
    """Return what is worth knowing of a score's ranks, as labels and sentences."""
    found = audit.scores[score]
    rows = (
        [("ranks", _decided_words(audit, found.standing))] if score == audit.main or found.standing.is_sampled else []
    )
    if score == audit.main and (alike := [_alike(audit, row) for row in found.standing.order if _is_alike(audit, row)]):
        rows.append(("speed within noise of the baseline's", ", ".join(alike)))
    for label, way in (("without first images", found.without_first), ("by medians of the times", found.by_medians)):
        if way is not None:
            rows.append((label, _moves(audit, found.standing, way)))
    return rows


def _decided_words(audit: Audit, standing: Standing) -> str:
    names = audit.published.names
    if not standing.is_sampled:
        return "without single images none has an interval, and none is decided"
    leads = [lead.words for lead in standing.leads.values()]
    place = {row: at for at, row in enumerate(standing.order)}
    ties = [
        f"{names[row]} and {names[other]}"
        for row in standing.order
        for other in standing.ties.get(row, [])
        if place[row] < place[other]
    ]
    more = f"; and {len(ties) - SHOWN_TIES} more pairs" if len(ties) > SHOWN_TIES else ""
    within = f"; within noise: {'; '.join(ties[:SHOWN_TIES])}{more}" if ties else ""
    return f"{leads.count(DECIDED)} of {len(leads)} are decided against the next{within}"


def _is_alike(audit: Audit, row: int) -> bool:
    return bool(audit.speeds) and row != audit.baseline.row and audit.speeds[row].words == NOISE


def _alike(audit: Audit, row: int) -> str:
    speed = audit.speeds[row]
    low, high = speed.ci95 or (np.nan, np.nan)
    return f"{audit.published.names[row]} ({speed.value:.3f}, {low:.3f} to {high:.3f})"


def _moves(audit: Audit, standing: Standing, way: Standing) -> str:
    """Return which ranks change."""
    moved = [row for row in standing.order if np.isfinite(way.ranks[row]) and way.ranks[row] != standing.ranks[row]]
    told = [f"{audit.published.names[row]} {standing.ranks[row]:.0f} to {way.ranks[row]:.0f}" for row in moved]
    return ", ".join(told) or "no rank changes"


def digits(audit: Audit, score: str) -> int:
    """Return with how many decimals a score is shown: as many as were published, two at least."""
    halves = audit.published.score_halves.get(score, np.array([]))
    decimals = [round(-math.log10(2 * half)) for half in halves if half > 0]
    return max(2, *decimals, 2)


def finding_rows(audit: Audit) -> list[tuple[str, list[Row]]]:
    """Return what was found, kind by kind: the names of rows, each with the words."""
    kinds = dict.fromkeys(finding.kind for finding in audit.findings)
    names = audit.published.names
    return [(kind, [(names[one.row], one.words) for one in audit.findings if one.kind == kind]) for kind in kinds]


def _standing_cells(audit: Audit, standing: Standing, row: int, decimals: int) -> list[Cell]:
    name, lead, interval = audit.published.names[row], standing.leads.get(row), standing.ci95[row]
    between = f"{in_digits(interval[0], decimals)} to {in_digits(interval[1], decimals)}" if interval else ""
    cells = [
        Cell("rank", in_digits(standing.ranks[row], 0), sort=_exact(standing.ranks[row])),
        Cell("model", name, sort=name),
        Cell(standing.score, in_digits(standing.values[row], decimals), between, _exact(standing.values[row])),
    ]
    if standing.is_sampled:
        cells.append(Cell(NEXT, lead.words if lead else "", _tied(audit, standing, row)))
    return cells


def _published_cells(found: Score, row: int, decimals: int) -> list[Cell]:
    if found.published is None:
        return []
    published, difference = found.published[row], found.standing.values[row] - found.published[row]
    words = in_digits(abs(difference), decimals)
    sign = "" if not words or float(words) == 0 else "-" if difference < 0 else "+"
    return [
        Cell("published", in_digits(published, decimals), sort=_exact(published)),
        Cell("difference", sign + words, sort=_exact(difference)),
    ]


def _other_cells(found: Score, row: int, decimals: int) -> list[Cell]:
    ways = (("without first images", found.without_first), ("by medians", found.by_medians))
    return [
        Cell(head, in_digits(way.values[row], decimals), _rank_words(way, row), _exact(way.values[row]))
        for head, way in ways
        if way is not None
    ]


def _speed_cells(audit: Audit, row: int) -> list[Cell]:
    if not audit.speeds:
        return []
    speed = audit.speeds[row]
    words = [f"{speed.ci95[0]:.3f} to {speed.ci95[1]:.3f}"] if speed.ci95 else []
    words += [NOISE] if speed.words == NOISE else []
    small = "the baseline" if row == audit.baseline.row else ", ".join(words)
    return [Cell("speedup", in_digits(speed.value, 3), small, _exact(speed.value))]


def _beside_main(audit: Audit, row: int) -> list[Cell]:
    others = [score for score in audit.scores if score != audit.main]
    return [*_speed_cells(audit, row), *(_beside(audit, score, row) for score in others)]


def _beside(audit: Audit, score: str, row: int) -> Cell:
    found, decimals = audit.scores[score], digits(audit, score)
    small = [_rank_words(found.standing, row)]
    if found.published is not None:
        small.append(f"published {in_digits(found.published[row], decimals) or 'none'}")
    value = found.standing.values[row]
    return Cell(score, in_digits(value, decimals), ", ".join(small), _exact(value))


def _rank_words(standing: Standing, row: int) -> str:
    return f"rank {standing.ranks[row]:.0f}" if np.isfinite(standing.ranks[row]) else "no rank"


def _exact(value: float) -> str:
    return "" if np.isnan(value) else repr(float(value))


def _tied(audit: Audit, standing: Standing, row: int) -> str:
    names = [audit.published.names[other] for other in standing.ties.get(row, [])]
    more = f" and {len(names) - NAMED_TIES} more" if len(names) > NAMED_TIES else ""
    return f"{NOISE} of {', '.join(names[:NAMED_TIES])}{more}" if names else ""


def as_csv(audit: Audit) -> str:
    """Return an audit as CSV: a line a row of the table, in which no cell is a formula."""
    columns = _columns(audit)
    order = audit.scores[audit.main].standing.order
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([text_tables.harmless(name) for name in columns])
    for row in order:
        writer.writerow([_cell(values[row]) for values in columns.values()])
    return buffer.getvalue()


def _columns(audit: Audit) -> dict[str, Values | list[str]]:
    published = audit.published
    columns: dict[str, Values | list[str]] = {"model": published.names, **published.figures}
    for of_set, figures in published.by_set.items():
        columns |= {f"{name}_{of_set}": values for name, values in figures.items()}
    for score, found in audit.scores.items():
        columns |= _score_columns(audit, score, found)
    if audit.speeds:
        columns["speedup"] = np.array([speed.value for speed in audit.speeds])
        columns |= _ends("speedup", [speed.ci95 for speed in audit.speeds])
        columns["speedup_against_baseline"] = [speed.words for speed in audit.speeds]
    names = range(len(published.names))
    columns["findings"] = ["; ".join(one.words for one in audit.findings if one.row == row) for row in names]
    return columns


def _score_columns(audit: Audit, score: str, found: Score) -> dict[str, Values | list[str]]:
    standing, rows = found.standing, range(len(audit.published.names))
    columns: dict[str, Values | list[str]] = {score: standing.values, **_ends(score, standing.ci95)}
    columns[f"rank_{score}"] = standing.ranks
    columns[f"against_next_{score}"] = [standing.leads[row].words if row in standing.leads else "" for row in rows]
    names = audit.published.names
    columns[f"within_noise_{score}"] = ["; ".join(names[one] for one in standing.ties.get(row, [])) for row in rows]
    if found.published is not None:
        columns |= {f"{score}_published": found.published, f"{score}_difference": standing.values - found.published}
    for way, other in (("without_first", found.without_first), ("by_medians", found.by_medians)):
        if other is not None:
            columns |= {f"{score}_{way}": other.values, f"rank_{score}_{way}": other.ranks}
    return columns


def _ends(name: str, intervals: Sequence[Interval | None]) -> dict[str, Values]:
    if not any(intervals):
        return {}
    ends = np.array([interval or (np.nan, np.nan) for interval in intervals])
    return {f"{name}_low": ends[:, 0], f"{name}_high": ends[:, 1]}


def _cell(value: float | str) -> str:
    if isinstance(value, str):
        return str(text_tables.harmless(value))
    is_count = float(value).is_integer() and abs(value) < 2**53
    return str(int(value)) if is_count else _exact(value)
