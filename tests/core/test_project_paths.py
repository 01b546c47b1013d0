"""Where what comes out goes."""

from pathlib import Path

import pytest

from aic_helpers.core import project_paths
from aic_helpers.core.errors import InputError
from aic_helpers.core.project_paths import output_folder


def test_an_output_folder_need_not_be_there_and_may_begin_at_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert output_folder("~/a/b", "the run", "name another") == tmp_path / "a" / "b"
    assert output_folder(Path("a"), "the run", "name another") == Path("a")


@pytest.mark.parametrize("below", ["", "a/b"])
def test_no_output_folder_is_a_file_or_below_one(tmp_path, below):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(InputError, match=rf"^expected a folder for the run at {file}, found a file: name another$"):
        output_folder(file / below, "the run", "name another")


def test_results_go_to_the_working_folder_or_to_the_one_above_the_notebooks(monkeypatch, tmp_path):
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    monkeypatch.chdir(notebooks)
    assert project_paths.runs_folder() == notebooks / "runs"
    (notebooks / "00_start_here.ipynb").touch()
    assert project_paths.runs_folder() == tmp_path / "runs"
    monkeypatch.chdir(tmp_path)
    assert project_paths.runs_folder() == tmp_path / "runs"
    assert project_paths.fetched_challenge() == tmp_path / "data" / "challenge"
    assert project_paths.fetched_training() == tmp_path / "data" / "training"


def test_in_a_checkout_the_project_s_files_are_those_of_the_checkout():
    assert project_paths.PROJECT == project_paths.CHECKOUT == Path(__file__).resolve().parents[2]
