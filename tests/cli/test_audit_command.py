"""`aic board audit`: what it prints and writes, and its exit status."""

import pytest
from fixtures import audits

from aic_helpers.cli import main

TRACK = """
title = "Fast and sharp"
[baseline]
name = "Slow"
[formulas]
time = "time_ms / baseline_time_ms"
[scores]
time = "lower"
"""


@pytest.fixture
def aic(capsys, tmp_path, monkeypatch):
    """Call `aic board audit` in a folder of its own, with a track of one's own; returns status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    audits.write(tmp_path, TRACK, "mine.toml")

    def call(content, *words, name="rows.csv"):
        audits.write(tmp_path, content, name)
        return main.status(["board", "audit", name, "--track", "mine.toml", *words]), *capsys.readouterr()

    return call


def test_it_prints_the_ranks_and_writes_a_table_and_a_report(aic, tmp_path):
    status, stdout, stderr = aic("team,time_ms\nSlow,8\nFast,2\n")
    assert (status, stderr) == (0, "")
    lines = stdout.splitlines()
    assert lines[0] == "file      rows.csv"
    assert lines[1] == "track     Fast and sharp (mine)"
    assert "score time, lower is better" in lines
    assert lines[-2:] == ["table   runs/audits/rows/audit.csv", "report  runs/audits/rows/report.html"]
    assert (tmp_path / "runs" / "audits" / "rows" / "report.html").is_file()


def test_a_baseline_and_a_folder(aic, tmp_path):
    status, stdout, _ = aic("team,time_ms\nSlow,8\nFast,2\n", "--baseline", "Fast", "--out", "out")
    assert status == 0
    assert "baseline  Fast, a row of the table" in stdout
    assert "4.00" in stdout
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["audit.csv", "report.html"]


@pytest.mark.parametrize(
    ("content", "words", "line"),
    [
        ("", [], "expected a table at rows.csv, found an empty file: save it as CSV"),
        (
            "team,tme_ms\nA,7\n",
            [],
            "expected columns for the score time: time_ms, baseline_time_ms, in rows.csv, found none: "
            "did you mean tme_ms?",
        ),
        (
            "team,time_ms\nA,7\n",
            [],
            "expected columns for the score time: baseline_time_ms, in rows.csv, found time_ms: "
            "add a row of the baseline with time_ms (--baseline names it)",
        ),
        (
            "team,time_ms\nSlow,7\nA,7\nA,8\n",
            [],
            "expected each team once in rows.csv, found A twice: leave one of its rows out",
        ),
        (
            "team,time_ms\nSlow,7\n",
            ["--baseline", "Slo"],
            "expected a row for --baseline, found 'Slo': did you mean Slow?",
        ),
        (
            "team,time_ms\nSlow,7\n",
            ["--out", "rows.csv"],
            "expected a folder for the audit at rows.csv, found a file: name another with --out",
        ),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(aic, tmp_path, content, words, line):
    assert aic(content, *words) == (2, "", f"aic: {line}\n")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["mine.toml", "rows.csv"]


def test_no_file_is_one_line(aic, capsys):
    aic("team,time_ms\nSlow,7\n")
    assert main.status(["board", "audit", "gone.csv", "--track", "mine.toml"]) == 2
    expected = "a table in CSV, or raw data in JSON, at gone.csv"
    assert capsys.readouterr().err == f"aic: expected {expected}, found nothing: check the path\n"
