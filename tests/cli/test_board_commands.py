"""`aic board show`: what it prints, and its exit status."""

import json
import subprocess
import sys

import pytest
from fixtures import boards

from aic_helpers.boards import folders
from aic_helpers.cli import main


@pytest.fixture
def board(tmp_path):
    return boards.many(tmp_path / "board", 3, tracks=("super_resolution", "enhancement"))


@pytest.fixture
def aic(capsys):
    """Call `aic board show`; returns its exit status, stdout and stderr."""
    return lambda *words: (main.status(["board", "show", *map(str, words)]), *capsys.readouterr())


def test_it_shows_both_tracks_and_writes_the_files(aic, board):
    status, stdout, stderr = aic(board)
    assert (status, stderr) == (0, "")
    lines = stdout.splitlines()
    assert lines[0].split() == ["board", "a", "board"]
    assert lines[3].split(maxsplit=1) == ["models", "10: 6 done, 2 failed, 2 waiting"]
    assert "Track A: super-resolution, by score A" in lines
    assert "Track B: photo enhancement, by score A" in lines
    assert sum(line.startswith("best by score") for line in lines) == 6
    assert lines.count("not ranked: broken: failed, evaluate: the model didn't answer in 600 s") == 2
    assert [line.split()[0] for line in lines[-3:]] == ["table", "parquet", "report"]
    assert {"board.csv", "report.html"} <= {path.name for path in board.iterdir()}


def test_a_track_and_a_score(aic, board):
    status, stdout, _ = aic(board, "--track", "enhancement", "--by", "C")
    assert status == 0
    assert "Track B: photo enhancement, by score C" in stdout
    assert "Track A" not in stdout


LIGHT = (
    'title = "Light"\n[task]\nscale = 4\ninput = "enlarged"\nreduced_by = "pillow_bicubic"\n'
    '[protocol]\nborder_px = 16\nround_output = false\nmetrics = ["psnr"]\n'
    '[formulas]\nworth = "psnr - parameters / 1e5"\n[scores]\nworth = "higher"\n'
)


def test_another_tracks_file_ranks_too(aic, board, tmp_path):
    (tmp_path / "light.toml").write_text(LIGHT)
    status, stdout, stderr = aic(board, "--track", "A", "--by", str(tmp_path / "light.toml"))
    assert (status, stderr) == (0, "")
    assert "Track A: super-resolution, by light score worth" in stdout
    assert "\nranks by each\n" in stdout
    assert "light gives its formulas alone" in stdout
    assert "rank_light.worth" in (board / "board.csv").read_text()
    assert "Best by light score worth" in (board / "report.html").read_text()
    (tmp_path / "light.toml").write_text(LIGHT.replace("psnr -", "psnrr -"))
    status, stdout, stderr = aic(board, "--by", str(tmp_path / "light.toml"))
    assert (status, stdout, stderr.count("\n")) == (2, "", 1)
    assert "did you mean psnr?" in stderr


def test_json_is_all_on_stdout_and_nothing_is_written(aic, board):
    before = sorted(board.iterdir())
    status, stdout, stderr = aic(board, "--json", "--track", "super_resolution")
    assert (status, stderr) == (0, "")
    found = json.loads(stdout)
    assert (found["schema"], found["name"], len(found["rows"])) == (1, "a board", 5)
    assert {row["track"] for row in found["rows"]} == {"super_resolution"}
    assert sorted(board.iterdir()) == before


def test_the_newest_board_is_shown(aic, board, monkeypatch):
    monkeypatch.setattr(folders, "boards_folder", lambda: board.parent)
    assert aic()[1] == aic(board)[1]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["/no/such"],
            "expected a board (board.json) at /no/such, found nothing: make one with: aic board run SPEC",
        ),
        ([__file__], "test_board_commands.py, found a file: make one with"),
        (["/"], "expected a board (board.json) at /, found none in that folder: make one with"),
        (["a", "b"], "aic: Got unexpected extra argument (b); see aic board show --help"),
    ],
)
def test_a_wrong_call_is_one_line(aic, words, line):
    status, stdout, stderr = aic(*words)
    assert (status, stdout, stderr.count("\n")) == (2, "", 1)
    assert line in stderr


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--by", "D"], "found 'D'"),
        (["--by", "classic_x4"], "found classic_x4, which has none"),
        (["--track", "classic_x4"], "expected a track of this board (super_resolution, enhancement), found classic_x4"),
        (["--track", "enhancment"], "found 'enhancment': did you mean enhancement?"),
    ],
)
def test_what_a_board_does_not_have_is_one_line(aic, board, words, line):
    status, stdout, stderr = aic(board, *words)
    assert (status, stdout, stderr.count("\n")) == (2, "", 1)
    assert line in stderr


def test_until_is_one_of_two(tmp_path, capsys):
    spec = tmp_path / "spring.toml"
    spec.write_text('models = ["sample_sr_srcnn"]')
    for typed in ("dcided", ""):
        assert main.status(["board", "run", str(spec), "--until", typed]) == 2
        line = f"aic: expected until as interval or decided, found {typed!r}: take one of them\n"
        assert tuple(capsys.readouterr()) == ("", line)


def test_no_board_at_all(aic, tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "boards_folder", lambda: tmp_path)
    assert aic() == (2, "", f"aic: expected a board in {tmp_path}, found none: make one with: aic board run SPEC\n")


def test_help_has_an_example_and_loads_nothing_heavy():
    code = (
        "import sys; from aic_helpers.cli import main; main.status(['board', 'show', '--help']); "
        "sys.exit({'tensorflow', 'pandas', 'matplotlib', 'numpy', 'pyarrow'} & set(sys.modules) or 'none')"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stderr.splitlines()[-1] == "none"
    assert "aic board show" in found.stdout.partition("Examples")[2]


def test_showing_a_board_needs_no_tensorflow(board):
    code = (
        f"import sys; from aic_helpers.cli import main; status = main.status(['board', 'show', {str(board)!r}]); "
        "sys.exit(status or {'tensorflow', 'keras', 'papermill'} & set(sys.modules) or 'none')"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stderr.splitlines()[-1] == "none"
