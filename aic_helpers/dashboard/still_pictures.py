"""The panes side by side as HTML without a script: what a notebook shows where no widget can be drawn."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape

from aic_helpers.core.safe_texts import printable
from aic_helpers.dashboard.pixel_copies import Copy, jpeg

SIDE_PX = 320
STYLE = f"flex:1 1 200px;max-width:{SIDE_PX}px;margin:0"
ALL_BYTES = 120_000
"""Of all pictures together, so that the output stays under 200 kB in base64."""

SENTENCE = (
    "The viewer needs a running Jupyter with widgets, and JavaScript: "
    "this is a small copy of what it showed as the cell was run."
)


def html(image: str, copies: Mapping[str, Copy | str]) -> str:
    """Return pictures by what they are, or the sentences why there is none, side by side, each with its name."""
    most_bytes = ALL_BYTES // max(len(copies), 1)
    figures = "".join(_figure(image, name, copy, most_bytes) for name, copy in copies.items())
    row = f'<div style="display:flex;flex-wrap:wrap;gap:8px">{figures}</div>'
    return f"<div><p>{_text(image)}. {SENTENCE}</p>{row}</div>"


def _figure(image: str, name: str, copy: Copy | str, most_bytes: int) -> str:
    caption = f"<figcaption>{_text(name)}</figcaption>"
    if isinstance(copy, str):
        return f'<figure style="{STYLE}">{caption}<p>{_text(copy)}</p></figure>'
    encoded = base64.b64encode(jpeg(copy.rgb, SIDE_PX, most_bytes)).decode("ascii")
    picture = f'<img style="max-width:100%" alt="{_text(f"{name} of {image}")}" src="data:image/jpeg;base64,{encoded}">'
    return f'<figure style="{STYLE}">{caption}{picture}</figure>'


def _text(words: str) -> str:
    return escape(printable(words))
