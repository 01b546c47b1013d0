"""What a notebook does first, and what it shows of a mistake."""

from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from aic_helpers.core.errors import InputError
from aic_helpers.reporting.notebook_kernels import WORKING_FOLDER, check_injected, open_notebook

PARAMETERS = 'track = "super_resolution"  # or "enhancement"\nlimit = 0  # photos\n'
OPEN = "open_notebook()"


def test_names_that_the_notebook_has():
    check_injected(["", PARAMETERS, '# Parameters\ntrack = "enhancement"\nlimit = 3\n', OPEN])


@pytest.mark.parametrize(("name", "remedy"), [("trakc", "did you mean track?"), ("zzz", "leave it out")])
def test_a_name_that_it_has_not(name, remedy):
    with pytest.raises(InputError) as error:
        check_injected(["", PARAMETERS, f"# Parameters\nlimit = 3\n{name} = 1\n", OPEN])
    assert str(error.value) == f"expected a parameter of this notebook (track, limit), found {name}: {remedy}"


@pytest.mark.parametrize(
    "cells",
    [
        ["", PARAMETERS, OPEN],
        ["", "limit = ", PARAMETERS, "# Parameters\nlimit = 3\n", OPEN],  # by hand, with a slip
        ["", "# Parameters\nlimit = 3\n", OPEN],  # by hand, from that cell on
        ["", OPEN],
        [""],
    ],
)
def test_nothing_was_injected_that_could_be_wrong(cells):
    check_injected(cells)


@pytest.fixture
def shell():
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_a_notebook_works_in_the_folder_above_it(shell, tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "00_start_here.ipynb").touch()
    monkeypatch.chdir(tmp_path / "notebooks")
    for _ in range(2):  # a cell may be executed again
        open_notebook()
        assert Path.cwd() == tmp_path
    monkeypatch.setenv(WORKING_FOLDER, str(tmp_path / "notebooks"))
    open_notebook()
    assert Path.cwd() == tmp_path / "notebooks"


def test_a_notebook_looks_at_what_was_injected(shell):
    shell.user_ns["In"][:] = ["", PARAMETERS, "# Parameters\ntrakc = 1\n"]
    with pytest.raises(InputError, match=r"found trakc: did you mean track\?"):
        open_notebook()


def test_a_mistake_is_shown_as_its_line_and_a_bug_with_its_traceback(shell, capsys):
    shell.run_cell("from aic_helpers.core.errors import InputError\nraise InputError('a', 'b', 'do c')")
    assert capsys.readouterr().out == "InputError: expected a, found b: do c\n"
    shell.run_cell("1 / 0")
    assert "Traceback" in capsys.readouterr().out
