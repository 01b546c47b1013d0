"""An audit of small tables: scores made anew, ranks that the images decide, what doesn't hold."""

import math

import numpy as np
import pytest
from fixtures import audits

from aic_helpers.audits import auditing, findings
from aic_helpers.core.errors import InputError

HEAD = "model,psnr_valid,psnr_test,time_ms,macs,parameters"
SPAN = "00_SPAN,26.94,27.01,8,10e9,150000"


@pytest.fixture
def audit(tmp_path):
    def made(content, track=None, baseline=""):
        text = "\n".join(content) + "\n" if isinstance(content, list) else content
        return auditing.audit(audits.write(tmp_path, text), track or audits.track(), baseline)

    return made


def found(audit, kind):
    return [(audit.published.names[one.row], one.words) for one in audit.findings if one.kind == kind]


def values(audit, score="final"):
    return dict(zip(audit.published.names, audit.scores[score].standing.values.tolist(), strict=True))


def test_the_baseline_is_the_row_of_its_name_and_scores_what_its_formula_gives(audit):
    made = audit([HEAD, "1_Fast,26.94,27.01,4,10e9,150000", SPAN])
    assert made.baseline.row == 1
    assert values(made) == pytest.approx({"1_Fast": 0.8 * math.exp(1) + 0.2 * math.exp(2), "00_SPAN": math.exp(2)})
    assert [speed.value for speed in made.speeds] == [2.0, 1.0]
    assert made.scores["final"].standing.ranks.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("name", ["SPAN", "span", "3. SPAN", "SPAN (baseline)", "Baseline"])
def test_its_row_may_be_written_in_several_ways(audit, name):
    assert audit(["team,time_ms", "RFDN_SPAN,3", f"{name},8", "4,2"], audits.timed()).baseline.row == 1


def test_a_track_without_scores_is_one_line(audit):
    with pytest.raises(InputError, match=r"^expected a track with scores, found none in esr: take one that has some$"):
        audit(["team,time_ms", "A,3"], audits.timed(formulas={}, scores={}))


def test_another_row_may_be_the_baseline(audit):
    assert values(audit([HEAD, "A,26.94,27.01,4,10e9,150000", SPAN], baseline="A"))["A"] == pytest.approx(math.exp(2))
    with pytest.raises(InputError, match=r"^expected a row for --baseline, found '00_SPN': did you mean 00_SPAN\?$"):
        audit([HEAD, SPAN], baseline="00_SPN")


def test_without_its_row_the_published_figures_are_the_baselines(audit):
    made = audit([HEAD, "A,26.94,27.01,4,10e9,150000"])
    assert made.baseline.words == "SPAN as the track's file has it (time_ms 8, macs 1e+10, parameters 150000)"
    assert values(made)["A"] == pytest.approx(0.8 * math.exp(1) + 0.2 * math.exp(2))


def test_published_scores_stand_beside_and_those_that_are_off_are_named(audit):
    rows = ["SPAN,26.94,27.01,8.00,10.00e9,150000,7.389", "A,26.94,27.01,4.00,10.00e9,150000,3.50"]
    made = audit([f"{HEAD},score", *rows])
    assert made.scores["final"].published.tolist() == [7.389, 3.5]
    assert found(made, findings.SCORE) == [("A", "final is published as 3.5, its figures give 3.6524")]


def test_what_rounding_explains_is_not_off(audit):
    """Ten times the baseline's 8 ms, each rounded to whole ms: the score is uncertain by a third."""
    made = audit([f"{HEAD},score", f"{SPAN},7.389", f"A,26.94,27.01,80,10e9,150000,{0.8 * math.exp(21)}"])
    assert found(made, findings.SCORE) == []


def test_ranks_in_the_table_are_quantities_unless_it_has_them(audit):
    track = audits.timed(formulas={"sum": "rank_time_ms + rank_macs"}, scores={"sum": "lower"})
    assert values(audit(["team,time_ms,macs", "A,2,3", "B,1,4"], track), "sum") == {"A": 3.0, "B": 3.0}
    assert values(audit(["team,time_ms,rank_time_ms,rank_macs", "A,2,27,5"], track), "sum") == {"A": 32.0}


