"""An audit -> one HTML file: what was found, how the rows stand by each score, plots."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aic_helpers.audits import findings, plots, tables
from aic_helpers.audits.auditing import Audit
from aic_helpers.audits.tables import Cell
from aic_helpers.core import safe_files, staging
from aic_helpers.reporting import html_pages, text_tables
from aic_helpers.reporting.captioned_plots import Plot, drawn
from aic_helpers.reporting.text_tables import Row, counted

REPORT = "report.html"

RULES = {
    findings.ROUNDED: "Their mean PSNR meets the floor where it is rounded as the track's rules have it, not before.",
    findings.FLOOR: "Their mean PSNR, rounded as the track's rules have it, is below the floor. They have no rank.",
    findings.BUDGET: "They have more than the track's rules allow, and no rank.",
    findings.FIRST_IMAGE: (
        "Their first image took far longer than the rest, as where nobody warmed up: more than "
        f"{findings.FAR:g} times the median of the others, or at least {findings.MARGIN:g} times as long as the "
        "longest of them. So it is, too, where each image is set against what it took the models that aren't named "
        f"so, and the first then took at least {findings.MARGIN:g} times what any other did."
    ),
    findings.RATIO: (
        f"The ratio of two of their figures is more than {findings.OFF:g} times off the median of the others, and more "
        f"than {findings.DEVIATIONS:g} robust standard deviations of its logarithm. One of the two may be wrong; the "
        "score with the others' ratio says what that would change."
    ),
    findings.MEAN: "A mean that was published beside its images isn't theirs.",
    findings.SCORE: (
        f"A published score is more than {findings.SCORE_OFF:.0%} off what the published figures give, and more than "
        "their rounding explains."
    ),
}
"""What each kind of findings is, in words."""


@dataclass(frozen=True)
class Chapter:
    """How the rows stand by one score."""

    score: str
    better: str
    is_sampled: bool
    rows: list[list[Cell]]


def publish(audit: Audit, folder: Path) -> list[Row]:
    """Write the table and the report into a folder; return where each is."""
    with staging.staged(folder, REPORT, replaces=[tables.CSV]) as stage:
        safe_files.write_text(stage / tables.CSV, tables.as_csv(audit))
        safe_files.write_text(stage / REPORT, page(audit))
    return [("table", text_tables.typed(folder / tables.CSV)), ("report", text_tables.typed(folder / REPORT))]


def page(audit: Audit) -> str:
    """Return the report of an audit."""
    kinds = [
        (kind, RULES[kind], counted(len(dict(rows)), "model"), list(dict(rows)), rows)
        for kind, rows in tables.finding_rows(audit)
    ]
    shown = [score for score, one in audit.scores.items() if score == audit.main or one.standing.is_sampled]
    return html_pages.page(
        "audit.html.j2",
        standings=True,
        name=audit.path.name,
        about=tables.about_rows(audit),
        source=audit.track.source,
        notes=audit.track.notes,
        missing=[(tables.titled(score), why) for score, why in audit.missing.items()],
        kinds=kinds,
        summaries=[(tables.titled(score), tables.summary_rows(audit, score)) for score in audit.scores],
        chapters=[_chapter(audit, score) for score in shown],
        plots=[*(_ranks(audit, score) for score in shown), *_plots(audit)],
    )


def _chapter(audit: Audit, score: str) -> Chapter:
    standing = audit.scores[score].standing
    return Chapter(tables.titled(score), standing.better, standing.is_sampled, tables.score_cells(audit, score))


def _ranks(audit: Audit, score: str) -> Plot:
    found, names = audit.scores[score], audit.published.names
    title, order = f"Ranks by {score}", plots.shown_rows(found.standing)
    caption = "The best on top. "
    if found.standing.is_sampled:
        caption += (
            "Bars are 95 % intervals over the images. A line is drawn where a rank is decided; neighbours between two "
            "lines are within noise. "
        )
    caption += "Grey squares have no rank. " if audit.unranked else ""
    caption += "Orange: without first images, of the models whose took far longer. " if found.without_first else ""
    if left_out := len(names) - len(order):
        caption += f"{counted(left_out, 'model')} that score far worse, or not at all, stand in the table only."

    def alt() -> str:
        return f"{title}: {', '.join(f'{names[row]} {found.standing.words(row)}' for row in order[:12])}"

    return drawn(title, caption.strip(), alt, lambda: plots.ranks(audit, score), _id(score))


def _plots(audit: Audit) -> list[Plot]:
    sets = dict.fromkeys(first.of_set for first in audit.first_images)
    found = [_first_images(audit, of_set) for of_set in sets]
    figures = audit.published.figures
    if {"macs", "parameters"} <= figures.keys() and np.isfinite(figures["macs"] / figures["parameters"]).sum() > 1:
        found.append(_operations(audit))
    return found


def _first_images(audit: Audit, of_set: str) -> Plot:
    title = f"The first image of {of_set}, and the others"
    caption = (
        "Diamonds: the time of the first image, orange where it took far longer than the rest. Dots and lines: median, "
        "shortest and longest of the others."
    )

    def alt() -> str:
        own = [first for first in audit.first_images if first.of_set == of_set]
        return f"{title}: " + ", ".join(f"{audit.published.names[one.row]} {one.time_ms:.0f} ms" for one in own)

    return drawn(title, caption, alt, lambda: plots.first_images(audit, of_set), f"first-{_id(of_set)}")


def _operations(audit: Audit) -> Plot:
    title = "Operations over parameters"
    caption = (
        f"Grey line: the median ratio; grey band: up to {findings.OFF:g} times off it. Orange: far off all others."
    )

    def alt() -> str:
        names = [audit.published.names[row] for row in findings.rows_of(audit.findings, findings.RATIO)]
        return f"{title}; far off all others: {', '.join(names) or 'none'}"

    return drawn(title, caption, alt, lambda: plots.operations(audit), "operations")


def _id(name: str) -> str:
    """Return letters, digits and hyphens, unlike those of any other name."""
    return "n" + name.encode().hex()
