"""Two small anywidgets: the before/after slider, and an overview that one can click in.

Importing this module fails where anywidget isn't installed: see `sliders`.
"""

from __future__ import annotations

import anywidget
import traitlets

from aic_helpers.core.project_paths import PACKAGE

STATIC = PACKAGE / "dashboard" / "static"


class Slider(anywidget.AnyWidget):
    """Two encoded pictures of one size; `position` (0 to 1 from the left) is where the first ends."""

    _esm = STATIC / "slider.js"
    _css = STATIC / "slider.css"
    before = traitlets.Bytes().tag(sync=True)
    after = traitlets.Bytes().tag(sync=True)
    before_words = traitlets.Unicode().tag(sync=True)
    after_words = traitlets.Unicode().tag(sync=True)
    position = traitlets.Float(0.5, min=0.0, max=1.0).tag(sync=True)


class Overview(anywidget.AnyWidget):
    """An encoded picture; `picked` is where it was clicked last: x and y, each 0 to 1, or empty."""

    _esm = STATIC / "overview.js"
    _css = STATIC / "overview.css"
    picture = traitlets.Bytes().tag(sync=True)
    words = traitlets.Unicode().tag(sync=True)
    picked = traitlets.List(traitlets.Float()).tag(sync=True)
