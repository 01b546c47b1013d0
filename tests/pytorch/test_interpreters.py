"""Which interpreter has torch, and one line for each that hasn't."""

import ast
import importlib.metadata
import sys
import types

import psutil
import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.processes import workers
from aic_helpers.pytorch import interpreter_worker, interpreters

NAME_ANOTHER = "name one that has torch with --python or AIC_PYTHON"


@pytest.fixture
def program(tmp_path):
    """Write a program of one's own, and return its path."""

    def write(*lines, name="python"):
        path = tmp_path / name
        path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        path.chmod(0o755)
        return path

    return write


def _refusal(typed):
    with pytest.raises(InputError) as refusal:
        interpreters.find(str(typed))
    return str(refusal.value)


def test_an_interpreter_that_has_torch_is_found_by_its_option_or_by_a_variable(program, monkeypatch):
    there = program("echo a line of its own", "echo aic-python 3 8 1.13.1")
    assert interpreters.find(str(there)) == interpreters.Interpreter(str(there), "1.13.1")
    monkeypatch.setenv("AIC_PYTHON", str(there))
    assert interpreters.find() == interpreters.find(str(there))
    monkeypatch.chdir(there.parent)
    assert interpreters.find("./python").path == str(there)


def test_an_interpreter_that_isnt_there(tmp_path):
    assert (
        _refusal(tmp_path / "no")
        == f"expected a Python interpreter at {tmp_path / 'no'}, found nothing: {NAME_ANOTHER}"
    )


def test_a_folder_in_place_of_its_interpreter(tmp_path, program):
    (tmp_path / "bin").mkdir()
    program(name="bin/python")
    line = _refusal(tmp_path)
    assert line == f"expected a Python interpreter at {tmp_path}, found a folder: did you mean {tmp_path}/bin/python?"


def test_a_file_that_isnt_executable(tmp_path):
    (tmp_path / "net.py").touch()
    assert "found a file that isn't executable: name one" in _refusal(tmp_path / "net.py")


@pytest.mark.parametrize("lines", [["echo hello"], ["exit 3"], ["echo aic-python four"]])
def test_another_program(program, lines):
    path = program(*lines)
    assert _refusal(path) == f"expected a Python interpreter at {path}, found another program: {NAME_ANOTHER}"


@pytest.mark.parametrize("version", ["2 7", "3 7"])
def test_a_python_that_is_too_old(program, version):
    path = program(f"echo aic-python {version} -")
    found = version.replace(" ", ".")
    assert _refusal(path) == f"expected Python 3.8 or newer at {path}, found Python {found}: {NAME_ANOTHER}"


def test_the_question_is_one_that_python_2_reads_too(monkeypatch, capsys):
    """Of statements and expressions that Python 2 has, and of `sys` alone until it knows that it is newer."""
    known = "Module Import ImportFrom alias Assign Name Store Load List For Subscript Attribute Slice Constant If"
    known += " Compare GtE Tuple Call Expr Try ExceptHandler BinOp Mod"
    used = {type(node).__name__ for node in ast.walk(ast.parse(interpreter_worker.PROBE))}
    assert used <= {*known.split()}
    old = types.SimpleNamespace(argv=["-c", "torch"], version_info=(2, 7, 18), stdout=sys.stdout)
    monkeypatch.setitem(sys.modules, "sys", old)
    monkeypatch.setitem(sys.modules, "importlib", None)
    exec(interpreter_worker.PROBE, {})
    assert capsys.readouterr().out == "aic-python 2 7 -\n"


def test_files_of_the_current_folder_are_not_run(tmp_path, monkeypatch):
    """Python looks for modules there first; the metadata of packages are read by csv, email and zipfile."""
    for name in ("csv", "email", "zipfile", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("open('it_ran', 'w')\n")
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    assert _refusal(sys.executable).startswith(f"expected torch in {sys.executable}, found none: install torch")
    assert interpreters.versions(sys.executable, "onnx")["onnx"] == importlib.metadata.version("onnx")
    assert not (tmp_path / "it_ran").exists()


def test_no_torch_in_an_interpreter_that_is_named(monkeypatch):
    line = _refusal(sys.executable)  # the workbench's own has none
    assert line == (f"expected torch in {sys.executable}, found none: install torch for it, or {NAME_ANOTHER}")


def test_no_torch_here_and_none_named(monkeypatch):
    monkeypatch.delenv("AIC_PYTHON", raising=False)
    assert _refusal("") == f"expected torch in {sys.executable}, found none: {NAME_ANOTHER}"


def test_a_program_that_gives_no_answer_is_ended_with_those_that_it_started(program, tmp_path, monkeypatch):
    monkeypatch.setattr(interpreters, "TIMEOUT_S", 2.0)
    path = program(f"sleep 300 & echo $! > {tmp_path}/child", "wait")
    assert "found a program that gave no answer in 2 s: " in _refusal(path)
    pid = int((tmp_path / "child").read_text())
    _, alive = psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=10)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


def test_a_program_that_prints_without_end_is_ended(program, monkeypatch):
    monkeypatch.setattr(workers, "MAX_LOG_BYTES", 2**20)
    path = program("yes >&2")
    assert "found it printed more than 1 MiB; it was ended: " in _refusal(path)


def test_versions_of_what_converts_networks(program, tmp_path):
    there = program("echo aic-python 3 12 2.13.0 - 0.5.4 - -")
    assert interpreters.versions(str(there)) == {"python": "3.12", "torch": "2.13.0", "onnxscript": "0.5.4"}
    assert interpreters.versions(str(there), "onnx2tf") is None
    assert interpreters.versions(str(tmp_path / "no")) is None
