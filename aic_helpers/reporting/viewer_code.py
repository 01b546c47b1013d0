"""The viewer's JavaScript and style, as one text each: for a widget in a notebook, and for a page without a kernel.

The modules in `viewer/` import each other as any browser takes it. They are joined here, because a widget and a page
are given one text; there is no other build step.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

from aic_helpers.core.project_paths import PACKAGE

FOLDER = PACKAGE / "reporting" / "viewer"

_IMPORT = re.compile(r'^import [^;]*? from "\./([a-z_]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)
_DEFAULT = re.compile(r"^export default .*;\n", re.MULTILINE)


@functools.cache
def esm() -> str:
    """Return the viewer as one ES module whose default export is what anywidget takes."""
    return _joined(FOLDER / "viewer.js")


@functools.cache
def page_script() -> str:
    """Return the viewer as a script that puts one in each place of a page that holds pictures for it."""
    return f'(() => {{\n"use strict";\n{_DEFAULT.sub("", esm())}\nmountAll(document);\n}})();\n'


@functools.cache
def css() -> str:
    """Return the viewer's style."""
    return "\n".join(file.read_text("utf-8") for file in sorted(FOLDER.glob("*.css")))


def _joined(first: Path) -> str:
    """Return a module and all that it imports, each once and after what it imports itself."""
    texts: dict[str, str] = {}

    def add(name: str) -> None:
        if name in texts:
            return
        text = (FOLDER / name).read_text("utf-8")
        texts[name] = ""  # met already: no module imports itself, by however many others
        for other in _IMPORT.findall(text):
            add(other)
        del texts[name]
        texts[name] = _EXPORT.sub("", _IMPORT.sub("", text))

    add(first.name)
    return "\n".join(texts.values())
