"""One pane of the dashboard: its menu, its picture or the sentence why there is none, and the figures beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as widgets

from aic_helpers.captions import sentence
from aic_helpers.frames import Picture
from aic_helpers.images import Rgb8
from aic_helpers.views import Size


class Pane(widgets.VBox):
    """A pane.

    Parameters
    ----------
    number : int
        Counted from 1.
    changed : callable
        Called when another thing to show is chosen.
    save : callable
        Called with the pane when its picture is to be saved.
    """

    def __init__(self, number: int, changed: Callable[[], None], save: Callable[[Pane], None]) -> None:
        self.number = number
        self.menu = widgets.Dropdown(
            description=f"Pane {number}", tooltip=f"What pane {number} shows", layout=widgets.Layout(width="100%")
        )
        self.picture = Picture()
        self.sentence = widgets.HTML(layout=widgets.Layout(display="none", width="100%"))
        self.frame = widgets.Box([self.picture, self.sentence], layout=widgets.Layout(overflow="hidden", margin="0"))
        self.frame.add_class("aic-picture")
        self.figures = widgets.HTML()
        self.save = widgets.Button(
            description="Save PNG",
            tooltip=f"Save the whole picture of pane {number} as PNG",
            layout=widgets.Layout(width="auto", align_self="flex-start"),
        )
        self.saved = widgets.HTML()
        self.menu.observe(lambda _: changed(), "value")
        self.save.on_click(lambda _: save(self))
        super().__init__([self.menu, self.frame, self.figures, self.save, self.saved])

    def offer(self, choices: Sequence[str], chosen: str) -> None:
        """Put the choices into the menu."""
        self.menu.options = choices
        self.menu.value = chosen

    def resize(self, view_px: Size) -> None:
        """Give the frame the size of a view: it keeps it whatever it shows, so that nothing below moves."""
        width_px, height_px = view_px
        self.layout.width = self.frame.layout.width = f"{width_px}px"
        self.layout.max_width = self.frame.layout.max_width = "100%"
        self.frame.layout.min_height = f"{height_px}px"

    def show(self, image: Rgb8, words: str) -> None:
        """Show a picture; `words` say what it is (for its title, which a screen reader reads)."""
        self.picture.show(image, words)
        self._alone(self.picture)

    def tell(self, text: str) -> None:
        """Show a sentence where the picture would be."""
        self.sentence.value = sentence(text)
        self.sentence.add_class("aic-sentence")
        self.picture.clear()
        self._alone(self.sentence)

    def leave_out(self) -> None:
        """Show no picture here: it is on the stage above."""
        self.picture.clear()
        self.frame.layout.display = "none"

    def _alone(self, one: widgets.Widget) -> None:
        self.frame.layout.display = ""
        for child in self.frame.children:
            child.layout.display = "" if child is one else "none"
        self.save.disabled = one is not self.picture
