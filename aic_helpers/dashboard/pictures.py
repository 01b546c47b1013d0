"""A picture in a dashboard: the bytes of one array at a time, with words for those who can't see it."""

from __future__ import annotations

import ipywidgets as widgets
import traitlets

from aic_helpers.dashboard.views import BUDGET_BYTES, encoded
from aic_helpers.data.images import Rgb8


class Picture(widgets.Image):
    """A picture with a title, which screen readers read."""

    # The page gives an image no title unless its model has a description, which Image itself lacks.
    description = traitlets.Unicode().tag(sync=True)

    def __init__(self) -> None:
        # Neither stretched nor inset: at 1:1 a pixel of the image is a pixel of the page.
        super().__init__(format="png", layout=widgets.Layout(margin="0", align_self="flex-start"))

    def show(self, image: Rgb8, words: str, budget_bytes: int = BUDGET_BYTES) -> None:
        """Show an array in place of the one before; `words` say what it is."""
        content, kind = encoded(image, budget_bytes)
        with self.hold_sync():
            self.format = "png" if kind.startswith("PNG") else "jpeg"
            self.value = content
            self.tooltip = f"{words} ({kind})"

    def clear(self) -> None:
        """Forget it, so that nobody saves what isn't shown."""
        self.value = b""
