"""Figures inside a page."""

from matplotlib.figure import Figure

from aic_helpers.reporting import svg
from aic_helpers.reporting.figure_style import BLUE, styled

HOSTILE = 'id="a" #0072B2 </text><script>hit()</script> \u6f22 url(#b)'


@styled
def figure():
    drawn = Figure(figsize=(4, 2))
    axes = drawn.subplots()
    axes.plot([0, 1], [0, 1], "o", color=BLUE)
    axes.set_title(HOSTILE)
    return drawn


def test_text_stays_as_it_is_and_is_escaped():
    found = svg.inline(figure, "one")
    assert HOSTILE.replace("<", "&lt;").replace(">", "&gt;") in found
    assert "<script" not in found


def test_colours_ids_and_sizes_are_the_page_s():
    found = svg.inline(figure, "one")
    assert found.startswith("<svg ")
    assert "stroke: var(--plot-blue)" in found
    assert "fill: var(--ink)" in found
    head = found[: found.index(">")]
    assert "viewBox" in head
    assert " width" not in head
    assert found.count(' id="one-') == found.count(' id="')
    assert 'xlink:href="#one-' in found


def test_a_figure_is_the_same_every_time():
    assert svg.inline(figure, "one") == svg.inline(figure, "one")
