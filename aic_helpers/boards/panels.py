"""The standings of a board in a notebook, with a choice of the score that sorts them."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from aic_helpers.boards import tables
from aic_helpers.boards.entry_rows import SCORES
from aic_helpers.boards.standings import Standings


class Panel(widgets.VBox):
    """A table of one track, and buttons for the score; the buttons need a running kernel, the table doesn't.

    Parameters
    ----------
    shown : Standings
    track : str
    by : {"A", "B", "C"}
        The score to begin with.
    """

    def __init__(self, shown: Standings, track: str, by: str = "A") -> None:
        self._shown, self._track = shown, track
        self.score = widgets.ToggleButtons(options=SCORES, value=by, description="sorted by score")
        self.score.style.description_width = "initial"
        self.table = widgets.HTML()
        self.score.observe(self._show, "value")
        self._show()
        super().__init__([self.score, self.table])

    def _show(self, change: Any = None) -> None:
        table = tables.frame(self._shown, self._track, self.score.value)
        # to_html escapes what stands in cells: names come from outside.
        self.table.value = f'<div style="overflow-x: auto">{table.to_html(index=False, border=0)}</div>'
