"""What votes say: studies whose truth is known, cases by hand, scores by opinion."""

import numpy as np
import pandas as pd
import pytest
from fixtures import small_studies
from fixtures.pirm2018 import SUPER_RESOLUTION

from aic_helpers.core.errors import InputError
from aic_helpers.studies import analysis
from aic_helpers.studies.plans import REFERENCE
from aic_helpers.studies.stores import Vote
from aic_helpers.tracks.scoring import scores_by_opinion

TRUTH = {"div2k_srcnn": 2.5, "m1": 3.0, "m2": 3.5, "m3": 2.0, "m4": 4.0, REFERENCE: 4.6}
MODELS = tuple(TRUTH)[:-1]
PHOTOS = tuple(f"p{number}" for number in range(8))


def votes_of(plan, answer):
    return [
        Vote(rater, place, one.code, answer(rater, one), 0, "2026-11-24T12:00:00+00:00", 1500)
        for rater, shown in plan.raters.items()
        for place, one in enumerate(shown)
    ]


def simulated(seed, raters=24, at_random=(), method="acr"):
    plan = small_studies.plan(method, models=MODELS, photos=PHOTOS, raters=raters)
    rng = np.random.default_rng(seed)
    bias, noise = (dict(zip(plan.raters, rng.normal(0, 0.3, raters), strict=True)), rng.uniform(0.4, 0.9, raters))
    spread = dict(zip(plan.raters, noise, strict=True))

    def answer(rater, one):
        if rater in at_random:
            return int(rng.integers(1, 6))
        return int(np.clip(round(TRUTH[one.pictures[0][1]] + bias[rater] + spread[rater] * rng.normal()), 1, 5))

    return plan, votes_of(plan, answer)


NONE = pd.DataFrame(columns=["photo", "model", "psnr_db", "ms_ssim"])


def test_the_true_order_and_every_pair_half_a_grade_apart():
    found = analysis.analyse(*simulated(1), NONE)
    assert list(found.models.index) == [REFERENCE, "m4", "m2", "m1", "div2k_srcnn", "m3"]
    assert found.pairs["decided"].all()
    assert found.alpha > 0.5
    assert (found.raters["left_out"] == "").all()


def test_random_raters_are_found_and_others_are_not():
    """40 studies with 3 of 24 raters at random: at least 90 % of those are left out, at most 2 % of the others."""
    at_random = ("r03", "r11", "r20")
    caught = wrong = 0
    for seed in range(40):
        found = analysis.analyse(*simulated(seed, at_random=at_random), NONE)
        out = set(found.raters.index[found.raters["left_out"] != ""])
        caught += len(out & set(at_random))
        wrong += len(out - set(at_random))
    assert caught >= 0.9 * 40 * 3
    assert wrong <= 0.02 * 40 * 21


def test_left_out_raters_change_nothing_else():
    plan, votes = simulated(3, at_random=("r07",))
    found = analysis.analyse(plan, votes, NONE)
    out = found.raters.index[found.raters["left_out"] != ""]
    assert "r07" in out
    without = analysis.analyse(plan, [vote for vote in votes if vote.rater not in out], NONE, keep_all=True)
    pd.testing.assert_series_equal(found.models["mos"], without.models["mos"])
    everybody = analysis.analyse(plan, votes, NONE, keep_all=True)
    assert everybody.models["mos"].to_dict() == pytest.approx(found.models["mos_all"].to_dict())


def test_raters_who_only_looked_in_leave_nobody_out():
    """Five finish; seven give their practice and one vote that counts, which says nothing of their consistency."""
    plan, votes = simulated(8, raters=12)
    short = {f"r{number:02d}" for number in range(6, 13)}
    some = [vote for vote in votes if vote.rater not in short or vote.place <= 1]
    found = analysis.analyse(plan, some, NONE)
    assert (found.raters["left_out"] == "").all()
    assert len(found.models) == 6


def test_who_differs_once_where_all_agree_is_not_left_out():
    plan = small_studies.plan(models=MODELS, photos=PHOTOS, raters=12)
    different = plan.raters["r01"][5].code
    votes = votes_of(plan, lambda rater, one: 4 if one.code == different else 3)
    assert (analysis.analyse(plan, votes, NONE).raters["left_out"] == "").all()
    paired = small_studies.plan("pairs", models=MODELS[:2], photos=PHOTOS, raters=12)
    different = paired.raters["r01"][5].code

    def answer(rater, one):
        best = max(range(2), key=lambda place: TRUTH[one.pictures[place][1]])
        return 1 + (1 - best if one.code == different else best)

    found = analysis.analyse(paired, votes_of(paired, answer), NONE)
    assert (found.raters["left_out"] == "").all()
    assert found.raters.loc["r01", "against"] > 0


