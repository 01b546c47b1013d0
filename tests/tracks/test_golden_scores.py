"""Published rows of later challenges, recomputed by the shipped tracks.

F1 to F6 are the sections of the project's collection of these formulas, which names each source.
"""

import numpy as np
import pytest

from aic_helpers.tracks.catalogue import TRACKS
from aic_helpers.tracks.formulas import read_formula
from aic_helpers.tracks.score_sets import ranks
from aic_helpers.tracks.scoring import exact, scores, total_scores

PERCEPTUAL = ("lpips", "dists", "niqe", "maniqa", "musiq", "clipiqa")
COSTS = ("time_ms", "macs", "parameters")


def score_of(track, score, quantities):
    """Return a score of a shipped track, where each quantity is known exactly."""
    return scores(TRACKS[track], {name: exact(value) for name, value in quantities.items()})[score].value


def rows(table):
    """Return the rows of a table as (name, figures), and their names for pytest."""
    lines = [line.split("|") for line in table.strip().splitlines()]
    found = [(name.strip(), [float(cell) for cell in cells]) for name, *cells in lines]
    return {"argvalues": found, "ids": [name for name, _ in found]}


# F1. NTIRE 2026 Mobile Real-World Image SR (x4): jiatongli2024/NTIRE2026_Mobile_RealWorld_ImageSR@7f518bad, README.md,
# eval.py; rows of figs/results.png.

MOBILE_2026_ROWS = rows("""
VIPSL | 0.3619 | 0.1931 | 3.474 | 0.3798 | 68.91 | 0.8669 | 113.85 | 4.0334 | 42.2125
Antman | 0.3494 | 0.2048 | 5.419 | 0.6723 | 71.97 | 0.8700 | 21.79 | 4.1659 | 33.2446
SamsungAICamera | 0.3524 | 0.2232 | 2.810 | 0.4684 | 74.68 | 0.8805 | 11.67 | 4.2392 | 30.8701
TODSR | 0.3256 | 0.1756 | 2.954 | 0.5450 | 73.58 | 0.8680 | 1.00 | 4.3522 | 20.4241
YuFans | 0.4676 | 0.2172 | 3.525 | 0.3394 | 56.18 | 0.5964 | 21.79 | 3.4603 | 20.3844
IMAG2006 | 0.3649 | 0.2009 | 3.722 | 0.6523 | 73.47 | 0.8769 | 1.00 | 4.3259 | 20.0547
Super03 | 0.3288 | 0.1712 | 3.954 | 0.4172 | 67.78 | 0.6884 | 4.48 | 3.8881 | 19.9840
VEPG | 0.3562 | 0.1800 | 3.710 | 0.5352 | 73.70 | 0.8788 | 1.00 | 4.2437 | 18.9444
SnowVision | 0.4333 | 0.2424 | 6.396 | 0.2288 | 38.02 | 0.3760 | 143.35 | 2.6698 | 17.1779
BVISR | 0.3358 | 0.1657 | 3.550 | 0.5079 | 70.30 | 0.7477 | 1.00 | 4.1021 | 17.1730
EIC-ECNU | 0.2134 | 0.1083 | 3.263 | 0.4101 | 66.34 | 0.6452 | 1.00 | 4.0707 | 16.8032
NTR | 0.3725 | 0.1758 | 3.803 | 0.4776 | 69.59 | 0.7686 | 1.00 | 4.0126 | 16.1404
NoReject | 0.3214 | 0.1660 | 3.548 | 0.4178 | 69.30 | 0.7092 | 1.00 | 3.9777 | 15.7547
ACM_HCC | 0.3617 | 0.1780 | 3.612 | 0.4439 | 69.48 | 0.7063 | 0.99 | 3.9440 | 15.3601
MDAP | 0.4543 | 0.2566 | 7.370 | 0.2270 | 29.51 | 0.3920 | 94.95 | 2.4662 | 13.7370
SFVision | 0.5241 | 0.2889 | 8.490 | 0.2339 | 23.91 | 0.4197 | 10.21 | 2.2307 | 7.4696
""")


