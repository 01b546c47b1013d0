"""Figures that others measured on phones: a profile of Qualcomm AI Hub in JSON, or a table of AI Benchmark in CSV."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, Field

from aic_helpers.core import csv_tables, installation, safe_files, validation
from aic_helpers.core.errors import InputError, nearest, require_file
from aic_helpers.core.safe_texts import shown
from aic_helpers.core.validation import OneLine

SCHEMA = 1

Source = Literal["Qualcomm AI Hub", "AI Benchmark"]
AI_HUB: Source = "Qualcomm AI Hub"
AI_BENCHMARK: Source = "AI Benchmark"

MARK = "measured by others, not by this workbench"
"""Stands beside each of these figures."""

MAX_ROWS = 10_000
MAX_BYTES = 50_000_000

COLUMNS = {
    "device": ("device", "phone", "smartphone"),
    "chip": ("chip", "soc", "chipset", "processor"),
    "android": ("android", "os"),
    "model": ("model", "network", "file"),
    "delegate": ("delegate", "accelerator", "acceleration", "runtime"),
    "time_ms": ("time_ms", "time, ms", "latency_ms", "latency, ms", "runtime_ms", "runtime, ms", "average, ms"),
}
"""What a column of a table may be called, in small letters. No format of AI Benchmark's own is documented, so a person
writes what its application shows into a table."""

NEEDED = ("device", "model", "time_ms")


@dataclass(frozen=True)
class OthersFigure:
    """One time on one device, as others tell it.

    Attributes
    ----------
    device, chip, android, model, delegate : str or None
    time_ms : float
    statistic : str
        What of its runs the time is, as far as that is told.
    runs : int or None
    peak_memory_mib : float or None
    layers_by_unit : dict of str to int
        How many layers ran on ``NPU``, ``GPU`` and ``CPU``.
    """

    device: OneLine
    chip: OneLine | None
    android: OneLine | None
    model: OneLine
    delegate: OneLine | None
    time_ms: float
    statistic: OneLine
    runs: int | None = None
    peak_memory_mib: float | None = None
    layers_by_unit: dict[OneLine, int] = field(default_factory=dict)


@dataclass(frozen=True)
class OthersResult:
    """Figures of one file, and where they come from: never beside this workbench's in one ratio."""

    source: Source
    file: OneLine
    sha256: OneLine
    figures: list[OthersFigure]
    mark: OneLine = MARK
    schema: int = SCHEMA
    workbench: OneLine = field(default_factory=lambda: installation.__version__)
    created_utc: OneLine = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))


Microseconds = Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)]


class _Summary(BaseModel):
    estimated_inference_time: Microseconds
    estimated_inference_peak_memory: Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)] | None = None
    all_inference_times: list[Microseconds] = Field(default=[], max_length=100_000)


class _Layer(BaseModel):
    compute_unit: OneLine


class _Profile(BaseModel):
    """What `download_profile()` of a profile job of qai_hub gives, of what is read here: microseconds and bytes."""

    execution_summary: _Summary
    execution_detail: list[_Layer] = Field(default=[], max_length=100_000)


def read(path: Path, *, device: str = "", chip: str = "", model: str = "") -> OthersResult:
    """Return the figures of a file.

    Parameters
    ----------
    path : Path
        A `.json` file: a profile of Qualcomm AI Hub. A `.csv` file: a table with a row for each time.
    device, chip, model : str
        Of a profile, which names none of them. A table has them in its columns.

    Raises
    ------
    InputError
        Another kind of file, or something else in it; a profile without --device or --model, a table with them.
    """
    readers = {".json": _ai_hub, ".csv": _ai_benchmark}
    reader = readers.get(require_file(path, "figures of others").suffix.lower())
    if reader is None:
        raise InputError("a .json of Qualcomm AI Hub or a .csv of AI Benchmark", path.name, "name one of them")
    if (size := path.stat().st_size) > MAX_BYTES:
        raise InputError(f"a file of at most {MAX_BYTES / 1e6:.0f} MB", f"{size / 1e6:.0f} MB", "name the right one")
    source, figures = reader(path, {"device": device, "chip": chip, "model": model})
    return OthersResult(source, shown(path.name, 200), str(safe_files.sha256(path)), figures)


def _ai_hub(path: Path, named: Mapping[str, str]) -> tuple[Source, list[OthersFigure]]:
    for name in ("device", "model"):
        if not named[name]:
            expected = f"--{name}, which a profile of Qualcomm AI Hub doesn't name"
            raise InputError(expected, "none", f"say which {name} it was, as the job's page does")
    expected, remedy = f"a profile of Qualcomm AI Hub in {path}", "write what download_profile() returns as JSON"
    profile = validation.fitted(_Profile, validation.load_json(path, expected, remedy), expected, remedy)
    return AI_HUB, [_of_profile(profile, named)]


