"""Papermill over the notebooks: one run.

Nothing else in the package knows a notebook.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from aic_helpers.core.errors import InputError, nearest
from aic_helpers.core.progress_types import Progress
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.core.safe_texts import require_text
from aic_helpers.core.staging import in_turn
from aic_helpers.profiling.timing import Limits
from aic_helpers.reporting import notebook_kernels
from aic_helpers.reporting.text_tables import typed
from aic_helpers.runs import cache_keys, results, run_settings, schema, warm_start
from aic_helpers.runs.schema import Result

NOTEBOOKS = tuple(name.removesuffix(".ipynb") for name in schema.NOTEBOOKS)
MOBILE = schema.MOBILE.removesuffix(".ipynb")


log = logging.getLogger(__name__)

ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", **notebook_kernels.OWN}
"""For the kernels: TensorFlow keeps its start-up notes to itself."""


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
    export: bool = False,
    limits: Limits | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Convert, evaluate, profile, check and score one model by the notebooks 01 to 03; return the result.

    What the run folder has already of this very model, of these images and by this protocol (and, for times and
    memory, from this machine) isn't made again; where that is everything, no notebook runs.

    What a notebook leaves, itself among it, comes into the run folder together, once it has ended well. So after
    Ctrl-C, an error or a kill the next call goes on with the notebook that was at work.

    Parameters
    ----------
    track, model, checkpoint, data, out, limit, adapt
        See `aic_helpers.runs.run_settings.settle`.
    profile : bool
        Whether to measure time and memory.
    export : bool
        Whether to export the model to LiteRT too, and measure it in its precisions, by the notebook 09.
    limits : Limits, optional
        When the timed runs stop: see `aic_helpers.profiling.timing.Limits`.
    fresh : bool
        Make everything anew.
    progress : callable, optional
        Told how many cells of how many (over all notebooks) lie behind, as each starts.

    Raises
    ------
    InputError
        What a person gave is not usable, found here or in a notebook; or the folder has the run of another model.
    NotebookError
        A notebook failed in another way.
    """
    settings = run_settings.settle(track, model, checkpoint, data, out, limit, adapt)
    if export:
        from aic_helpers.runs import precision_steps  # it brings what an answer from the run folder doesn't need

        precision_steps.require_exportable(settings)
    limits = limits or Limits()
    # Notebooks are text, and name it.
    require_text(str(settings.folder.absolute()), "a path in UTF-8 of the run folder")
    result = results.find_whole(settings.folder)
    results.require_own(settings, result)
    names = (*NOTEBOOKS, MOBILE) if export else NOTEBOOKS
    lacking = names if fresh or result is None else _lacking(settings, result, profile, limits, names)
    shared = {"track": track, "model": model, "checkpoint": checkpoint, "data": data, "limit": limit}
    shared["adapt"] = settings.source.adapt.given
    own = {"01_convert": {"fresh": fresh}, "03_profile": {"profile": profile, **_timed(limits)}}
    own[MOBILE] = {name: value for name, value in _timed(limits).items() if name != "max_repetitions"}
    if lacking:
        title = f"{settings.track.name} {settings.source.name}"
        tickers = _tickers(lacking, title, progress)
        _execute_all(settings.folder.absolute(), {name: shared | own.get(name, {}) for name in lacking}, tickers, fresh)
    return results.read(settings.folder)


def _lacking(
    settings: run_settings.Settings, result: Result, profile: bool, limits: Limits, names: Sequence[str]
) -> Sequence[str]:
    """Return the notebooks that are to be executed; says what the folder has, and what is made anew and why."""
    folder, made = settings.folder, result.environment.created_utc
    shown = typed(folder)
    why = cache_keys.standing(settings, result, profile=profile, limits=limits, weighed=profile)
    if MOBILE in names:
        from aic_helpers.runs import precision_steps

        why["precisions"] = precision_steps.precisions_lacking(settings, result, limits)
    for part, reason in why.items():
        if reason and reason != cache_keys.NOTHING_YET:
            log.info("%s made anew: %s", part, reason)
    stale = [schema.TOLD_BY[part][0].removesuffix(".ipynb") for part, reason in why.items() if reason]
    stale += [name for name in names if not (folder / f"{name}.ipynb").is_file()]
    stale += [] if (folder / "report.html").is_file() else [names[-1]]
    if not stale:
        log.info("%s has all of this already, of %s; --fresh makes it anew", shown, made)
        return ()
    first = names.index(min(stale))
    if first:
        log.info("%s has %s already, of %s: going on from there", shown, " and ".join(names[:first]), made)
    return names[first:]


def _execute_all(
    folder: Path, parameters: dict[str, dict[str, Any]], tickers: dict[str, Callable[..., None]], fresh: bool
) -> None:
    """Execute notebooks, each beside the run folder's files, among which it and what it made move at its end."""
    from aic_helpers.runs import reports  # it brings matplotlib, which an answer from the run folder doesn't need

    finished: list[str] = []
    with warm_start.started(), _told(folder, finished), in_turn(folder, "result.json", schema.FILES) as stages:
        for name in parameters:
            kept = () if fresh and not finished else schema.FILES
            with stages(kept, schema.FILES) as stage:
                results.set_damaged_aside(stage)
                own, executed = {**parameters[name], "out": str(stage)}, stage / f"{name}.ipynb"
                execute(_notebook(name), executed, own, tickers[name])
                _replace_in(executed, str(stage), str(folder))
                if name == [*parameters][-1]:
                    reports.write_report([stage], stage / "report.html")
            finished.append(name)


@contextmanager
def _told(folder: Path, finished: list[str]) -> Iterator[None]:
    """Say what is kept where a run ends early."""
    try:
        yield
    except BaseException:
        if finished:
            log.info("%s keeps %s; the same call goes on from there", typed(folder), " and ".join(finished))
        raise


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
                *(str(path).replace("{", "{{").replace("}", "}}") for path in (notebook, output)),  # papermill fills in
                parameters,
                progress_bar=False,
                on_cell_start=on_cell_start,
                extra_arguments=["--log-level=CRITICAL"],
            )
    except PapermillExecutionError as error:
        if error.traceback == [f"{InputError.__name__}: {error.evalue}"]:  # of its subclasses too
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
    wanted = ENVIRONMENT | {notebook_kernels.WORKING_FOLDER: str(Path.cwd())}
    before = {name: os.environ.get(name) for name in wanted}
    log = logging.getLogger("papermill")
    level = log.level
    os.environ.update(wanted)
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


def _timed(limits: Limits) -> dict[str, Any]:
    """Return the parameters of a notebook that say how long to take times."""
    return {
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


def _tickers(names: Sequence[str], title: str, progress: Progress | None) -> dict[str, Callable[..., None]]:
    """Return for each notebook what is called as each of its cells begins."""
    counts = [_cells(name) for name in names]

    def tick(behind: int, stage: str, cell: Any, cell_index: int) -> None:
        if progress:
            progress(behind + cell_index, sum(counts), stage)

    return {name: partial(tick, sum(counts[:place]), f"{title}: {name}") for place, name in enumerate(names)}


def _replace_in(file: Path, old: str, new: str) -> None:
    """Let an executed notebook name the run folder, and not the staging folder that is gone."""
    file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")
