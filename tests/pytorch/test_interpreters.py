"""Which interpreter has torch, and one line for each that hasn't."""

import sys

import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.pytorch import interpreters

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
    path = program(f"echo aic-python {version} ''")
    found = version.replace(" ", ".")
    assert _refusal(path) == f"expected Python 3.8 or newer at {path}, found Python {found}: {NAME_ANOTHER}"


def test_the_question_is_one_that_python_2_reads_too():
    """It says nothing that only Python 3 has: no f-string, no print with a bracketless past."""
    compile(interpreters.PROBE, "probe", "exec")
    assert not any(word in interpreters.PROBE for word in ('f"', "print", "nonlocal", ":="))


def test_no_torch_in_an_interpreter_that_is_named(monkeypatch):
    line = _refusal(sys.executable)  # the workbench's own has none
    assert line == (f"expected torch in {sys.executable}, found none: install torch for it, or {NAME_ANOTHER}")


def test_no_torch_here_and_none_named(monkeypatch):
    monkeypatch.delenv("AIC_PYTHON", raising=False)
    assert _refusal("") == f"expected torch in {sys.executable}, found none: {NAME_ANOTHER}"


def test_a_program_that_gives_no_answer(program, monkeypatch):
    monkeypatch.setattr(interpreters, "TIMEOUT_S", 0.5)
    path = program("read line < /dev/zero")
    assert "found a program that gave no answer in 0.5 s: " in _refusal(path)
