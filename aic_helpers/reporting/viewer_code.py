"""JavaScript and style of the viewer and of a board's standings, as one text each: for a widget, and for a page.

The modules in `viewer/` and in `standings/` import each other as any browser takes it. They are joined here, because a
widget and a page are given one text; there is no other build step.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

from aic_helpers.core.project_paths import PACKAGE

VIEWER = PACKAGE / "reporting" / "viewer" / "viewer.js"
STANDINGS = PACKAGE / "reporting" / "standings" / "standings.js"
"""The module of each that imports the others, and whose `mountAll` puts it into a page."""

FOLDER = VIEWER.parent

_IMPORT = re.compile(r'^import [^;]*? from "\./([a-z_]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)
_DEFAULT = re.compile(r"^export default .*;\n", re.MULTILINE)


@functools.cache
def esm(first: Path = VIEWER) -> str:
    """Return a module and those that it imports as one, whose default export is what anywidget takes."""
    return _joined(first)


@functools.cache
def page_script(first: Path = VIEWER) -> str:
    """Return the same as a script that puts one in each place of a page that is made for it."""
    return f'(() => {{\n"use strict";\n{_DEFAULT.sub("", esm(first))}\nmountAll(document);\n}})();\n'


@functools.cache
def css(first: Path = VIEWER) -> str:
    """Return the style that stands beside a module."""
    return "\n".join(file.read_text("utf-8") for file in sorted(first.parent.glob("*.css")))


def _joined(first: Path) -> str:
    """Return a module and all that it imports, each once and after what it imports itself."""
    texts: dict[str, str] = {}

    def add(name: str) -> None:
        if name in texts:
            return
        text = (first.parent / name).read_text("utf-8")
        texts[name] = ""  # met already: no module imports itself, by however many others
        for other in _IMPORT.findall(text):
            add(other)
        del texts[name]
        texts[name] = _EXPORT.sub("", _IMPORT.sub("", text))

    add(first.name)
    return "\n".join(texts.values())
