"""A track's images, models and figures -> the catalogue of the viewer, and the view to begin with."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pandas as pd

from aic_helpers.core.safe_texts import printable
from aic_helpers.dashboard.image_figures import run_words
from aic_helpers.dashboard.image_store import INPUT, TARGET
from aic_helpers.reporting import catalogues as viewer_catalogues
from aic_helpers.reporting.catalogues import Catalogue, View
from aic_helpers.tracks.definitions import Track


class Listed(Protocol):
    """What there is of a track: see `aic_helpers.dashboard.image_store.ImageStore`."""

    track: Track
    data: str
    notes: list[str]
    ways: dict[str, str]
    models: list[str]
    baseline: str
    runs: pd.DataFrame
    images: pd.DataFrame


def catalogue(source: Listed, tracks: Mapping[str, str]) -> Catalogue:
    """Return all that there is to see of a track.

    Parameters
    ----------
    source : Listed
    tracks : mapping of str to str
        Names of the tracks by their titles.

    Returns
    -------
    dict
        With ``tracks``, ``ways`` to take a photo of the person's own, and ``way``, the one by which it was taken: empty
        where there is no such photo.
    """
    track = source.track
    made = viewer_catalogues.catalogue(
        track.title,
        [viewer_catalogues.shown_input(INPUT, track), {"name": TARGET}, *_models(source)],
        [_image(name, rows, track) for name, rows in source.images.groupby("image", sort=False)],
        data=printable(source.data),
        notes=printable(source.notes),
        models=source.models,
        baseline=source.baseline,
        track=track.name,
        metrics=viewer_catalogues.metrics(track.protocol),
    )
    ways = [[*way] for way in source.ways.items()]
    return made | {"tracks": [[*listed] for listed in tracks.items()], "ways": ways, "way": ""}


def _models(source: Listed) -> list[dict[str, Any]]:
    return [{"name": run["model"], "rows": run_words(run, source.track)} for run in source.runs.to_dict("records")]


def _image(name: str, rows: pd.DataFrame, track: Track) -> dict[str, Any]:
    records = rows.to_dict("records")
    figures = {row["model"]: {metric: row[metric] for metric in track.protocol.columns} for row in records}
    failures = {row["model"]: row["failure"] for row in records if isinstance(row["failure"], str)}
    return viewer_catalogues.image(name, figures, failures=printable(failures))


def with_photo(made: Catalogue, photo: str, words: str, way: str, *, target: bool) -> Catalogue:
    """Return a catalogue whose first image is the person's own photo, taken in a way, in place of one before."""
    others = [image for image in made["images"] if not image.get("own")]
    own = viewer_catalogues.image(photo, {}, words=words, target=target) | {"own": True}
    return made | {"images": [own, *others], "way": way}


def first_view(made: Catalogue, image: str = "", linked: View | None = None) -> View:
    """Return the view to begin with: what a link names, and else input, up to two models and target of an image.

    Where neither names an image, it is the first of the order: by default that with the lowest PSNR.
    """
    others = made["models"][1:]
    models = others[:2] if len(others) > 1 else made["models"]
    view = viewer_catalogues.start(made, [INPUT, *models, TARGET])
    view |= {"image": image, "sort": [made["metrics"][0]["key"], others[0] if others else made["baseline"], ""]} | (
        linked or {}
    )
    return view | {"image": view["image"] or first_image(made, view["sort"])}


def first_image(made: Catalogue, sort: Sequence[str]) -> str:
    """Return the first image of an order, that of the viewer's strip (`sorting.js`), of which anything can be seen."""
    seen = [image for image in made["images"] if INPUT not in image["failures"]] or made["images"]
    return min(seen, key=lambda image: _rank(image, sort))["name"]


def _rank(image: Mapping[str, Any], sort: Sequence[str]) -> float:
    metric, model, other = sort
    own, others = (_figure(image, name, metric) for name in (model, other or model))
    if math.isnan(own) or math.isnan(others):
        return -math.inf  # without a figure, before all
    lead = 0.0 if own == others else own - others
    return max(-abs(lead), -sys.float_info.max) if other else own


def _figure(image: Mapping[str, Any], name: str, metric: str) -> float:
    value = image["figures"].get(name, {}).get(metric)
    return math.nan if value is None else float(value)
