"""What a model is worth in each precision, as a table in words, as a data frame, and in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aic_helpers.core.safe_texts import shown as shown_name
from aic_helpers.core.written_values import Interval
from aic_helpers.precisions.results import Estimate, Made, Precision, Precisions
from aic_helpers.quantization.precisions import FLOAT32
from aic_helpers.reporting.text_tables import NOT_MEASURED, aligned
from aic_helpers.tracks.definitions import TITLES

if TYPE_CHECKING:
    import pandas as pd


BESIDE = "beside float32"

LISTED = 3
"""Layers in floats that a row names."""


@dataclass(frozen=True)
class Cell:
    """A figure in words, and its 95 % interval; empty where it has none."""

    value: str
    interval: str = ""

    def __str__(self) -> str:
        return f"{self.value} ({self.interval})" if self.interval else self.value


def head(columns: Sequence[str]) -> list[str]:
    """Return the titles of `rows`; `columns` are the metrics of the track's protocol."""
    metrics = [title for column in columns for title in (TITLES[column] + _unit(column), f"{TITLES[column]} {BESIDE}")]
    return ["precision", "MB", *metrics, "time, ms", f"speed {BESIDE}", "speed beside TensorFlow", "RAM, MiB"]


def rows(precisions: Precisions, columns: Sequence[str]) -> list[list[Cell]]:
    """Return a row a precision: what `head` says of it, or why it has no figures."""
    return [_row(name, _called(precisions, name), one, columns) for name, one in precisions.by_precision.items()]


def lines(precisions: Precisions, columns: Sequence[str]) -> list[str]:
    """Return the table as lines of text, and below it why some precisions have no figures."""
    told = [head(columns), *([str(cell) for cell in row] for row in rows(precisions, columns))]
    return [*aligned(told).splitlines(), *problems(precisions)]


def shown(precisions: Precisions, columns: Sequence[str]) -> pd.DataFrame:
    """Return the table in words, as a notebook shows it."""
    import pandas as pd

    told = [[str(cell) for cell in row] for row in rows(precisions, columns)]
    return pd.DataFrame(told, columns=head(columns)).set_index("precision")


def problems(precisions: Precisions) -> list[str]:
    """Return why precisions weren't made, have no figures, or aren't what they are called, as sentences."""
    found = [
        (name, told)
        for name, one in precisions.by_precision.items()
        for told in (one.reason or one.failed, *one.verdict.problems, _made(precisions, name).fixed.squares)
    ]
    return [f"{name}: {told.removesuffix('.')}." for name, told in found if told]


def verdicts(precisions: Precisions) -> list[str]:
    """Return what the operators of each file compute in, and which of them targets take: some lines a precision."""
    told = {name: one.verdict for name, one in precisions.by_precision.items() if one.verdict.computes}
    return ["\n  ".join([f"{name}: {one.computes}", *one.targets]) for name, one in told.items()]


def frame(precisions: Precisions, columns: Sequence[str]) -> pd.DataFrame:
    """Return the numbers of the table: a row a precision, intervals as ``_low`` and ``_high``."""
    import pandas as pd

    return pd.DataFrame([_numbers(name, one, columns) for name, one in precisions.by_precision.items()])


def sentence(precisions: Precisions) -> str:
    """Return what the smallest whole-number precision costs and brings, in one sentence."""
    one = precisions.by_precision.get("int8")
    lost = one and one.loss.get("psnr_db")
    if not one or not lost or lost.value is None:
        return "The int8 file was not measured."
    cost = f"{_called(precisions, 'int8')} has {lost.value:+.2f} dB{_spread(lost.ci95, '+.2f')} beside float32"
    times = one.over_float32
    if times.value is None:
        return f"{cost}."
    return f"{cost}, at {times.value:.2f}{_spread(times.ci95, '.2f')} times its speed in LiteRT here."


def _made(precisions: Precisions, name: str) -> Made:
    return precisions.export.precisions.get(name, Made())


def _called(precisions: Precisions, name: str) -> str:
    """Return a precision with what was done beside quantising, as in "int8 with conv1 in floats"."""
    made = _made(precisions, name)
    layers = [shown_name(layer) for layer in made.keep_float[:LISTED]]
    layers += [f"{len(made.keep_float) - LISTED} more"] if len(made.keep_float) > LISTED else []
    done = [f"{', '.join(layers)} in floats"] if layers else []
    done += ["weights rounded by photos"] if made.rounded_weights else []
    return f"{name} with {' and '.join(done)}" if done else name


def _row(name: str, called: str, one: Precision, columns: Sequence[str]) -> list[Cell]:
    if one.bytes is None:
        return [Cell(name), *[Cell("")] * (len(head(columns)) - 1)]
    metrics = [
        cell for column in columns for cell in (_plain(getattr(one, column), _digits(column)), _lost(name, one, column))
    ]
    size = Cell(f"{one.bytes / 1e6:.2f}")
    times = [_estimate(one.over_float32, ".2f"), _estimate(one.over_tensorflow, ".2f")]
    return [Cell(called), size, *metrics, _plain(one.time_ms, ".1f"), *times, _plain(one.peak_rss_mib, ".0f")]


def _lost(name: str, one: Precision, column: str) -> Cell:
    lost = one.loss.get(column)
    if name == FLOAT32.name or lost is None:
        return Cell("" if name == FLOAT32.name else NOT_MEASURED)
    return _estimate(lost, f"+{_digits(column)}")


def _estimate(estimate: Estimate, digits: str) -> Cell:
    return Cell(*_words(estimate.value, estimate.ci95, digits))


def _plain(value: float | None, digits: str) -> Cell:
    return Cell(*_words(value, None, digits))


def _words(value: float | None, interval: Interval, digits: str) -> tuple[str, str]:
    """Return a figure and its interval."""
    if value is None:
        return NOT_MEASURED, ""
    return f"{value:{digits}}", _ends(interval, digits)


def _ends(interval: Interval, digits: str) -> str:
    return f"{interval[0]:{digits}} to {interval[1]:{digits}}" if interval else ""


def _spread(interval: Interval, digits: str) -> str:
    return f" ({_ends(interval, digits)})" if interval else ""


def _digits(column: str) -> str:
    return ".2f" if column == "psnr_db" else ".4f"


def _unit(column: str) -> str:
    return ", dB" if column == "psnr_db" else ""


def _numbers(name: str, one: Precision, columns: Sequence[str]) -> dict[str, float | str | None]:
    estimates = {f"{column}_lost": one.loss.get(column) or Estimate() for column in columns}
    estimates |= {"over_float32": one.over_float32, "over_tensorflow": one.over_tensorflow}
    found: dict[str, float | str | None] = {"precision": name, "bytes": one.bytes, "time_ms": one.time_ms}
    found |= {"peak_rss_mib": one.peak_rss_mib, **{column: getattr(one, column) for column in columns}}
    for key, estimate in estimates.items():
        low, high = estimate.ci95 or (None, None)
        found |= {key: estimate.value, f"{key}_low": low, f"{key}_high": high}
    return found
