"""The report of a board in a browser, opened from a file with the network off."""

import json
import math

import pytest
from fixtures import boards
from fixtures.browsing import HOSTILE, asked_for

from aic_helpers.boards import folders, reports, standings
from aic_helpers.core.safe_texts import printable
from aic_helpers.core.statistics import mean_ci95

DB, SIMILAR = [24.0, 28.0, 31.0], [0.95, 0.96, 0.97]


def written(folder):
    return reports.write_report(standings.standings(folders.open_board(folder)))


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Three models and one that failed: `b` is best by score A, `a` by C."""
    board = tmp_path_factory.mktemp("board")
    boards.failed(board / "super_resolution" / "lost")
    entries = [
        boards.add(board, name, [db + gain for db in DB], SIMILAR, speedup, (speedup - 0.1, speedup + 0.1))
        for name, gain, speedup in (("a", 0.0, 3.0), ("b", 0.5, 2.0), ("c", -1.0, 2.5))
    ]
    return written(boards.plan(board, *entries, boards.named("lost")))


def names(page, table=0):
    cells = page.locator("table.sortable").nth(table).locator("tbody th bdi")
    return [cell.inner_text() for cell in cells.all()]


def test_a_click_on_a_header_sorts(show, page):
    seen = show(page)
    assert names(seen.page) == ["b", "a", "c", "lost"]
    for header, order in (("speedup", ["a", "c", "b", "lost"]), ("score C", ["a", "b", "c", "lost"])):
        button = seen.page.locator("table.sortable").first.get_by_role("button", name=header)
        button.click()
        assert names(seen.page) == order
        head = button.locator("xpath=..")
        assert head.get_attribute("aria-sort") == "descending"
        button.click()
        assert names(seen.page) == [*reversed(order[:3]), "lost"]
        assert head.get_attribute("aria-sort") == "ascending"
    assert seen.page.locator("[aria-sort]").count() == 1
    assert seen.complaints == []


def test_the_keyboard_sorts_by_name(show, page):
    seen = show(page).page
    button = seen.locator("table.sortable").first.get_by_role("button", name="model")
    button.focus()
    button.press("Enter")
    assert names(seen) == ["a", "b", "c", "lost"]
    button.press("Space")
    assert names(seen) == ["lost", "c", "b", "a"]


def test_the_rules_sort_apart(show, page):
    seen = show(page).page
    seen.locator("table.sortable").nth(1).get_by_role("button", name="file size").click()
    assert names(seen, 0) == ["b", "a", "c", "lost"]
    assert names(seen, 1)[-1] == "lost"


def test_without_its_script_the_table_stands_best_first(browser, page):
    context = browser.new_context(java_script_enabled=False)
    seen = context.new_page()
    seen.goto(page.as_uri())
    assert names(seen) == ["b", "a", "c", "lost"]
    assert seen.locator("table.sortable thead th").first.inner_text() == "model"
    assert seen.locator("button:visible").count() == 0
    assert seen.get_by_role("img", name="over speedup of 3 models").count() == 2
    assert seen.get_by_role("img", name="over speedup of 3 models").first.is_visible()
    assert seen.get_by_role("columnheader", name="score A").get_attribute("aria-sort") == "descending"
    context.close()


def test_the_ranks_are_those_of_the_score_that_sorted_last(show, page):
    seen = show(page).page
    ranks = seen.locator("table.sortable").first.locator("tbody td:nth-child(2)")
    assert [rank.inner_text().split("\n")[0] for rank in ranks.all()] == ["1", "2", "3", ""]
    for header in ("score C", "speedup"):
        seen.locator("table.sortable").first.get_by_role("button", name=header).click()
    assert names(seen) == ["a", "c", "b", "lost"]
    assert [rank.inner_text().split("\n")[0] for rank in ranks.all()] == ["1", "3", "2", ""]
    seen.locator("table.sortable").first.get_by_role("button", name="rank").click()
    assert names(seen) == ["a", "b", "c", "lost"]


ENDS = """(table) => [...table.tBodies[0].rows].map((row) => [...row.querySelectorAll('.number')].map((cell) => {
  const range = document.createRange();
  const figure = [...cell.childNodes].find((node) => node.nodeType === Node.TEXT_NODE);
  if (!figure) return null;
  range.selectNode(figure);
  return range.getBoundingClientRect().right;
}))"""


def test_figures_stand_below_each_other_digit_by_digit(show, page):
    table = show(page).page.locator("table.sortable").first
    rows = table.evaluate(ENDS)[:3]
    assert all(len(set(column)) == 1 for column in zip(*rows, strict=True))
    assert len([end for end in rows[0] if end]) == 8
    styles = "(cell) => getComputedStyle(cell).fontVariantNumeric"
    assert table.locator("td.number").nth(3).evaluate(styles) == "tabular-nums"
    assert table.get_by_role("columnheader", name="PSNR").inner_text().split() == ["PSNR", "dB"]


BOX = "(box) => [box.scrollWidth, box.clientWidth, box.scrollHeight, box.clientHeight]"


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """Two hundred models, one that failed, one that waits."""
    return written(boards.many(tmp_path_factory.mktemp("crowd"), 200))


def test_nothing_is_cut_at_900_px_and_the_head_stays(show, crowd):
    seen = show(crowd, width_px=900).page
    box = seen.get_by_role("region", name="models")
    width, shown_width, height, shown_height = box.evaluate(BOX)
    assert width == shown_width
    assert height > 5 * shown_height
    head, row = box.locator("thead th").first, box.locator("tbody tr").nth(150)
    row.scroll_into_view_if_needed()
    place = head.bounding_box()
    assert place["y"] == pytest.approx(box.bounding_box()["y"], abs=2)
    assert seen.evaluate(
        "([x, y]) => document.elementFromPoint(x, y).closest('th').innerText",
        [
            place["x"] + 20,
            place["y"] + 10,
        ],
    ).startswith("model")
    assert row.is_visible()


def test_names_stay_on_a_phone(show, crowd):
    seen = show(crowd, width_px=390).page
    box = seen.get_by_role("region", name="models")
    box.evaluate("(box) => { box.scrollLeft = 300; }")
    name = box.locator("tbody th").first.bounding_box()
    assert name["x"] == pytest.approx(box.bounding_box()["x"], abs=2)
    assert seen.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


def point(page, name):
    return page.get_by_role("button", name=f"{name}: rank")


def row(page, name):
    return page.locator("table.sortable").first.locator("tbody tr", has=page.locator(f"bdi:text-is('{name}')"))


def test_points_stand_where_their_figures_are(show, page):
    seen = show(page).page
    baseline, cap = (float(mark.get_attribute("x1")) for mark in seen.locator("svg .mark").all())
    for name, speedup in (("a", 3.0), ("b", 2.0), ("c", 2.5)):
        x = float(point(seen, name).locator("circle").get_attribute("cx"))
        assert x == pytest.approx(baseline + (cap - baseline) * math.log(speedup) / math.log(4), abs=0.01)
    heights = [float(point(seen, name).locator("circle").get_attribute("cy")) for name in "abc"]
    assert (heights[2] - heights[0]) / (heights[0] - heights[1]) == pytest.approx(2, abs=0.01)
    assert [best.get_attribute("aria-label")[0] for best in seen.locator(".point.best").all()] == ["b", "a"]
    assert seen.get_by_role("img", name="over speedup").count() == 0  # the still one


def test_the_other_quality_can_be_chosen(show, page):
    seen = show(page).page
    assert seen.get_by_role("group", name="PSNR (dB) over speedup of 3 models").count() == 1
    seen.get_by_role("button", name="MS-SSIM", exact=True).click()
    assert seen.get_by_role("group", name="MS-SSIM over speedup of 3 models").count() == 1
    assert seen.get_by_role("button", name="MS-SSIM", exact=True).get_attribute("aria-pressed") == "true"
    heights = {float(circle.get_attribute("cy")) for circle in seen.locator(".point circle").all()}
    assert len(heights) == 1  # they share one MS-SSIM
    assert [best.get_attribute("aria-label")[0] for best in seen.locator(".point.best").all()] == ["a"]


def test_a_point_under_the_pointer_shows_its_figures_and_its_row(show, page):
    seen = show(page).page
    card = seen.locator(".card").first
    assert card.is_hidden()
    box = point(seen, "a").locator("circle").bounding_box()
    seen.mouse.move(box["x"] + 14, box["y"] + 14)  # beside it
    assert card.inner_text().split("\n")[0] == "a"
    low, high = mean_ci95(DB)
    figures = [" ".join(figure.split()) for figure in card.locator("dd").all_inner_texts()]
    assert [figures[place] for place in (0, 4, 6, 9)] == [
        "2 decided",
        f"27.67 {low:.2f} to {high:.2f}",
        "3.000 2.900 to 3.100",
        "met",
    ]
    assert seen.locator("tr.lit bdi").all_inner_texts() == ["a"]
    place = card.bounding_box()
    assert place["x"] + place["width"] <= box["x"] or box["x"] + box["width"] <= place["x"]
    seen.mouse.move(5, 5)
    assert card.is_hidden()
    assert seen.locator(".lit").count() == 0


def test_a_row_under_the_pointer_shows_its_point(show, page):
    seen = show(page).page
    row(seen, "c").hover()
    assert seen.locator(".card strong").first.inner_text() == "c"
    assert seen.locator(".point.lit").get_attribute("aria-label").startswith("c: rank by A 3")
    row(seen, "lost").hover()
    assert "failed, evaluate: the model didn't answer" in seen.locator(".card").first.inner_text()


def test_points_are_reached_by_the_keyboard(show, page):
    seen = show(page).page
    seen.get_by_role("button", name="MS-SSIM", exact=True).focus()
    for key, name in (("Tab", "b"), ("ArrowRight", "c"), ("End", "a"), ("ArrowLeft", "c"), ("Home", "b")):
        seen.keyboard.press(key)
        assert seen.locator(".card strong").first.inner_text() == name
    assert "score A" in seen.evaluate("document.activeElement.getAttribute('aria-label')")
    seen.keyboard.press("Enter")
    assert seen.evaluate("location.hash") == row(seen, "b").locator("a").get_attribute("href")


def test_a_point_leads_where_its_row_does(show, page):
    seen = show(page).page
    point(seen, "c").locator("circle").click()
    assert seen.evaluate("location.hash") == "#run-3"


def test_a_finger_shows_first_and_follows_then(browser, page):
    context = browser.new_context(has_touch=True, viewport={"width": 390, "height": 800}, offline=True)
    seen = context.new_page()
    seen.goto(page.as_uri())
    box = point(seen, "c").locator("circle").bounding_box()
    seen.touchscreen.tap(box["x"] + 5, box["y"] + 5)
    assert seen.locator(".card strong").first.inner_text() == "c"
    assert seen.evaluate("location.hash") == ""
    seen.touchscreen.tap(box["x"] + 5, box["y"] + 5)
    assert seen.evaluate("location.hash") == "#run-3"
    context.close()


def test_two_hundred_points_follow_a_window_that_narrows(show, crowd):
    seen = show(crowd, width_px=1280).page
    assert seen.locator(".point").count() == 200
    seen.set_viewport_size({"width": 500, "height": 900})
    seen.wait_for_function("document.querySelector('.stage svg').clientWidth <= 500 - 32")
    right = max(float(circle.get_attribute("cx")) for circle in seen.locator(".point circle").all())
    assert right < 500 - 32


SPAN = "(element) => { const { left, right } = element.getBoundingClientRect(); return [left, right]; }"


@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
def test_the_plot_fits_paper_where_no_observer_is_told_the_width(browser, page, told):
    context = browser.new_context(viewport={"width": 1400, "height": 900}, offline=True)
    context.add_init_script("window.ResizeObserver = class { observe() {} disconnect() {} };")
    seen = context.new_page()
    seen.goto(page.as_uri())
    if told:
        seen.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    seen.emulate_media(media="print")
    seen.set_viewport_size({"width": 750, "height": 900})
    svg = seen.locator(".stage svg")
    assert svg.get_attribute("viewBox") == ("0 0 700 280" if told else "0 0 1312 330")
    assert svg.evaluate(SPAN) == seen.locator(".stage").evaluate(SPAN) == [0, 750]
    box = svg.bounding_box()
    assert box["width"] / box["height"] == pytest.approx(700 / 280 if told else 1312 / 330, rel=0.01)
    seen.set_viewport_size({"width": 1400, "height": 900})
    seen.emulate_media(media="screen")
    seen.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert svg.get_attribute("viewBox") == "0 0 1312 330"
    context.close()


@pytest.mark.parametrize("width_px", [390, 468, 1400])
@pytest.mark.parametrize("speedup", [0.1, 3.0, 40.0])
def test_the_words_of_the_marks_are_apart_and_whole(show, tmp_path, width_px, speedup):
    entries = [boards.add(tmp_path, "a", DB, SIMILAR, speedup), boards.add(tmp_path, "b", DB, SIMILAR, 2.0)]
    seen = show(written(boards.plan(tmp_path, *entries)), width_px=width_px).page
    spans = [words.evaluate(SPAN) for words in seen.locator("svg .said").all()]
    assert len(spans) == 2
    first, last = seen.locator(".stage svg").evaluate(SPAN)
    assert first <= spans[0][0] < spans[0][1] < spans[1][0] < spans[1][1] <= last


def test_the_remarks_of_a_model_are_not_a_tower_on_a_phone(show, page):
    seen = show(page, width_px=390).page
    assert row(seen, "lost").bounding_box()["height"] < 2 * row(seen, "b").bounding_box()["height"]


def test_a_model_of_another_runtime_is_a_hollow_dot_that_is_seen(show, tmp_path):
    entries = [boards.add(tmp_path, name, DB, SIMILAR, speed) for name, speed in (("a", 2.0), ("b", 1.5), ("c", 3.0))]
    file = tmp_path / "super_resolution" / "c" / "result.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"profile": content["profile"] | {"runtime": "onnxruntime"}}))
    seen = show(written(boards.plan(tmp_path, *entries))).page
    dot = seen.locator(".point.elsewhere circle")
    assert dot.is_visible()
    assert dot.evaluate("(e) => [getComputedStyle(e).fill, getComputedStyle(e).stroke]") == [
        "rgb(255, 255, 255)",
        "rgb(0, 104, 164)",
    ]
    assert "Hollow dots were timed in another runtime" in seen.locator(".pareto figcaption").inner_text()
    assert "in ONNX Runtime" in row(seen, "c").inner_text()


def test_a_board_without_ranks_has_no_plot(show, tmp_path):
    seen = show(written(boards.plan(tmp_path, boards.named("later"))))
    assert seen.page.locator(".pareto").count() == 0
    assert seen.page.get_by_text("No model of this track is ranked.").first.is_visible()
    assert seen.complaints == []


@pytest.mark.parametrize("width_px", [390, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_can_be_sorted_at_both_widths(show, tmp_path, width_px, scheme):
    name = "a_name_without_any_end_" * 9
    entries = [boards.add(tmp_path, name, DB, SIMILAR, 2.0), boards.add(tmp_path, "z", DB, SIMILAR, 3.0)]
    seen = show(written(boards.plan(tmp_path, *entries, name=name)), width_px=width_px, scheme=scheme).page
    seen.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    assert seen.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    seen.locator("table.sortable").first.get_by_role("button", name="model").click()
    assert names(seen) == [name, "z"]


def test_a_run_is_reached_from_its_row(show, page, tmp_path):
    seen = show(page).page
    assert seen.locator("#run-1 .verdict").first.is_hidden()
    seen.locator("a[href='#run-1']").first.click()
    assert seen.locator("#run-1 .verdict").first.is_visible()
    many = show(written(boards.many(tmp_path, reports.EMBEDDED_RUNS + 2))).page
    many.locator("table.sortable a").first.click()
    assert many.title() == "a run"


POINT_AT_ALL = """() => {
  for (const place of document.querySelectorAll('.aic-standings tbody tr')) {
    place.dispatchEvent(new PointerEvent('pointerover', { bubbles: true }));
  }
  for (const place of document.querySelectorAll('.aic-standings .point')) place.focus();
}"""


def hostile_board(folder):
    """Write a board in which every text from outside is hostile."""
    entries = []
    for number, text in enumerate(HOSTILE):
        track = ("super_resolution", "enhancement")[number % 2]
        entry = boards.add(folder, f"net{number}", DB, SIMILAR, 2.0, track=track)
        content = boards.result(track, DB, SIMILAR, 2.0, [1.9, 2.1], name=text)
        content["data"] = {"name": HOSTILE[0], "note": HOSTILE[2]}
        content["environment"] = {"cpu": text, "cores": text, "host": text}
        content["metrics"] |= {"protocol": text}
        for rule in content["requirements"]:
            rule |= dict.fromkeys(("name", "found", "limit", "evidence", "remedy"), f"{text} {rule['name']}")
            rule["passed"] = False if number % 4 == 1 else rule["passed"]
        boards.run(folder / entry["folder"], content, DB, SIMILAR, [f"{HOSTILE[0]}{image}" for image in range(3)])
        entries.append(entry | {"name": text, "model": text, "checkpoint": text})
    boards.failed(folder / "enhancement" / "lost", " ".join(HOSTILE[:8]), HOSTILE[2])
    entries.append(boards.named(HOSTILE[3], "enhancement", folder="enhancement/lost"))
    entries.append(boards.named(HOSTILE[4], folder=f"../{HOSTILE[2]}"))
    return boards.plan(folder, *entries, name=HOSTILE[1], data=HOSTILE[2])


@pytest.mark.parametrize("policy", [True, False], ids=["with its policy", "by escaping alone"])
@pytest.mark.parametrize("embedded", [0, 99], ids=["links", "embedded"])
def test_nothing_from_outside_runs_and_everything_is_shown(show, tmp_path, monkeypatch, policy, embedded):
    monkeypatch.setattr(reports, "EMBEDDED_RUNS", embedded)
    path = written(hostile_board(tmp_path))
    if not policy:
        page = path.read_text("utf-8")
        path.write_text(page.replace('http-equiv="Content-Security-Policy"', 'name="nothing"'), "utf-8")
    seen = show(path)
    page = seen.page
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    page.evaluate(
        "document.querySelectorAll('bdi:not(a bdi), td, text, th button').forEach((element) => element.click?.())"
    )
    page.evaluate(POINT_AT_ALL)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.hits") == []
    assert seen.complaints == []
    shown = {name for table in (0, 2) for name in names_of(page, table)}
    expected = {" ".join(printable(text).split()) for text in HOSTILE}
    assert {" ".join(name.split()) for name in shown} == expected
    assert page.locator("script").count() == 1
    assert page.evaluate("document.querySelectorAll('iframe, b[onclick], [onerror], [onload], [onfocus]').length") == 0
    assert {address for address in asked_for(seen) if not address.startswith(path.as_uri())} == set()


def names_of(page, table):
    script = "(table) => [...table.querySelectorAll('tbody th bdi')].map((element) => element.textContent)"
    return page.locator("table.sortable").nth(table).evaluate(script)
