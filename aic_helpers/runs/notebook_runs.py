"""Papermill over the notebooks: one run.

Nothing else in the package knows a notebook.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aic_helpers.core.errors import InputError, nearest
from aic_helpers.core.progress_types import Progress
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.core.safe_texts import require_text
from aic_helpers.core.staging import staged
from aic_helpers.profiling.timing import Limits
from aic_helpers.runs import cache_keys, results, run_settings, schema, warm_start
from aic_helpers.runs.schema import Result

NOTEBOOKS = ("01_convert", "02_evaluate", "03_profile")

log = logging.getLogger(__name__)

ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "JUPYTER_PREFER_ENV_PATH": "1"}
"""For the kernels: TensorFlow keeps its start-up notes to itself, and `python3` is this interpreter's kernel."""


def run(
    track: str,
    model: str = "",
    checkpoint: str = "",
    data: str = "sample",
    out: str = "",
    limit: int = 0,
    adapt: Mapping[str, Any] | None = None,
    *,
    profile: bool = True,
    limits: Limits | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Convert, evaluate, profile, check and score one model by the notebooks 01 to 03; return the result.

    What the run folder has already of this very model, of these images and by this protocol (and, for times and
    memory, from this machine) isn't made again; where that is everything, no notebook runs.

    The executed notebooks, `model.pb`, `result.json`, `report.html` and the tables come into the run folder
    together, once all notebooks have ended well. Until then nothing in the folder changes.

    Parameters
    ----------
    track, model, checkpoint, data, out, limit, adapt
        See `aic_helpers.runs.run_settings.settle`.
    profile : bool
        Whether to measure time and memory.
    limits : Limits, optional
        When the timed runs stop: see `aic_helpers.profiling.timing.Limits`.
    fresh : bool
        Make everything anew.
    progress : callable, optional
        Told how many cells of how many (over all notebooks) lie behind, as each starts.

    Raises
    ------
    InputError
        What a person gave is not usable, found here or in a notebook.
    NotebookError
        A notebook failed in another way.
    """
    settings = run_settings.settle(track, model, checkpoint, data, out, limit, adapt)
    limits = limits or Limits()
    folder = settings.folder.absolute()
    require_text(str(folder), "a path in UTF-8 of the run folder")  # notebooks are text, and name it
    if not fresh and (held := _held(settings, profile, limits)):
        return held
    shared = {"track": track, "model": model, "checkpoint": checkpoint, "data": data, "limit": limit}
    shared["adapt"] = settings.source.adapt.given
    from aic_helpers.runs import reports  # it brings matplotlib, which an answer from the run folder doesn't need

    kept = () if fresh else schema.FILES
    whole = staged(folder, "result.json", start_with=kept, replaces=schema.FILES)
    with warm_start.started(), whole as stage:
        results.set_damaged_aside(stage)
        behind, total = 0, sum(_cells(name) for name in NOTEBOOKS)
        for name in NOTEBOOKS:
            own = {"01_convert": {"fresh": fresh}, "03_profile": _timed(profile, limits)}.get(name, {})
            tick = _ticker(progress, behind, total, f"{track} {settings.source.name}: {name}")
            execute(_notebook(name), stage / f"{name}.ipynb", {**shared, **own, "out": str(stage)}, tick)
            _replace_in(stage / f"{name}.ipynb", str(stage), str(folder))
            behind += _cells(name)
        reports.write_report([stage], stage / "report.html")
    return results.read(folder)


def _held(settings: run_settings.Settings, profile: bool, limits: Limits) -> Result | None:
    """Return the result of a folder that has all that a run would make; says so, or what is made anew and why."""
    folder = settings.folder
    files = [*(f"{name}.ipynb" for name in NOTEBOOKS), "report.html"]
    try:
        result = results.find(folder)
    except InputError:
        return None  # told when the damaged result is set aside
    why = cache_keys.standing(settings, result, profile=profile, limits=limits, weighed=profile)
    for part, reason in why.items():
        if reason and reason != cache_keys.NOTHING_YET:
            log.info("%s made anew: %s", part, reason)
    if result is None or any(why.values()) or not all((folder / name).is_file() for name in files):
        return None
    log.info("%s has all of this already, of %s; --fresh makes it anew", folder, result.environment.created_utc)
    return result


class NotebookError(RuntimeError):
    """A notebook failed for a reason that is not the input's; the message is one line."""


def execute(
    notebook: Path, output: Path, parameters: dict[str, Any], on_cell_start: Callable[..., None] | None = None
) -> None:
    """Execute a notebook into another file.

    Parameters
    ----------
    notebook, output : Path
    parameters : dict
        Names and values for the notebook's cell tagged `parameters`.
    on_cell_start : callable, optional
        Called with ``cell`` and ``cell_index``.

    Raises
    ------
    InputError
        The notebook has no parameter of a name given, or raised an InputError itself, whose line it repeats.
    NotebookError
        It failed in another way; the message names notebook, cell and error.
    """
    from nbclient.exceptions import DeadKernelError
    from papermill import PapermillExecutionError, execute_notebook

    check_parameters(notebook, parameters)
    try:
        with _quiet_kernels():
            execute_notebook(
                str(notebook),
                str(output),
                parameters,
                progress_bar=False,
                on_cell_start=on_cell_start,
                extra_arguments=["--log-level=CRITICAL"],
            )
    except PapermillExecutionError as error:
        if error.ename == "InputError":
            raise InputError.again(error.evalue) from None
        text = " ".join(f"{error.ename}: {error.evalue}".split())
        raise NotebookError(f"{notebook.name} failed in cell {error.exec_count} with {text}") from None
    except DeadKernelError:
        raise NotebookError(f"the process of {notebook.name} died (is the machine out of memory?)") from None


def check_parameters(notebook: Path, parameters: dict[str, Any]) -> None:
    """Raise `InputError` for a name that the notebook has no parameter of; papermill itself only warns."""
    names = parameter_names(notebook)
    for name in parameters:
        if name not in names:
            remedy = nearest(name, names, "leave it out")
            raise InputError(f"a parameter of {notebook.name} ({', '.join(names)})", name, remedy)


def parameter_names(notebook: Path) -> list[str]:
    """Return the names that the notebook's cell tagged `parameters` sets."""
    import nbformat

    cells = nbformat.read(notebook, as_version=4).cells
    tagged = [cell.source for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    return re.findall(r"^(\w+) *=", "\n".join(tagged), flags=re.MULTILINE)


@contextmanager
def _quiet_kernels() -> Iterator[None]:
    """Set what a kernel inherits, and keep papermill's own messages off stderr, while a notebook runs."""
    before = {name: os.environ.get(name) for name in ENVIRONMENT}
    log = logging.getLogger("papermill")
    level = log.level
    os.environ.update(ENVIRONMENT)
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(level)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _timed(profile: bool, limits: Limits) -> dict[str, Any]:
    """Return the parameters of 03_profile that say whether and how long to take times."""
    return {
        "profile": profile,
        "interval": limits.interval,
        "time_budget_s": limits.time_budget_s or 0.0,
        "max_repetitions": limits.max_repetitions,
    }


def _notebook(name: str) -> Path:
    return PROJECT / "notebooks" / f"{name}.ipynb"


def _cells(name: str) -> int:
    """Return how many cells papermill goes through: the notebook's, and the one that it adds for parameters."""
    import nbformat

    return len(nbformat.read(_notebook(name), as_version=4).cells) + 1


def _ticker(progress: Progress | None, behind: int, total: int, stage: str) -> Callable[..., None]:
    def tick(cell: Any, cell_index: int) -> None:
        if progress:
            progress(behind + cell_index, total, stage)

    return tick


def _replace_in(file: Path, old: str, new: str) -> None:
    """Let an executed notebook name the run folder, and not the staging folder that is gone."""
    file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")
