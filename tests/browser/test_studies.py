"""Raters vote in a browser, on the web page and in JupyterLab; the votes stored are the keys that were pressed."""

import threading
from contextlib import contextmanager

import nbformat
import pytest
from fixtures import labs, small_studies
from fixtures.browsing import Seen
from fixtures.study_server import Server

from aic_helpers.core.project_paths import PROJECT
from aic_helpers.studies import folders, reports
from aic_helpers.studies.plans import REFERENCE

FIRST_MS, STEP_MS = 150_000, 30_000

KEYS = "4512345321"

READY = "() => document.querySelector('#stage[data-ready]')"

CENTRE = """() => {
  const image = document.querySelector('#stage img:not(.away)');
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  return [...context.getImageData(5, 5, 1, 1).data].slice(0, 3);
}"""


@contextmanager
def serving(study):
    server = Server(study.folder)
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.end()


@pytest.fixture
def study(tmp_path):
    return small_studies.make(tmp_path / "study")


def open_page(browser, address, rater, width_px=1200):
    context = browser.new_context(viewport={"width": width_px, "height": 800})
    page = context.new_page()
    page.set_default_timeout(STEP_MS)
    seen = Seen(page)
    page.goto(f"{address}/{small_studies.token(rater)}/")
    return page, seen


def due(study, rater):
    return study.plan.raters[rater][study.store.state(rater).place]


def press(page, study, rater, key):
    """Press a key when the picture is there, and wait until the vote is."""
    page.wait_for_function(READY)
    before = study.store.state(rater).place
    with page.expect_navigation():
        page.keyboard.press(key)
    assert study.store.state(rater).place == before + 1


def test_votes_equal_the_keys_and_each_picture_is_the_one_that_is_due(browser, study):
    with serving(study) as address:
        page, seen = open_page(browser, address, "r1")
        page.get_by_role("button", name="Begin").click()
        for key in KEYS:
            page.wait_for_function(READY)
            assert page.evaluate(CENTRE) == small_studies.colour(*due(study, "r1").pictures[0])
            press(page, study, "r1", key)
        page.get_by_text("That was all. Thank you!").wait_for()
    assert "".join(str(vote.answer) for vote in study.store.votes()) == KEYS
    assert all(vote.viewed_ms is not None for vote in study.store.votes())
    assert seen.complaints == []
    assert [one for one in seen.requests if not one.startswith(address)] == []


def test_a_closed_browser_goes_on_at_the_right_image(browser, study):
    with serving(study) as address:
        page, _ = open_page(browser, address, "r1")
        page.get_by_role("button", name="Begin").click()
        for key in KEYS[:4]:
            press(page, study, "r1", key)
        page.context.close()
        page, _ = open_page(browser, address, "r1")
        page.wait_for_function(READY)
        assert page.evaluate(CENTRE) == small_studies.colour(*study.plan.raters["r1"][4].pictures[0])
        assert page.get_by_role("status").inner_text() == "4 of 9"
        for key in KEYS[4:]:
            press(page, study, "r1", key)
    assert "".join(str(vote.answer) for vote in study.store.votes()) == KEYS


def test_back_by_one_with_backspace(browser, study):
    with serving(study) as address:
        page, _ = open_page(browser, address, "r1")
        page.get_by_role("button", name="Begin").click()
        press(page, study, "r1", "2")
        page.wait_for_function(READY)
        with page.expect_navigation():
            page.keyboard.press("Backspace")
        assert page.get_by_role("status").inner_text().endswith("your answer was 2")
        press(page, study, "r1", "5")
    assert [(vote.answer, vote.revision) for vote in study.store.votes()] == [(5, 1)]


def test_two_raters_at_once(browser, study):
    with serving(study) as address:
        pages = {rater: open_page(browser, address, rater)[0] for rater in ("r1", "r2")}
        for page in pages.values():
            page.get_by_role("button", name="Begin").click()
        for first, second in zip(KEYS, reversed(KEYS), strict=True):
            press(pages["r1"], study, "r1", first)
            press(pages["r2"], study, "r2", second)
    given = {rater: "".join(str(v.answer) for v in study.store.votes() if v.rater == rater) for rater in pages}
    assert given == {"r1": KEYS, "r2": KEYS[::-1]}


def test_an_old_tab_is_refused_and_goes_on_where_one_is(browser, study):
    with serving(study) as address:
        page, _ = open_page(browser, address, "r1")
        page.get_by_role("button", name="Begin").click()
        page.wait_for_function(READY)
        other = page.context.new_page()
        other.goto(page.url)
        press(other, study, "r1", "3")
        with page.expect_navigation():
            page.keyboard.press("1")
        assert "found one that came before" in page.inner_text("main")
        page.get_by_role("link", name="Go on").click()
        page.wait_for_function(READY)
        assert page.get_by_role("status").inner_text() == "1 of 9"
    assert [vote.answer for vote in study.store.votes()] == [3]


def test_buttons_alone_do(browser, study):
    """Without the page's script, as where a browser blocks it."""
    with serving(study) as address:
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{address}/{small_studies.token('r1')}/")
        page.get_by_role("button", name="Begin").click()
        for key in KEYS:
            page.locator(f"#ballot button[value='{key}']").click()
        page.get_by_text("That was all. Thank you!").wait_for()
    assert "".join(str(vote.answer) for vote in study.store.votes()) == KEYS