@pytest.mark.parametrize(("team", "figures"), **MOBILE_2026_ROWS)
def test_f1_ntire_2026_mobile(team, figures):
    """NTR's parts as printed give 4.0135 where 4.0126 is printed: its total follows from the latter.

    The parts' four decimals leave 1e-4 of the perceptual score, which are 7e-5 of the total.
    """
    *parts, speedup, perceptual, total = figures
    quantities = {**dict(zip(PERCEPTUAL, parts, strict=True)), "speedup": speedup}
    of_its_parts = 9e-4 if team == "NTR" else 1e-4
    found = score_of("ntire_mobile_2026", "perceptual", quantities)
    assert found == pytest.approx(perceptual, abs=of_its_parts + 1e-9)
    final = TRACKS["ntire_mobile_2026"].scores.formulas["final"]
    assert final.value({"perceptual": perceptual, "speedup": speedup}) == pytest.approx(total, abs=7e-4)
    if team != "NTR":
        assert score_of("ntire_mobile_2026", "final", quantities) == pytest.approx(total, rel=1e-4)


# F2. NTIRE 2025 and 2026 Image SR (x4), perceptual track: zhengchen1999/NTIRE2025_ImageSR_x4@4c857ebc and
# NTIRE2026_ImageSR_x4@9a2562bf, README.md, eval.py; rows of figs/results.png.

IMAGE_SR_ROWS = rows("""
2026 SamsungAICamera | 33.73 | 0.9115 | 0.1493 | 0.0648 | 3.6155 | 0.6320 | 76.2912 | 0.9660 | 4.7853
2026 I2WM&JNU | 33.45 | 0.9124 | 0.1688 | 0.0931 | 4.4132 | 0.3565 | 62.0699 | 0.4930 | 3.7671
2026 VEPG | 25.61 | 0.7305 | 0.1718 | 0.0839 | 2.9199 | 0.6495 | 71.6392 | 0.9485 | 4.7666
2026 SR-Strugglers | 31.98 | 0.8788 | 0.2106 | 0.1175 | 5.1431 | 0.3707 | 61.1988 | 0.5197 | 3.6600
2026 HONORAICamera | 25.70 | 0.7361 | 0.2020 | 0.1053 | 3.2589 | 0.5286 | 69.6788 | 0.8865 | 4.4787
2026 IK-Lab | 31.18 | 0.8653 | 0.2306 | 0.1246 | 5.4341 | 0.3578 | 59.3553 | 0.4980 | 3.5507
2026 RandomSeed42 | 24.58 | 0.7003 | 0.2314 | 0.1410 | 3.9686 | 0.6092 | 71.1567 | 0.8401 | 4.3917
2026 CIPLAB | 21.77 | 0.5673 | 0.2035 | 0.1258 | 3.0903 | 0.4665 | 72.7605 | 0.7382 | 4.2940
2026 KLETech-CEVI | 28.68 | 0.8003 | 0.3456 | 0.1748 | 7.0526 | 0.2654 | 38.0155 | 0.3897 | 2.8096
2026 SFVision | 28.33 | 0.7910 | 0.3909 | 0.1859 | 7.3839 | 0.2884 | 33.8442 | 0.5278 | 2.8395
2025 SamsungAICamera | 33.46 | 0.9124 | 0.1681 | 0.0929 | 4.4089 | 0.3566 | 62.1058 | 0.4934 | 3.7692
2025 SNUCV | 22.53 | 0.6326 | 0.2113 | 0.1082 | 2.9635 | 0.4939 | 71.4919 | 0.7543 | 4.3472
2025 BBox | 31.97 | 0.8793 | 0.2082 | 0.1140 | 5.0643 | 0.3656 | 61.2975 | 0.5206 | 3.6706
2025 MicroSR | 26.34 | 0.7594 | 0.2340 | 0.1261 | 3.7380 | 0.3552 | 64.2008 | 0.6317 | 3.8950
2025 XiaomiMM | 31.93 | 0.8775 | 0.2144 | 0.1186 | 5.2336 | 0.3684 | 60.8244 | 0.5152 | 3.6355
2025 NJU_MCG | 31.19 | 0.8661 | 0.2255 | 0.1233 | 5.3914 | 0.3649 | 59.9235 | 0.4984 | 3.5747
2025 CidautAi | 30.48 | 0.8564 | 0.2029 | 0.0894 | 4.7080 | 0.3384 | 59.3074 | 0.4472 | 3.6157
2025 MCMIR | 24.53 | 0.7220 | 0.2624 | 0.1460 | 6.1282 | 0.2773 | 42.8159 | 0.3456 | 3.0298
2025 IVPLAB-sbu | 26.74 | 0.8490 | 0.4512 | 0.1992 | 5.4675 | 0.3384 | 56.2507 | 0.4890 | 3.1927
2025 Aimanga | 22.44 | 0.6553 | 0.2965 | 0.1396 | 2.8260 | 0.4752 | 68.8273 | 0.7333 | 4.1781
""")


