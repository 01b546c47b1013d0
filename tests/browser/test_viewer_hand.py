"""A hand at the viewer's page: mouse, wheel, fingers and keys as the browser gives them, and the pixels after each."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures import viewer_pages
from fixtures.browsing import HOSTILE, WATCH, Seen

NAMES = ("input", "fast", "better", "target")
SIZE_PX = (480, 320)


def noise(seed, shape=(*SIZE_PX[::-1], 3)):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


PICTURES = {
    image: {name: noise(10 * at + of) for of, name in enumerate(NAMES)} for at, image in enumerate(("one", "two"))
}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return viewer_pages.write(tmp_path_factory.mktemp("pages") / "viewer.html", PICTURES, zoom=2)


@pytest.fixture
def page(browser, file):
    """The page at 1400 px, its four pictures at 2:1."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    viewer_pages.wait(page, 4)
    yield page
    context.close()


def middle(page, zoom):
    """Return where a picture's corner lies in a pane when its middle is in the middle."""
    height, width = viewer_pages.pane(page, 0).shape[:2]
    return width / 2 - SIZE_PX[0] / 2 * zoom, height / 2 - SIZE_PX[1] / 2 * zoom


def check(page, origin, zoom, image="one"):
    viewer_pages.wait(page, 4)
    for number, name in enumerate(NAMES):
        found = viewer_pages.pane(page, number)
        wished = viewer_pages.expected(PICTURES[image][name], found.shape, origin, zoom)
        np.testing.assert_array_equal(found, wished, f"pane {number + 1}, {name}")


def at(page, number, x, y):
    left, top = viewer_pages.corner(page, number)
    return left + x, top + y


def test_a_drag_moves_all_panes_also_out_of_the_pane(page):
    left, top = middle(page, 2)
    check(page, (left, top), 2)
    page.mouse.move(*at(page, 1, 100, 100))
    page.mouse.down()
    page.mouse.move(*at(page, 1, 60, 70), steps=7)
    page.mouse.move(*at(page, 0, -5, 40), steps=3)
    page.mouse.up()
    moved = at(page, 0, -5, 40)[0] - at(page, 1, 100, 100)[0]
    width, height = viewer_pages.pane(page, 0).shape[1::-1]
    origin = max(left + moved, width - 2 * SIZE_PX[0]), max(top - 60, height - 2 * SIZE_PX[1])
    check(page, origin, 2)
    page.mouse.move(*at(page, 1, 200, 200))
    check(page, origin, 2)


def test_the_wheel_enlarges_at_the_pointer_while_the_page_stays_and_scrolls_it_elsewhere(page):
    left, top = middle(page, 2)
    page.mouse.move(*at(page, 2, 150, 90))
    page.mouse.wheel(0, -300)
    check(page, (150 - 2 * (150 - left), 90 - 2 * (90 - top)), 4)
    assert page.evaluate("scrollY") == 0
    page.mouse.move(200, 880)
    page.mouse.wheel(0, 120)
    page.wait_for_function("scrollY === 120")


def test_a_double_click_shows_one_to_one_there_and_the_whole_again(page):
    left, top = middle(page, 2)
    page.mouse.dblclick(*at(page, 3, 170, 100))
    width, height = viewer_pages.pane(page, 0).shape[1::-1]
    point = [(170 - left) / 2, (100 - top) / 2]
    origin = [place - of for place, of in zip((170, 100), point, strict=True)]
    held = [min(max(corner, side - of), 0) for corner, side, of in zip(origin, (width, height), SIZE_PX, strict=True)]
    check(page, held, 1)
    page.mouse.dblclick(*at(page, 3, 170, 100))
    viewer_pages.wait(page, 4)
    assert page.get_by_label("Zoom").input_value() == "0"


def test_by_keyboard_alone(page):
    """From the first control by Tab to a pane; then zoom, move, another image, an error map, the help."""
    page.get_by_label("All keys (?)").focus()
    for _ in range(20):
        if page.evaluate("document.activeElement.className") == "aic-frame":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("4")
    left, top = middle(page, 4)
    check(page, (left, top), 4)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    check(page, (left - 4, top + 4), 4)
    page.keyboard.press("n")
    check(page, (left - 4, top + 4), 4, "two")
    page.keyboard.press("e")
    viewer_pages.wait(page, 4)
    assert page.get_by_label("What the panes show").input_value() == "absolute"
    page.keyboard.press("?")
    page.get_by_text("the next image").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("the next image").wait_for(state="hidden")


