"""A study -> lines of text: what the commands and the notebook print."""

from __future__ import annotations

import math

import pandas as pd

from aic_helpers.reporting.text_tables import counted
from aic_helpers.studies.analysis import Analysis
from aic_helpers.studies.plans import METHODS, REFERENCE, Photo, Plan
from aic_helpers.tracks.definitions import COLUMNS, TITLES

Rows = list[tuple[str, ...]]


def plan_rows(plan: Plan) -> Rows:
    """Return what a study is, and what it can find."""
    power, models = plan.power, plan.model_names(reference=False)
    hidden = ", and the target as a hidden reference" if REFERENCE in plan.model_names() else ""
    showings = [len(own) for own in plan.raters.values()]
    practices = sum(one.role == "training" for one in next(iter(plan.raters.values())))
    repeats = sum(one.role == "repeat" for one in next(iter(plan.raters.values())))
    photo = plan.photos[0]
    shown = f"{photo.width_px}x{photo.height_px} px each" if len({_size(one) for one in plan.photos}) == 1 else "whole"
    return [
        ("study", plan.name),
        ("track", f"{plan.track}, data {plan.data}"),
        ("method", METHODS[plan.method]),
        ("question", plan.question),
        ("models", ", ".join(models) + hidden),
        ("photos", f"{len(plan.photos)}, {shown}: {', '.join(one.name for one in plan.photos)}"),
        ("raters", f"{len(plan.raters)}, each {showings[0]} times: {practices} practice, {repeats} repeats"),
        (
            "votes",
            f"{power['votes_per_picture']:.0f} a picture, {power['votes_per_rater']} a rater, repeats left aside",
        ),
        ("can find", found_words(plan)),
        ("seed", str(plan.seed)),
    ]


def found_words(plan: Plan) -> str:
    """Return the difference that a study can find, and what was assumed for it."""
    power, most = plan.power, max(plan.answers) - min(plan.answers)
    if len(plan.raters) < power["least_raters"] or power.get("difference", 0) > most:
        least = power["least_raters"]
        return f"nothing: it takes {least} raters at the least to decide any pair, and more for small differences"
    chance = f"with {power['power']:.0%} power at level {power['level']:g} shared by all pairs"
    if plan.method == "pairs":
        return f"a preference of {power['preference']:.0%} or more, {chance}, if votes are independent"
    assumed = f"if votes scatter by {power['noise']:g} grades and raters' tastes by {power['disagreement']:g}"
    return f"a difference of {power['difference']:.2f} grades, {chance}, {assumed}"


def _size(photo: Photo) -> tuple[int, int]:
    return photo.width_px, photo.height_px


def progress_rows(plan: Plan, done: dict[str, int]) -> Rows:
    """Return how far each rater is."""
    return [
        (rater, f"{done[rater]} of {len(own)}" if rater in done else "deleted") for rater, own in plan.raters.items()
    ]


def model_rows(found: Analysis) -> Rows:
    """Return a line a model, the best first."""
    if found.plan.method == "pairs":
        head: Rows = [("model", "won", "strength", "95 % interval", "votes")]
        return head + [
            (str(name), f"{row['won']:.0%}", number(row["strength"]), interval(row, "strength"), f"{row['votes']:.0f}")
            for name, row in found.models.iterrows()
        ]
    head = [("model", "MOS", "95 % interval", "all raters", "rater model", "votes", "raters")]
    return head + [
        (
            str(name),
            f"{row['mos']:.2f}",
            interval(row, "mos"),
            f"{row['mos_all']:.2f}",
            f"{row['quality']:.2f}",
            f"{row['votes']:.0f}",
            f"{row['raters']:.0f}",
        )
        for name, row in found.models.iterrows()
    ]


def pair_rows(found: Analysis) -> Rows:
    """Return a line a pair of models: how far apart, and whether that is decided."""
    share = found.plan.method == "pairs"
    head: Rows = [("better", "than", "preferred" if share else "by grades", "95 % interval", "p (Holm)", "")]
    rows = []
    for _, row in found.pairs.iterrows():
        value = f"{row['share']:.0%}" if share else number(row["difference"])
        ends = f"{row['low']:.0%} to {row['high']:.0%}" if share else f"{row['low']:.2f} to {row['high']:.2f}"
        ends = "none" if pd.isna(row["low"]) else ends
        words = "decided" if row["decided"] else "within noise"
        rows.append((row["first"], row["second"], value, ends, f"{row['p_holm']:.4f}", words))
    return head + rows


def rater_rows(found: Analysis) -> Rows:
    """Return a line a rater, those who were left out first."""
    own = "against" if found.plan.method == "pairs" else "inconsistency"
    table = found.raters.assign(first=found.raters["left_out"] == "")
    head: Rows = [("rater", "votes", own, "bias", "repeats apart", "seconds a vote", "left out")]
    if found.plan.method == "pairs":
        head = [tuple(name for name in head[0] if name != "bias")]
    rows = []
    for name, row in table.sort_values(["first", own], ascending=[True, False]).iterrows():
        cells = [str(name), f"{row['votes']:.0f} of {row['planned']:.0f}", number(row[own])]
        cells += [] if found.plan.method == "pairs" else [f"{row['bias']:+.2f}"]
        rows.append((*cells, number(row["repeats"]), number(row["viewed_s"], 1), row["left_out"] or "-"))
    return head + rows


def score_rows(found: Analysis, score: str) -> Rows:
    """Return a line a model: score and rank before (by a metric) and after (by opinion); nothing where none is."""
    if found.scores.empty:
        return []
    metric = replaced_words(found.plan)
    head: Rows = [
        ("model", "rank", f"{score} by opinion", "95 % interval", "to the next", f"{score} by {metric}", "its rank")
    ]
    own = found.scores[found.scores["score"] == score].sort_values("after_rank")
    return head + [
        (
            row["model"],
            f"{row['after_rank']:.0f}",
            number(row["after"]),
            interval(row, "after"),
            row["after_against_next"] or "-",
            number(row["before"]),
            " ".join(filter(None, (f"{row['before_rank']:.0f}", row["before_against_next"]))),
        )
        for _, row in own.iterrows()
    ]


def replaced_words(plan: Plan) -> str:
    """Return the metric that opinion takes the place of; empty where the track has no such."""
    opinion = plan.made_for.opinion
    return TITLES[COLUMNS[opinion.in_place_of]] if opinion else ""


def agreement_words(found: Analysis) -> str:
    """Return how far raters agree, and how the metrics agree with them."""
    parts = [] if math.isnan(found.alpha) else [f"Krippendorff's alpha {found.alpha:.2f}"]
    for metric, values in found.correlations.items():
        about = f"Pearson {values['pearson']:.2f}, Spearman {values['spearman']:.2f}"
        about += f", within photos {values['within_photos']:.2f}"
        parts.append(f"MOS and {TITLES[metric]} of {counted(int(values['pictures']), 'picture')}: {about}")
    return "; ".join(parts)


def interval(row: pd.Series, name: str) -> str:
    """Return the 95 % interval of a figure, or that there is none."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return "none" if pd.isna(low) else f"{low:.2f} to {high:.2f}"


def number(value: float, digits: int = 2) -> str:
    """Return a figure, or a dash where there is none."""
    return "-" if pd.isna(value) else f"{value:.{digits}f}"
