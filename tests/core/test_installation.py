"""Extras: a command that lacks one says which."""

import subprocess
import sys
import tomllib

import pytest

from aic_helpers.core import installation
from aic_helpers.core.project_paths import PROJECT

DESK = ["submit ingest .", "submit work", "submit queue", "submit open A", "submit close A", "leaderboard"]
BASELINE = PROJECT / "models_pretrained" / "sample_sr_srcnn.onnx"

LACKING = [
    *(("desk", "sqlalchemy", command) for command in DESK),
    ("cluster", "distributed", "board run board.toml --workers 1"),
    ("cluster", "dask", "board run board.toml --workers 1"),
    ("mobile", "ai_edge_litert", "export --track super_resolution --model sample_sr_srcnn"),
    ("mobile", "ai_edge_litert", "evaluate --track super_resolution --model sample_sr_srcnn --precision int8"),
    ("mobile", "ai_edge_litert", "run --track super_resolution --export"),
    ("onnx", "tf2onnx", "export --track super_resolution --model sample_sr_srcnn --onnx"),
    ("onnx", "onnxruntime", f"evaluate --track super_resolution --model {BASELINE}"),
    ("onnx", "onnx", f"convert --track super_resolution --model {BASELINE}"),
    ("study", "starlette", "study collect"),
    ("study", "uvicorn", "study collect"),
]

CALL = """
import importlib.metadata
import sys
sys.modules[sys.argv[1]] = None
found = importlib.metadata.version
def version(name):
    if name.replace("-", "_") == sys.argv[1]:
        raise importlib.metadata.PackageNotFoundError(name)
    return found(name)
importlib.metadata.version = version
from aic_helpers.cli import main
sys.exit(main.status(sys.argv[2:]))
"""


def call(folder, missing, command):
    words = [sys.executable, "-c", CALL, missing, *command.split()]
    found = subprocess.run(words, capture_output=True, text=True, cwd=folder)
    return found.returncode, found.stdout, found.stderr


@pytest.mark.parametrize(("extra", "missing", "command"), LACKING)
def test_a_command_without_its_extra_names_it(tmp_path, extra, missing, command):
    (tmp_path / "board.toml").write_text('profile = false\nmodels = ["sample_enhancement_srcnn"]\n')
    install = f'pip install "aic-workbench[{extra}]"'
    line = f"aic: expected the packages of aic-workbench[{extra}], found no {missing}: {install}\n"
    assert call(tmp_path, missing, command) == (2, "", line)


def test_a_database_without_its_driver_names_the_extra(tmp_path):
    line = (
        "aic: expected a driver for that database, found no module psycopg: "
        'pip install "aic-workbench[desk]" brings one for postgresql+psycopg://...\n'
    )
    assert call(tmp_path, "psycopg", "submit queue --ledger postgresql+psycopg://host/name") == (2, "", line)


def test_the_extras_are_those_of_the_project():
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    # A board has its CSV without parquet; `dev` is for no command.
    assert set(extras) == {extra for extra, _, _ in LACKING} | {"parquet", "dev"}


def test_the_version():
    import aic_helpers

    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    assert aic_helpers.__version__ == installation.__version__ == project["version"]
