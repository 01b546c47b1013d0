"""Pages from templates."""

import base64
import hashlib
import re

import pytest
from jinja2 import UndefinedError

from aic_helpers.reporting import html_pages

VALUES = {"name": "<b>x</b>", "about": [], "notes": [], "chapters": [], "sections": [], "words": {}, "many": True}


def test_values_are_escaped_and_the_policy_knows_the_script():
    page = html_pages.page("board.html.j2", viewer=True, standings=True, published=[], **VALUES)
    assert "<b>x</b>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    script = page.partition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert re.search(r"script-src 'sha256-([^']*)'", page)[1] == digest
    assert script.count("mountAll(document);") == 2, "the viewer and the tables"
    assert "export" not in re.findall(r"^\w+", script, re.MULTILINE)


def test_a_value_that_the_template_lacks_is_a_mistake():
    with pytest.raises(UndefinedError, match="'name' is undefined"):
        html_pages.page("board.html.j2")
