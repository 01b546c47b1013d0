"""Papermill over a notebook."""

import json
import os
import signal
import subprocess
import sys

import nbformat
import psutil
import pytest
from fixtures import run_folders

from aic_helpers.core.errors import InputError
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.runs import notebook_runs


@pytest.fixture
def notebook(tmp_path):
    """Write a notebook of one cell with parameters and others; returns its path."""

    def write(*cells):
        new = nbformat.v4
        first = new.new_code_cell("answer = 42  # a number\nname = 'x'", metadata={"tags": ["parameters"]})
        metadata = {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
        document = new.new_notebook(cells=[first, *map(new.new_code_cell, cells)], metadata=metadata)
        path = tmp_path / "01_test.ipynb"
        nbformat.write(document, path)
        return path

    return write


def test_an_unknown_parameter_is_refused_with_the_nearest_name(notebook, tmp_path):
    expected = "expected a parameter of 01_test.ipynb (answer, name), found anser: did you mean answer?"
    with pytest.raises(InputError) as error:
        notebook_runs.execute(notebook(), tmp_path / "out.ipynb", {"anser": 1})
    assert str(error.value) == expected
    assert not (tmp_path / "out.ipynb").exists()


def test_a_parameter_unlike_any_other(notebook):
    with pytest.raises(InputError, match=r"found zzz: leave it out"):
        notebook_runs.check_parameters(notebook(), {"zzz": 1})


def test_braces_in_a_path_are_its_own(notebook, tmp_path):
    folder = tmp_path / "a {name} {"
    folder.mkdir()
    notebook_runs.execute(notebook(), folder / "out.ipynb", {"name": "y"})
    assert [path.name for path in folder.iterdir()] == ["out.ipynb"]


def test_parameters_reach_the_notebook_in_this_interpreter(notebook, tmp_path, capfd):
    path = notebook("import sys; print(sys.executable, answer, name)")
    started = []
    notebook_runs.execute(
        path, tmp_path / "out.ipynb", {"answer": 7}, lambda cell, cell_index: started.append(cell_index)
    )
    output = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells[-1].outputs[0].text
    assert output == f"{sys.executable} 7 x\n"
    assert started == [0, 1, 2]
    assert capfd.readouterr() == ("", "")


def test_a_mistake_found_in_a_notebook_comes_back_as_its_line(notebook, tmp_path):
    path = notebook("from aic_helpers.core.errors import InputError\nraise InputError('a', 'b', 'do c')")
    with pytest.raises(InputError) as error:
        notebook_runs.execute(path, tmp_path / "out.ipynb", {"answer": 7})
    assert str(error.value) == "expected a, found b: do c"


def test_a_mistake_of_a_narrower_kind_is_one_too(notebook, tmp_path):
    path = notebook("from aic_helpers.runs.schema import OtherSchemaError\nraise OtherSchemaError('a', 'b', 'do c')")
    with pytest.raises(InputError, match=r"^expected a, found b: do c$"):
        notebook_runs.execute(path, tmp_path / "out.ipynb", {"answer": 7})


def test_any_other_failure_names_notebook_and_cell(notebook, tmp_path):
    with pytest.raises(notebook_runs.NotebookError) as error:
        notebook_runs.execute(notebook("1 / 0"), tmp_path / "out.ipynb", {"answer": 7})
    assert str(error.value) == "01_test.ipynb failed in cell 3 with ZeroDivisionError: division by zero"


def test_a_kernel_that_dies_is_said_in_words(notebook, tmp_path):
    with pytest.raises(notebook_runs.NotebookError, match=r"the process of 01_test\.ipynb died"):
        notebook_runs.execute(
            notebook("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"), tmp_path / "o.ipynb", {}
        )


def test_the_environment_is_as_before(notebook, tmp_path, monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "1")
    monkeypatch.delenv("JUPYTER_PREFER_ENV_PATH", raising=False)
    notebook_runs.execute(
        notebook("import os; assert os.environ['TF_CPP_MIN_LOG_LEVEL'] == '3'"), tmp_path / "o.ipynb", {}
    )
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "1"
    assert "JUPYTER_PREFER_ENV_PATH" not in os.environ


@pytest.fixture
def steps(monkeypatch, tmp_path):
    """Let `run` execute stand-ins for its notebooks; returns the settings it is called with, and what it did."""
    done = []

    def execute(notebook, output, parameters, tick):
        done.append((notebook.stem, parameters))
        tick(cell=None, cell_index=0)
        output.write_text(f"ran in {parameters['out']}")
        result = run_folders.result()
        result["model"]["source"] = parameters["model"]
        result["protocol"] = "by stand-ins"
        (output.parent / "result.json").write_text(json.dumps(result))

    def write_report(folders, out):
        out.write_text(f"report on {[folder.name for folder in folders] == [out.parent.name]}")

    model = tmp_path / "net.pb"
    model.write_bytes(b"net")
    monkeypatch.setattr(notebook_runs, "execute", execute)
    monkeypatch.setattr("aic_helpers.runs.reports.write_report", write_report)
    return {"track": "super_resolution", "model": str(model), "out": str(tmp_path / "run")}, done


def test_a_run_executes_the_notebooks_in_order_and_keeps_them(steps, tmp_path):
    settings, done = steps
    progress = []
    result = notebook_runs.run(**settings, profile=False, progress=lambda *told: progress.append(told))
    assert result.protocol == "by stand-ins"
    assert [name for name, _ in done] == ["01_convert", "02_evaluate", "03_profile"]
    assert [parameters.get("profile") for _, parameters in done] == [None, None, False]
    names = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert names == ["01_convert.ipynb", "02_evaluate.ipynb", "03_profile.ipynb", "report.html", "result.json"]
    assert (tmp_path / "run" / "report.html").read_text() == "report on True"
    assert (tmp_path / "run" / "01_convert.ipynb").read_text() == f"ran in {tmp_path / 'run'}"
    counts = [done for done, _, _ in progress]
    assert counts == sorted(counts)
    assert {total for _, total, _ in progress} == {
        notebook_runs._cells("01_convert") + notebook_runs._cells("02_evaluate") + notebook_runs._cells("03_profile")
    }
    assert progress[-1][2] == "super_resolution net: 03_profile"


def test_a_run_that_holds_executes_nothing_unless_asked(steps, tmp_path, monkeypatch, caplog):
    settings, done = steps
    first = notebook_runs.run(**settings)
    monkeypatch.setattr("aic_helpers.runs.cache_keys.standing", lambda *_, **__: {"model": None, "metrics": None})
    caplog.set_level("INFO")
    assert notebook_runs.run(**settings) == first
    assert len(done) == 3
    assert f"{tmp_path / 'run'} has all of this already, of 2026-01-02T03:04:05+00:00" in caplog.text
    (tmp_path / "run" / "report.html").unlink()
    notebook_runs.run(**settings)
    assert [name for name, _ in done[3:]] == ["03_profile"]
    (tmp_path / "run" / "01_convert.ipynb").unlink()
    notebook_runs.run(**settings)
    assert len(done) == 7
    notebook_runs.run(**settings, fresh=True)
    assert len(done) == 10


def test_a_run_says_what_it_makes_anew(steps, monkeypatch, caplog):
    settings, done = steps
    caplog.set_level("INFO")
    notebook_runs.run(**settings)
    why = {"model": None, "metrics": "changed since: limit"}
    monkeypatch.setattr("aic_helpers.runs.cache_keys.standing", lambda *_, **__: why)
    notebook_runs.run(**settings)
    assert [name for name, _ in done[3:]] == ["02_evaluate", "03_profile"]
    assert "metrics made anew: changed since: limit" in caplog.text


def test_a_run_that_fails_leaves_the_folder_as_it_was(steps, tmp_path, monkeypatch):
    settings, _ = steps
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "result.json").write_text("before")

    def fail(notebook, output, parameters, tick):
        output.write_text("half")
        raise InputError("a", "b", "c")

    monkeypatch.setattr(notebook_runs, "execute", fail)
    with pytest.raises(InputError, match="expected a, found b: c"):
        notebook_runs.run(**settings)
    assert [(path.name, path.read_text()) for path in (tmp_path / "run").iterdir()] == [("result.json", "before")]


