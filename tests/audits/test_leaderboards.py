"""What audits say of leaderboards that were published, by the tracks that are shipped."""

import pytest
from fixtures import audits

from aic_helpers.audits import auditing, findings
from aic_helpers.tracks import catalogue


def audit(name, baseline=""):
    return auditing.audit(audits.LEADERBOARDS / f"{name}.csv", catalogue.TRACKS[name], baseline)


def names(audit, kind):
    return [audit.published.names[row] for row in findings.rows_of(audit.findings, kind)]


def differences(found):
    return dict(zip(found.standing.values, found.published - found.standing.values, strict=True))


def test_ntire_esr_2026_its_table_of_two_decimals():
    made = audit("ntire_esr_2026")
    found = made.scores["final"]
    assert found.standing.values == pytest.approx(found.published, rel=2e-3, abs=6e-4)
    assert found.standing.values[:2] == pytest.approx([7.38906, 5.831], abs=5e-4)
    assert names(made, findings.FLOOR) == ["21_SAFMN", "009_RFDN_SPAN"]
    assert names(made, findings.RATIO) == ["22_SPANV2_ESR_C2"]
    assert {one.kind for one in made.findings} == {findings.FLOOR, findings.RATIO}
    assert [made.published.names[row] for row in found.standing.order][:2] == ["22_SPANV2_ESR_C2", "01_PDS"]
