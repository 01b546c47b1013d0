"""Example images that several runs of a board have of the same place -> a viewer with the models side by side.

The pictures stand in the page already, with each run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aic_helpers.evaluation.example_images import SIDES
from aic_helpers.reporting import catalogues, viewer_pages
from aic_helpers.reporting.text_tables import NOT_MEASURED
from aic_helpers.reporting.viewer_pages import Picture, Viewer
from aic_helpers.runs import example_viewers
from aic_helpers.runs.reports import Section
from aic_helpers.runs.run_folders import PLACE, Example, RunFolder
from aic_helpers.tracks.definitions import TITLES, Track

BEFORE, AFTER, REFERENCE = SIDES

UNMEASURED = ("none", NOT_MEASURED)
"""What a section's cells say instead of a figure."""

Place = tuple[str, ...]


@dataclass(frozen=True)
class Contender:
    """A model of a track: its name on the board, its run, and the section of the page that tells of it."""

    name: str
    run: RunFolder
    section: Section


def viewer(track: Track, contenders: Sequence[Contender]) -> Viewer | None:
    """Return the viewer of a track, the leader first; None where no two runs have pictures of the same place."""
    named = {_told_apart(one.name): one for one in contenders}
    shared = _shared(named)
    if not shared:
        return None
    names = [name for name in named if any(name in own for own in shared.values())]
    models = [{"name": name, "rows": _rows(named[name])} for name in names]
    shown: list[dict[str, Any]] = [catalogues.shown_input(BEFORE, track), *models, {"name": REFERENCE}]
    baseline = next((name for name in names if name == Path(track.baseline.model).stem), "")
    images = [_image(own, {name: named[name] for name in names}, track) for own in shared.values()]
    metrics = catalogues.metrics(track.protocol)
    given = catalogues.catalogue(track.title, shown, images, models=names, baseline=baseline, metrics=metrics)
    view = catalogues.start(given, [BEFORE, *names[:2], REFERENCE])
    others = [one.section.viewer for one in contenders if one.section.viewer]
    return viewer_pages.viewer(given, view, _pictures(shared), others=others)


def _told_apart(name: str) -> str:
    return f"{name} (model)" if name in SIDES else name


def _shared(named: Mapping[str, Contender]) -> dict[str, dict[str, Example]]:
    """Return by image the examples of the models that show the same part of it, from the same input and target."""
    places: dict[Place, dict[str, Example]] = defaultdict(dict)
    for name, one in named.items():
        for example in one.run.examples:
            if not any(example.pictures[side].problem for side in SIDES):
                places[_place(example)][name] = example
    found: dict[str, dict[str, Example]] = {}
    for (image, *_), own in places.items():
        if len(own) > max(1, len(found.get(image, {}))):
            found[image] = own
    return found


def _place(example: Example) -> Place:
    row, pictures = example.row, example.pictures
    return row["image"], *(str(row[name]) for name in PLACE), pictures[BEFORE].base64, pictures[REFERENCE].base64


def _image(own: Mapping[str, Example], named: Mapping[str, Contender], track: Track) -> dict[str, Any]:
    """Return an image with the figures of all models, those too of which no picture of it was kept."""
    first, columns = next(iter(own.values())), track.protocol.columns
    figures = {BEFORE: example_viewers.figures_of(first.row, columns, "input_")}
    for name, one in named.items():
        table = one.run.tables["images"]
        measured = table[table["image"] == first.row["image"]].to_dict("records") if "image" in table else []
        for row in [own[name].row] if name in own else measured:
            figures[name] = example_viewers.figures_of(row, columns)
    return catalogues.image(first.row["image"], figures, words=example_viewers.place_words(first))


def _pictures(shared: Mapping[str, Mapping[str, Example]]) -> dict[tuple[str, str], Picture]:
    pictures: dict[tuple[str, str], Picture] = {}
    for image, own in shared.items():
        first = next(iter(own.values()))
        pictures |= {(image, side): first.pictures[side] for side in (BEFORE, REFERENCE)}
        pictures |= {(image, name): example.pictures[AFTER] for name, example in own.items()}
    return pictures


def _rows(one: Contender) -> list[list[str]]:
    told = {label: cell for label, cell in one.section.cells.items() if label not in TITLES.values()}
    measured = {label: told[label] for label in told if told[label][0] not in UNMEASURED}
    return [[label, f"{value} ({interval})" if interval else value] for label, (value, interval) in measured.items()]
