"""What all figures share: style, colours, and a word where there is nothing to see.

Every figure is a `matplotlib.figure.Figure` of its own, outside pyplot: nothing is shown twice and nothing is left
open. Colours are Okabe and Ito's, which people of every colour vision can tell apart.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

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


NAME_LETTERS = 24
"""Of an image's name that stand beside its row."""


def short(name: str) -> str:
    """Return a name with its middle left out where it is too long for its place."""
    half = NAME_LETTERS // 2
    return name if len(name) <= NAME_LETTERS else f"{name[: half - 1]}…{name[-half:]}"


def plain_ticks(axis: Any, values: pd.Series) -> None:
    """Label a logarithmic axis with 1, 2, 5, 10, 20, ... as plain numbers."""
    exponents = range(-3, 7)
    steps = [step * 10.0**exponent for exponent in exponents for step in (1, 2, 5)]
    axis.set_major_locator(FixedLocator([tick for tick in steps if values.min() * 0.6 <= tick <= values.max() * 1.7]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g}"))


WIDTH_IN = {True: 4.6, False: 8.0}
"""Of a figure, narrow or not."""

QUALITIES = {"psnr_db": "PSNR (dB)", "ssim": "SSIM", "ms_ssim": "MS-SSIM"}
