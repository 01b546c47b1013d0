"""What a study says -> figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aic_helpers.reporting import label_layout
from aic_helpers.reporting.figure_style import BLUE, GREY, ORANGE, QUALITIES, WIDTH_IN, notice, short, styled
from aic_helpers.studies.analysis import Analysis
from aic_helpers.studies.plans import REFERENCE
from aic_helpers.studies.tables import replaced_words
from aic_helpers.tracks.significance import DECIDED


@styled
def opinions(found: Analysis, *, narrow: bool = False) -> Figure:
    """Return each model's mean opinion score (of pairs: its strength) with its 95 % interval, the best on top."""
    value = "strength" if found.plan.method == "pairs" else "mos"
    table = found.models.dropna(subset=[value]).sort_values(value)
    if table.empty:
        return notice("no model has a strength: more votes are needed")
    figure = Figure(figsize=(WIDTH_IN[narrow], 0.9 + 0.34 * len(table)), dpi=110, layout="constrained")
    axes = figure.subplots()
    colours = [GREY if name == REFERENCE else ORANGE if name == found.plan.baseline else BLUE for name in table.index]
    places = np.arange(len(table))
    axes.hlines(places, table[f"{value}_low"], table[f"{value}_high"], color=colours, linewidth=1.5)
    axes.scatter(table[value], places, color=colours, s=28, zorder=3)
    axes.set_yticks(places, [short(str(name)) for name in table.index])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, len(table) - 0.4)
    axes.grid(visible=False, axis="y")
    if value == "mos":
        axes.set_xlim(1, 5)
        words = found.plan.answers
        axes.set_xticks(sorted(words), [f"{key}\n{words[key]}" for key in sorted(words)])
        axes.set_xlabel("mean opinion score")
    else:
        axes.set_xlabel("Bradley-Terry strength (natural logarithm)")
    return figure


@styled
def against(found: Analysis, metric: str, *, narrow: bool = False) -> Figure:
    """Return the mean opinion score of each picture over a metric of the whole photo; models as large dots."""
    table = found.pictures
    own = table[np.isfinite(table[metric])] if metric in table else table.iloc[:0]
    if len(own) < 2:
        return notice(f"no picture has opinions and {QUALITIES[metric]}")
    figure = Figure(figsize=(WIDTH_IN[narrow], 3.8), dpi=110, layout="constrained")
    axes = figure.subplots()
    means = own.groupby("model")[[metric, "mos"]].mean()
    for _, photo in own.sort_values(metric).groupby("photo"):
        axes.plot(photo[metric], photo["mos"], color=GREY, linewidth=0.8, alpha=0.6)
    axes.plot(own[metric], own["mos"], "o", color=GREY, markersize=3.5)
    axes.plot(means[metric], means["mos"], "o", color=BLUE, markersize=7)
    axes.set(xlabel=f"{QUALITIES[metric]} of the whole photo", ylabel="mean opinion score")
    label_layout.place(figure, means.to_numpy(dtype=float), [short(str(name)) for name in means.index])
    return figure


@styled
def raters(found: Analysis, *, narrow: bool = False) -> Figure:
    """Return the raters: how far each lies from the others, those who were left out in orange."""
    figure = Figure(figsize=(WIDTH_IN[narrow], 3.4), dpi=110, layout="constrained")
    axes = figure.subplots()
    table, pairs = found.raters, found.plan.method == "pairs"
    across, up = ("votes", "against") if pairs else ("bias", "inconsistency")
    out = table["left_out"] != ""
    axes.plot(table.loc[~out, across], table.loc[~out, up], "o", color=BLUE, markersize=5)
    axes.plot(table.loc[out, across], table.loc[out, up], "o", color=ORANGE, markersize=5)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("votes" if pairs else "bias: grades above the others")
    axes.set_ylabel("share of votes against the majority" if pairs else "inconsistency (grades)")
    named = table[out]
    if len(named):
        label_layout.place(figure, named[[across, up]].to_numpy(dtype=float), [str(name) for name in named.index])
    return figure


@styled
def ranks(found: Analysis, score: str, *, narrow: bool = False) -> Figure:
    """Return the ranks by one score before (by a metric) and after (by opinion), a line for each model.

    Between two places stands a grey bar where the rank is within noise.
    """
    own = found.scores[found.scores["score"] == score] if len(found.scores) else found.scores
    if own.empty:
        return notice("no scores by opinion")
    figure = Figure(figsize=(WIDTH_IN[narrow], 1.0 + 0.42 * len(own)), dpi=110, layout="constrained")
    axes = figure.subplots()
    for _, row in own.iterrows():
        moved = row["before_rank"] != row["after_rank"]
        axes.plot([0, 1], [row["before_rank"], row["after_rank"]], "o-", color=ORANGE if moved else BLUE, linewidth=1.5)
        _name(axes, -0.05, "right", row, "before")
        _name(axes, 1.05, "left", row, "after")
    for side, when in ((0, "before"), (1, "after")):
        for _, row in own[~own[f"{when}_against_next"].isin([DECIDED, ""])].iterrows():
            axes.plot(
                [side, side], row[f"{when}_rank"] + np.array([0, 1]), color=GREY, linewidth=6, alpha=0.5, zorder=0
            )
    axes.set(xlim=(-0.9, 1.9), ylim=(len(own) + 0.5, 0.5), yticks=[])
    axes.set_xticks([0, 1], [f"{score} by {replaced_words(found.plan)}", f"{score} by opinion"])
    axes.xaxis.tick_top()
    axes.tick_params(axis="x", length=0)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


def _name(axes: Axes, across: float, side: str, row: pd.Series, when: str) -> None:
    text = f"{short(row['model'])}  {row[when]:.2f}"
    axes.text(across, row[f"{when}_rank"], text, ha=side, va="center", fontsize=8)
