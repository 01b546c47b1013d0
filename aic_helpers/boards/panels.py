"""The standings of a board in a notebook: a table and a plot whose rows and points open the images of their models."""

from __future__ import annotations

from typing import Any

import anywidget
import ipywidgets as widgets
import traitlets
from IPython.display import display

from aic_helpers.boards import pairings, track_tables
from aic_helpers.boards.orders import Order
from aic_helpers.boards.pairings import Pairing
from aic_helpers.boards.standings import Standings
from aic_helpers.core.errors import InputError
from aic_helpers.dashboard import notebook_cells
from aic_helpers.dashboard.comparing import compare
from aic_helpers.dashboard.dashboards import Dashboard
from aic_helpers.reporting import viewer_code


class StandingsTable(anywidget.AnyWidget):
    """The table and the plot; `words` is what it says below them, `markup` the table (`track_tables.markup`)."""

    _esm = viewer_code.esm(viewer_code.STANDINGS)
    _css = viewer_code.css(viewer_code.STANDINGS)
    markup = traitlets.Unicode().tag(sync=True)
    words = traitlets.Unicode().tag(sync=True)


class Panel(widgets.VBox):
    """The standings of one track. Sorting and pointing need no kernel; opening images does.

    Parameters
    ----------
    shown : Standings
    track : str
    by : str
        What ranks at first; by default the first that the track has.

    Attributes
    ----------
    viewer : Dashboard or None
        What is open below the table. Its models end when another one opens, or the panel's cell runs again.
    """

    viewer: Dashboard | None = None

    def __init__(self, shown: Standings, track: str, by: str = "") -> None:
        self._shown, self._track = shown, track
        self.table = StandingsTable(markup=track_tables.markup(track_tables.track_table(shown, track, by)))
        self.place = widgets.Output()
        self.table.on_msg(self._asked)
        super().__init__([self.table, self.place])
        notebook_cells.end_with_cell(self)

    def close(self) -> None:
        """Close the widget and the viewer, whose models end."""
        if self.viewer is not None:
            self.viewer.close()
        super().close()

    def _asked(self, _: Any, content: dict[str, Any], __: Any) -> None:
        rows = self._shown.table.index[self._shown.table["track"] == self._track]
        orders = self._shown.orders(self._track)
        if content["row"] in rows and content["by"] in range(len(orders)):
            self._open(content["row"], orders[content["by"]])

    def _open(self, row: int, by: Order) -> None:
        """Show a model's images in place of what is open, or say why not."""
        self._close_viewer()
        self.table.words = f"Opening {self._shown.table.loc[row, 'name']}."
        words = "Not opened, for what stands below."
        with self.place:  # it takes in progress, and whatever else is raised
            try:
                pairing = pairings.pair(self._shown, row, by)
                self.viewer = self._viewer(pairing)
                display(self.viewer)
                words = pairing.words
            except InputError as error:
                words = f"Not opened: {error}"
                self.place.clear_output()
        self.table.words = words

    def _viewer(self, pairing: Pairing) -> Dashboard:
        folders = [str(folder) for folder in pairing.folders]
        viewer = compare(
            self._shown.tracks[self._track], folders, pairing.data, image=pairing.image, limit=pairing.limit
        )
        models = [name for name in viewer.shown if name in viewer.catalogue["models"]]
        if len(models) == 2:  # the images on which they differ most come first
            viewer.sort_by("psnr_db", models[1], models[0])
        return viewer

    def _close_viewer(self) -> None:
        if self.viewer is not None:
            self.viewer.close()
        self.viewer = None
        self.place.clear_output()
