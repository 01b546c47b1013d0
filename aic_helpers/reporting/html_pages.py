"""A template -> one HTML page that needs nothing else: no network, no file beside it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aic_helpers.core.project_paths import PACKAGE
from aic_helpers.reporting import viewer_code

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = PACKAGE / "reporting" / "templates"


def page(
    template: str,
    scripts: Sequence[str] = ("report.js",),
    *,
    viewer: bool = False,
    standings: bool = False,
    **values: Any,
) -> str:
    """Return a page in the workbench's style; whatever `values` holds is escaped.

    Parameters
    ----------
    template : str
        A file in `templates/` that extends `page.html.j2`.
    scripts : sequence of str
        Files in `templates/`. With those of viewer and standings they are the only script that the page's policy lets
        run.
    viewer : bool
        Whether the page shows images in the viewer.
    standings : bool
        Whether the page has a board's tables.
    values
        What the template names, beside `trusted`, which passes markup of our own.
    """
    from markupsafe import Markup

    script = "".join((TEMPLATES / name).read_text("utf-8") for name in scripts)
    style = (TEMPLATES / "report.css").read_text("utf-8")
    for first in (viewer_code.VIEWER,) * viewer + (viewer_code.STANDINGS,) * standings:
        script, style = script + viewer_code.page_script(first), style + viewer_code.css(first)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    found = _environment().get_template(template)
    return found.render(
        style=Markup(style),
        script=Markup(script),
        digest=digest,
        trusted=Markup,
        **values,
    )


def macro(template: str, name: str, value: Any) -> str:
    """Return what a macro of a template makes of a value: markup that can stand in a page, everything in it escaped."""
    return str(getattr(_environment().get_template(template).module, name)(value))


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
