"""What must hold before a run can be submitted, each with what was found and what to do. No model runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from aic_helpers.boards.orders import PSNR, orders_of
from aic_helpers.core import safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.core.safe_texts import shown
from aic_helpers.evaluation.per_image import BOUNDS
from aic_helpers.models import stranger_models
from aic_helpers.reporting import text_tables
from aic_helpers.runs import result_tables, run_folders
from aic_helpers.runs.schema import Metrics, Model, Requirement, Result
from aic_helpers.submissions import teams
from aic_helpers.tracks.definitions import TITLES, Track

SAME_DB = 1e-4
"""An output is called its input where no example's PSNR differs by more; float32 alone gives less."""

TIMES = ("speedup", "time_ms", "baseline_time_ms")

FOUND = 160
"""Characters of what a check found."""


@dataclass(frozen=True)
class Check:
    """One thing that must hold before a submission; `remedy` is empty where it does."""

    name: str
    passed: bool
    found: str
    remedy: str


def checks(run_folder: Path, folder: Path) -> list[Check]:
    """Return what must hold before a run can be submitted, each with what was found.

    Where the run has no result, the checks that look into one are left out. No model runs.

    Parameters
    ----------
    run_folder : Path
    folder : Path
        The team's.
    """
    team = [*_team_checks(folder)]
    try:
        run = run_folders.open_run(run_folder)
    except InputError as error:
        there = (run_folder / "result.json").is_file()
        found = str(error) if there else f"nothing in {text_tables.typed(run_folder)}"
        return [*team, _check("a result", shown(found, FOUND), "make one with: aic run")]
    return [*team, *_run_checks(run, run_folder)]


def _check(name: str, found: str, remedy: str = "") -> Check:
    """Return a check; one that leaves something to do has failed."""
    return Check(name, not remedy, found, remedy)


def _team_checks(folder: Path) -> Iterator[Check]:
    try:
        team = teams.read_team(folder)
    except InputError as error:
        there = (folder / teams.FILE).exists()
        found = str(error) if there else f"no {teams.FILE} in {text_tables.typed(folder)}"
        yield _check("registered", shown(found, FOUND), "register the team: aic submit register")
        return
    yield _check("registered", f"team {team.team}")
    note = f"send {teams.REGISTRATION}, then note the ID that the organiser answers: aic submit register --team-id N"
    yield _check("team ID", str(team.team_id or "none noted yet"), "" if team.team_id else note)


def _run_checks(run: run_folders.RunFolder, folder: Path) -> Iterator[Check]:
    result = run.result
    words = f"{run.model.name}, {run.track.title}"
    yield _check("a result", shown(words, FOUND))
    yield _unaltered_check(result)
    unchanged = _model_check(run.model, folder / result.model_name)
    yield unchanged
    if unchanged.passed:
        yield _operations_check(folder / result.model_name)
    yield _rules_check(result.requirements)
    yield _images_check(result)
    yield _figures_check(result, run.track)
    yield _identity_check(run)


def _unaltered_check(result: Result) -> Check:
    if result.altered:
        found = f"changed since the run wrote it: {', '.join(result.altered)}"
        return _check("figures unchanged", shown(found, FOUND), "make the run again: aic run")
    return _check("figures unchanged", "as the run wrote them")


def _model_check(model: Model, path: Path) -> Check:
    found = safe_files.sha256(path) or ""
    if found and found == model.sha256:
        return _check("model unchanged", f"{path.name} has the SHA-256 {found[:12]}... of the run")
    seen = f"{path.name} has the SHA-256 {found[:12]}..., another than in the run" if found else f"no {path.name}"
    return _check("model unchanged", seen, f"make the run again with aic run; submit the {path.name} that it leaves")


def _operations_check(model: Path) -> Check:
    """Whether the desk, which takes no stranger's word, would load this model."""
    try:
        found = stranger_models.vet(model)
    except InputError as error:
        return _check("operations allowed", shown(str(error), FOUND), "convert a model of other operations")
    return _check("operations allowed", f"{found['nodes']} operations, all of them allowed")