@pytest.mark.parametrize(("team", "figures"), **IMAGE_SR_ROWS)
def test_f2_ntire_image_sr(team, figures):
    psnr_db, _ssim, *parts, published = figures
    track, quantities = f"ntire_sr_x4_{team[:4]}", {"psnr": psnr_db, **dict(zip(PERCEPTUAL, parts, strict=True))}
    assert score_of(track, "restoration", quantities) == psnr_db
    perceptual = score_of(track, "perceptual", quantities)
    printed = read_formula("round(perceptual, 4)").value({"perceptual": perceptual})
    assert printed == pytest.approx(published, abs=1e-4 + 1e-9)


# F3. NTIRE Efficient SR (x4): Amazingren/NTIRE2024_ESR@6404fa48, NTIRE2025_ESR@b69fb668, NTIRE2026_ESR@4592ce6d,
# README.md, "Ranking strategy". 2026: rows of results.txt; their scores were computed from these printed figures.


BASELINES = {
    2024: (13.54, 19.67e9, 317_000, 26.96),
    2025: (16.69, 16.70e9, 276_000, 26.93),
    2026: (7.74, 9.83e9, 151_000, 26.94),
}
"""Time in ms, operations, parameters, and PSNR in dB on the first set."""

PARTS = ("score", "runtime", "flops", "params")


def of_costs(costs, year=2026):
    """Return the quantities of a row beside the year's baseline, from ms, G and M as the tables print them."""
    time_ms, macs_g, parameters_m = costs
    row = {"time_ms": time_ms, "macs": macs_g * 1e9, "parameters": parameters_m * 1e6}
    return {**row, "baseline_time_ms": BASELINES[year][0]}


@pytest.mark.parametrize("year", BASELINES)
def test_f3_ntire_esr_baseline(year):
    """exp(2) = 7.3891 in each part and in the sum, as the README of each year prints."""
    name = f"ntire_esr_{year}"
    assert TRACKS[name].baseline.published == dict(zip((*COSTS, "psnr"), BASELINES[year], strict=True))
    time_ms, macs, parameters, _psnr_db = BASELINES[year]
    quantities = of_costs((time_ms, macs / 1e9, parameters / 1e6), year)
    assert [score_of(name, part, quantities) for part in PARTS] == pytest.approx([7.3891] * 4, abs=5e-5)
    assert [*TRACKS[name].scores.better] == [*PARTS]


@pytest.mark.parametrize(("year", "weights"), [(2024, (0.7, 0.15)), (2025, (0.7, 0.15)), (2026, (0.8, 0.1))])
def test_f3_ntire_esr_weights(year, weights):
    """Each part alone twice the baseline's: exp(4) by its weight, exp(2) by the rest."""
    time_ms, macs, parameters, _psnr_db = BASELINES[year]
    for place, weight in enumerate((*weights, weights[1])):
        costs = [time_ms, macs / 1e9, parameters / 1e6]
        costs[place] *= 2
        expected = weight * np.exp(4) + (1 - weight) * np.exp(2)
        assert score_of(f"ntire_esr_{year}", "score", of_costs(costs, year)) == pytest.approx(expected, rel=1e-12)