def test_two_raters_decide_no_score_that_hangs_on_them():
    found = analysis.analyse(*simulated(1, raters=2), NONE)
    assert not found.pairs["decided"].any()
    own = found.scores[found.scores["score"] == "B"].sort_values("after_rank")
    assert (own["after_against_next"][:-1] == "no interval").all()


def test_practice_does_not_count():
    plan, votes = simulated(4)
    practice = {one.code for shown in plan.raters.values() for one in shown if one.role == "training"}
    turned = [Vote(**vars(vote) | {"answer": 1}) if vote.code in practice else vote for vote in votes]
    assert analysis.analyse(plan, turned, NONE).models.equals(analysis.analyse(plan, votes, NONE).models)


def test_repeats_by_hand():
    plan = small_studies.plan(raters=2)
    repeat = {rater: next(one for one in shown if one.role == "repeat") for rater, shown in plan.raters.items()}

    def answer(rater, one):
        return 5 if one.pictures == repeat[rater].pictures and (one.role == "repeat" or rater == "r2") else 3

    found = analysis.analyse(plan, votes_of(plan, answer), NONE)
    assert found.raters["repeats"].to_dict() == {"r1": 2.0, "r2": 0.0}


FORMER = {
    ("A", "div2k_srcnn"): (17.416301, 13.396301, 21.836301, 13.944460, 10.344405, 17.904511),
    ("A", "m1"): (17.516301, 13.496301, 21.936301, 16.801634, 13.119594, 20.836361),
    ("A", "m2"): (17.616301, 13.596301, 22.036301, 20.225411, 16.488309, 24.310449),
    ("A", "m3"): (17.716301, 13.696301, 22.116301, 10.754080, 7.006010, 14.849104),
    ("A", "m4"): (16.816301, 12.816301, 21.216301, 24.177775, 20.442085, 28.261522),
    ("B", "div2k_srcnn"): (18.123480, 15.603480, 20.893480, 4.236115, 3.335893, 5.226317),
    ("B", "m1"): (18.523480, 16.003480, 21.293480, 15.664811, 12.445686, 18.910248),
    ("B", "m2"): (18.923480, 16.403480, 21.693480, 29.359919, 25.249084, 33.491392),
    ("B", "m3"): (19.323480, 16.803480, 22.073480, -8.525407, -12.793008, -4.237969),
    ("B", "m4"): (18.723480, 16.223480, 21.473480, 48.169376, 44.078388, 52.281101),
    ("C", "div2k_srcnn"): (14.915913, 12.285913, 17.805913, 7.972230, 6.171980, 9.952457),
    ("C", "m1"): (15.815913, 13.185913, 18.705913, 14.386578, 12.014028, 16.898428),
    ("C", "m2"): (16.715913, 14.085913, 19.605913, 21.934132, 19.239129, 24.752544),
    ("C", "m3"): (17.615913, 14.985913, 20.475913, 3.691469, 0.936219, 6.567387),
    ("C", "m4"): (17.015913, 14.415913, 19.875913, 31.738861, 29.051567, 34.549900),
}
"""Of `simulated(5)`, before and after, each with its ends: what linear coefficients gave before there were formulas."""


def test_the_formulas_of_pirm_2018_give_what_coefficients_gave():
    found = analysis.analyse(*simulated(5), NONE).scores.set_index(["score", "model"])
    columns = [f"{when}{end}" for when in ("before", "after") for end in ("", "_low", "_high")]
    assert list(found.index) == list(FORMER)
    for key, figures in FORMER.items():
        assert tuple(found.loc[key, columns]) == pytest.approx(figures, abs=2e-6), key


def test_scores_by_opinion_are_the_formulas_and_ranks_may_change():
    """`small_studies.model`: the further down the list, the lower PSNR and MS-SSIM; opinion turns that round."""
    found = analysis.analyse(*simulated(5), NONE)
    own = found.scores[found.scores["score"] == "A"].set_index("model")
    mos = found.models["mos"]
    for model in found.plan.models[:-1]:
        figures = {"psnr": model.figures["psnr_db"], "speedup": model.figures["speedup"]}
        opinions = {"mos": mos[model.name], "baseline_mos": mos["div2k_srcnn"]}
        after = scores_by_opinion(SUPER_RESOLUTION, figures, **opinions)
        assert own.loc[model.name, "after"] == pytest.approx(after["A"].value)
        assert own.loc[model.name, "after_low"] < after["A"].value < own.loc[model.name, "after_high"]
    assert sorted(own["after_rank"]) == sorted(own["before_rank"]) == [1, 2, 3, 4, 5]
    assert REFERENCE not in own.index
    assert any("not stated in the challenge's rules" in note for note in found.notes)


