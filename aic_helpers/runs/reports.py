"""Run folders -> one HTML file that needs nothing else: no kernel, no network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from aic_helpers.core import safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.core.safe_texts import printable
from aic_helpers.precisions import reports as precision_reports
from aic_helpers.precisions.reports import PrecisionSection
from aic_helpers.reporting import html_pages, text_tables
from aic_helpers.reporting.captioned_plots import UNREADABLE, Plot
from aic_helpers.reporting.viewer_pages import Viewer
from aic_helpers.runs import example_viewers, report_plots, report_texts, result_tables, schema
from aic_helpers.runs.run_folders import Example, RunFolder, open_run
from aic_helpers.runs.schema import Requirement, Result
from aic_helpers.tracks import published_results
from aic_helpers.tracks.definitions import TITLES, Track

Known = Mapping[Path, Result]


@dataclass(frozen=True)
class Section:
    """What the report says of one run."""

    number: int
    name: str
    track: str
    data: str
    folder: str
    made: str
    verdict: report_texts.Verdict
    scores: list[report_texts.Told]
    no_scores: str
    figures: list[report_texts.Told]
    notes: list[str]
    plots: list[Plot]
    precisions: PrecisionSection | None
    viewer: Viewer | None
    details: list[Example]
    not_shown: str
    rules: list[tuple[str, Requirement]]
    environment: list[tuple[str, str]]
    commands: list[str]
    cells: dict[str, tuple[str, str]]


def write_report(runs: Sequence[Path], out: Path, known: Known = MappingProxyType({})) -> Path:
    """Write the report on one or many run folders, and return its path.

    Everything comes from the run folders; no model runs. Of many, one that can't be shown is told in a sentence.

    Parameters
    ----------
    runs : sequence of path
        At least one.
    out : path
        The HTML file. It is replaced only by a whole one.
    known : mapping of path to Result
        Of the runs whose `result.json` was read already.

    Raises
    ------
    InputError
        None of the folders can be shown; the message is that of the first.
    """
    told, problems = sections(runs, known, alone=len(runs) == 1)
    if not told:
        raise problems[0] if problems else InputError("a run folder", "none", "name one")
    page = _page(told, [str(printable(str(problem))) for problem in problems])
    safe_files.write_text(Path(out), page)
    return Path(out)


def sections(
    runs: Sequence[Path], known: Known, *, alone: bool = False
) -> tuple[list[tuple[RunFolder, Section]], list[InputError]]:
    """Return what a report says of each run, and why some can't be shown.

    Parameters
    ----------
    runs : sequence of path
    known : mapping of path to Result
        See `write_report`.
    alone : bool
        Whether its section has the plot of quality over speed that stands before all sections otherwise.
    """
    opened, problems = _opened([Path(run) for run in runs], known)
    told: list[tuple[RunFolder, Section]] = []
    for number, run in enumerate(opened, 1):
        try:
            viewers = [section.viewer for _, section in told if section.viewer]
            told.append((run, _section(run, number, viewers, alone=alone)))
        except UNREADABLE as error:
            remedy = "make the run again: aic run"
            whole = f"a whole result of schema {schema.SCHEMA} in {run.folder}"
            problems.append(InputError(whole, f"one without what a report needs ({error!r})", remedy))
    return told, problems


def _opened(folders: Sequence[Path], known: Known) -> tuple[list[RunFolder], list[InputError]]:
    opened, problems = [], []
    for folder in folders:
        try:
            opened.append(open_run(folder, known.get(folder)))
        except InputError as error:
            problems.append(error)
        except UNREADABLE as error:
            problems.append(InputError(f"a run folder at {folder}", repr(error), "make the run again: aic run"))
    return opened, problems


def _section(run: RunFolder, number: int, others: Sequence[Viewer], *, alone: bool) -> Section:
    result = run.result
    plots = report_plots.speed_and_quality([(number, run)]) if alone else []
    return Section(
        number=number,
        name=run.model.name + (" (changed since)" if result.altered else ""),
        track=run.track.title,
        data=text_tables.data_words(result.data.name, result.data.note),
        folder=str(printable(report_texts.short_path(run.folder))),
        made=result.environment.created_utc,
        verdict=report_texts.verdict(result),
        scores=report_texts.scores(run),
        no_scores=f"No scores: {report_texts.no_scores(result, run.track)}.",
        figures=report_texts.figures(run),
        notes=report_texts.notes(result, run.track),
        plots=plots + report_plots.of_run(run, number),
        precisions=_precisions(run, number),
        viewer=example_viewers.of_run(run, number, others) if run.examples else None,
        details=[example for example in run.examples if "overview" in example.pictures],
        not_shown=_not_shown(run),
        rules=[(result_tables.verdict(rule), rule) for rule in result.requirements],
        environment=report_texts.environment(result),
        commands=report_texts.commands(run),
        cells=_cells(run),
    )


def _precisions(run: RunFolder, number: int) -> PrecisionSection | None:
    """Return what the report says of precisions, where they were asked for, on the images of the metrics."""
    found, columns = run.result.precisions_beside, run.track.protocol.columns
    return precision_reports.section(found, run.tables["precision_images"], columns, number) if found else None


def _not_shown(run: RunFolder) -> str:
    if run.examples:
        return ""
    if run.result.metrics and run.result.metrics.failed:
        return f"No example images: the model failed on {run.result.metrics.failed}."
    return run.problems.get("examples", "No example images are in the run folder: aic evaluate makes them.")


def _columns(tracks: Iterable[Track]) -> list[str]:
    """Return the columns of the table that compares runs, by the labels of `result_tables.run_rows`."""
    found = [*tracks]
    metrics = [TITLES[name] for name in TITLES if any(name in track.protocol.columns for track in found)]
    scores = dict.fromkeys(result_tables.score_title(name) for track in found for name in track.scores.better)
    return [*metrics, "speedup", "RAM", *scores]


def _cells(run: RunFolder) -> dict[str, tuple[str, str]]:
    """Return the run's figures for the table that compares runs, by column: value, and interval or empty."""
    rows = dict(result_tables.run_rows(run.result))
    if run.result.metrics and run.result.metrics.failed:
        rows |= dict.fromkeys(run.track.protocol.words, "failed")
    cells = {}
    for label in _columns([run.track]):
        value, _, rest = rows.get(label, "none").partition(" (")
        cells[label] = ("none", "") if value.startswith("none") else (value, "" if label == "RAM" else rest.rstrip(")"))
    return cells


def _page(told: Sequence[tuple[RunFolder, Section]], problems: Sequence[str]) -> str:
    many = len(told) + len(problems) > 1
    numbered = [(section.number, run) for run, section in told]
    tracks = dict.fromkeys(run.result.track for run, _ in told)
    return html_pages.page(
        "report.html.j2",
        viewer=True,
        sections=[section for _, section in told],
        problems=problems,
        many=many,
        columns=_columns(run.track for run, _ in told),
        fronts=report_plots.speed_and_quality(numbered) if many else [],
        published=[row for track in tracks for row in published_results.RESULTS.get(track, ())],
        baseline_ms=published_results.BASELINE_MS,
    )
