"""The dashboard's corner for a person's own photo: upload or path, how it is given to the networks, what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path

import ipywidgets as widgets

Taken = Callable[[str, bytes | Path, str], list[str]]
"""Takes a name, the file or where it is, and the way to give it to the networks; returns notes."""


class PhotoPanel(widgets.VBox):
    """Upload, path, way and notes; `taken` gets what was chosen."""

    def __init__(self, taken: Taken) -> None:
        self._taken = taken
        self._last: tuple[str, bytes | Path] | None = None
        self.upload = widgets.FileUpload(
            accept="image/*",
            multiple=False,
            description="Upload a photo",
            tooltip="Upload a photo of your own",
            layout=widgets.Layout(width="auto"),
        )
        self.path = widgets.Text(
            description="or its path", placeholder="/home/me/photo.jpg", continuous_update=False,
            tooltip="The path of a photo on the machine that runs the notebook",
        )  # fmt: skip
        self.way = widgets.Dropdown(description="Take it as", tooltip="How the photo is given to the networks")
        self.notes = widgets.HTML()
        self.upload.observe(lambda _: self._uploaded(), "value")
        self.path.observe(lambda _: self._typed(), "value")
        self.way.observe(lambda _: self._again(), "value")
        title = widgets.HTML("<b>Try your own photo</b>")
        row = widgets.HBox([self.upload, self.path, self.way], layout=widgets.Layout(flex_flow="row wrap"))
        super().__init__([title, row, self.notes])

    def offer(self, ways: Mapping[str, str]) -> None:
        """Put a track's ways to take a photo into the menu, which is hidden where there is only one."""
        self._last = None
        self.way.options = list(ways.items())
        self.way.value = next(iter(ways.values()))
        self.way.layout.display = "" if len(ways) > 1 else "none"
        self.notes.value = self.path.value = ""

    def _uploaded(self) -> None:
        if self.upload.value:
            file = self.upload.value[0]
            self._take(file["name"], bytes(file["content"]))
            self.upload.value = ()  # or the photo would be saved with the notebook

    def _typed(self) -> None:
        text = self.path.value.strip()
        if text:
            path = Path(text).expanduser()
            self._take(path.name, path)

    def _again(self) -> None:
        if self._last and self.way.value:
            self._take(*self._last)

    def _take(self, name: str, content: bytes | Path) -> None:
        self._last = name, content
        notes = self._taken(name, content, self.way.value)
        self.notes.value = escape("; ".join(notes))