def test_a_run_that_was_ended_goes_on_where_it_was(steps, tmp_path, monkeypatch, caplog):
    settings, done = steps
    folder, execute = tmp_path / "run", notebook_runs.execute
    notebook_runs.run(**settings)
    (folder / "result.json").write_text((folder / "result.json").read_text().replace("by stand-ins", "of before"))

    def interrupted(notebook, output, parameters, tick):
        if notebook.stem == "03_profile":
            output.write_text("half")
            raise KeyboardInterrupt
        execute(notebook, output, parameters, tick)

    caplog.set_level("INFO")
    monkeypatch.setattr(notebook_runs, "execute", interrupted)
    with pytest.raises(KeyboardInterrupt):
        notebook_runs.run(**settings, fresh=True)
    assert f"{folder} keeps 01_convert and 02_evaluate; the same call goes on from there" in caplog.text
    assert sorted(path.name for path in folder.iterdir()) == ["01_convert.ipynb", "02_evaluate.ipynb", "result.json"]
    assert notebook_runs.results.read(folder).protocol == "by stand-ins"

    why = {"model": None, "metrics": None, "profile": "nothing there yet"}
    monkeypatch.setattr("aic_helpers.runs.cache_keys.standing", lambda *_, **__: why)
    monkeypatch.setattr(notebook_runs, "execute", execute)
    done.clear()
    progress = []
    notebook_runs.run(**settings, progress=lambda *told: progress.append(told))
    assert [name for name, _ in done] == ["03_profile"]
    assert progress == [(0, notebook_runs._cells("03_profile"), "super_resolution net: 03_profile")]
    made = "2026-01-02T03:04:05+00:00"
    assert f"{folder} has 01_convert and 02_evaluate already, of {made}: going on from there" in caplog.text
    assert (folder / "report.html").read_text() == "report on True"


