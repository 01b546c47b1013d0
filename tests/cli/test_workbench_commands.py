"""A person's own workbench folder: made, and opened in JupyterLab."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aic_helpers.boards import folders
from aic_helpers.cli import main, workbench_folders
from aic_helpers.core import project_paths
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.runs import run_settings
from aic_helpers.studies import folders as study_folders
from aic_helpers.submissions import judging, teams

ASK_FOR_OVERRIDES = """
import json, sys
from jupyterlab_server import settings_utils
print(json.dumps(settings_utils._get_overrides(sys.argv[1])[0]))
"""

NAMES = ["data", "environment.yml", "models_pretrained", "my_network.py", "notebooks", "runs"]


@pytest.fixture
def aic(capsys, monkeypatch, tmp_path):
    """Call a command in an empty folder; returns its exit status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        status = main.status([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def started(monkeypatch):
    """Let nothing take the place of this process; returns what would have."""
    calls = []
    monkeypatch.setattr(os, "execve", lambda *call: calls.append(call))
    return calls


def test_a_new_folder_has_what_a_person_begins_with(aic, tmp_path):
    status, stdout, stderr = aic("new", "my lab")
    assert (status, stderr) == (0, "")
    folder = tmp_path / "my lab"
    assert sorted(path.name for path in folder.iterdir()) == NAMES
    own = sorted(path.name for path in (PROJECT / "notebooks").glob("*.ipynb"))
    assert sorted(path.name for path in (folder / "notebooks").iterdir()) == own
    assert list((folder / "runs").iterdir()) == []
    assert "aic-workbench==0.1.0\n" in (folder / "environment.yml").read_text("utf-8")
    assert stdout.endswith(
        "\nNext:\n  cd 'my lab'\n  aic run --track super_resolution --model my_network.py:network\n  aic lab\n"
    )


def test_what_is_there_stays_and_what_is_missing_comes(aic, tmp_path):
    aic("new", ".")
    (tmp_path / "my_network.py").write_text("mine")
    (tmp_path / "notebooks" / "01_convert.ipynb").write_text("mine too")
    (tmp_path / "notebooks" / "02_evaluate.ipynb").unlink()
    _, stdout, _ = aic("new", ".")
    assert (tmp_path / "my_network.py").read_text() == "mine"
    assert (tmp_path / "notebooks" / "01_convert.ipynb").read_text() == "mine too"
    assert (tmp_path / "notebooks" / "02_evaluate.ipynb").is_file()
    assert [line for line in stdout.splitlines() if line.endswith("made")] == ["notebooks/                   made"]
    assert stdout.count("was there, and stays") == 5


@pytest.mark.parametrize(("file", "place"), [("lab", "lab"), ("lab/notebooks", "lab/notebooks")])
def test_a_file_in_the_way(aic, tmp_path, file, place):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("mine")
    status, _, stderr = aic("new", "lab")
    assert status == 2
    assert stderr.startswith("aic: expected a folder for ")
    assert f"at {place}, found a file: " in stderr
    assert [path.read_text() for path in tmp_path.rglob("*") if path.is_file()] == ["mine"]


def test_the_lab_opens_a_person_s_own_notebooks(aic, tmp_path, started, monkeypatch):
    aic("new", "lab")
    aic("lab", "lab", "--no-browser", "--port", "8890")
    ((program, command, environment),) = started
    assert (program, command[:3]) == (sys.executable, [sys.executable, "-m", "jupyterlab"])
    assert f"--notebook-dir={tmp_path / 'lab'}" in command
    assert command[-4:] == [f"{tmp_path}/lab/notebooks/00_start_here.ipynb", "--no-browser", "--port", "8890"]
    assert environment["JUPYTER_PREFER_ENV_PATH"] == "1"
    monkeypatch.chdir(tmp_path / "lab")
    aic("lab", "--no-browser")
    assert started[1][1][-2:] == [f"{tmp_path}/lab/notebooks/00_start_here.ipynb", "--no-browser"]


@pytest.mark.parametrize("own", ["", "/mine"])
def test_the_lab_saves_widgets_unless_a_person_says_otherwise(aic, started, monkeypatch, tmp_path, own):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", own)
    aic("new", ".")
    aic("lab")
    for name, value in started[0][2].items():
        monkeypatch.setenv(name, value)
    ask = [sys.executable, "-c", ASK_FOR_OVERRIDES, str(tmp_path)]
    told = subprocess.run(ask, capture_output=True, text=True, check=True)
    plugin = "@jupyter-widgets/jupyterlab-manager:plugin"
    assert json.loads(told.stdout)[plugin] == {"saveState": True}
    paths = os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert paths[:-1] == [own] * bool(own)  # what a person names goes before
    schema = Path(sys.prefix, "share/jupyter/labextensions/@jupyter-widgets/jupyterlab-manager/schemas")
    (settings,) = schema.glob("**/plugin.json")
    assert json.loads(settings.read_text("utf-8"))["properties"]["saveState"]["default"] is False


def test_the_lab_opens_copies_in_a_checkout(aic, tmp_path, started, monkeypatch):
    monkeypatch.setattr(workbench_folders, "CHECKOUT", tmp_path)
    shutil.copytree(PROJECT / "notebooks", tmp_path / "notebooks")
    (tmp_path / "my_notebooks").mkdir()
    (tmp_path / "my_notebooks" / "01_convert.ipynb").write_text("mine")
    aic("lab")
    assert started[0][1][-1] == f"{tmp_path}/my_notebooks/00_start_here.ipynb"
    copies = {path.name for path in (tmp_path / "my_notebooks").iterdir()}
    assert copies == {path.name for path in (tmp_path / "notebooks").glob("*.ipynb")}
    assert (tmp_path / "my_notebooks" / "01_convert.ipynb").read_text() == "mine"


def test_git_leaves_the_copies_out():
    ignored = subprocess.run(["git", "check-ignore", "my_notebooks/01_convert.ipynb"], cwd=PROJECT, capture_output=True)
    assert ignored.returncode == 0


def test_there_is_no_lab_without_notebooks(aic, tmp_path, started):
    line = f"aic: expected a workbench folder, with notebooks/00_start_here.ipynb, at {tmp_path}, found none"
    assert aic("lab") == (2, "", f"{line}: make one with: aic new FOLDER\n")
    assert aic("lab", "x")[2].endswith("found none: make one with: aic new x\n")
    assert started == []


@pytest.mark.parametrize("words", [[], ["board"], ["submit"]])
def test_a_command_that_needs_another_shows_its_help(aic, words):
    status, stdout, stderr = aic(*words)
    assert (status, stderr) == (0, "")
    assert stdout.startswith(f"Usage: {' '.join(['aic', *words])} [OPTIONS] COMMAND")
    assert stdout == aic(*words, "--help")[1]


def test_the_package_is_the_command(tmp_path):
    called = subprocess.run([sys.executable, "-m", "aic_helpers", "--version"], capture_output=True, text=True)
    assert (called.returncode, called.stdout) == (0, "aic, version 0.1.0\n")


def test_the_shell_completes_what_is_typed():
    program = Path(sys.executable).with_name("aic")
    environment = os.environ | {"_AIC_COMPLETE": "bash_complete", "COMP_WORDS": "aic boa", "COMP_CWORD": "1"}
    called = subprocess.run([program], env=environment, capture_output=True, text=True)
    assert (called.returncode, called.stdout) == (0, "plain,board\n")


def test_whatever_is_written_goes_to_the_working_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    runs = tmp_path / "runs"
    assert run_settings.settle("A").folder == runs / "super_resolution" / "sample_sr_srcnn"
    assert folders.boards_folder() == runs / "boards"
    assert study_folders.folder_of("") == runs / "study"
    assert teams.team_folder() == runs / "submissions"
    assert judging.desk_folder("") == runs / "desk"
    assert project_paths.fetched_challenge() == tmp_path / "data" / "challenge"
