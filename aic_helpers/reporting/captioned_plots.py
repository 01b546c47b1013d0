"""A plot for a page with its caption and its words for who can't see it, or the reason why it is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from aic_helpers.reporting import svg as reporting_svg

UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a table or result from elsewhere can bring about."""


@dataclass(frozen=True)
class Plot:
    """A plot with its words. `alt` says what is seen for who can't see it; `missing` why nothing is."""

    title: str
    caption: str = ""
    svg: str = ""
    alt: str = ""
    missing: str = ""


def drawn(title: str, caption: str, alt: Callable[[], str], draw: Callable[[], Figure], name: str) -> Plot:
    """Return a plot, or why its tables don't have what it needs; `name` begins its ids in the page."""
    try:
        return Plot(title, caption, reporting_svg.inline(draw, name), alt())
    except UNREADABLE as error:
        why = f"The run folder's tables don't have what this plot needs ({type(error).__name__}): make the run again."
        return Plot(title, missing=why)
