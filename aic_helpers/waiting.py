"""A progress bar in a notebook, for work that takes longer than one wants to wait in the dark."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets


class Waiting(widgets.HBox):
    """A bar and what is being done; it keeps its place, and is empty when nothing is."""

    def __init__(self) -> None:
        self.bar = widgets.IntProgress(
            description="Progress", tooltip="How much of the work is done", layout=widgets.Layout(visibility="hidden")
        )
        self.words = widgets.HTML()
        super().__init__([self.bar, self.words], layout=widgets.Layout(flex_flow="row wrap"))

    def step(self, done: int, total: int, words: str) -> None:
        """Show that `done` of `total` steps are done, and what comes now."""
        self.bar.layout.visibility = "visible"
        self.bar.max, self.bar.value = max(total, 1), done
        self.words.value = escape(words)

    def end(self, words: str = "") -> None:
        """Show that nothing is being waited for, and what to know now."""
        self.bar.layout.visibility = "hidden"
        self.words.value = escape(words)
