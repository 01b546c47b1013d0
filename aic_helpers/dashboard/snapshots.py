"""What a dashboard shows at first, as a table and a figure: they stay in a notebook that has no kernel any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from aic_helpers.reporting import catalogues
from aic_helpers.reporting.text_tables import NOT_MEASURED
from aic_helpers.tracks.definitions import Track

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from aic_helpers.dashboard.dashboards import Dashboard


def _columns(track: Track) -> dict[str, str]:
    """Return the columns of the table by those of the figures."""
    columns = {}
    for metric in catalogues.metrics(track.protocol):
        unit = f" ({metric['unit']})" if metric["unit"] else ""
        columns[metric["key"]] = f"{metric['title']}{unit}"
        columns[f"{metric['key']}_gain"] = f"{metric['title']} against the baseline{unit}"
    columns |= {"speedup": "speedup", "peak_rss_mib": "RAM (MiB)"}
    return columns | {f"score_{name}": f"score {name}" for name in track.scores.better}


def table(dashboard: Dashboard) -> pd.DataFrame:
    """Return the figures of the image shown: a row for the input and for each model.

    What nobody has is left out; what one lacks and another has is called "not measured".
    """
    source = dashboard.source
    images = source.images[source.images["image"] == dashboard.image]
    columns = _columns(source.track)
    joined = images.merge(source.runs.drop(columns="failure"), on="model", how="left").set_index("model")
    measured = joined[list(columns)].rename(columns=columns).astype(float).round(4).dropna(axis="columns", how="all")
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
