"""Hashes of code: whatever runs changes them, in other processes too, and nothing else does."""

import ast
import gc
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from aic_helpers.core import source_hashes
from aic_helpers.core.project_paths import PACKAGE
from aic_helpers.evaluation import isolated
from aic_helpers.models import conversion
from aic_helpers.processes import fork_server, workers
from aic_helpers.quantization import export_processes
from aic_helpers.runtimes import model_workers


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of the package, of which code is hashed in place of the package itself."""
    copy = tmp_path / "copy" / PACKAGE.name
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(source_hashes, "PACKAGE", copy)
    source_hashes.code.cache_clear()
    yield copy
    source_hashes.code.cache_clear()


WORKERS = {
    "models.conversion": [conversion.FREEZING],
    "evaluation.isolated": [isolated.ASSESSMENT],
    "profiling.profiler": [model_workers.INFERENCE],
    "profiling.requirements": [model_workers.INFERENCE],
    "quantization.exporting": [export_processes.EXPORTING],
}
"""By the module whose code a key holds: what it starts by name, beside what starts every child process."""

HELPERS = [
    (module, name)
    for module, names in WORKERS.items()
    for name in (*names, workers.WORKER_MAIN, fork_server.FORK_SERVER_MAIN)
]


@pytest.mark.parametrize(("module", "helper"), HELPERS)
def test_a_changed_byte_in_what_runs_elsewhere_changes_the_code(copied, module, helper):
    before = source_hashes.code(module)
    source_hashes.code.cache_clear()
    file = copied.parent.joinpath(*helper.partition(":")[0].split(".")).with_suffix(".py")
    file.write_text(file.read_text() + "#")
    assert source_hashes.code(module) != before


def test_a_changed_byte_in_what_has_no_part_changes_no_code(copied):
    before = source_hashes.code("evaluation.isolated")
    source_hashes.code.cache_clear()
    file = copied / "runs" / "run_plots.py"
    file.write_text(file.read_text() + "#")
    assert source_hashes.code("evaluation.isolated") == before


def test_code_is_hashed_by_several_threads_at_once() -> None:
    """Python 3.11 raised "AST constructor recursion depth mismatch", once collections of garbage called back."""
    seen: list[int] = []
    collected = lambda phase, info: seen.append(1)  # noqa: E731
    gc.callbacks.append(collected)
    old = gc.get_threshold()
    gc.set_threshold(50)
    try:
        with ThreadPoolExecutor(4) as threads:
            found = set(threads.map(lambda _: source_hashes.code.__wrapped__("evaluation.per_image"), range(12)))
    finally:
        gc.set_threshold(*old)
        gc.callbacks.remove(collected)
    assert len(found) == 1
    assert seen


def test_another_thread_that_parses_too_does_no_harm(monkeypatch):
    failures, parse = [SystemError("AST constructor recursion depth mismatch")] * 3, ast.parse

    def fails_at_first(source):
        if failures:
            raise failures.pop()
        return parse(source)

    monkeypatch.setattr(ast, "parse", fails_at_first)
    assert ast.unparse(source_hashes.parsed(b"import this")) == "import this"
    with pytest.raises(SyntaxError):
        source_hashes.parsed(b"import")