ESR_2026 = rows("""
00_SPAN | 26.94 | 27.01 | 7.74 | 9.83 | 0.151 | 7.389
01_PDS | 26.90 | 26.99 | 6.70 | 9.25 | 0.142 | 5.831
15_DSCF_Fused | 26.92 | 26.99 | 7.88 | 8.22 | 0.126 | 7.192
16_PKDSR | 26.91 | 27.00 | 6.80 | 9.40 | 0.144 | 5.987
17_AMCANet | 26.90 | 27.02 | 18.26 | 5.24 | 0.086 | 90.189
18_DISP | 26.90 | 27.02 | 6.51 | 10.69 | 0.164 | 6.060
20_ERRN2 | 26.90 | 27.01 | 9.37 | 16.06 | 0.246 | 14.233
22_SPANV2_ESR_C2 | 26.92 | 27.00 | 5.24 | 1.59 | 0.139 | 3.867
10_HFENet | 26.92 | 27.03 | 33.64 | 8.91 | 0.144 | 4767.764
04_ZenoSR | 26.90 | 27.01 | 45.46 | 2.68 | 0.038 | 101076.19
009_RFDN_SPAN | 26.91 | 26.98 | 16.66 | 22.60 | 0.346 | 78.959
21_SAFMN | 26.80 | 26.91 | 129.70 | 9.62 | 0.149 | 2.87e14
""")


@pytest.mark.parametrize(("model", "figures"), **ESR_2026)
def test_f3_ntire_esr_2026(model, figures):
    _valid_db, _test_db, *costs, published = figures
    of_three_digits = 2e-3 if model == "21_SAFMN" else 1e-6
    found = score_of("ntire_esr_2026", "score", of_costs(costs))
    assert found == pytest.approx(published, abs=5e-4, rel=of_three_digits)


@pytest.mark.parametrize(
    ("costs", "score", "within"),
    [((5.24, 9.11, 0.139), 4.37, 5e-3), ((4.95, 1.59, 0.139), 3.65, 0.01)],
    ids=["operations as its authors count them", "without the first image"],
)
def test_f3_ntire_esr_2026_spanv2_otherwise(costs, score, within):
    assert score_of("ntire_esr_2026", "score", of_costs(costs)) == pytest.approx(score, abs=within)


def test_f3_ntire_esr_2026_all_rows_at_once():
    """Over arrays of rows the scores are those of each row, and the winner is SPANV2."""
    track = TRACKS["ntire_esr_2026"]
    models, figures = ESR_2026["ids"], np.array([figures for _, figures in ESR_2026["argvalues"]])
    found = track.scores.value("score", {**track.fixed, **of_costs(figures[:, 2:5].T)})
    one_by_one = [score_of("ntire_esr_2026", "score", of_costs(row[2:5])) for row in figures]
    assert found == pytest.approx(one_by_one, rel=1e-12)
    assert models[int(np.argmin(found))] == "22_SPANV2_ESR_C2"
    assert ranks(found, "lower")[models.index("00_SPAN")] == 6


@pytest.mark.parametrize(
    ("model", "psnr_db", "photos"),
    [
        ("PDS", 26.8964, "valid"),
        ("ZenoSR", 26.8971, "valid"),
        ("VSCINet", 26.8967, "valid"),
        ("AMCANet", 26.8972, "valid"),
        ("DSCF", 26.9856, "test"),
    ],
)
def test_f3_ntire_esr_2026_floor_holds_after_rounding_only(model, psnr_db, photos):
    rules = TRACKS["ntire_esr_2026"].rules
    floor_db = rules.min_psnr_db_by_set[photos]
    assert psnr_db < floor_db == round(psnr_db, rules.psnr_decimals)


# F3. NTIRE Efficient SR 2022, by rank sums: rows of figs/results.png of ofsoundof/NTIRE2022_ESR@e95ba4a4. Ranks are of
# all teams, of which these are some.

RANKED = ("rank_time_ms", "rank_parameters", "rank_macs", "rank_activations", "rank_gpu_peak_mib")