def test_a_score_that_lacks_a_quantity_says_which_and_others_stand(audit):
    track = audits.timed(formulas={"time": "time_ms", "sharp": "psnr"}, scores={"time": "lower", "sharp": "higher"})
    made = audit(["team,time_ms", "A,2"], track)
    assert (list(made.scores), made.missing) == (["time"], {"sharp": "no psnr"})


def test_a_missing_column_is_named_with_the_nearest_there_is(audit):
    with pytest.raises(InputError) as caught:
        audit(["team,tme_ms,macs,parameters", "A,2,3,4"])
    assert str(caught.value).startswith("expected columns for the score final: time_ms, in ")
    assert str(caught.value).endswith("found macs, parameters: did you mean tme_ms?")
    with pytest.raises(InputError, match=r"found time_ms, macs: add parameters$"):
        audit(["team,time_ms,macs", "A,2,3"])


def test_floors_are_met_only_rounded_or_not_at_all(audit):
    made = audit([HEAD, "A,26.896,27.01,4,10e9,150000", "B,26.894,26.98,4,10e9,150000", SPAN])
    assert found(made, findings.ROUNDED) == [
        ("A", "PSNR 26.896 dB on valid is 26.90 only when rounded, the floor is 26.90")
    ]
    assert found(made, findings.FLOOR) == [
        ("B", "PSNR 26.894 dB on valid, the floor is 26.90: not ranked"),
        ("B", "PSNR 26.98 dB on test, the floor is 26.99: not ranked"),
    ]
    assert list(made.unranked) == [1]
    assert np.isnan(made.scores["final"].standing.ranks[1])


def test_one_floor_for_all_sets(audit):
    made = audit(["team,psnr,time_ms", "A,29.99,2", "B,30,3"], audits.timed(rules={"min_psnr_db": 30.0}))
    assert found(made, findings.FLOOR) == [("A", "PSNR 29.99 dB, the floor is 30.00: not ranked")]
    made = audit(["team,psnr,time_ms", "A,29.99,2", "B,30,3"], audits.timed(rules={"min_psnr_db": 29.995}))
    assert found(made, findings.FLOOR) == [("A", "PSNR 29.99 dB, the floor is 29.995: not ranked")]


def test_budgets(audit):
    track = audits.timed(rules={"max_parameters": 300_000, "max_macs": 20e9})
    made = audit(["team,time_ms,parameters,macs", "A,2,300001,1e9", "B,2,300000,2.1e10"], track)
    assert found(made, findings.BUDGET) == [
        ("A", "300,001 parameters, at most 300,000 are allowed: not ranked"),
        ("B", "21,000,000,000 macs, at most 20,000,000,000 are allowed: not ranked"),
    ]


def rows_of_ratios(ratios):
    return ["team,time_ms,macs,parameters", *(f"T{place},2,{100 * ratio},100" for place, ratio in enumerate(ratios))]


@pytest.mark.parametrize(("ratio", "is_odd"), [(10, True), (21, False), (179, False), (200, True)])
def test_operations_over_parameters_are_odd_beyond_three_times_the_others_median(audit, ratio, is_odd):
    made = audit(rows_of_ratios([60, 59, 61, 60, ratio]), audits.timed())
    assert [name for name, _ in found(made, findings.RATIO)] == ["T4"] * is_odd


def test_ratios_that_are_all_unlike_are_not_odd(audit):
    assert found(audit(rows_of_ratios([1, 10, 60, 300, 2000]), audits.timed()), findings.RATIO) == []
    assert found(audit(rows_of_ratios([60, 60, 600]), audits.timed()), findings.RATIO) == []


def test_an_odd_ratio_says_what_the_others_would_give(audit):
    rows = [f"T{place},26.94,27.01,9,10e9,150000" for place in range(4)]
    made = audit([HEAD, *rows, "Odd,26.94,27.01,8,2e9,150000"])
    supposed = 0.8 * math.exp(2) + 0.1 * math.exp(0.4) + 0.1 * math.exp(2)
    assert found(made, findings.RATIO) == [
        (
            "Odd",
            "2 G operations and 0.15 M parameters: 13333 operations each, where the median of the others is 66667; "
            f"with 10 G operations final is 7.39 (rank 1) in place of {supposed:.2f} (rank 1)",
        )
    ]


