"""A catalogue and encoded pictures -> what the template of a page needs to show them in the viewer, or as they stand.

`parts.html.j2` has the markup. Without JavaScript, and in print, the pictures stand side by side.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aic_helpers.core.safe_texts import printable
from aic_helpers.reporting.catalogues import Catalogue, View

ESCAPES = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&"}
"""What could end a script element; letters beyond ASCII are escapes in any case."""


@dataclass(frozen=True)
class Picture:
    """A picture in base64, with its size; or `problem`: why there is none, as a sentence.

    Attributes
    ----------
    base64 : str
        Empty where there is none, and where the page has it already.
    kind : str
        ``webp`` or ``png``.
    exact : bool
        Whether its pixels are those of the array.
    copy_of : str
        The id of the picture in this page that it is.
    """

    base64: str = ""
    width_px: int = 0
    height_px: int = 0
    kind: str = "webp"
    exact: bool = True
    problem: str = ""
    copy_of: str = ""


@dataclass(frozen=True)
class Still:
    """A picture as it stands: the places of its image and of what is shown, its id, and words."""

    image: int
    shown: int
    id: str
    name: str
    figures: str
    picture: Picture


@dataclass(frozen=True)
class Row:
    """All pictures of one image, side by side."""

    title: str
    words: str
    stills: list[Still]


@dataclass(frozen=True)
class Viewer:
    """A viewer of a page; `json` is its catalogue and view, as they may stand in a script element."""

    json: str
    rows: list[Row]


def viewer(
    given: Catalogue,
    view: View,
    pictures: Mapping[tuple[str, str], Picture],
    name: str = "",
    others: Sequence[Viewer] = (),
) -> Viewer:
    """Return what `parts.html.j2` needs to show pictures in a viewer.

    Parameters
    ----------
    given : dict
        See `aic_helpers.reporting.catalogues.catalogue`. Letters that no page can show are replaced.
    view : dict
        What is looked at first.
    pictures : mapping of (str, str) to Picture
        By image and by what is shown, as the catalogue calls them. None for what has none.
    name : str
        What the ids of its pictures begin with; empty where nothing needs them.
    others : sequence of Viewer
        Those that stand in the page, whose pictures aren't repeated.
    """
    content = json.dumps(printable({"catalogue": given, "view": view}), allow_nan=False).translate(ESCAPES)
    homes = {still.picture.base64: still.id for other in others for row in other.rows for still in row.stills}
    rows = [_row(given, place, pictures, name, homes) for place in range(len(given["images"]))]
    return Viewer(content, rows)


def _row(
    given: Catalogue, place: int, pictures: Mapping[tuple[str, str], Picture], name: str, homes: Mapping[str, str]
) -> Row:
    image = given["images"][place]
    stills = []
    for number, one in enumerate(given["shown"]):
        shown = one["name"]
        failure = image["failures"].get(shown, "")
        picture = Picture(problem=printable(failure)) if failure else pictures.get((image["name"], shown))
        if picture:
            words = figure_words(given, image["figures"].get(shown, {}))
            own = _once(picture, homes)
            stills.append(Still(place, number, f"{name}-{place}-{number}" if name else "", _title(one), words, own))
    return Row(printable(image["name"]), printable(image["words"]), stills)


def _title(one: Mapping[str, Any]) -> str:
    return printable(one.get("title", one["name"]))


def _once(picture: Picture, homes: Mapping[str, str]) -> Picture:
    """Return a picture without its content where the page has that already."""
    home = homes.get(picture.base64, "") if picture.base64 else ""
    return replace(picture, base64="", copy_of=home) if home else picture


def figure_words(given: Catalogue, figures: Mapping[str, float | str | None]) -> str:
    """Return figures in words: `PSNR 30.51 dB, MS-SSIM 0.9770`."""
    told = []
    for metric in given["metrics"]:
        value = figures.get(metric["key"])
        if value is not None:
            number = "infinite" if isinstance(value, str) else f"{value:.{metric['digits']}f} {metric['unit']}".rstrip()
            told.append(f"{metric['title']} {number}")
    return ", ".join(told)
