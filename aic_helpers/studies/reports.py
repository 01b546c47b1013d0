"""What a study says -> `study.json`, and one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import io
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image as PillowImage

from aic_helpers.core import safe_files
from aic_helpers.core.safe_texts import printable
from aic_helpers.data.images import read_rgb
from aic_helpers.reporting import catalogues, html_pages, viewer_pages
from aic_helpers.reporting.captioned_plots import Plot, drawn
from aic_helpers.reporting.figure_style import QUALITIES
from aic_helpers.reporting.viewer_pages import Picture, Viewer
from aic_helpers.studies import plots as study_plots
from aic_helpers.studies import tables as study_tables
from aic_helpers.studies.analysis import Analysis
from aic_helpers.studies.folders import REPORT, RESULT
from aic_helpers.studies.plans import PICTURES, REFERENCE
from aic_helpers.studies.scores_by_opinion import baseline_words

PHOTOS, QUALITY = 3, 85
"""Photos whose pictures stand in the report, and the quality of WebP there: raters saw them without loss."""

MOS = {"key": "mos", "title": "MOS", "unit": "", "digits": 2}
"""The mean opinion score of a picture, beside the metrics of the workbench."""


def write(folder: Path, found: Analysis) -> list[Path]:
    """Write `study.json` and `report.html` into a study's folder; return their paths."""
    safe_files.write_json(folder / RESULT, as_dict(found))
    safe_files.write_text(folder / REPORT, page(found, _seen(folder, found)))
    return [folder / RESULT, folder / REPORT]


def as_dict(found: Analysis) -> dict[str, Any]:
    """Return what a study says, for JSON: no vote of anybody, nothing of when raters voted, and no seed.

    With the seed, the order in which a rater saw what could be made again, and an exported row be told to be theirs.
    """
    plan = found.plan
    about = {name: getattr(plan, name) for name in ("name", "created_utc", "track", "data", "method", "question")}
    about |= {"baseline": plan.baseline, "power": plan.power}
    about |= {"photos": [asdict(photo) for photo in plan.photos]}
    tables = {"models": found.models.reset_index(), "raters": found.raters.reset_index()}
    tables |= {"pairs": found.pairs, "pictures": found.pictures, "scores": found.scores}
    rows = {name: table.to_dict("records") for name, table in tables.items()}
    common = {"schema": 1, "study": about, "votes": len(found.votes), "krippendorff_alpha": found.alpha}
    strict: dict[str, Any] = safe_files.strict(
        {**common, **rows, "correlations": found.correlations, "notes": list(found.notes)}
    )
    return strict


def _seen(folder: Path, found: Analysis) -> Viewer | None:
    """Return the photos on which opinions differ most, with what raters saw of them; of pairs the first photos."""
    if found.pictures.empty:
        chosen = [photo.name for photo in found.plan.photos[:PHOTOS]]
    else:
        models = found.pictures[found.pictures["model"] != REFERENCE]
        chosen = list(models.groupby("photo")["mos"].std().sort_values(ascending=False).index[:PHOTOS])
    best = list(found.models.index)
    models = sorted(set(found.plan.model_names()) - {REFERENCE}, key=lambda name: ([*best, name]).index(name))
    names = [*models, REFERENCE] if REFERENCE in found.plan.model_names() else models
    given = catalogues.catalogue(
        found.plan.name,
        [{"name": name} for name in names],
        [_image(found, photo) for photo in chosen],
        models=models,
        baseline=found.plan.baseline if found.plan.baseline in models else "",
        before="",
        reference=REFERENCE if REFERENCE in names else "",
        metrics=_metrics(found) if len(found.pictures) else [],
    )
    pictures = {(photo, name): _picture(folder, found, photo, name) for photo in chosen for name in names}
    return viewer_pages.viewer(given, catalogues.start(given, names), pictures)


def _metrics(found: Analysis) -> list[catalogues.Metric]:
    return [MOS, *catalogues.metrics(found.plan.made_for.protocol)]


def _image(found: Analysis, photo: str) -> dict[str, Any]:
    """Return a photo with what raters and metrics say of each picture of it; nothing of a study of pairs."""
    if found.pictures.empty:
        return catalogues.image(photo, {})
    own = found.pictures[found.pictures["photo"] == photo].set_index("model")
    keys = [metric["key"] for metric in _metrics(found)]
    figures = {str(model): {key: row[key] for key in keys} for model, row in own.iterrows()}
    words = f"The hidden reference: MOS {figures[REFERENCE]['mos']:.2f}." if REFERENCE in figures else ""
    return catalogues.image(photo, figures, words=words)


def _picture(folder: Path, found: Analysis, photo: str, model: str) -> Picture:
    image = PillowImage.fromarray(read_rgb(folder / PICTURES / found.plan.pictures[photo, model]))
    stream = io.BytesIO()
    image.save(stream, format="WEBP", quality=QUALITY)
    return Picture(base64.b64encode(stream.getvalue()).decode("ascii"), *image.size, exact=False)


def page(found: Analysis, seen: Viewer | None = None) -> str:
    """Return the report of a study; `seen`: what raters saw of some photos."""
    by_score = [(score, study_tables.score_rows(found, score)) for score in found.plan.made_for.scores.better]
    content: dict[str, Any] = {
        "name": found.plan.name,
        "about": [row for row in study_tables.plan_rows(found.plan) if row[0] != "seed"],
        "models": study_tables.model_rows(found),
        "pairs": study_tables.pair_rows(found),
        "raters": study_tables.rater_rows(found),
        "scores": [(score, rows) for score, rows in by_score if rows],
        "replaced": study_tables.replaced_words(found.plan),
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
    return html_pages.page("study.html.j2", viewer=seen is not None, **(printable(content) | plots | {"seen": seen}))


def _opinions(found: Analysis) -> list[Plot]:
    value = "strength" if found.plan.method == "pairs" else "mos"

    def alt() -> str:
        return "; ".join(f"{name} {row[value]:.2f}" for name, row in found.models.iterrows())

    baseline = baseline_words(found.plan.made_for)
    caption = (
        f"The bars are 95 % intervals over raters. Orange is {baseline}, grey the hidden reference. Two models that "
        "the same raters saw differ more surely than their bars show: the table of pairs says what is decided."
    )
    return [drawn("Opinion", caption, alt, lambda: study_plots.opinions(found, narrow=True), "opinions")]


def _against(found: Analysis) -> list[Plot]:
    plots = []
    for metric, name in QUALITIES.items():
        if metric not in found.correlations:
            continue
        values = found.correlations[metric]
        words = f"Pearson {values['pearson']:.2f}, within photos {values['within_photos']:.2f}"
        title = f"Opinion over {name.partition(' ')[0]}"
        caption = f"Grey: a picture, lines join those of one photo. Blue: a model's mean. {words}."
        draw = partial(study_plots.against, found, metric, narrow=True)
        plots.append(drawn(title, caption, partial(str, f"{title}: {words}"), draw, f"over-{metric.replace('_', '-')}"))
    return plots


def _ranks(found: Analysis) -> list[Plot]:
    plots = []
    for score in found.plan.made_for.scores.better if len(found.scores) else ():
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
