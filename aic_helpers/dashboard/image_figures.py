"""The figures of one image and model, from the table or made from the arrays, and as HTML beside a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.core.tracks import Track
from aic_helpers.evaluation.metrics import least_side_px, ms_ssim, psnr
from aic_helpers.evaluation.per_image import score_output
from aic_helpers.reporting.text_tables import NOT_MEASURED

METRICS = ("psnr_db", "ms_ssim")

Shown = NDArray[np.float32] | str
Row = dict[str, Any]


class ImageFigures:
    """Rows of figures by image and model.

    Parameters
    ----------
    track : Track
    images : DataFrame
        Columns ``image``, ``model``, ``psnr_db``, ``ms_ssim``, both with ``_gain``, and ``failure``.
    baseline : str
    """

    def __init__(self, track: Track, images: pd.DataFrame, baseline: str) -> None:
        self._track, self._baseline = track, baseline
        rows = images.astype(object).where(images.notna(), None).to_dict("records")
        self._rows: dict[tuple[str, str], Row] = {(row["image"], row["model"]): row for row in rows}

    def forget(self, image: str) -> None:
        """Forget an image's figures: another image has its name now."""
        self._rows = {key: row for key, row in self._rows.items() if key[0] != image}

    def row(self, image: str | None, model: str, found: Mapping[str, Shown]) -> Row | None:
        """Return the figures of a model on an image; None where the image has no target.

        Parameters
        ----------
        found : mapping
            The arrays (or the sentences why there are none) of that image by what they are: ``target``, models.
        """
        key = str(image), model
        known = self._rows.get(key)
        if known and known["failure"] is None:
            return known
        made = self._made(model, found)
        if made is None:
            return known
        base = self._rows.get((key[0], self._baseline)) or self._made(self._baseline, found) or made | {"failure": ""}
        for metric in METRICS:
            made[f"{metric}_gain"] = _difference(made[metric], None if base["failure"] == "" else base[metric])
        self._rows[key] = made
        return made

    def _made(self, model: str, found: Mapping[str, Shown]) -> Row | None:
        target, output = found.get("target", ""), found.get(model, "")
        if isinstance(target, str) or isinstance(output, str):
            return None
        try:
            figures = score_output(target, output, self._track)
        except InputError as error:
            return {"psnr_db": math.nan, "ms_ssim": math.nan, "failure": str(error)}
        return {"psnr_db": figures["psnr_db"], "ms_ssim": figures["ms_ssim"], "failure": None}


def _difference(value: float, base: float | None) -> float:
    if base is None:
        return math.nan
    return 0.0 if value == base else value - base


DIGITS = {"psnr_db": 2, "ms_ssim": 4}
UNITS = {"psnr_db": "\N{NO-BREAK SPACE}dB", "ms_ssim": ""}
TITLES = {"psnr_db": "PSNR", "ms_ssim": "MS-SSIM"}


def crop_figures(track: Track, target: NDArray[np.float32], output: NDArray[np.float32]) -> dict[str, str]:
    """Return PSNR and MS-SSIM of a part of an image against the same part of the target, in words.

    They follow the track's protocol, save that no border is left out. A part that is too small for the five
    scales of MS-SSIM has none, and the words say so.
    """
    clipped = np.clip(output, 0, 1)
    judged = clipped if track.ms_ssim_clipped else output
    found = {"psnr_db": number(psnr(target, clipped, data_range=1.0), "psnr_db")}
    try:
        similarity = ms_ssim(target, judged, data_range=1.0, definition=track.ms_ssim_definition)
        found["ms_ssim"] = number(similarity, "ms_ssim")
    except InputError:
        found["ms_ssim"] = f"crop too small: needs {least_side_px(track.ms_ssim_definition)} px a side"
    return found


def number(value: float | None, metric: str) -> str:
    """Return a figure with its unit; infinity (identical images) and a missing figure as words."""
    if value is None or math.isnan(value):
        return NOT_MEASURED
    if math.isinf(value):
        return "infinite: identical"
    return f"{value:.{DIGITS[metric]}f}{UNITS[metric]}"


