"""Leads over the next model, and whether they are decided."""

import math

import numpy as np
import pytest
from fixtures.pirm2018 import SUPER_RESOLUTION

from aic_helpers.core.statistics import RESAMPLES, SEED, mean_ci95, raters_ci95
from aic_helpers.tracks.catalogue import made
from aic_helpers.tracks.significance import Contender, Lead
from aic_helpers.tracks.significance import leads as leads_of

ONE = made(
    "one",
    {
        "title": "A dB counts as much as a speedup of 1",
        "protocol": {"metrics": ["psnr", "ms_ssim"]},
        "formulas": {
            "more": "psnr + min(speedup, 4)",
            "less": "-more",
            "slow": "time_ms / 10 - psnr",
            "big": "psnr - macs",
            "past_one": "psnr + log(speedup - 1)",
            "past_22": "log(psnr - 22.5)",
        },
        "scores": {
            **dict.fromkeys(("more", "big", "past_one", "past_22"), "higher"),
            **dict.fromkeys(("less", "slow"), "lower"),
        },
    },
)
HARD_DB = np.array([22.0, 25.0, 28.0, 31.0, 34.0])


def contender(gain_db=0.0, speedup=2.0, width=0.1, ms_ssim=0.95, psnr_db=HARD_DB):
    interval = None if width is None else (speedup - width, speedup + width)
    images = {"psnr": psnr_db + gain_db, "ms_ssim": np.full(len(psnr_db), ms_ssim)}
    return Contender(images, speedup, interval)


def leads(contenders):
    return leads_of(ONE, "more", contenders)


def test_a_lead_by_hand():
    # Every image is 0.5 dB better: no spread over the images is left. The speeds differ by 0.4, each give or take 0.3
    # and 0.4: the lead is 0.5 + 0.4 and its interval that give or take the root of 0.09 + 0.16, which is 0.5.
    (lead,) = leads([contender(0.5, 2.4, 0.3), contender(0.0, 2.0, 0.4)])
    assert lead.value == pytest.approx(0.9)
    assert lead.ci95 == pytest.approx((0.4, 1.4))
    assert lead.words == "decided"
    (lead,) = leads([contender(0.05, 2.4, 0.3), contender(0.0, 2.0, 0.4)])
    assert lead.ci95 == pytest.approx((-0.05, 0.95))
    assert lead.words == "within noise"


def test_what_makes_an_image_hard_for_both_drops_out():
    better, worse = contender(0.2, width=0), contender(width=0)
    (lead,) = leads([better, worse])
    assert lead.words == "decided"
    low, high = mean_ci95(better.images["psnr"])
    assert high - low > 5
    assert lead.ci95 == pytest.approx((0.2, 0.2))


def test_an_interval_stays_where_its_values_can_be():
    values = [0.0, 0.02, 0.9, 1.0, 1.0]
    low, high = mean_ci95(values)
    assert 0 < low < high
    assert high > 1
    assert mean_ci95(values, bounds=(0, 1)) == (low, 1)
    assert raters_ci95([1.0, 5.0], bounds=(1, 5)) == (1, 5)
    assert mean_ci95([-2.0, 3.0]) != mean_ci95([-2.0, 3.0], bounds=(0, 1)) == (0, 1)


def test_both_coefficients_count_image_by_image():
    generator = np.random.default_rng(3)
    first, second = (
        {"psnr": generator.normal(mean_db, 2, 40), "ms_ssim": generator.uniform(0.9, 1, 40)} for mean_db in (28, 27)
    )
    pair = [Contender(images, 2.0, (2.0, 2.0)) for images in (first, second)]
    (lead,) = leads_of(SUPER_RESOLUTION, "A", pair)
    paired = 4 * (first["psnr"] - second["psnr"]) + 100 * (first["ms_ssim"] - second["ms_ssim"])
    assert lead.value == pytest.approx(paired.mean())
    means = paired[np.random.default_rng(SEED).integers(0, 40, (RESAMPLES, 40))].mean(axis=1)
    ends = paired.mean() + (np.quantile(means, [0.025, 0.975]) - paired.mean()) * math.sqrt(40 / 39)
    assert lead.ci95 == pytest.approx(tuple(ends))
    # The bootstrap of single figures sorts them first: other draws, and nearly the same interval.
    assert lead.ci95 == pytest.approx(mean_ci95(paired), abs=0.2 * paired.std() / math.sqrt(40))


