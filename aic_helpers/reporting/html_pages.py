"""A template -> one HTML page that needs nothing else: no network, no file beside it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from aic_helpers.core.project_paths import PACKAGE
from aic_helpers.reporting import viewer_code

TEMPLATES = PACKAGE / "reporting" / "templates"


def page(template: str, scripts: Sequence[str] = ("report.js",), *, viewer: bool = False, **values: Any) -> str:
    """Return a page in the workbench's style; whatever `values` holds is escaped.

    Parameters
    ----------
    template : str
        A file in `templates/` that extends `page.html.j2`.
    scripts : sequence of str
        Files in `templates/`. With the viewer's they are the only script that the page's policy lets run.
    viewer : bool
        Whether the page shows images in the viewer.
    values
        What the template names, beside `trusted`, which passes markup of our own.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    script = "".join((TEMPLATES / name).read_text("utf-8") for name in scripts)
    style = (TEMPLATES / "report.css").read_text("utf-8")
    if viewer:
        script, style = script + viewer_code.page_script(), style + viewer_code.css()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    return environment.get_template(template).render(
        style=Markup(style),
        script=Markup(script),
        digest=digest,
        trusted=Markup,
        **values,
    )
