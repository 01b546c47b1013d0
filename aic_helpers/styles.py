"""The dashboard's style sheet as a widget."""

from __future__ import annotations

import ipywidgets as widgets

from aic_helpers.places import PACKAGE

SHEET = PACKAGE / "static" / "dashboard.css"


def sheet() -> widgets.HTML:
    """Return an invisible widget that brings the style sheet to the page."""
    return widgets.HTML(f"<style>{SHEET.read_text('utf-8')}</style>", layout=widgets.Layout(display="none"))
