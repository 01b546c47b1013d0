"""What a dashboard shows at first, as a table and a figure: they stay in a notebook that has no kernel any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from aic_helpers.dashboard.dashboards import Dashboard

COLUMNS = {
    "psnr_db": "PSNR (dB)",
    "psnr_db_gain": "against the baseline (dB)",
    "ms_ssim": "MS-SSIM",
    "ms_ssim_gain": "against the baseline",
    "speedup": "speedup",
    "peak_rss_mib": "RAM (MiB)",
    "score_A": "score A",
    "score_B": "score B",
    "score_C": "score C",
}


def table(dashboard: Dashboard) -> pd.DataFrame:
    """Return the figures of the image shown: a row for the input and for each model, empty where not measured."""
    source = dashboard.source
    images = source.images[source.images["image"] == dashboard.image]
    runs = source.runs.drop(columns=["psnr_db", "ms_ssim", "failure"])
    joined = images.merge(runs, on="model", how="left").set_index("model")
    return joined[list(COLUMNS)].rename(columns=COLUMNS).round(4)


def figure(dashboard: Dashboard) -> Figure:
    """Return input, output and target of the image shown, a row for each model that the panes show."""
    from aic_helpers.runs.comparison_figures import Comparison, beside_targets

    source, image = dashboard.source, dashboard.image or ""
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