def _of_profile(profile: _Profile, named: Mapping[str, str]) -> OthersFigure:
    summary = profile.execution_summary
    units = Counter(layer.compute_unit for layer in profile.execution_detail)
    times_us, memory = summary.all_inference_times, summary.estimated_inference_peak_memory
    return OthersFigure(
        **{name: shown(named[name], 200) for name in ("device", "model")},
        chip=shown(named["chip"], 200) if named["chip"] else None,
        android=None,
        delegate=", ".join(f"{unit} {count}" for unit, count in units.most_common()) or None,
        time_ms=(statistics.median(times_us) if times_us else summary.estimated_inference_time) / 1000,
        statistic="median of its runs" if times_us else "its own estimate",
        runs=len(times_us) or None,
        peak_memory_mib=None if memory is None else memory / 2**20,
        layers_by_unit=dict(units),
    )


def _ai_benchmark(path: Path, named: Mapping[str, str]) -> tuple[Source, list[OthersFigure]]:
    if given := next((name for name, value in named.items() if value), None):
        raise InputError(f"no --{given} beside a table, which has it in a column", named[given], "leave it out")
    table = _table(path)
    columns = _columns(path, [str(name) for name in table.columns])
    rows = table.rename(columns={typed: name for name, typed in columns.items()}).to_dict("records")
    return AI_BENCHMARK, [_of_row(path, number, row) for number, row in enumerate(rows, 2)]


def _table(path: Path) -> pd.DataFrame:
    try:
        table = csv_tables.read(path, csv_tables.read(path, ()).columns)  # all as texts: a phone may be called 007
    except (ValueError, UnicodeError) as error:
        found = f"something else ({shown(' '.join(str(error).split()), 100)})"
        raise InputError(f"a table in CSV in {path}", found, "save it as CSV in UTF-8") from None
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes what is too much for names of rows
        raise InputError(
            f"as many cells in each row of {path} as in its head", "more", "add the titles that its head lacks"
        )
    if not 0 < len(table) <= MAX_ROWS:
        raise InputError(f"1 to {MAX_ROWS} rows below the head of {path}", f"{len(table)}", "name the right table")
    return table


def _columns(path: Path, typed: list[str]) -> dict[str, str]:
    """Return which column of a table is which."""
    small = {name.strip().lower(): name for name in typed}
    found = {name: small[title] for name, titles in COLUMNS.items() for title in titles if title in small}
    for name in NEEDED:
        if name not in found:
            expected = f"a column {name} in {path}"
            raise InputError(expected, shown(", ".join(typed), 200), nearest(name, small, f"add {name} to its head"))
    return found


def _of_row(path: Path, number: int, row: Mapping[str, Any]) -> OthersFigure:
    texts = {name: _text(row.get(name)) for name in ("device", "chip", "android", "model", "delegate")}
    for name in ("device", "model"):
        if not texts[name]:
            raise InputError(f"a {name} in row {number} of {path}", "nothing", "fill it in, or leave the row out")
    return OthersFigure(**texts, time_ms=_time_ms(path, number, row["time_ms"]), statistic="as its table says")  # type: ignore[arg-type]


def _text(value: Any) -> str | None:
    return None if pd.isna(value) or not str(value).strip() else shown(str(value).strip(), 200)


def _time_ms(path: Path, number: int, value: Any) -> float:
    try:
        time_ms = float(str(value).removesuffix("ms"))
    except ValueError:
        time_ms = float("nan")
    if not 0 < time_ms <= 1e9:
        expected = f"a time above 0 in milliseconds in row {number} of {path}"
        raise InputError(expected, shown(str(value)), "write it as in 12.5")
    return time_ms


def write(path: Path, result: OthersResult) -> None:
    """Write the figures of others as JSON; see `safe_files.write_json`."""
    safe_files.write_json(path, asdict(result))


def rows(result: OthersResult) -> list[tuple[str, ...]]:
    """Return the figures as rows of a table, with a head."""
    head = ("device", "chip", "model", "ran on", "time", "")
    return [head, *(_row(figure, result) for figure in result.figures)]


def _row(figure: OthersFigure, result: OthersResult) -> tuple[str, ...]:
    texts = (figure.device, figure.chip or "-", figure.model, figure.delegate or "-")
    return (*texts, f"{figure.time_ms:.2f} ms", f"{result.source}, {figure.statistic}; {result.mark}")
