"""Scores by opinion of tracks other than PIRM 2018's: formulas of any kind, tracks of one's own, and tracks without."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fixtures import small_studies
from fixtures.browsing import HOSTILE
from markupsafe import escape

from aic_helpers.studies import analysis, reports, tables
from aic_helpers.studies.plans import REFERENCE
from aic_helpers.studies.stores import Vote

COST = {
    "title": "Cheap pictures",
    "task": {"scale": 2, "input": "small", "reduced_by": "matlab_bicubic"},
    "protocol": {"colour": "y", "border_px": 2, "metrics": ["psnr", "ssim"]},
    "baseline": {"model": "sample_sr_srcnn", "name": "SRCNN"},
    "formulas": {"cost": "time_ms * 2**(10 * (1 - ssim))"},
    "scores": {"cost": "lower"},
    "opinion": {"in_place_of": "ssim", "base": 0.8, "per_grade": 0.05},
}
TRUTH = {"srcnn": 2.6, "middling": 2.8, "good": 4.1, REFERENCE: 4.8}
TIMES_MS = {"srcnn": 50.0, "middling": 40.0, "good": 52.0}
NONE = pd.DataFrame(columns=["photo", "model", "psnr_db", "ssim"])


def study(content=COST, **changes):
    """A plan of 24 raters, and their votes."""
    plan = small_studies.plan(models=tuple(TIMES_MS), photos=("p", "q", "r"), raters=24, track="mine")
    models = [replace(model, **_measured(model.name)) if model.name != REFERENCE else model for model in plan.models]
    plan = replace(plan, track_file=content, models=models, **changes)
    answer, votes = small_studies.grades(TRUTH), []
    for rater, shown in plan.raters.items():
        votes += [
            Vote(rater, place, one.code, answer(rater, one), 0, "2026-11-24T12:00:00+00:00", 1500)
            for place, one in enumerate(shown)
        ]
    return plan, votes


def _measured(name):
    time_ms = TIMES_MS[name]
    speedup, ends = 50 / time_ms, [48 / time_ms, 53 / time_ms]
    figures = {"psnr_db": 30.0, "psnr_db_ci95": [29.0, 31.0], "ssim": 0.8, "ssim_ci95": [0.78, 0.82]}
    figures |= {"speedup": speedup, "speedup_ci95": ends, "time_ms": time_ms}
    figures |= {"time_ms_ci95": [time_ms * speedup / end for end in reversed(ends)]}
    images = {"image": ["a", "b"], "psnr_db": [29.5, 30.5], "ssim": [0.79, 0.81]}
    return {"figures": figures, "images": images}


def cost(time_ms, quality):
    return time_ms * 2 ** (10 * (1 - quality))


def spread(low, value, high):
    """The distances from a value to its ends."""
    return value - low, high - value


def test_any_formula_is_carried_to_the_ends_of_each_interval():
    found = analysis.analyse(*study(), NONE)
    own = found.scores.set_index("model")
    assert list(own.sort_values("after_rank").index) == ["good", "middling", "srcnn"], "the lowest cost comes first"
    pairs = found.pairs.set_index(["first", "second"])
    for name in ("good", "middling"):
        apart = pairs.loc[(name, "srcnn")]
        low, value, high = (0.8 + 0.05 * apart[key] for key in ("low", "difference", "high"))
        middle = cost(TIMES_MS[name], value)
        opinion = spread(cost(TIMES_MS[name], high), middle, cost(TIMES_MS[name], low))
        speed = spread(middle * 50 / 53, middle, middle * 50 / 48)
        below, above = np.hypot(opinion, speed)
        row = own.loc[name]
        assert (row["after"], row["after_low"], row["after_high"]) == pytest.approx(
            (middle, middle - below, middle + above)
        )
    assert own.loc["srcnn", "after"] == pytest.approx(cost(50, 0.8))
    assert not any("reconstructed" in note for note in found.notes)


@pytest.mark.parametrize(("time_ms", "words"), [(40.0, "decided"), (52.0, "within noise")])
def test_a_lead_is_decided_by_how_far_raters_found_the_two_apart(monkeypatch, time_ms, words):
    monkeypatch.setitem(TIMES_MS, "middling", time_ms)
    found = analysis.analyse(*study(), NONE)
    apart = found.pairs.set_index(["first", "second"]).loc[("middling", "srcnn")]
    better, worse = cost(time_ms, 0.8 + 0.05 * apart["difference"]), cost(50, 0.8)
    opinion = better - cost(time_ms, 0.8 + 0.05 * apart["low"])  # below the lead: middling costs more
    speeds = better - better * 50 / 48, worse - worse * 50 / 53
    assert (worse - better > np.hypot.reduce([opinion, *speeds])) == (words == "decided")
    assert found.scores.set_index("model")["after_against_next"].to_dict() == {
        "good": "decided",
        "middling": words,
        "srcnn": "",
    }


def test_the_tables_name_the_metric_that_opinion_takes_the_place_of():
    found = analysis.analyse(*study(), NONE)
    assert tables.score_rows(found, "cost")[0][2:6:3] == ("cost by opinion", "cost by SSIM")


def test_a_model_without_a_quantity_has_no_score_and_the_sentence_names_it():
    plan, votes = study()
    content = {**COST, "formulas": {"cost": "time_ms * macs * (1 - ssim)"}}
    plan = replace(plan, track_file=content)
    models = [replace(one, figures={**one.figures, "macs": 2e9}) if one.name != "good" else one for one in plan.models]
    found = analysis.analyse(replace(plan, models=models), votes, NONE)
    assert set(found.scores["model"]) == {"srcnn", "middling"}
    assert "No scores of good: without macs." in found.notes


def test_a_model_that_nobody_saw_beside_the_baseline_has_no_score_by_opinion_and_comes_last():
    plan, votes = study()
    model_of = {key: one.pictures[0][1] for key, one in plan.by_code().items()}
    hidden = {rater: "good" if number % 2 else "srcnn" for number, rater in enumerate(plan.raters)}
    some = [vote for vote in votes if model_of[vote.rater, vote.code] != hidden[vote.rater]]
    own = analysis.analyse(plan, some, NONE, keep_all=True).scores.set_index("model")
    assert np.isnan(own.loc["good", ["after", "after_low", "after_high"]].astype(float)).all()
    assert own["after_rank"].to_dict() == {"srcnn": 2, "middling": 1, "good": 3}
    assert own["after_against_next"].to_dict() == {"srcnn": "no interval", "middling": "decided", "good": ""}


def test_a_formula_without_a_value_leaves_the_others():
    of_measured = {**COST, "formulas": {"cost": "time_ms / (ssim - 0.8)"}}
    assert analysis.analyse(*study(of_measured), NONE).scores.empty, "each run has an SSIM of 0.8"
    at_baseline = {**of_measured, "formulas": {"cost": "time_ms / (ssim - 0.79)"}}
    at_baseline["opinion"] = {**COST["opinion"], "base": 0.79}
    own = analysis.analyse(*study(at_baseline), NONE).scores.set_index("model")
    assert own["after"].isna().to_dict() == {"srcnn": True, "middling": False, "good": False}
    assert own.loc["srcnn", ["after_rank", "after_against_next"]].to_list() == [3, ""]


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.isprintable()])
def test_what_a_tracks_file_says_stays_text_in_the_report(text):
    page, plain = (
        reports.page(analysis.analyse(*study({**COST, "baseline": {**COST["baseline"], "name": name}}), NONE))
        for name in (text, "plain")
    )
    assert escape(text) in page
    assert re.findall("<[a-z]+", page) == re.findall("<[a-z]+", plain)


@pytest.mark.parametrize("track", ["classic_x4", "mine"])
def test_a_track_without_opinion_in_its_scores_has_mean_opinion_scores_alone(track):
    content = {key: value for key, value in COST.items() if key != "opinion"} if track == "mine" else {}
    found = analysis.analyse(*study(content, track=track), NONE)
    title = found.plan.made_for.title
    assert found.scores.empty
    assert f"No scores by opinion: on the track {title} opinion takes the place of no metric." in found.notes
    assert list(found.models.index) == [REFERENCE, "good", "middling", "srcnn"]