ESR_2022 = rows("""
ByteESR | 27.11 | 1 | 0.317 | 11 | 19.70 | 11 | 80.05 | 6 | 377.91 | 4 | 22 | 33
NJU_Jet | 28.07 | 2 | 0.341 | 18 | 22.28 | 19 | 72.09 | 4 | 204.60 | 1 | 37 | 44
NEESR | 29.97 | 3 | 0.272 | 4 | 16.86 | 6 | 79.59 | 5 | 575.99 | 9 | 10 | 27
Super | 32.09 | 4 | 0.326 | 14 | 20.06 | 12 | 93.82 | 10 | 663.07 | 15 | 26 | 55
MegSR | 32.59 | 5 | 0.290 | 9 | 17.70 | 9 | 91.72 | 8 | 640.63 | 12 | 18 | 43
rainbow | 34.10 | 6 | 0.276 | 6 | 17.98 | 10 | 92.80 | 9 | 309.23 | 3 | 16 | 34
XPixel | 140.47 | 27 | 0.156 | 1 | 9.50 | 2 | 65.76 | 3 | 729.94 | 16 | 3 | 49
NJUST_ESR | 164.80 | 28 | 0.176 | 2 | 8.73 | 1 | 160.43 | 25 | 1346.74 | 33 | 3 | 89
""")


@pytest.mark.parametrize(("team", "figures"), **ESR_2022)
def test_f3_ntire_esr_2022_rank_sums(team, figures):
    of_all_teams = dict(zip(RANKED, figures[1:10:2], strict=True))
    found = [score_of("ntire_esr_2022", name, of_all_teams) for name in ("main", "sub1", "sub2")]
    assert found == [figures[1], *figures[10:]]


@pytest.mark.parametrize("column", range(0, 10, 2), ids=RANKED)
def test_f3_ntire_esr_2022_ranks_follow_from_the_figures(column):
    """Among these rows the published figures and the published ranks give the same order."""
    figures = np.array([figures for _, figures in ESR_2022["argvalues"]])
    assert ranks(figures[:, column], "lower").tolist() == ranks(figures[:, column + 1], "lower").tolist()


# F4. NTIRE 2023 Real-Time 4K SR: eduardzamfir/NTIRE23-RTSR@2bc37ba3, demo/calc_scoring.ipynb; rows of
# images/report-bench.png, track 1, where the bicubic baseline has 33.92 dB.

REAL_TIME_ROWS = rows("""
Noah TerminalVision | 24.13 | 35.02 | 3.190
ALONG | 23.81 | 34.63 | 1.910
RTVSR | 23.13 | 34.71 | 2.240
Team OV | 19.06 | 34.62 | 2.910
NJUST-RTSR | 14.96 | 34.74 | 5.560
Multimedia | 14.09 | 34.85 | 7.300
PixelBE | 13.12 | 34.70 | 6.840
Antins cv | 11.25 | 34.71 | 9.470
ECNU SR | 10.37 | 35.30 | 25.23
R.I.P. ShopeeVideo | 9.68 | 35.32 | 29.73
KCML2 | 3.99 | 34.24 | 39.17
NPU SR | 3.45 | 34.49 | 74.00
Our Baseline (RTSRN) | 9.27 | 34.22 | 7.090
""")


@pytest.mark.parametrize(("team", "figures"), **REAL_TIME_ROWS)
def test_f4_ntire_2023_real_time(team, figures):
    """PSNRs are printed to 0.01 dB, which is 0.7 % of a score."""
    published, psnr_db, time_ms = figures
    quantities = {"psnr": psnr_db, "time_ms": time_ms}
    assert score_of("ntire_rtsr_2023_x2", "score", quantities) == pytest.approx(published, rel=0.007)
    by_given = score_of("ntire_rtsr_2023_x3", "score", {**quantities, "psnr_bicubic": 33.92})
    assert by_given == score_of("ntire_rtsr_2023_x2", "score", quantities)


@pytest.mark.parametrize("psnr_db", [33.92, 31.0])
def test_f4_ntire_2023_real_time_scores_nothing_without_a_gain(psnr_db):
    assert score_of("ntire_rtsr_2023_x2", "score", {"psnr": psnr_db, "time_ms": 3.0}) == 0


def test_f4_ntire_2023_real_time_x3_asks_for_bicubic():
    found = scores(TRACKS["ntire_rtsr_2023_x3"], {"psnr": exact(33.0), "time_ms": exact(3.0)})["score"]
    assert found.value is None
    assert found.missing.startswith("psnr_bicubic")