def test_without_the_baseline_there_are_no_scores():
    plan, votes = simulated(5)
    found = analysis.analyse(type(plan)(**vars(plan) | {"baseline": ""}), votes, NONE)
    assert found.scores.empty
    assert "No scores by opinion: the track's baseline (SRCNN) is not among the models." in found.notes


def test_correlation_by_hand():
    """Figures that are the mean opinion scores themselves correlate fully; their negatives do so downwards."""
    plan, votes = simulated(6)
    pictures = analysis.analyse(plan, votes, NONE).pictures
    figures = pictures.assign(psnr_db=pictures["mos"] * 2, ms_ssim=-pictures["mos"])[
        ["photo", "model", "psnr_db", "ms_ssim"]
    ]
    found = analysis.analyse(plan, votes, figures).correlations
    assert (found["psnr_db"]["pearson"], found["psnr_db"]["spearman"]) == (pytest.approx(1), pytest.approx(1))
    assert found["psnr_db"]["within_photos"] == pytest.approx(1)
    shifted = figures.assign(psnr_db=figures["psnr_db"] + figures["photo"].str[1:].astype(int) * 50)
    found_shifted = analysis.analyse(plan, votes, shifted).correlations["psnr_db"]
    assert found_shifted["pearson"] < 0.5
    assert found_shifted["within_photos"] == pytest.approx(1)
    assert (found["ms_ssim"]["pearson"], found["ms_ssim"]["pictures"]) == (pytest.approx(-1), 48)


def test_pairs():
    plan = small_studies.plan("pairs", models=MODELS, photos=PHOTOS[:4], raters=20)
    found = analysis.analyse(plan, votes_of(plan, small_studies.choices(TRUTH, at_random=("r05",))), NONE)
    assert list(found.models.index) == [REFERENCE, "m4", "m2", "m1", "div2k_srcnn", "m3"]
    assert (found.models["strength_low"] <= found.models["strength"]).all()
    assert (found.models["strength"] <= found.models["strength_high"]).all()
    far = found.pairs[(found.pairs["first"] == REFERENCE) & (found.pairs["second"] == "m3")].iloc[0]
    assert far["decided"]
    assert far["share"] > 0.8
    assert found.scores.empty
    assert any("no mean opinion scores" in note for note in found.notes)


def test_preferences_by_hand():
    """Two of three raters prefer x on both photos, one y: 2/3, and chance gives that much often."""
    plan = small_studies.plan(
        "pairs", models=("div2k_srcnn", "x"), photos=("p", "q"), raters=3, reference=False, repeats=0
    )

    def answer(rater, one):
        wanted = "div2k_srcnn" if rater == "r3" else "x"
        return 1 + [model for _, model in one.pictures].index(wanted)

    (row,) = analysis.analyse(plan, votes_of(plan, answer), NONE).pairs.to_dict("records")
    assert (row["first"], row["share"], row["votes"], row["raters"]) == ("x", pytest.approx(2 / 3), 6, 3)
    assert not row["decided"]


def test_too_few_votes():
    plan, votes = simulated(1)
    with pytest.raises(
        InputError, match=r"^expected votes of at least 2 raters, practice left aside, found 1: let more"
    ):
        analysis.analyse(plan, [vote for vote in votes if vote.rater == "r01"], NONE)
    with pytest.raises(InputError, match="found 0"):
        analysis.analyse(plan, [], NONE)


def test_raters_too_few_to_decide_are_told_how_many_it_takes():
    plan, votes = simulated(1, raters=5)
    notes = analysis.analyse(plan, votes, NONE).notes
    assert "5 raters can't decide any pair of 6 models, even of one mind: 10 are needed." in notes


def test_votes_of_another_plan(tmp_path):
    plan, votes = simulated(1)
    with pytest.raises(InputError, match=r"^expected votes on pictures of the plan, found one of r01 on another"):
        analysis.analyse(plan, [Vote(**vars(votes[0]) | {"code": "0"}), *votes[1:]], NONE)


def test_200_raters_of_100_votes(tmp_path):
    """The benchmark times it; here it has to come to an end with the right count."""
    photos = tuple(f"p{number}" for number in range(20))
    plan = small_studies.plan(models=MODELS[:4], photos=photos, raters=200, repeats=0)
    found = analysis.analyse(plan, votes_of(plan, small_studies.grades(TRUTH)), NONE)
    assert len(found.votes) == 200 * 100
