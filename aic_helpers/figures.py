"""What all figures share: style, colours, and a word where there is nothing to see.

Every figure is a `matplotlib.figure.Figure` of its own, outside pyplot: nothing is shown twice and nothing is left
open. Colours are Okabe and Ito's, which people of every colour vision can tell apart.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import matplotlib as mpl
from matplotlib.figure import Figure

BLUE, ORANGE, GREY, INK, GRID = "#0072B2", "#D55E00", "#9A9A9A", "#222222", "#E6E6E6"

STYLE: Any = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "text.parse_math": False,  # a name with dollar signs is no formula
}

P = ParamSpec("P")


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw a figure in the house's style, and leave matplotlib's own as it was."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with mpl.rc_context(STYLE):
            return draw(*args, **kwargs)

    return drawn


def notice(text: str) -> Figure:
    """Return a small figure that says why there is nothing to see."""
    figure = Figure(figsize=(9, 0.5), dpi=110)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.text(0.01, 0.5, text, va="center")
    return figure