def test_the_map_between_two_known_outputs_by_keys_alone(browser, tmp_path):
    """Of better against fast: +10, -3 and 0 of 255, so 4 times that around 128; of fast itself the picture."""
    colours = {"input": (0, 0, 0), "fast": (90, 120, 200), "better": (100, 117, 200), "target": (255, 255, 255)}
    pictures = {"one": {name: np.full((40, 60, 3), colour, np.uint8) for name, colour in colours.items()}}
    file = viewer_pages.write(tmp_path / "viewer.html", pictures, zoom=4, show="signed", channels="rgb", times=4)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(file.as_uri())
    viewer_pages.wait(page, 4)
    page.locator(".aic-frame").first.focus()
    middles = []
    for _ in range(3):
        found = [viewer_pages.pane(page, number) for number in range(4)]
        middles.append([tuple(pane[pane.shape[0] // 2, pane.shape[1] // 2, :3].tolist()) for pane in found])
        page.keyboard.press("a")
        viewer_pages.wait(page, 4)
    of_target, of_input, of_fast = middles
    assert of_target == [(0, 0, 0), (0, 0, 0), (0, 0, 0), (255, 255, 255)]
    assert of_input == [(0, 0, 0), (255, 255, 255), (255, 255, 255), (255, 255, 255)]
    assert of_fast == [(0, 0, 0), (90, 120, 200), (168, 116, 128), (255, 255, 255)]
    page.close()


def test_a_rectangle_drawn_with_shift_has_figures_and_does_not_move_the_picture(page):
    left, top = middle(page, 2)
    page.keyboard.down("Shift")
    page.mouse.move(*at(page, 1, 60.5, 50.5))
    page.mouse.down()
    page.mouse.move(*at(page, 1, 160.5, 110.5), steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    from_px = [int((60.5 - left) // 2), int((50.5 - top) // 2)]
    to_px = [int(np.ceil((160.5 - left) / 2)), int(np.ceil((110.5 - top) / 2))]
    box = np.s_[from_px[1] : to_px[1], from_px[0] : to_px[0]]
    error = np.mean((PICTURES["one"]["fast"][box].astype(float) - PICTURES["one"]["target"][box]) ** 2)
    wished = f"{10 * np.log10(255**2 / error):.2f}\N{NO-BREAK SPACE}dB"
    page.locator(".aic-crop").first.wait_for()
    page.wait_for_function("document.querySelector('.aic-crop').textContent !== ''")
    assert page.locator(".aic-figures-of").nth(1).locator(".aic-crop").first.inner_text() == wished
    check(page, (left, top), 2)


@pytest.fixture
def phone(browser, tmp_path):
    """The page on a phone of 390 px, at fit, with what sends fingers."""
    file = viewer_pages.write(tmp_path / "viewer.html", PICTURES)
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    viewer_pages.wait(page, 4)
    session = context.new_cdp_session(page)

    def touch(kind, *points):
        given = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": given})

    yield page, touch
    context.close()


def test_two_fingers_enlarge_on_a_phone_and_one_then_moves_the_picture_not_the_page(phone):
    page, touch = phone
    assert viewer_pages.corner(page, 0)[1] == viewer_pages.corner(page, 1)[1], "two panes in a row"
    x, y = at(page, 0, 90, 60)
    touch("touchStart", (x - 20, y), (x + 20, y))
    for step in range(1, 31):
        touch("touchMove", (x - 20 - step, y), (x + 20 + step, y))
    touch("touchEnd")
    viewer_pages.wait(page, 4)
    zoom = float(page.get_by_label("Zoom").input_value())
    width, height = viewer_pages.pane(page, 0).shape[1::-1]
    assert zoom == pytest.approx(2.5 * min(width / SIZE_PX[0], height / SIZE_PX[1]), rel=0.1)
    before = viewer_pages.pane(page, 1)
    touch("touchStart", (x, y))
    for step in range(1, 11):
        touch("touchMove", (x, y - 2 * step))
    touch("touchEnd")
    viewer_pages.wait(page, 4)
    after = viewer_pages.pane(page, 1)
    assert page.evaluate("scrollY") == 0
    assert not np.array_equal(before, after)


def test_one_finger_scrolls_the_page_of_a_phone_while_the_whole_picture_is_seen(phone):
    page, touch = phone
    x, y = at(page, 2, 60, 60)
    touch("touchStart", (x, y))
    for step in range(1, 21):
        touch("touchMove", (x, y - 10 * step))
    touch("touchEnd")
    page.wait_for_function("scrollY > 100")


def test_names_that_try_to_run_are_text(browser, tmp_path):
    texts = [text.replace("\x00", "").encode("utf-8", "replace").decode() for text in HOSTILE]
    pictures = {text: {"input": noise(1, (8, 8, 3)), text: noise(2, (8, 8, 3))} for text in texts}
    view = {"more": True, "mode": "slider", "show": "signed", "histogram": True}
    file = viewer_pages.write(tmp_path / "viewer.html", pictures, **view)
    page = browser.new_page()
    page.add_init_script(WATCH)
    seen = Seen(page)
    page.goto(file.as_uri())
    for text in texts:
        page.get_by_label("Image", exact=True).select_option(value=text)
        page.get_by_label("Pane 2").select_option(value=text)
        page.get_by_label("What error maps are against").select_option(value=text)
        viewer_pages.wait(page, 1)
        assert page.locator(".aic-other").first.text_content() == text
    assert page.evaluate("hits") == []
    assert seen.complaints == []
    assert page.locator(".aic-viewer :is(script, iframe, svg)").count() == 0
    page.close()
