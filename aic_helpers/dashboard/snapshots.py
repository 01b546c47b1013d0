"""What a dashboard shows at first, as a table and a figure: they stay in a notebook that has no kernel any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from aic_helpers.reporting.text_tables import NOT_MEASURED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from aic_helpers.dashboard.dashboards import Dashboard

COLUMNS = {
    "psnr_db": "PSNR (dB)",
    "psnr_db_gain": "PSNR against the baseline (dB)",
    "ms_ssim": "MS-SSIM",
    "ms_ssim_gain": "MS-SSIM against the baseline",
    "speedup": "speedup",
    "peak_rss_mib": "RAM (MiB)",
    "score_A": "score A",
    "score_B": "score B",
    "score_C": "score C",
}


def table(dashboard: Dashboard) -> pd.DataFrame:
    """Return the figures of the image shown: a row for the input and for each model.

    What nobody has is left out; what one lacks and another has is called "not measured".
    """
    source = dashboard.source
    images = source.images[source.images["image"] == dashboard.image]
    runs = source.runs.drop(columns=["psnr_db", "ms_ssim", "failure"])
    joined = images.merge(runs, on="model", how="left").set_index("model")
    measured = joined[list(COLUMNS)].rename(columns=COLUMNS).astype(float).round(4).dropna(axis="columns", how="all")
    return measured.astype(object).where(measured.notna(), NOT_MEASURED) if measured.isna().any(axis=None) else measured


def figure(dashboard: Dashboard) -> Figure:
    """Return input, output and target of the image shown, a row for each model that the panes show."""
    from aic_helpers.runs.comparison_figures import Comparison, beside_targets

    source, image = dashboard.source, dashboard.image
    found: dict[str, Any] = {name: source.pixels(image, name) for name in ("input", "target", *dashboard.shown)}
    models = [name for name in dict.fromkeys(dashboard.shown) if name in source.models]
    if isinstance(found["input"], str) or isinstance(found["target"], str):
        models = []
    rows = [
        Comparison(f"{name}, {image}", found["input"], found[name], found["target"])
        for name in models
        if not isinstance(found[name], str)
    ]
    return beside_targets(source.track, rows)