def images(base_ms, noise_ms, seed, count=40):
    return (base_ms + noise_ms * np.random.default_rng(seed).standard_normal(count)).tolist()


def test_paired_images_decide_ranks_that_they_would_not_by_themselves(audit):
    """All vary by as much as they differ, but with the images: what makes one slow makes all slow."""
    shared = np.array(images(0.0, 2.0, 1))
    content = {name: audits.raw((shared + base).tolist()) for name, base in (("A", 20.0), ("B", 20.5), ("C", 30.0))}
    standing = audit(content, audits.timed()).scores["time"].standing
    assert [standing.leads[row].words for row in (0, 1)] == ["decided", "decided"]
    assert standing.ci95[0][1] > 20.5
    assert standing.ties == {}


def test_rows_that_differ_by_chance_are_within_noise_of_each_other(audit):
    content = {name: audits.raw(images(20.0, 2.0, seed)) for seed, name in enumerate(("00_SPAN", "A"))}
    content["B"] = audits.raw(images(40.0, 2.0, 2))
    made = audit(content, audits.timed(baseline={"name": "SPAN"}))
    standing = made.scores["time"].standing
    assert [standing.leads[row].words for row in standing.order[:2]] == ["within noise", "decided"]
    assert standing.ties == {0: [1], 1: [0]}
    assert [speed.words for speed in made.speeds] == ["within noise", "within noise", "decided"]


def test_a_baseline_without_a_rank_is_compared_too(audit):
    content = {name: audits.raw(images(20.0, 2.0, seed), [26.0 + seed] * 40) for seed, name in enumerate(("SPAN", "A"))}
    made = audit(content, audits.timed(baseline={"name": "SPAN"}, rules={"min_psnr_db": 26.5}))
    assert list(made.unranked) == [0]
    assert made.scores["time"].standing.ties == {0: [1], 1: [0]}


def test_a_table_has_no_intervals(audit):
    standing = audit(["team,time_ms", "A,2", "B,3"], audits.timed()).scores["time"].standing
    assert standing.leads[0].words == "no interval"
    assert standing.ci95 == [None, None]
    assert standing.ties == {}


def first_images(audit, times_ms):
    made = audit({name: audits.raw(times) for name, times in times_ms.items()}, audits.timed())
    return made, [(made.published.names[first.row], first.time_ms) for first in made.first_images]


def test_a_first_image_that_stands_out_is_named_with_what_changes(audit):
    steady = [5.0, 6.0] * 6
    made, named = first_images(audit, {"cold": [100.0, *steady], "warm": [5.6, *[5.6] * 12]})
    assert named == [("cold", 100.0)]
    assert found(made, findings.FIRST_IMAGE) == [
        (
            "cold",
            "the first image of valid took 100.0 ms, the median of the others 5.50; "
            "without first images time is 5.50 (rank 1) in place of 12.77 (rank 2)",
        )
    ]


def test_a_first_image_that_is_large_for_all_is_not_named(audit):
    image_ms = np.array([19.0, *[5.0, 8.0, 20.0] * 12])
    _, named = first_images(audit, {"A": image_ms.tolist(), "B": (2 * image_ms).tolist(), "C": (3 * image_ms).tolist()})
    assert named == []


def test_a_large_image_does_not_hide_a_slow_start(audit):
    """The first image took A no longer than the large one, but the others show that it is a small one."""
    image_ms = np.array([5.0, *[5.0, 8.0, 20.0] * 12])
    times_ms = {name: (factor * image_ms).tolist() for factor, name in enumerate("ABC", 1)}
    times_ms["A"][0] = 19.0
    assert first_images(audit, times_ms)[1] == [("A", 19.0)]


def test_of_a_few_images_none_is_named(audit):
    assert first_images(audit, {"A": [100.0, *[5.0] * 9]})[1] == []


def test_means_that_are_not_those_of_their_images(audit):
    made = audit({"A": audits.raw([7.0, 9.0]) | {"valid_ave_runtime": 7.5, "valid_ave_psnr": 27.0}}, audits.timed())
    assert found(made, findings.MEAN) == [("A", "time_ms of valid is published as 7.5000, its images give 8.0000 ms")]