def test_a_run_refuses_the_folder_of_another_model(steps, tmp_path, monkeypatch):
    settings, done = steps
    notebook_runs.run(**settings)
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    done.clear()
    other = tmp_path / "other.pb"
    other.write_bytes(b"other")
    for fresh in (False, True):
        with pytest.raises(InputError, match=r"expected a run of .*other\.pb in .*run, found one of .*net\.pb: name"):
            notebook_runs.run(**settings | {"model": str(other)}, fresh=fresh)
    assert (done, {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}) == ([], before)


@pytest.mark.parametrize(
    ("name", "adapt", "line"),
    [
        ("net.tflite", {}, "found {}, a LiteRT file already: give the network that it was made from"),
        ("net.pb", {"precision": "int8"}, "found {} with --precision int8: leave --precision out"),
    ],
)
def test_what_cannot_be_exported_is_refused_at_once(steps, tmp_path, name, adapt, line):
    settings, done = steps
    (tmp_path / name).write_bytes(b"net")
    with pytest.raises(InputError) as refused:
        notebook_runs.run(**settings | {"model": str(tmp_path / name)}, adapt=adapt, export=True)
    assert str(refused.value) == "expected a float network to export, " + line.format(tmp_path / name)
    assert done == []


def test_what_run_passes_the_notebooks_know():
    passed = {"track", "model", "checkpoint", "data", "limit", "out"}
    for name in notebook_runs.NOTEBOOKS:
        known = set(notebook_runs.parameter_names(PROJECT / "notebooks" / f"{name}.ipynb"))
        assert passed | ({"profile"} if name == "03_profile" else set()) <= known


INTERRUPTED = """
import sys
from pathlib import Path
from aic_helpers.runs import notebook_runs
from aic_helpers.cli.exit_codes import exit_status
from aic_helpers.core.staging import staged

def work():
    with staged(Path(sys.argv[2]), "result.json") as stage:
        tell = lambda cell, cell_index: print(cell_index, flush=True)
        notebook_runs.execute(Path(sys.argv[1]), stage / "out.ipynb", {}, tell)

sys.exit(exit_status(work))
"""


def test_ctrl_c_ends_the_kernel_and_leaves_nothing(notebook, tmp_path):
    path = notebook(
        f"import os; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))",
        "import threading; threading.Event().wait()",
    )
    command = [sys.executable, "-c", INTERRUPTED, str(path), str(tmp_path / "run")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        last_cell = any(line == "2\n" for line in process.stdout)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert last_cell
    assert process.returncode == 130
    assert stderr.strip() == "aic: interrupted; nothing half-written is left"
    assert not (tmp_path / "run").exists()
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))
