"""The raw data of NTIRE's Efficient SR 2026, 16 networks with 400 times and PSNRs each: what an audit finds in it.

The figures were found by hand in the data before there was an audit (results.json of
Amazingren/NTIRE2026_ESR@4592ce6d).
"""

import subprocess
import sys

import pytest

from aic_helpers.audits import auditing, findings, tables
from aic_helpers.tracks import catalogue

TRACK = "ntire_esr_2026"


@pytest.fixture(scope="module")
def audit(ntire2026_esr):
    return auditing.audit(ntire2026_esr, catalogue.TRACKS[TRACK])


@pytest.fixture(scope="module")
def at(audit):
    """The row of a network, by the end of its name."""
    return lambda name: next(row for row, one in enumerate(audit.published.names) if one.endswith(name))


@pytest.fixture(scope="module")
def score(audit):
    return audit.scores[audit.main]


def words(audit, kind):
    return [(audit.published.names[one.row], one.words) for one in audit.findings if one.kind == kind]


def test_five_networks_meet_the_floor_only_when_rounded(audit):
    assert words(audit, findings.ROUNDED) == [
        (name, f"PSNR {psnr_db} dB on {of_set} is {floor} only when rounded, the floor is {floor}")
        for name, psnr_db, of_set, floor in (
            ("01_PDS", 26.8964, "valid", "26.90"),
            ("04_ZenoSR", 26.8971, "valid", "26.90"),
            ("11_VSCINet", 26.8967, "valid", "26.90"),
            ("17_AMCANet", 26.8972, "valid", "26.90"),
            ("15_DSCF_Fused", 26.9856, "test", "26.99"),
        )
    ]


def test_two_are_below_it_and_have_no_rank(audit):
    assert sorted(audit.published.names[row] for row in audit.unranked) == ["009_RFDN_SPAN", "21_SAFMN"]


def test_eleven_first_images_took_101_to_348_ms(audit):
    times_ms = [first.time_ms for first in audit.first_images]
    assert len(times_ms) == 11
    assert (int(min(times_ms)), round(max(times_ms))) == (101, 348)
    others = {"00_SPAN", "01_PDS", "16_PKDSR_FINAL_CKPT", "18_DISP", "17_AMCANet"}
    named = {audit.published.names[first.row] for first in audit.first_images}
    assert set(audit.published.names) - named == others
    assert {first.of_set for first in audit.first_images} == {"valid"}


@pytest.mark.parametrize(
    ("name", "first_ms", "ms", "ms_without", "score_with", "score_without"),
    [("SPANV2_ESR_C2", 120.3, 5.24, 4.95, 3.87, 3.65), ("DSCF_Fused", 131.6, 7.88, 7.57, 7.20, 6.72)],
)
def test_what_the_first_image_costs(audit, at, score, name, first_ms, ms, ms_without, score_with, score_without):
    row = at(name)
    assert [round(first.time_ms, 1) for first in audit.first_images if first.row == row] == [first_ms]
    assert round(audit.published.figures["time_ms"][row], 2) == ms
    assert round(findings.without_first_images(audit.published)["time_ms"][row], 2) == ms_without
    assert round(score.standing.values[row], 2) == score_with
    assert round(score.without_first.values[row], 2) == score_without


def test_operations_that_fvcore_did_not_trace(audit):
    """Its authors count 9.11 G, which gives 4.37 as well."""
    assert words(audit, findings.RATIO) == [
        (
            "22_SPANV2_ESR_C2",
            "1.59 G operations and 0.139 M parameters: 11443 operations each, where the median of the others is 65259; "
            "with 9.08 G operations score is 4.37 (rank 1) in place of 3.87 (rank 1)",
        )
    ]


def test_nothing_else_is_found(audit):
    kinds = {findings.ROUNDED, findings.FLOOR, findings.FIRST_IMAGE, findings.RATIO}
    assert {one.kind for one in audit.findings} == kinds


def test_one_network_is_as_fast_as_the_baseline_within_noise(audit, at, score):
    row = at("DSCF_Fused")
    assert audit.published.names[audit.baseline.row] == "00_SPAN"
    assert [place for place, speed in enumerate(audit.speeds) if speed.words == "within noise"] == [at("00_SPAN"), row]
    assert audit.speeds[row].ci95 == pytest.approx((0.904, 1.030), abs=0.002)
    assert score.standing.ties[row] == [audit.baseline.row]
    assert score.standing.leads[row].words == "within noise"


def test_by_medians_disp_overtakes_pds_and_pkdsr(at, score):
    names = ("DISP", "PDS", "PKDSR_FINAL_CKPT")
    assert [score.standing.ranks[at(name)] for name in names] == [4, 2, 3]
    assert [score.by_medians.ranks[at(name)] for name in names] == [2, 3, 4]


def test_the_baseline_scores_what_the_organisers_say(audit, score):
    assert score.standing.values[audit.baseline.row] == pytest.approx(7.3891, abs=5e-5)


def test_it_needs_neither_tensorflow_nor_jupyter(ntire2026_esr, tmp_path):
    code = (
        "import sys; from aic_helpers.cli import main\n"
        f"status = main.status(['board', 'audit', {str(ntire2026_esr)!r}, '--track', {TRACK!r}, '--out', 'a'])\n"
        "print(status, {'tensorflow', 'keras', 'numba', 'IPython'} & set(sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert shown.stdout.splitlines()[-1] == "0 set()", shown.stderr
    assert sorted(file.name for file in (tmp_path / "a").iterdir()) == ["audit.csv", "report.html"]


def test_the_table_in_words(audit):
    lines = tables.lines(audit)
    assert next(line for line in lines if line.startswith("5 ")).split()[:2] == ["5", "15_DSCF_Fused"]
    assert "slow first image: 11 models" in lines
    assert "below the floor before rounding: 5 models" in lines
    assert "without first images: no rank changes" in lines
