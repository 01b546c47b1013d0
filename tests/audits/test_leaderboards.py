"""What audits say of published leaderboards in `tests/fixtures/leaderboards`, by the tracks that are shipped."""

import numpy as np
import pytest
from fixtures import audits

from aic_helpers.audits import auditing, findings
from aic_helpers.tracks import catalogue, published_results


def audit(name, content=None, folder=None):
    path = audits.write(folder, content) if content else audits.LEADERBOARDS / f"{name}.csv"
    return auditing.audit(path, catalogue.TRACKS[name])


def names(audit, kind):
    return [audit.published.names[row] for row in findings.rows_of(audit.findings, kind)]


def off(audit, score):
    """Return by how much each row's score differs from the published one, as shares of that."""
    found = audit.scores[score]
    differences = np.abs(found.standing.values / found.published - 1)
    return dict(zip(audit.published.names, differences.tolist(), strict=True))


def last_digits(audit, score):
    """Return by how many of the fourth decimal each row's score differs from the published one, once it is rounded."""
    found = audit.scores[score]
    differences = np.rint(1e4 * np.abs(found.standing.values.round(4) - found.published))
    return dict(zip(audit.published.names, differences.tolist(), strict=True))


def test_ntire_esr_2026_in_two_decimals():
    made = audit("ntire_esr_2026")
    assert max(off(made, "score").values()) < 1e-3
    assert [round(value, 3) for value in made.scores["score"].standing.values[1:3]] == [5.831, 7.192]
    assert sorted(names(made, findings.FLOOR)) == ["009_RFDN_SPAN", "21_SAFMN"]
    assert names(made, findings.RATIO) == ["22_SPANV2_ESR_C2"]
    assert {one.kind for one in made.findings} == {findings.FLOOR, findings.RATIO}


def test_with_the_operations_of_its_authors_spanv2_is_first_all_the_same(tmp_path):
    text = (audits.LEADERBOARDS / "ntire_esr_2026.csv").read_text("utf-8").replace(",1.59,", ",9.11,")
    made = audit("ntire_esr_2026", text, tmp_path)
    row = made.published.names.index("22_SPANV2_ESR_C2")
    assert made.scores["score"].standing.words(row) == "4.37 (rank 1)"
    assert names(made, findings.RATIO) == []
    assert names(made, findings.SCORE) == ["22_SPANV2_ESR_C2"], "its published score is that with 1.59 G"


def test_pirm_2018_within_the_rounding_of_its_metrics(tmp_path):
    rows = [
        ",".join(map(str, [one.team, one.psnr_db, one.ms_ssim, one.time_ms, *one.scores]))
        for one in published_results.SUPER_RESOLUTION
    ]
    made = audit("super_resolution", "\n".join(["team,psnr,ms_ssim,time_ms,A,B,C", *rows]) + "\n", tmp_path)
    assert made.published.names[made.baseline.row] == "SRCNN baseline"
    for found in made.scores.values():
        assert found.standing.values == pytest.approx(found.published, abs=0.035)
    assert made.findings == []


BASELINES = {
    "ntire_esr_2024": "RLFN,13.54,19.67,0.317,26.96,27.07",
    "ntire_esr_2025": "EFDN,16.69,16.70,0.276,26.93,27.01",
    "ntire_esr_2026": "SPAN,7.74,9.83,0.151,26.94,27.01",
}


@pytest.mark.parametrize("name", BASELINES)
def test_the_baselines_of_efficient_sr_score_7_3891_in_each_part_and_in_the_sum(tmp_path, name):
    head = "model,time_ms,macs_g,parameters_m,psnr_valid,psnr_test"
    made = audit(name, f"{head}\n{BASELINES[name]}\n", tmp_path)
    assert len(made.scores) == 4
    assert [round(float(one.standing.values[0]), 4) for one in made.scores.values()] == [7.3891] * 4
    assert made.findings == []


def test_ntire_esr_2022_by_the_ranks_that_its_table_has():
    made = audit("ntire_esr_2022")
    for score in ("sub1", "sub2"):
        assert made.scores[score].standing.values.tolist() == made.scores[score].published.tolist()
    assert made.scores["main"].standing.values.tolist() == [1, 2, 3, 4, 5, 6, 27, 28]
    assert made.findings == []


def test_ntire_mobile_2026_from_its_parts():
    made = audit("ntire_mobile_2026")
    assert {name for name, share in off(made, "final").items() if share > 1e-4} == {"NTR"}
    assert {name for name, digits in last_digits(made, "perceptual").items() if digits > 1} == {"NTR"}
    assert off(made, "final")["NTR"] < 7e-4
    assert made.findings == []


@pytest.mark.parametrize("name", ["ntire_sr_x4_2025", "ntire_sr_x4_2026"])
def test_ntire_sr_x4_from_its_parts(name):
    made = audit(name)
    assert max(last_digits(made, "perceptual").values()) <= 1
    assert made.findings == []


def test_ntire_rtsr_2023_within_the_rounding_of_its_psnrs():
    made = audit("ntire_rtsr_2023_x2")
    assert max(off(made, "score").values()) < 0.007
    assert made.findings == []


def test_mobile_ai_2022_in_ratios(tmp_path):
    """Two rows that are quoted from memory; the constant drops out."""
    made = audit(
        "mobile_ai_2022_x3", "team,psnr,time_ms,score\nZ6,30.03,19.20,22.22\nTCL,29.88,15.90,21.84\n", tmp_path
    )
    first, second = made.scores["score"].standing.values
    assert first / second == pytest.approx(22.22 / 21.84, rel=3e-3)
    assert made.findings == []
    assert any("deduced" in note for note in made.track.notes)
