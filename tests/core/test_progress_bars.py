"""Progress on stderr."""

import sys

from aic_helpers.core.progress_bars import bar


def through(stages, lines):
    with bar("cell", lines=lines) as show:
        for done, stage in enumerate(stages):
            show(done, len(stages), stage)


def test_away_from_a_terminal_each_stage_is_a_line(capsys):
    through(["one", "one", "two"], lines=True)
    assert capsys.readouterr() == ("", "one\ntwo\n")


def test_away_from_a_terminal_nothing_is_written_unasked(capsys):
    through(["one", "two"], lines=False)
    assert capsys.readouterr() == ("", "")


def test_in_a_terminal_there_is_a_bar(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    through(["one", "two"], lines=True)
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    assert "two:  50%" in stderr


def test_bytes_are_shown_in_thousands(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with bar("B") as show:
        show(250_000, 1_000_000, "2 of 5 files")
    assert "2 of 5 files:  25%" in (stderr := capsys.readouterr().err)
    assert "250k/1.00M" in stderr
