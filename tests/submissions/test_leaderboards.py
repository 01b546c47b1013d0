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
from aic_helpers.submissions import desk_tracks, leaderboards
from aic_helpers.submissions.ledgers import FAILED, Ledger
from aic_helpers.tracks.catalogue import TRACKS


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
    assert found.table["reason"][2] == "judged on other images than most: not compared"
    assert found.notes == [
        "Not all submissions were judged on the same images by one protocol; those that differ have no rank."
    ]


PLAIN = 'title = "Ours"\n[task]\nscale = 1\n[formulas]\n{}\n[scores]\n{}\n'


def own_track(desk: Path, formulas: str, scores: str = 'total = "higher"') -> None:
    """Write the desk's own track, whose protocol and task are as those of any file that says none."""
    (desk / "tracks").mkdir(exist_ok=True)
    (desk / "tracks" / "ours.toml").write_text(PLAIN.format(formulas, scores))


def on_own_track(desk: Path, teams: dict[str, dict[str, Any]]) -> Any:
    """Return the ledger of teams that were judged by the desk's own track."""
    judged = {"judged_on": {"data": "d", **desk_tracks.tracks_of(desk)["ours"].judged_by}}
    made = Ledger(str(desk / "ledger.sqlite"))
    for name, detail in teams.items():
        figures = {**detail["figures"], "track": "ours"}
        desks.conclude(made, name, {**detail, **judged, "figures": figures}, track="ours")
    return made


def test_a_changed_formula_scores_what_was_judged_before_anew(tmp_path: Path) -> None:
    own_track(tmp_path, 'total = "psnr"')
    ledger = on_own_track(tmp_path, {"Alpha": desks.figures(30.0), "Beta": desks.figures(28.0)})
    own_track(tmp_path, 'other = "-psnr"', 'other = "higher"')
    table = leaderboards.leaderboard(ledger, tmp_path).table
    assert table["name"].tolist() == ["Beta", "Alpha"]
    assert table["score_other"].tolist() == [-28.0, -30.0]
    assert table["rank_other"].tolist() == [1, 2]
    assert table["lead_other"][0] == pytest.approx(2.0)
    own_track(tmp_path, 'worth = "log(psnr - 100)"', 'worth = "higher"')
    table = leaderboards.leaderboard(ledger, tmp_path).table
    assert table["rank_worth"].isna().all()
    assert table["reason"][0].startswith("no scores: it lacks a finite result of log")


def test_what_another_protocol_judged_has_no_rank_and_a_track_that_is_gone_is_told(tmp_path: Path) -> None:
    own_track(tmp_path, 'total = "psnr"')
    ledger = on_own_track(tmp_path, {"Alpha": desks.figures(30.0)})
    file = tmp_path / "tracks" / "ours.toml"
    file.write_text(file.read_text() + "[protocol]\nborder_px = 4\n")
    found = leaderboards.leaderboard(ledger, tmp_path)
    assert found.table["rank_total"].isna().all()
    assert found.table["reason"].tolist() == ["judged by another file of the track than the desk has now: not compared"]
    file.unlink()
    found = leaderboards.leaderboard(ledger, tmp_path)
    assert found.table.empty
    assert found.notes == ["Left out, for want of the track's file in tracks: ours."]


def test_milliseconds_of_another_machine_have_no_rank(tmp_path: Path) -> None:
    own_track(tmp_path, 'total = "psnr - time_ms"')
    teams = {"Alpha": desks.figures(30.0), "Beta": desks.figures(28.0), "Far": desks.figures(29.0)}
    teams["Far"]["figures"] |= {"machine": "another machine", "time_ms": 1.0}
    found = leaderboards.leaderboard(on_own_track(tmp_path, teams), tmp_path)
    assert found.table["name"].tolist() == ["Alpha", "Beta", "Far"]
    assert found.table["rank_total"].isna().tolist() == [False, False, True]
    why = "no rank by score total: timed on another machine than what is ranked, and it takes milliseconds"
    assert found.table["lacks"][2] == why
    assert found.notes[0].startswith("Ours was timed on 2 machines (another machine; one machine): milliseconds don't")
    assert why in dict(leaderboards.write(found))["html"].read_text()


def test_older_ledgers_name_the_protocol_alone(tmp_path: Path) -> None:
    details = {"Alpha": desks.figures(24), "Beta": desks.figures(25)}
    details["Beta"]["judged_on"] |= TRACKS["enhancement"].judged_by
    found = leaderboards.leaderboard(desks.ledger(tmp_path, details), tmp_path)
    assert found.table["rank_A"].tolist() == [1, 2]
    assert found.notes == []


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