def _rules_check(rules: Sequence[Requirement]) -> Check:
    if not rules:
        return _check("rules met", "not checked", "aic check, with the options of the run")
    broken = [rule for rule in rules if rule.passed is False]
    if not broken:
        return _check("rules met", result_tables.requirements_in_short(rules))
    names = ", ".join(rule.name for rule in broken)
    return _check("rules met", shown(f"broken: {names}", FOUND), shown(broken[0].remedy or "mend it", FOUND))


def _images_check(result: Result) -> Check:
    """Whether the figures are of all validation images; which data they are of is for the organiser to judge."""
    metrics, again = result.metrics, "aic run, without --limit"
    if metrics is None or "limit" not in metrics.raw:
        return _check("all images", "not evaluated", again)
    of = text_tables.data_words(result.data.name, result.data.note)
    if metrics.failed:
        return _check("all images", shown(f"failed on {metrics.failed}, of {of}", FOUND), "mend the model")
    if metrics.limit is not None:
        return _check("all images", shown(f"only {metrics.limit} images of {of}", FOUND), again)
    return _check("all images", shown(f"{metrics.images} images of {of}", FOUND))


def _figures_check(result: Result, track: Track) -> Check:
    """Whether all figures that count are numbers, and such as can be."""
    metrics, speedup = result.metrics or Metrics(), result.profile.speedup if result.profile else None
    ranked = [order for order in orders_of(track) if order.column != PSNR]
    judged = {TITLES[column]: _judged(column, getattr(metrics, column)) for column in track.protocol.columns}
    if any({*TIMES} & {*order.needs} for order in ranked):
        judged["speedup"] = (speedup, _finite(speedup) and speedup > 0)
    scores = {order.title: result.scores[order.score].value for order in ranked if order.score in result.scores}
    judged |= {title: (value, _finite(value)) for title, value in scores.items()}
    bad = [f"{name} {_figure(value)}" for name, (value, good) in judged.items() if not good]
    if ranked and not (scores or bad):
        bad = [f"no scores: {result_tables.needs(track)}"]
    if bad:
        return _check("figures meaningful", shown(", ".join(bad), FOUND), "make the run again: aic run")
    return _check("figures meaningful", ", ".join(f"{name} {_figure(value)}" for name, (value, _) in judged.items()))


def _judged(column: str, value: float | None) -> tuple[float | None, bool]:
    low, high = BOUNDS[column]
    return value, _finite(value) and low <= value <= high


def _finite(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _figure(value: float | None) -> str:
    return text_tables.NOT_MEASURED if value is None else f"{value:.4g}"


def _identity_check(run: run_folders.RunFolder) -> Check:
    """Whether the output is more than the input again, by the figures of both on the run's example images."""
    name, rows = "not its input", [example.row for example in run.examples]
    if not rows:
        return _check(name, "no figures of the inputs (examples.csv)", "aic evaluate --fresh, with the run's options")
    if all(math.isclose(row["psnr_db"], row["input_psnr_db"], rel_tol=0, abs_tol=SAME_DB) for row in rows):
        found = f"the output has the PSNR of the input, on {text_tables.counted(len(rows), 'example image')}"
        return _check(name, found, "the model returns what it gets: submit one that changes it")
    words = ", ".join(f"{row['psnr_db'] - row['input_psnr_db']:+.2f} dB ({row['end']})" for row in rows)
    return _check(name, f"PSNR against the input's: {words}")


def require_passed(found: Sequence[Check]) -> None:
    """Raise `InputError` with the first check that failed and the number of the others."""
    failed = [check for check in found if not check.passed]
    if failed:
        first, others = failed[0], len(failed) - 1
        more = f" ({text_tables.counted(others, 'other check')} failed too)" if others else ""
        raise InputError(f"a run that can be submitted ({first.name})", f"{first.found}{more}", first.remedy)


def check_rows(found: Sequence[Check]) -> list[tuple[str, str, str]]:
    """Return the checks in words: verdict, name, and what was found; below a broken one what to do."""
    rows = []
    for check in found:
        rows.append(("passed" if check.passed else "BROKEN", check.name, check.found))
        rows += [("", "", f"-> {check.remedy}")] if check.remedy else []
    return rows
