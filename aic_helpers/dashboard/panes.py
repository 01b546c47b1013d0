"""One pane of the dashboard, and the place that two share: under the before/after slider, or in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import ipywidgets as widgets

from aic_helpers.dashboard.image_figures import sentence
from aic_helpers.dashboard.pictures import Picture
from aic_helpers.dashboard.sliders import BeforeAfter
from aic_helpers.dashboard.views import Size, colour_bar, scale_words
from aic_helpers.data.images import Rgb8


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
        """Show no picture here: it is in the view above."""
        self.picture.clear()
        self.frame.layout.display = "none"

    def _alone(self, one: widgets.Widget) -> None:
        self.frame.layout.display = ""
        for child in self.frame.children:
            child.layout.display = "" if child is one else "none"
        self.save.disabled = one is not self.picture


class Blink(widgets.VBox):
    """Two pictures in turn in one place, by the page's own clock; a button stops them."""

    def __init__(self) -> None:
        self.pictures = [Picture(), Picture()]
        self.words = [widgets.HTML(), widgets.HTML()]
        sheets = [
            widgets.VBox([picture, words], layout=widgets.Layout(grid_area="1 / 1"))
            for picture, words in zip(self.pictures, self.words, strict=True)
        ]
        sheets[1].add_class("aic-blink-top")
        self.grid = widgets.GridBox(sheets, layout=widgets.Layout(overflow="hidden"))
        self.stop = widgets.ToggleButton(
            value=False, description="Stop", tooltip="Stop the pictures from alternating, or let them go on"
        )
        self.stop.observe(lambda _: self._run(), "value")
        super().__init__([self.grid, self.stop])

    def show(self, before: Rgb8, after: Rgb8, before_words: str, after_words: str) -> None:
        """Show two pictures of one shape, and what they are (plain text)."""
        named = zip(self.pictures, self.words, (before, after), (before_words, after_words), strict=True)
        for at, (picture, words, image, text) in enumerate(named, 1):
            picture.show(image, text)
            words.value = f"<b>pane {at}: {escape(text)}</b>"

    def clear(self) -> None:
        """Forget the pictures."""
        for picture in self.pictures:
            picture.clear()

    def _run(self) -> None:
        self.stop.description = "Go on" if self.stop.value else "Stop"
        (self.grid.add_class if self.stop.value else self.grid.remove_class)("aic-blink-stopped")


class ComparisonView(widgets.VBox):
    """The slider or the blinking pictures, or the sentence why there is nothing to compare."""

    def __init__(self) -> None:
        self.slider, self.blink, self.sentence = BeforeAfter(), Blink(), widgets.HTML()
        self.sentence.add_class("aic-sentence")
        super().__init__([self.slider, self.blink, self.sentence])
        self.hide()

    def show(self, on: widgets.Widget, before: Rgb8, after: Rgb8, before_words: str, after_words: str) -> None:
        """Show two pictures on the slider or on blink."""
        self._alone(on)
        on.show(before, after, before_words, after_words)

    def tell(self, text: str) -> None:
        """Show a sentence where the pictures would be."""
        self._alone(self.sentence)
        self.sentence.value = sentence(text)

    def hide(self) -> None:
        """Show nothing, and keep nothing."""
        self._alone(None)

    def _alone(self, one: widgets.Widget | None) -> None:
        for child in self.children:
            child.layout.display = "" if child is one else "none"
            if child is not one and child is not self.sentence:
                child.clear()
        self.layout.display = "none" if one is None else ""


class ErrorScale(widgets.HBox):
    """The colour bar of the error maps, with its scale in words."""

    def __init__(self) -> None:
        self.bar = Picture()
        self.bar.show(colour_bar((240, 14)), "the colours of the error map, from small to large")
        self.words = widgets.HTML()
        super().__init__([self.bar, self.words], layout=widgets.Layout(flex_flow="row wrap", align_items="center"))
        self.hide()

    def show(self, top: float, reference: str) -> None:
        """Say what the colours mean: up to which difference, and from what."""
        self.words.value = escape(
            f"Absolute difference from the {reference}, mean over the channels: {scale_words(top)}."
        )
        self.layout.display = ""

    def hide(self) -> None:
        """Show nothing."""
        self.layout.display = "none"
