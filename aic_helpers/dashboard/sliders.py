"""The before/after slider and the overview: anywidgets, or plain ipywidgets where anywidget isn't installed."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets

from aic_helpers.core import installation
from aic_helpers.dashboard.pictures import Picture
from aic_helpers.dashboard.views import before_after, encoded
from aic_helpers.data.images import Rgb8

OVERVIEW_PX = (240, 180)
OVERVIEW_BYTES = 30_000

INSTALL = installation.command("slider")

MISSING = (
    f"The smooth before/after slider needs anywidget, which isn't installed here: <code>{INSTALL}</code>. "
    "This plain one does the same, more slowly."
)


class BeforeAfter(widgets.VBox):
    """Two pictures over each other, with a line between them that one moves by mouse, touch or arrow keys.

    Attributes
    ----------
    position : widget or None
        The plain slider's control; None for the anywidget, which has its own.
    """

    def __init__(self) -> None:
        self.live = _live("Slider")
        self._pictures: tuple[Rgb8, Rgb8] | None = None
        if self.live is not None:
            super().__init__([self.live])
            return
        self.position = widgets.FloatSlider(
            0.5, min=0, max=1, step=0.01, description="Line at", tooltip="Before/after: where the line is"
        )
        self.picture = Picture()
        self.words = widgets.HTML()
        self.position.observe(lambda _: self._redraw(), "value")
        super().__init__([widgets.HTML(MISSING), self.picture, self.position, self.words])

    def show(self, before: Rgb8, after: Rgb8, before_words: str, after_words: str) -> None:
        """Show two pictures of one shape, and what they are (plain text)."""
        if self.live is not None:
            with self.live.hold_sync():
                self.live.before, self.live.after = encoded(before)[0], encoded(after)[0]
                self.live.before_words, self.live.after_words = before_words, after_words
            return
        self._pictures = before, after
        self.words.value = escape(f"before: {before_words} (left); after: {after_words} (right)")
        self._redraw()

    def clear(self) -> None:
        """Forget the pictures, so that nobody saves what isn't shown."""
        self._pictures = None
        if self.live is not None:
            self.live.before = self.live.after = b""
        else:
            self.picture.clear()

    def _redraw(self) -> None:
        if self._pictures:
            self.picture.show(before_after(*self._pictures, self.position.value), "before and after")


class Overview(widgets.VBox):
    """The whole image, small. `picked` is called with x and y (0 to 1) where it is clicked; needs anywidget."""

    def __init__(self, picked: Callable[[float, float], None]) -> None:
        self.live = _live("Overview")
        self.picture = Picture()
        if self.live is not None:
            self.live.observe(lambda change: picked(*(change["new"] or (0.5, 0.5))), "picked")
        shown = self.picture if self.live is None else self.live
        width_px, height_px = OVERVIEW_PX  # it keeps its place without a picture, too
        super().__init__([shown], layout=widgets.Layout(min_width=f"{width_px}px", min_height=f"{height_px}px"))

    def show(self, image: Rgb8 | None, words: str) -> None:
        """Show an image, or none."""
        if self.live is not None:
            self.live.picture = b"" if image is None else encoded(image, OVERVIEW_BYTES)[0]
            self.live.words = words
        elif image is None:
            self.picture.clear()
        else:
            self.picture.show(image, words, OVERVIEW_BYTES)


def _live(name: str) -> Any:
    """Return one of the anywidgets, or None where anywidget isn't installed."""
    try:
        from aic_helpers.dashboard import anywidgets
    except ImportError:
        return None
    return getattr(anywidgets, name)()