def gain(value: float | None, metric: str) -> str:
    """Return a difference to the baseline as HTML: arrow, sign and colour say the same."""
    if value is None or math.isnan(value):
        return f'<span class="aic-quiet">{NOT_MEASURED}</span>'
    if value == 0:
        return '<span class="aic-quiet">= equal</span>'
    arrow, kind = ("▲", "better") if value > 0 else ("▼", "worse")
    amount = "infinite" if math.isinf(value) else f"{abs(value):.{DIGITS[metric]}f}{UNITS[metric]}"
    return f'<span class="aic-{kind}">{arrow}&nbsp;{"+" if value > 0 else "−"}{amount}</span>'  # noqa: RUF001 (a minus)


def figures(row: Mapping[str, Any] | None, crop: Mapping[str, str], baseline: str, is_baseline: bool) -> str:
    """Return the table of an image's figures beside a picture, as HTML.

    Parameters
    ----------
    row : mapping or None
        ``psnr_db``, ``ms_ssim``, ``psnr_db_gain``, ``ms_ssim_gain`` and ``failure``.
    crop : mapping
        From `crop_figures`.
    baseline : str
        The baseline's name.
    """
    if row is None:
        return '<span class="aic-quiet">no target, so no figures</span>'
    if isinstance(row["failure"], str):
        return f'<span class="aic-quiet">no figures: {escape(row["failure"])}</span>'
    columns = ("image", "crop", f"against {escape(baseline)}")
    lines = "".join(
        _line(
            title,
            columns,
            number(row[metric], metric),
            crop.get(metric, NOT_MEASURED),
            "the baseline" if is_baseline else gain(row[f"{metric}_gain"], metric),
        )
        for metric, title in TITLES.items()
    )
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("", *columns))
    return f'<table class="aic-figures"><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>'


def _line(title: str, columns: tuple[str, ...], *cells: str) -> str:
    """Return a row; each cell has its column's name with it, which a narrow page shows in place of the head."""
    named = "".join(f'<td data-of="{column}">{cell}</td>' for column, cell in zip(columns, cells, strict=True))
    return f'<tr><th scope="row">{title}</th>{named}</tr>'


def run_figures(run: Mapping[str, Any] | None) -> str:
    """Return speed, RAM and scores of a model's run as HTML.

    Parameters
    ----------
    run : mapping or None
        A row of the table of runs: ``time_ms``, ``speedup`` and ``score_A`` to ``score_C`` with ``_low`` and
        ``_high``, ``peak_rss_mib``; None for what is no model.
    """
    if run is None:
        return ""
    time = "" if _missing(run["time_ms"]) else f", {run['time_ms']:.0f} ms"
    ram = NOT_MEASURED if _missing(run["peak_rss_mib"]) else f"{run['peak_rss_mib']:.0f} MiB"
    rows = [("speedup", f"{_with_interval(run, 'speedup')}{time}"), ("RAM", ram)]
    rows += [(f"score {name}", _with_interval(run, f"score_{name}")) for name in "ABC"]
    lines = "".join(f'<tr><th scope="row">{name}</th><td>{value}</td></tr>' for name, value in rows)
    return f'<table class="aic-figures"><tbody>{lines}</tbody></table>'


def _with_interval(run: Mapping[str, Any], name: str) -> str:
    if _missing(run[name]):
        return NOT_MEASURED
    low, high = run[f"{name}_low"], run[f"{name}_high"]
    span = "" if _missing(low) else f" ({low:.2f} to {high:.2f})"
    return f"{run[name]:.2f}{span}"


def _missing(value: Any) -> bool:
    return value is None or math.isnan(value)


def sentence(text: str) -> str:
    """Return a sentence as HTML, to stand where a picture would be."""
    return f"<p>{escape(text)}</p>"