def test_speed_beyond_four_adds_nothing_and_its_interval_is_cut():
    (lead,) = leads([contender(0.1, 9.0, 1.0), contender(0.0, 4.2, 0.1)])
    assert lead.value == pytest.approx(0.1)
    assert lead.ci95 == pytest.approx((0.1, 0.1))
    (lead,) = leads([contender(0.1, 4.0, 0.5), contender(0.0, 9.0, 0.1)])
    assert lead.ci95 == pytest.approx((-0.4, 0.1))


def test_two_of_the_same_are_within_noise():
    (lead,) = leads([contender(), contender()])
    assert lead.value == 0
    assert lead.words == "within noise"


@pytest.mark.parametrize(
    "pair",
    [
        [contender(width=None), contender()],
        [contender(), contender(width=None)],
        [contender(psnr_db=HARD_DB[:1]), contender(psnr_db=HARD_DB[:1])],
    ],
    ids=["first speed", "second speed", "one image"],
)
def test_without_an_interval_nothing_is_decided(pair):
    (lead,) = leads(pair)
    assert (lead.ci95, lead.words) == (None, "no interval")


def test_no_interval_where_a_formula_has_no_value_at_an_end_of_a_speedup():
    pair = [contender(2.0, speedup=1.5, width=0.1), contender(speedup=1.02, width=0.04)]
    for lead in (leads_of(ONE, "past_one", pair), leads_of(ONE, "past_one", [contender(2.0, 1.02, 0.04), pair[0]])):
        assert (lead[0].ci95, lead[0].words) == (None, "no interval")
    (lead,) = leads_of(ONE, "past_one", [pair[0], contender(speedup=1.2, width=0.1)])
    assert lead.words == "decided"


def test_no_interval_where_a_formula_has_no_value_in_a_draw():
    # Of five images with 22 dB and more, some draws are of the worst alone.
    pair = [contender(1.0), contender()]
    (lead,) = leads_of(ONE, "past_22", pair)
    assert lead.value > 0
    assert (lead.ci95, lead.words) == (None, "no interval")


def test_a_lead_is_above_0_where_lower_scores_are_the_better():
    pair = [contender(0.5, 2.4, 0.3), contender(0.0, 2.0, 0.4)]
    (more,), (less,) = leads(pair), leads_of(ONE, "less", pair)
    assert (less.value, less.ci95) == (pytest.approx(more.value), pytest.approx(more.ci95))


def test_a_time_goes_with_the_speedup_and_its_interval():
    # Times of 100 and 110 ms are 10 and 11 of the score. Speedups of 2.0, give or take 0.1, make 95.2 to 105.3 ms.
    one, other = (
        Contender({"psnr": HARD_DB}, speedup, (speedup - width, speedup + width), {"time_ms": time_ms})
        for speedup, width, time_ms in ((2.0, 0.1, 100.0), (2.0 / 1.1, 0.0, 110.0))
    )
    (lead,) = leads_of(ONE, "slow", [one, other])
    assert lead.value == pytest.approx(1.0)
    assert lead.ci95 == pytest.approx((1 - (10 / 1.9 * 2 - 10), 1 + (10 - 10 / 2.1 * 2)))


def test_what_is_known_exactly_counts_without_an_interval():
    one, other = (Contender({"psnr": HARD_DB}, fixed={"macs": macs}) for macs in (1.0, 3.0))
    (lead,) = leads_of(ONE, "big", [one, other])
    assert (lead.value, lead.ci95, lead.words) == (2.0, (2.0, 2.0), "decided")


def test_fewer_than_two_have_no_lead():
    assert leads([]) == leads([contender()]) == []


def test_it_is_the_same_every_time():
    generator = np.random.default_rng(5)
    three = [contender(psnr_db=generator.normal(28, 1, 9)) for _ in range(3)]
    assert leads(three) == leads(three)
    assert len(leads(three)) == 2


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    generator = np.random.default_rng(7)
    covered = 0
    for _ in range(200):
        gains = generator.normal(0.3, 1.0, 30)
        speeds = generator.normal(2.0, 0.1, 2)
        pair = [
            contender(g, s, 1.96 * 0.1, psnr_db=np.full(30, 28.0)) for g, s in ((gains, speeds[0]), (0.0, speeds[1]))
        ]
        low, high = leads(pair)[0].ci95
        covered += low <= 0.3 <= high
    assert 0.9 <= covered / 200 <= 0.99


def test_a_lead_below_zero_is_decided_too():
    assert Lead(-1.0, (-2.0, -0.5)).words == "decided"
