"""Widgets that notebooks share: the style sheet, and a progress bar for what takes longer than one likes to wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import display

from aic_helpers.core.progress_types import Progress


def sheet(file: Path) -> widgets.HTML:
    """Return an invisible widget that brings a style sheet to the page."""
    return widgets.HTML(f"<style>{file.read_text('utf-8')}</style>", layout=widgets.Layout(display="none"))


class ProgressBar(widgets.HBox):
    """A bar and what is being done; it keeps its place, and is empty until something is."""

    def __init__(self) -> None:
        self.bar = widgets.IntProgress(
            description="Progress", tooltip="How much of the work is done", layout=widgets.Layout(visibility="hidden")
        )
        self.words = widgets.HTML()
        super().__init__([self.bar, self.words], layout=widgets.Layout(flex_flow="row wrap"))

    def step(self, done: int, total: int | None, words: str) -> None:
        """Show how far the work is; see `aic_helpers.core.progress_types.Progress`."""
        self.bar.layout.visibility = "visible"
        self.bar.max, self.bar.value = max(total or 1, 1), done
        self.words.value = escape(words)


@contextmanager
def waiting() -> Iterator[Progress]:
    """Show a bar in the cell that calls, where there is a notebook, while something is done; give what moves it on.

    It leaves nothing: a page that has no widgets, or not this one any more, would show Python's name of the bar.
    """
    bar = ProgressBar()
    place = display(bar, display_id=True) if get_ipython() else None
    try:
        yield bar.step
    finally:
        bar.close()
        if place:
            place.update({}, raw=True)
