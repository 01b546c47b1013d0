"""The table and the plot of a board as a notebook has them, in a page without a kernel that keeps what they ask for."""

import json

import pytest
from fixtures import boards
from fixtures.browsing import HOSTILE

from aic_helpers.boards import folders, standings, track_tables
from aic_helpers.core.safe_texts import printable
from aic_helpers.reporting import viewer_code
from aic_helpers.tracks.catalogue import TRACKS

DB, SIMILAR = [24.0, 28.0, 31.0], [0.95, 0.96, 0.97]

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>A widget</title><link rel="icon" href="data:,"><style>%s</style><body>
<script type="application/json">%s</script>
<script type="module">
%s
window.given = JSON.parse(document.querySelector("script[type='application/json']").textContent);
window.sent = [];
window.heard = {};
const model = {
  get: (name) => given[name],
  send: (content) => sent.push(content),
  on: (name, hear) => { heard[name] = hear; },
  off: (name) => { delete heard[name]; },
};
window.leave = widget.render({ model, el: document.body });
</script>
</body></html>"""


def written(folder, track="super_resolution"):
    """Write a page with the widget of a board."""
    shown = standings.standings(folders.open_board(folder))
    given = {"markup": track_tables.markup(track_tables.track_table(shown, track)), "words": ""}
    script = viewer_code.esm(viewer_code.STANDINGS).replace("export default", "const widget =")
    path = folder / "widget.html"
    text = json.dumps(given).replace("<", "\\u003c")
    path.write_text(PAGE % (viewer_code.css(viewer_code.STANDINGS), text, script), "utf-8")
    return path


@pytest.fixture
def seen(show, tmp_path):
    """Two models, of which `good` leads by A and `fast` by C, and one that failed."""
    boards.failed(tmp_path / "super_resolution" / "lost")
    entries = [boards.add(tmp_path, "fast", [db - 0.5 for db in DB], SIMILAR, 3.0)]
    entries += [boards.add(tmp_path, "good", DB, SIMILAR, 2.0), boards.named("lost")]
    found = show(written(boards.plan(tmp_path, *entries)))
    found.page.locator(".point").first.wait_for()
    yield found.page
    assert found.complaints == []


def status(page):
    return page.get_by_role("status").inner_text()


def test_a_row_asks_for_its_model(seen):
    seen.locator("tbody tr", has_text="fast").locator("td").nth(3).click()
    assert seen.evaluate("sent") == [{"row": 1, "by": 0}]
    assert status(seen) == "fast opens as soon as the kernel is free."
    seen.locator("tbody tr", has_text="lost").click()
    assert seen.locator("tr.chosen bdi").all_inner_texts() == ["lost"]
    assert seen.evaluate("sent[1]") == {"row": 2, "by": 0}


def test_a_point_asks_by_the_score_that_sorts(seen):
    seen.locator("thead").get_by_role("button", name="score C").click()
    seen.locator("thead").get_by_role("button", name="PSNR").click()
    seen.get_by_role("button", name="good: rank by C 2").locator("circle").click()
    assert seen.evaluate("sent") == [{"row": 0, "by": 2}]


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_keyboard_asks_once(seen, key):
    seen.locator("tbody").get_by_role("button", name="fast").press(key)
    assert seen.evaluate("sent") == [{"row": 1, "by": 0}]
    seen.get_by_role("button", name="good: rank").press(key)
    assert seen.evaluate("sent[1]") == {"row": 0, "by": 0}


def test_a_figure_that_is_marked_to_be_copied_asks_for_nothing(seen):
    seen.locator("tbody td").nth(3).dblclick()
    assert seen.evaluate("String(getSelection())").strip()
    assert seen.evaluate("sent.length") == 1  # by the first of the two clicks
    seen.locator("tbody td").nth(3).dispatch_event("click")
    assert seen.evaluate("sent.length") == 1


def test_what_the_kernel_says_is_shown_until_the_widget_goes(seen):
    seen.evaluate("given.words = '<b>good</b> beside fast.'; heard['change:words']()")
    assert status(seen) == "<b>good</b> beside fast."
    seen.evaluate("leave()")
    assert seen.evaluate("Object.keys(heard)") == []


def test_what_ranks_where_less_is_better_sorts_the_lowest_first(show, tmp_path):
    track = TRACKS["ntire_esr_2026"]
    weights = {"fast": (4.0, 9e9), "light": (1.0, 1e9), "slow": (0.5, 3e9)}
    entries = [
        boards.of_track(tmp_path, track, name, speedup=speedup, model={"macs": macs, "parameters": 75_500})
        for name, (speedup, macs) in weights.items()
    ]
    found = show(written(boards.plan(tmp_path, *entries), track.name))
    page = found.page
    page.locator(".point").first.wait_for()
    names, head = page.locator("tbody bdi"), page.locator("thead")
    assert names.all_inner_texts() == ["fast", "light", "slow"]
    head.get_by_role("button", name="score flops").click()
    assert names.all_inner_texts() == ["light", "slow", "fast"]
    assert page.locator("tbody td.number").first.inner_text().split() == ["1", "decided"]
    assert head.locator("th", has_text="rank").inner_text().split()[1:] == ["by", "flops"]
    head.get_by_role("button", name="score flops").click()
    assert names.all_inner_texts() == ["fast", "slow", "light"]
    page.locator("tbody").get_by_role("button", name="slow").click()
    assert page.evaluate("sent") == [{"row": 2, "by": 2}]
    assert page.locator(".choice").count() == 0, "there is one metric"
    assert found.complaints == []


DRAWN = "document.querySelector('.stage svg').viewBox.baseVal.width"

OBSERVE = """
() => {
  const stage = document.querySelector(".stage");
  new ResizeObserver(() => { window.observed = stage.clientWidth; }).observe(stage);
}
"""


@pytest.mark.parametrize("gone", [False, True], ids=["there", "taken away"])
def test_the_plot_follows_the_width_until_the_widget_goes(seen, gone):
    before = seen.evaluate(DRAWN)
    if gone:
        seen.evaluate("leave()")
        seen.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    seen.evaluate(OBSERVE)  # after the plot's own, and is told after it
    seen.set_viewport_size({"width": 500, "height": 900})
    seen.wait_for_function("window.observed <= 500")
    assert seen.evaluate(DRAWN) == (before if gone else seen.evaluate("observed"))


def test_names_from_outside_are_texts(show, tmp_path):
    entries = [
        boards.add(tmp_path, f"net{place}", DB, SIMILAR, 2.0 + place / 10) | {"name": text}
        for place, text in enumerate(HOSTILE)
    ]
    boards.failed(tmp_path / "super_resolution" / "lost", " ".join(HOSTILE))
    found = show(written(boards.plan(tmp_path, *entries, boards.named("lost"))))
    page = found.page
    page.locator(".point").first.wait_for()
    for row in page.locator("tbody tr").all():
        row.hover()
        row.get_by_role("button").click()
    for point in page.locator(".point").all():
        point.focus()
    page.evaluate("given.words = document.querySelector('.card').textContent; heard['change:words']()")
    assert page.evaluate("window.hits") == []
    assert found.complaints == []
    names = page.locator("tbody bdi").all_text_contents()
    assert {" ".join(name.split()) for name in names} == {
        *(" ".join(printable(one).split()) for one in HOSTILE),
        "lost",
    }
    assert page.evaluate("document.querySelectorAll('iframe, img, b[onclick], [onerror], [onload]').length") == 0
    assert page.locator("script").count() == 2
    assert len(page.evaluate("sent")) == len(HOSTILE) + 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_follows_the_theme_of_the_notebook(seen, theme):
    dark = "--jp-layout-color0: #111; --jp-content-font-color1: #eee; --jp-border-color2: #444"
    seen.evaluate(
        "([dark, style]) => { document.body.dataset.jpThemeLight = String(!dark); document.body.style = style; }",
        [theme == "dark", dark if theme == "dark" else ""],
    )
    colours = "(element) => [getComputedStyle(element).color, getComputedStyle(element).backgroundColor]"
    wished = {"light": ["rgb(29, 31, 35)", "rgb(255, 255, 255)"], "dark": ["rgb(238, 238, 238)", "rgb(17, 17, 17)"]}
    assert seen.locator("tbody td").first.evaluate(colours) == wished[theme]
    fill = seen.locator(".point.ranked:not(.best) circle, .point.best circle").first.evaluate(
        "(e) => getComputedStyle(e).fill"
    )
    assert fill == {"light": "rgb(179, 78, 0)", "dark": "rgb(245, 148, 90)"}[theme]