def test_nobody_votes_on_a_picture_that_did_not_load(browser, study):
    for picture in (study.folder / "pictures").iterdir():
        picture.write_bytes(b"no picture")
    with serving(study) as address:
        page, _ = open_page(browser, address, "r1")
        page.get_by_role("button", name="Begin").click()
        page.get_by_text("The picture didn't load").wait_for()
        page.keyboard.press("4")
        assert page.locator("#ballot button").first.is_disabled()
    assert study.store.votes() == []


@pytest.mark.parametrize("width_px", [390, 1400])
def test_everything_can_be_reached_at_both_widths(browser, tmp_path, width_px):
    study = small_studies.make(tmp_path / "study")
    with serving(study) as address:
        page, _ = open_page(browser, address, "r1", width_px)
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        page.get_by_role("button", name="Begin").click()
        page.wait_for_function(READY)
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        boxes = [one.bounding_box() for one in page.locator("#ballot button").all()]
        assert len(boxes) == 5
        for box in boxes:
            assert box["height"] >= 44
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width_px
            assert box["y"] + box["height"] <= 800
        grey = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert grey == "rgb(128, 128, 128)"


def test_pairs_must_both_be_seen(browser, tmp_path):
    study = small_studies.make(tmp_path / "study", "pairs", models=("div2k_srcnn", "other"), reference=False)
    with serving(study) as address:
        page, _ = open_page(browser, address, "r1")
        page.get_by_role("button", name="Begin").click()
        given = []
        while study.store.state("r1").place < len(study.plan.raters["r1"]):
            page.wait_for_function(READY)
            first, second = due(study, "r1").pictures
            assert page.evaluate(CENTRE) == small_studies.colour(*first)
            assert page.locator("#ballot button").first.is_disabled()
            page.keyboard.press("ArrowRight")
            assert page.evaluate(CENTRE) == small_studies.colour(*second)
            given.append(1 + len(given) % 2)
            press(page, study, "r1", str(given[-1]))
    assert [vote.answer for vote in study.store.votes()] == given


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder with the notebook and a study of it; the rater is r1."""
    folder = tmp_path_factory.mktemp("study-lab")
    small_studies.make(folder / "study")
    notebook = nbformat.read(PROJECT / "notebooks" / "07_user_study.ipynb", as_version=4)
    notebook.cells[1].source += f'\nstudy = "study"\ntoken = "{small_studies.token("r1")}"'
    nbformat.write(notebook, folder / "07_user_study.ipynb")
    return folder


BALLOT = "() => { const one = document.querySelector('.aic-ballot-answers button'); return one && !one.disabled; }"


def press_in_lab(page, store, key):
    page.wait_for_function(BALLOT)
    before = store.state("r1").place
    page.locator(".aic-ballot").focus()
    page.keyboard.press(key)
    pause = threading.Event()
    for _ in range(600):
        if store.state("r1").place != before:
            return
        pause.wait(0.05)
    pytest.fail(f"no vote after {key}: {page.locator('.aic-ballot [role=status]').inner_text()}")


def test_a_sitting_in_jupyterlab(browser, workplace):
    from aic_helpers.studies import folders

    study = folders.open_study(workplace / "study")
    page = browser.new_page(viewport={"width": 1200, "height": 1100})
    page.set_default_timeout(STEP_MS)
    with labs.serve(workplace) as address:
        labs.run_all_cells(page, address, "07_user_study.ipynb", FIRST_MS)
        page.locator(".aic-ballot img").first.wait_for(timeout=FIRST_MS)
        for key in KEYS[:4]:
            press_in_lab(page, study.store, key)
        page.wait_for_function(BALLOT)
        assert page.locator(".aic-ballot [role=status]").inner_text() == "4 of 9"
        page.locator(".aic-ballot").focus()
        page.keyboard.press("Backspace")
        page.get_by_text("your answer was 2").wait_for()
        press_in_lab(page, study.store, "5")
        page.close()
        page = browser.new_page(viewport={"width": 390, "height": 900})
        page.set_default_timeout(STEP_MS)
        labs.run_all_cells(page, address, "07_user_study.ipynb", FIRST_MS)
        page.locator(".aic-ballot img").first.wait_for(timeout=FIRST_MS)
        for key in KEYS[4:]:
            press_in_lab(page, study.store, key)
        page.get_by_text("That was all. Thank you!").wait_for()
        page.close()
    assert "".join(str(vote.answer) for vote in study.store.votes()) == KEYS[:3] + "5" + KEYS[4:]


LINES = """
(button) => {
  const range = document.createRange();
  range.selectNodeContents(button);
  return range.getClientRects().length;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_fits_a_phone(show, study, scheme):
    truth = {"div2k_srcnn": 2.5, "the_good_one": 4.0, "the_bad_one": 1.5, REFERENCE: 4.6}
    small_studies.vote_all(study, small_studies.grades(truth))
    page = show(reports.write(study.folder, folders.analyse(study))[1], width_px=390, scheme=scheme).page
    assert page.evaluate("document.scrollingElement.scrollWidth") == 390
    assert page.locator("#theme").evaluate(LINES) == 1
