"""Where two pictures share one place: under the before/after slider, or in turn."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from aic_helpers.captions import sentence
from aic_helpers.frames import Picture
from aic_helpers.images import Rgb8
from aic_helpers.sliders import BeforeAfter
from aic_helpers.views import colour_bar, scale_words


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


class Stage(widgets.VBox):
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