# F5. Mobile AI 2022 quantised SR (x3): the constant isn't published, so scores tell ratios only. The rows of Z6 and TCL
# are not of a published text in full: this shows that the form fits, and is no golden figure.


def test_f5_mobile_ai_2022_ratio():
    z6, tcl = (
        score_of("mobile_ai_2022_x3", "score", {"psnr": psnr_db, "time_ms": time_ms})
        for psnr_db, time_ms in ((30.03, 19.20), (29.88, 15.90))
    )
    assert z6 / tcl == pytest.approx(22.22 / 21.84, rel=0.007)


@pytest.mark.parametrize("year", [2021, 2022])
def test_f5_mobile_ai_says_that_its_constant_is_deduced(year):
    assert "The constant C is deduced" in TRACKS[f"mobile_ai_{year}_x3"].notes[0]


# F6. PIRM 2018 perceptual SR (x4): roimehrez/PIRM2018@d585552a, utils/calc_scores.m; one image of
# chaofengc/IQA-PyTorch, issue 67.


def test_f6_pirm_2018_perceptual_index():
    index = read_formula("(niqe + (10 - ma)) / 2").value({"niqe": 4.7167, "ma": 5.9476})
    assert index == pytest.approx(4.3845, abs=1e-4)


# PIRM 2018 on smartphones, both tracks, to the last digit: alpha (PSNR - base) + beta (MS-SSIM - base) + gamma
# min(speedup, 4) in Python's own arithmetic.

PIRM_2018 = {
    "super_resolution": (26.5, 0.94, {"A": (4, 100, 1), "B": (1, 400, 1), "C": (2, 200, 1.5)}),
    "enhancement": (21.0, 0.9, {"A": (4, 100, 2), "B": (1, 400, 2), "C": (2, 200, 2.9)}),
}
"""By track: what is subtracted of PSNR and MS-SSIM, and the coefficients of each score."""


def by_hand(track, psnr_db, ms_ssim, speedup):
    psnr_base_db, ms_ssim_base, coefficients = PIRM_2018[track]
    return {
        name: alpha * (psnr_db - psnr_base_db) + beta * (ms_ssim - ms_ssim_base) + gamma * min(speedup, 4.0)
        for name, (alpha, beta, gamma) in coefficients.items()
    }


@pytest.mark.parametrize("track", PIRM_2018)
def test_pirm_2018_to_the_last_digit(track):
    score_set, fixed = TRACKS[track].scores, TRACKS[track].fixed
    psnr_db, ms_ssim, speedup = np.random.default_rng(2018).uniform([[15], [0], [0.01]], [[40], [1], [8]], (3, 500))
    drawn = {**fixed, "psnr": psnr_db, "ms_ssim": ms_ssim, "speedup": speedup}
    over_arrays = {name: score_set.value(name, drawn).tolist() for name in score_set.better}
    for place, row in enumerate(zip(psnr_db.tolist(), ms_ssim.tolist(), speedup.tolist(), strict=True)):
        expected = by_hand(track, *row)
        found = total_scores(TRACKS[track], **dict(zip(("psnr_db", "ms_ssim", "speedup"), row, strict=True)))
        assert {name: score.value for name, score in found.items()} == expected
        assert {name: values[place] for name, values in over_arrays.items()} == expected


@pytest.mark.parametrize("track", PIRM_2018)
def test_pirm_2018_carries_the_ends_of_intervals(track):
    """Each score rises with each figure, so that its ends are those of all low and all high ends."""
    ends = {"psnr_db": (26.9, 27.1), "ms_ssim": (0.94, 0.96), "speedup": (1.9, 4.1)}
    intervals = {f"{name}_ci95": pair for name, pair in ends.items()}
    found = total_scores(TRACKS[track], psnr_db=27.0, ms_ssim=0.95, speedup=3.0, **intervals)
    low, high = (by_hand(track, *(pair[end] for pair in ends.values())) for end in (0, 1))
    assert {name: score.ci95 for name, score in found.items()} == {name: (low[name], high[name]) for name in low}
