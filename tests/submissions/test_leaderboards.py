"""The leaderboard: each team's last successful submission, ranked, and nothing that a team wrote does anything."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from fixtures import desks, team_names

from aic_helpers.reporting import text_tables
from aic_helpers.submissions import leaderboards
from aic_helpers.submissions.ledgers import FAILED


def shown(folder: Path, teams: dict[str, float]) -> Any:
    ledger = desks.ledger(folder, {name: desks.figures(quality) for name, quality in teams.items()})
    return leaderboards.leaderboard(ledger, folder)


def test_ranks_and_whether_they_are_decided(tmp_path: Path) -> None:
    table = shown(tmp_path, {"Alpha": 24.0, "Beta": 26.0, "Gamma": 25.99}).table
    assert table["name"].tolist() == ["Beta", "Gamma", "Alpha"]
    assert table["rank_A"].tolist() == [1, 2, 3]
    assert table["against_next_A"].tolist()[:2] == ["within noise", "decided"]


def test_last_success_counts_and_a_later_failure_does_not(tmp_path: Path) -> None:
    ledger = desks.ledger(tmp_path, {"Alpha": desks.figures(30.0)})
    number = desks.conclude(ledger, "Alpha", desks.figures(22.0))
    desks.conclude(ledger, "Alpha", {"reason": "breaks memory"}, FAILED)
    (row,) = leaderboards.leaderboard(ledger, tmp_path).table.to_dict("records")
    assert (row["psnr_db"], row["submission"]) == (22.0, number)


def test_other_images_are_not_compared(tmp_path: Path) -> None:
    details = {"Alpha": desks.figures(24), "Beta": desks.figures(25), "Other": desks.figures(40, data="another")}
    found = leaderboards.leaderboard(desks.ledger(tmp_path, details), tmp_path)
    assert found.table["name"].tolist() == ["Beta", "Alpha", "Other"]
    assert found.table["rank_A"].isna().tolist() == [False, False, True]
    assert found.table["reason"][2] == "judged on other images, or by another protocol, than most: not compared"
    assert found.notes == [
        "Not all submissions were judged on the same images by one protocol; those that differ have no rank."
    ]


def test_closed_track_is_told(tmp_path: Path) -> None:
    ledger = desks.ledger(tmp_path, {"Alpha": desks.figures(24)})
    ledger.set_closed("enhancement", True, desks.NOW)
    notes = leaderboards.leaderboard(ledger, tmp_path).notes
    assert notes == ["Track B: photo enhancement is closed for submissions."]


def test_empty_ledger_is_an_empty_leaderboard(tmp_path: Path) -> None:
    found = shown(tmp_path, {})
    assert found.table.empty
    assert "No successful submission yet." in dict(leaderboards.write(found))["html"].read_text()


@pytest.mark.parametrize("name", team_names.NAMES)
def test_names_are_texts_everywhere(tmp_path: Path, name: str) -> None:
    files = dict(leaderboards.write(shown(tmp_path, {name: 24.0, "Beta": 23.0})))
    first = next(csv.DictReader(io.StringIO(files["csv"].read_text())))
    assert first["name"].removeprefix("'") == name
    assert not first["name"].startswith(text_tables.FORMULA_SIGNS)
    assert json.loads(files["json"].read_text())["rows"][0]["name"] == name
    left = {path.name for path in tmp_path.iterdir() if not path.name.startswith("ledger")}
    assert left == {"leaderboard.csv", "leaderboard.html", "leaderboard.json"}, "a name became a path"


def test_no_path_of_this_machine_is_published(tmp_path: Path) -> None:
    for path in dict(leaderboards.write(shown(tmp_path, {"Alpha": 24.0}))).values():
        assert str(tmp_path) not in path.read_text()
        assert "enhancement/submission" not in path.read_text()


@pytest.mark.parametrize("width_px", [390, 1400])
def test_page_shows_names_as_texts_and_sorts(tmp_path: Path, show: Any, width_px: int) -> None:
    hostile = "<img src=x onerror=document.title='hacked'>"
    teams = {"Alpha": 24.0, hostile: 26.0, "=1+1": 25.0}
    path = dict(leaderboards.write(shown(tmp_path, teams)))["html"]
    seen = show(path, width_px=width_px)
    names = seen.page.locator("tbody th bdi")
    assert names.all_text_contents() == [hostile, "=1+1", "Alpha"]
    assert seen.page.title() == "Leaderboard - AI Challenge Workbench"
    assert seen.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "it scrolls sideways"
    if width_px > 1000:
        for _ in range(2):  # the best first, then the other way round
            seen.page.get_by_role("button", name="PSNR").click()
        assert names.all_text_contents()[0] == "Alpha"
