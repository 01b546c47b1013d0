"""Figure -> SVG to stand inside a page: its text stays text, its colours are the page's."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from aic_helpers.reporting.figure_style import BLUE, GREY, GRID, INK, ORANGE

VARIABLES = {BLUE: "--plot-blue", ORANGE: "--plot-orange", GREY: "--plot-grey", INK: "--ink", GRID: "--plot-grid"}
"""The page's CSS variables, by the colour that a figure is drawn in."""

SETTINGS: Any = {"svg.fonttype": "none", "svg.hashsalt": "aic"}


def inline(draw: Callable[[], Figure], name: str) -> str:
    """Return the figure that `draw` returns as an `<svg>` element.

    Parameters
    ----------
    draw : callable
        Called here, so that letters which the figure's font lacks draw no warning: the page's font will have them.
    name : str
        Of letters, digits and hyphens; unlike that of any other figure in the page. It begins every id.
    """
    buffer = io.StringIO()
    with mpl.rc_context(SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)
        draw().savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    element = _element(buffer.getvalue())
    return re.sub("<[^>]*>", lambda tag: _named(_coloured(tag[0]), name), element)  # tags alone: texts are left as is


def _element(document: str) -> str:
    """Return the element alone; its sizes in points go, so that the page sets them."""
    element = re.sub(r"<metadata>.*?</metadata>", "", document[document.index("<svg") :], flags=re.DOTALL)
    head, closing, rest = element.partition(">")
    return re.sub(r' (width|height|xmlns|xmlns:xlink|version)="[^"]*"', "", head) + closing + rest


def _coloured(tag: str) -> str:
    for colour, variable in VARIABLES.items():
        tag = re.sub(colour, f"var({variable})", tag, flags=re.IGNORECASE)
    return tag


def _named(tag: str, name: str) -> str:
    """Begin an id, and a mention of one, with the figure's name."""
    return re.sub(r'(\bid="|xlink:href="#|url\(#)', rf"\1{name}-", tag)
