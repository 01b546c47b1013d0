"""Example images that several runs of a board have of the same place -> a viewer with the models side by side.

The pictures stand in the page already, with each run; the viewer is given where.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aic_helpers.evaluation.example_images import SIDES
from aic_helpers.reporting import catalogues, viewer_pages
from aic_helpers.reporting.viewer_pages import Picture, Viewer
from aic_helpers.runs import example_viewers
from aic_helpers.runs.reports import COLUMNS, Section
from aic_helpers.runs.run_folders import PLACE, Example, RunFolder

BEFORE, AFTER, REFERENCE = SIDES

FIGURES = ("speedup", "RAM", "score A", "score B", "score C")
"""Of a run, told beside the pictures of its model."""

Place = tuple[str, ...]


@dataclass(frozen=True)
class Contender:
    """A model of a track: its name on the board, its run, and the section of the page that tells of it."""

    name: str
    run: RunFolder
    section: Section


@dataclass(frozen=True)
class _Kept:
    """Where the pictures of an example stand in the page."""

    example: Example
    section: Section
    number: int

    def picture(self, side: str) -> Picture:
        found = self.example.pictures[side]
        home = viewer_pages.picture_id(
            example_viewers.pictures_name(self.section.number), self.number, SIDES.index(side)
        )
        return Picture("", found.width_px, found.height_px, exact=found.exact, copy_of=home)


def viewer(title: str, contenders: Sequence[Contender]) -> Viewer | None:
    """Return the viewer of a track, the leader first; None where no two runs have pictures of the same place."""
    named = {_told_apart(one.name): one for one in contenders}
    shared = _shared(named)
    if not shared:
        return None
    taking_part = [name for name in named if any(name in own for own in shared.values())]
    shown: list[dict[str, Any]] = [
        {"name": BEFORE},
        *({"name": name, "rows": _rows(named[name])} for name in taking_part),
        {"name": REFERENCE},
    ]
    images = [_image(own) for own in shared.values()]
    given = catalogues.catalogue(title, shown, images, models=taking_part)
    panes = [BEFORE, *taking_part[:2], REFERENCE]
    return viewer_pages.viewer(given, catalogues.start(given, panes), _pictures(shared))


def _told_apart(name: str) -> str:
    return f"{name} (model)" if name in SIDES else name


def _shared(named: Mapping[str, Contender]) -> dict[str, dict[str, _Kept]]:
    """Return by image the examples of the models that show the same part of it, from the same input and target."""
    places: dict[Place, dict[str, _Kept]] = defaultdict(dict)
    for name, one in named.items():
        for number, example in enumerate(one.run.examples):
            if not any(example.pictures[side].problem for side in SIDES):
                places[_place(example)][name] = _Kept(example, one.section, number)
    found: dict[str, dict[str, _Kept]] = {}
    for (image, *_), own in places.items():
        if len(own) > max(1, len(found.get(image, {}))):
            found[image] = own
    return found


def _place(example: Example) -> Place:
    row, pictures = example.row, example.pictures
    return row["image"], *(str(row[name]) for name in PLACE), pictures[BEFORE].base64, pictures[REFERENCE].base64


def _image(own: Mapping[str, _Kept]) -> dict[str, Any]:
    first = next(iter(own.values())).example
    figures = {BEFORE: example_viewers.figures_of(first.row, "input_")}
    figures |= {name: example_viewers.figures_of(kept.example.row) for name, kept in own.items()}
    return catalogues.image(first.row["image"], figures, words=example_viewers.place_words(first))


def _pictures(shared: Mapping[str, Mapping[str, _Kept]]) -> dict[tuple[str, str], Picture]:
    pictures: dict[tuple[str, str], Picture] = {}
    for image, own in shared.items():
        first = next(iter(own.values()))
        pictures |= {(image, side): first.picture(side) for side in (BEFORE, REFERENCE)}
        pictures |= {(image, name): kept.picture(AFTER) for name, kept in own.items()}
    return pictures


def _rows(one: Contender) -> list[list[str]]:
    cells = dict(zip(COLUMNS, one.section.cells, strict=True))
    told = {label: cells[label] for label in FIGURES}
    return [[label, f"{value} ({interval})" if interval else value] for label, (value, interval) in told.items()]
