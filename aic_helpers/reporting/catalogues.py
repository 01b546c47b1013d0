"""What a viewer of images is told: its catalogue (what there is to see) and its view (what is looked at)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from aic_helpers.tracks.definitions import TITLES, Protocol, Track

Metric = Mapping[str, Any]
"""A figure of an image: its ``key``, ``title``, ``unit``, ``digits`` and ``colour`` (rgb or y). Higher is better."""


def metrics(protocol: Protocol) -> list[Metric]:
    """Return the figures of an image by a protocol; of one on luma their titles say so."""
    of, colour = (" (Y)" if protocol.colour == "y" else ""), protocol.colour
    return [
        {"key": key, "title": TITLES[key] + of, "unit": unit, "digits": digits, "colour": colour}
        for key in protocol.columns
        for unit, digits in [("dB", 2) if key == "psnr_db" else ("", 4)]
    ]


START: Mapping[str, Any] = {
    "image": "",
    "panes": [],
    "mode": "side",
    "show": "picture",
    "against": "",
    "channels": "mean",
    "times": 4,
    "zoom": 0,
    "x": -1,
    "y": -1,
    "split": 0.5,
    "upright": True,
    "light": 0,
    "rows": 1,
    "histogram": False,
    "more": False,
    "sort": ["", "", ""],
}
"""The view to begin with, but for its image, panes and sort."""

MOST_PANES = 6

Catalogue = dict[str, Any]
View = dict[str, Any]


def catalogue(
    title: str,
    shown: Sequence[Mapping[str, Any]],
    images: Sequence[Mapping[str, Any]],
    *,
    data: str = "",
    notes: Sequence[str] = (),
    models: Sequence[str] = (),
    baseline: str = "",
    before: str = "input",
    reference: str = "target",
    metrics: Sequence[Metric],
    track: str = "",
) -> Catalogue:
    """Return a catalogue in which no track and no photo can be chosen.

    Parameters
    ----------
    shown : sequence of dict
        What there is of an image: ``name``, ``title`` where it is called otherwise, and ``rows`` of label and words
        where a run measured something.
    images : sequence of dict
        See `image`.
    models : sequence of str
        Which of `shown` are models.
    before, reference : str
        Which of `shown` are the input and the target; empty where there is none.
    metrics : sequence of dict
        See `metrics`.
    """
    return {
        "title": title,
        "data": data,
        "notes": [*notes],
        "track": track,
        "tracks": [],
        "metrics": [dict(metric) for metric in metrics],
        "shown": [dict(one) for one in shown],
        "models": [*models],
        "baseline": baseline,
        "input": before,
        "reference": reference,
        "ways": [],
        "images": [dict(one) for one in images],
    }


def shown_input(name: str, track: Track) -> dict[str, Any]:
    """Return what a catalogue says of a track's input: where networks get a small photo, that it is enlarged."""
    return {"name": name, "title": f"{name} (enlarged)"} if track.enlarges > 1 else {"name": name}


def image(
    name: str,
    figures: Mapping[str, Mapping[str, float | None]],
    *,
    words: str = "",
    target: bool = True,
    failures: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return an image of a catalogue.

    Parameters
    ----------
    figures : mapping
        By what is shown, the figures of the whole image by their keys.
    words : str
        A sentence about the picture.
    target : bool
        Whether there is one.
    failures : mapping
        By what is shown, why there is no picture of it.
    """
    told = {name: {key: figure(value) for key, value in own.items()} for name, own in figures.items()}
    return {"name": name, "words": words, "target": target, "figures": told, "failures": dict(failures or {})}


def figure(value: float | None) -> float | str | None:
    """Return a figure as a catalogue holds it: "Infinity" where images are identical, None where none was made."""
    if value is None or math.isnan(value):
        return None
    return float(value) if math.isfinite(value) else "Infinity"


def start(made: Catalogue, panes: Sequence[str], chosen: str = "") -> View:
    """Return the view that begins with an image, by default the first, in these panes; at most six are taken."""
    first = made["images"][0]["name"] if made["images"] else ""
    metric = made["metrics"][0]["key"] if made["metrics"] else ""
    of = next((name for name in (*panes, *made["models"]) if name in made["models"]), "")
    return {**START, "image": chosen or first, "panes": [*panes[:MOST_PANES]], "sort": [metric, of, ""]}
