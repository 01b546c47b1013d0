"""The report of a board in a browser, opened from a file with the network off."""

import pytest
from fixtures import boards
from fixtures.browsing import HOSTILE, asked_for

from aic_helpers.boards import folders, reports, standings
from aic_helpers.core.safe_texts import printable

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
    seen.locator("table.matrix").get_by_role("button", name="file size").click()
    assert names(seen, 0) == ["b", "a", "c", "lost"]
    assert names(seen, 1)[-1] == "lost"


def test_without_its_script_the_table_stands_best_first(browser, page):
    context = browser.new_context(java_script_enabled=False)
    seen = context.new_page()
    seen.goto(page.as_uri())
    assert names(seen) == ["b", "a", "c", "lost"]
    assert seen.locator("table.sortable thead th").first.inner_text() == "model"
    assert seen.locator("button:visible").count() == 0
    context.close()


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
