"""What a study says -> `study.json`, and one HTML file that needs nothing else."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from aic_helpers import pages, results, study_plots, study_tables
from aic_helpers.report_plots import Plot, drawn
from aic_helpers.run_folders import printable
from aic_helpers.studies import REPORT, RESULT
from aic_helpers.study_scores import Analysis
from aic_helpers.tracks import TRACKS


def write(folder: Path, found: Analysis) -> list[Path]:
    """Write `study.json` and `report.html` into a study's folder; return their paths."""
    results.write_text(folder / RESULT, results.as_json(as_dict(found)) + "\n")
    results.write_text(folder / REPORT, page(found))
    return [folder / RESULT, folder / REPORT]


def as_dict(found: Analysis) -> dict[str, Any]:
    """Return what a study says, for JSON: no vote of anybody, and nothing of when raters voted."""
    plan = found.plan
    about = {name: getattr(plan, name) for name in ("name", "created_utc", "track", "data", "method", "question")}
    about |= {"seed": plan.seed, "baseline": plan.baseline, "power": plan.power}
    about |= {"photos": [asdict(photo) for photo in plan.photos]}
    tables = {"models": found.models.reset_index(), "raters": found.raters.reset_index()}
    tables |= {"pairs": found.pairs, "pictures": found.pictures, "scores": found.scores}
    rows = {name: table.to_dict("records") for name, table in tables.items()}
    common = {"schema": 1, "study": about, "votes": len(found.votes), "krippendorff_alpha": found.alpha}
    strict: dict[str, Any] = results.strict(
        {**common, **rows, "correlations": found.correlations, "notes": list(found.notes)}
    )
    return strict


def page(found: Analysis) -> str:
    """Return the report of a study."""
    by_score = [(score, study_tables.score_rows(found, score)) for score in TRACKS[found.plan.track].scores]
    content: dict[str, Any] = {
        "name": found.plan.name,
        "about": study_tables.plan_rows(found.plan),
        "models": study_tables.model_rows(found),
        "pairs": study_tables.pair_rows(found),
        "raters": study_tables.rater_rows(found),
        "scores": [(score, rows) for score, rows in by_score if rows],
        "agreement": study_tables.agreement_words(found),
        "notes": list(found.notes),
        "grades": found.plan.method == "acr",
    }
    plots = {
        "opinions": _opinions(found),
        "against": _against(found),
        "ranks": _ranks(found),
        "raters_plot": [_raters(found)],
    }
    return pages.page("study.html.j2", **(printable(content) | plots))


def _opinions(found: Analysis) -> list[Plot]:
    value = "strength" if found.plan.method == "pairs" else "mos"

    def alt() -> str:
        return "; ".join(f"{name} {row[value]:.2f}" for name, row in found.models.iterrows())

    caption = (
        "The bars are 95 % intervals over raters. Orange is the track's SRCNN, grey the hidden reference. Two models "
        "that the same raters saw differ more surely than their bars show: the table of pairs says what is decided."
    )
    return [drawn("Opinion", caption, alt, lambda: study_plots.opinions(found, narrow=True), "opinions")]


def _against(found: Analysis) -> list[Plot]:
    plots = []
    for metric, name in study_plots.METRICS.items():
        if metric not in found.correlations:
            continue
        values = found.correlations[metric]
        words = f"Pearson {values['pearson']:.2f}, Spearman {values['spearman']:.2f}"
        title = f"Opinion over {name.partition(' ')[0]}"
        caption = f"Grey: a picture, lines join those of one photo. Blue: a model's mean. {words}."
        draw = partial(study_plots.against, found, metric, narrow=True)
        plots.append(drawn(title, caption, partial(str, f"{title}: {words}"), draw, f"over-{metric.replace('_', '-')}"))
    return plots


def _ranks(found: Analysis) -> list[Plot]:
    plots = []
    for score in TRACKS[found.plan.track].scores if len(found.scores) else ():
        own = found.scores[found.scores["score"] == score].sort_values("after_rank")
        alt = f"Score {score} by opinion, best first: {', '.join(own['model'])}"
        caption = "Orange lines: the rank changed. A grey bar between two places: within noise."
        draw = partial(study_plots.ranks, found, score, narrow=True)
        plots.append(drawn(f"Ranks by score {score}", caption, partial(str, alt), draw, f"ranks-{score.lower()}"))
    return plots


def _raters(found: Analysis) -> Plot:
    out = int((found.raters["left_out"] != "").sum())
    caption = "A dot is a rater; orange ones were left out."
    alt = f"{len(found.raters)} raters, {out} left out"
    return drawn("Raters", caption, partial(str, alt), lambda: study_plots.raters(found, narrow=True), "raters")
