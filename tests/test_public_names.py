"""What the package shows to the outside costs nothing to import, and is there; inside, nobody goes by way of it."""

import ast
import graphlib
import importlib
import subprocess
import sys

import pytest

from aic_helpers.core import source_hashes
from aic_helpers.core.project_paths import PACKAGE
from aic_helpers.evaluation import isolated
from aic_helpers.models import conversion, stranger_models
from aic_helpers.phone import benchmark_programs, host_devices
from aic_helpers.processes import fork_server, workers
from aic_helpers.runs import warm_start
from aic_helpers.runtimes import model_workers

FACES = ["aic_helpers", *(f"aic_helpers.{face.parent.name}" for face in sorted(PACKAGE.glob("*/__init__.py")))]

FUNCTIONS = [
    benchmark_programs.OUTPUT,
    conversion.FREEZING,
    stranger_models.LOOK,
    host_devices.RUN,
    isolated.ASSESSMENT,
    model_workers.INFERENCE,
    warm_start.COMPILED,
    *(name for name in (*warm_start.INFERENCE, *warm_start.CONVERSION) if ":" in name),
]
"""What worker processes start with, named by text."""


def test_importing_the_package_and_its_faces_loads_nothing_heavy():
    heavy = {"tensorflow", "keras", "matplotlib", "pandas", "numba", "numpy", "ipywidgets", "jinja2", "pydantic"}
    code = f"import sys, {', '.join(FACES)}; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.tensorflow
@pytest.mark.parametrize("face", FACES)
def test_the_names_of_a_face_can_be_reached_and_are_at_most_a_dozen(face):
    package = importlib.import_module(face)
    assert [name for name in package.__all__ if getattr(package, name, None) is None] == []
    assert 1 <= len(package.__all__) <= 12


@pytest.mark.parametrize("target", FUNCTIONS)
def test_what_a_worker_starts_with_exists(target):
    module, _, name = target.partition(":")
    assert callable(getattr(importlib.import_module(module), name))


@pytest.mark.parametrize("module", [fork_server.FORK_SERVER_MAIN, workers.WORKER_MAIN])
def test_what_python_runs_as_a_process_exists(module):
    assert importlib.util.find_spec(module) is not None


def test_every_module_says_in_its_first_line_what_it_is():
    """Nothing else does: no table of modules stands anywhere."""
    files = sorted(PACKAGE.rglob("*.py"))
    first = {file: (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "").partition("\n")[0] for file in files}
    assert [str(file.relative_to(PACKAGE)) for file, line in first.items() if len(line.split()) < 3] == []


def test_no_module_needs_one_that_needs_it_whether_imported_or_started_by_name():
    """import-linter sees imports alone; a process that is started by name closes a circle as well."""
    modules = {f"aic_helpers.{file.parent.name}.{file.stem}": file for file in PACKAGE.glob("*/*.py")}
    graphlib.TopologicalSorter(
        {name: source_hashes.named_modules(file) - {name} for name, file in modules.items()}
    ).prepare()


def test_code_imports_from_the_module_that_defines_a_name():
    """Keys hash the source of what a module imports; what came by way of a face they would miss."""
    by_way_of_a_face = [
        f"{file.relative_to(PACKAGE.parent)}:{node.lineno} imports {name.name} from {node.module}"
        for file in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module in FACES
        for name in node.names
        if not PACKAGE.parent.joinpath(*node.module.split("."), f"{name.name}.py").is_file()
    ]
    assert by_way_of_a_face == []
