"""JupyterLab opens a copy of 04_compare in a browser: what the hand does shows in the pixels, which are the arrays'.

Each image has its own place in each pixel, so that a test reads from a pane which part of the image it shows.
"""

import base64
import io

import nbformat
import numpy as np
import pytest
from fixtures import error_maps, labs
from fixtures.hostile_models import freeze
from fixtures.pirm2018 import ENHANCEMENT, METRICS
from PIL import Image

from aic_helpers.core.project_paths import PROJECT
from aic_helpers.dashboard.image_figures import crop_figures
from aic_helpers.dashboard.links import read_view
from aic_helpers.data.images import as_float, write_png
from aic_helpers.reporting import catalogues

pytestmark = pytest.mark.tensorflow

FIRST_MS, STEP_MS = 150_000, 30_000
"""How long to wait for the first pictures, whose models start, and for what follows."""

SIZE_PX = (160, 120)
BLUES = {"noon": 90, "dusk": 150}

SETTINGS = {
    "track": "enhancement",
    "models": "negative.pb",
    "data": "data",
    "image": "noon",
    "out": "saved",
    "view": "#view=panes=input,negative,target&zoom=4",
}

FRAMES = "[...document.querySelectorAll('.aic-viewer .aic-frame')].filter((frame) => frame.offsetParent)"

IS_STILL = f"""() => {{
  const frames = {FRAMES};
  return frames.length && frames.every((frame) => frame.getAttribute('aria-busy') === 'false');
}}"""

READ = f"""(number) => {{
  const frame = {FRAMES}[number];
  const canvas = frame.querySelector('canvas');
  const found = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let text = '';
  for (let at = 0; at < found.length; at += 4096) text += String.fromCharCode(...found.subarray(at, at + 4096));
  const name = frame.querySelector('.aic-name');
  return [canvas.width, canvas.height, btoa(text), name.hidden ? '' : name.textContent];
}}"""

DROP = """([name, encoded]) => {
  const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name));
  document.querySelector('.aic-viewer').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }));
}"""

NAMELESS = """() => [...document.querySelectorAll('.aic-viewer :is(input, select, button, [role=slider])')]
  .filter((control) => control.offsetParent && control.type !== 'file')
  .filter((control) => !(control.ariaLabel || control.labels?.[0]?.textContent || control.title || control.textContent))
  .map((control) => control.outerHTML)"""

SCROLLED = "() => document.querySelector('.jp-WindowedPanel-outer').scrollTop"


def places():
    rows, columns = np.mgrid[: SIZE_PX[1], : SIZE_PX[0]]
    return columns.astype(np.uint8), rows.astype(np.uint8)


def target(name):
    x, y = places()
    return np.dstack([x, y, np.full_like(x, BLUES[name])])


def given(name):
    return target(name)[..., [1, 0, 2]]


def negative(name):
    return 255 - given(name)


PICTURES = {"input": given, "negative": negative, "target": target}
PLACE_OF = {
    "input": lambda rgb: (rgb[..., 1], rgb[..., 0]),
    "negative": lambda rgb: (255 - rgb[..., 1], 255 - rgb[..., 0]),
    "target": lambda rgb: (rgb[..., 0], rgb[..., 1]),
}


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder with a notebook, two pairs of images, and a model that turns black into white."""
    folder = tmp_path_factory.mktemp("compare")
    for name in BLUES:
        write_png(folder / "data" / "enhancement" / "targets" / f"{name}.png", target(name))
        write_png(folder / "data" / "enhancement" / "inputs" / f"{name}.png", given(name))
    freeze(lambda images: 1 - images, folder / "negative.pb")
    notebook = nbformat.read(PROJECT / "notebooks" / "04_compare.ipynb", as_version=4)
    notebook.cells[1].source += "".join(f"\n{name} = {value!r}" for name, value in SETTINGS.items())
    nbformat.write(notebook, folder / "04_compare.ipynb")
    return folder


@pytest.fixture(scope="module")
def opened(workplace, browser):
    """The notebook with all its cells run, in a JupyterLab of its own."""
    with labs.serve(workplace) as address:
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(STEP_MS)
        labs.run_all_cells(page, address, "04_compare.ipynb", FIRST_MS)
        page.locator(".aic-frame").first.wait_for(state="attached", timeout=FIRST_MS)
        page.wait_for_function(IS_STILL, timeout=FIRST_MS)
        yield page
        page.close()


@pytest.fixture
def page(opened):
    """The notebook as it was first, seen from the viewer's top."""
    opened.locator(".aic-viewer").evaluate("(viewer) => viewer.closest('.jp-Cell').scrollIntoView()")
    choose(opened, "View", "side")
    choose(opened, "Image", "noon")
    choose(opened, "Panes", "3")
    for number, name in enumerate(PICTURES, 1):
        choose(opened, f"Pane {number}", name)
    choose(opened, "What the panes show", "picture")
    press(opened, "0", "4")
    return opened


def choose(page, label, value):
    page.locator(".aic-viewer").get_by_label(label, exact=True).select_option(value)
    settle(page)


def press(page, *keys):
    page.locator(".aic-frame").first.focus()
    for key in keys:
        page.keyboard.press(key)
    settle(page)


def settle(page):
    """Wait until what was asked for is drawn."""
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    page.wait_for_function(IS_STILL)


def read(page, number=0):
    """Return the pixels of a pane, opaque ones only, and the name that stands in it."""
    width, height, encoded, name = page.evaluate(READ, number)
    pixels = np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(height, width, 4)
    assert (pixels[..., 3] == 255).all()
    return pixels[..., :3], name


def seen(page, names=tuple(PICTURES), image="noon"):
    """Return x and y of the pixel of the image at each pixel of the panes: in all the same, and of the right colour."""
    found = []
    for number, name in enumerate(names):
        rgb, _ = read(page, number)
        x, y = PLACE_OF[name](rgb)
        assert (rgb == PICTURES[name](image)[y, x]).all()
        found.append((x.astype(int), y.astype(int)))
    for x, y in found[1:]:
        np.testing.assert_array_equal(x, found[0][0])
        np.testing.assert_array_equal(y, found[0][1])
    return found[0]


def zoom_of(places):
    """Return how many pixels of the screen each pixel of the image has: all have as many."""
    steps = np.flatnonzero(np.diff(places))
    [length] = set(np.diff(steps).tolist())
    return length


def middle(page, number=0, right=0.5, down=0.5):
    """Return a place of a pane on the screen, and in its canvas."""
    box = page.locator(".aic-frame").nth(number).bounding_box()
    return box["x"] + right * box["width"], box["y"] + down * box["height"]


def test_a_link_says_what_is_seen_first_and_all_panes_show_the_same_place(opened):
    x, y = seen(opened)
    assert (zoom_of(x[0]), zoom_of(y[:, 0])) == (4, 4)


def test_another_image_shows_in_all_panes(page):
    before = seen(page)
    choose(page, "Image", "dusk")
    np.testing.assert_array_equal(seen(page, image="dusk"), before)


def test_dragging_moves_all_panes_by_the_same_way(page):
    before = np.array(seen(page))
    x, y = middle(page, 1)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 24, steps=4)
    page.mouse.up()
    settle(page)
    np.testing.assert_array_equal(np.array(seen(page))[:, 24:, 40:], before[:, :-24, :-40])


def test_the_wheel_enlarges_at_the_pointer_and_the_notebook_stays(page):
    x, y = seen(page)
    row, column = y.shape[0] // 4, x.shape[1] // 4
    frame = page.locator(".aic-frame").nth(2).bounding_box()
    page.mouse.move(frame["x"] + column + 0.5, frame["y"] + row + 0.5)
    scrolled = page.evaluate(SCROLLED)
    page.mouse.wheel(0, -300)
    settle(page)
    larger_x, larger_y = seen(page)
    assert (zoom_of(larger_x[0]), zoom_of(larger_y[:, 0])) == (8, 8)
    assert (larger_x[row, column], larger_y[row, column]) == (x[row, column], y[row, column])
    assert page.evaluate(SCROLLED) == scrolled


def test_beside_the_pictures_the_wheel_scrolls_the_notebook(page):
    scrolled = page.evaluate(SCROLLED)
    prose = page.locator("p", has_text="The image that is shown, as a table").bounding_box()
    page.mouse.move(prose["x"] + 5, prose["y"] + 5)
    page.mouse.wheel(0, 100)
    page.wait_for_function(f"(before) => ({SCROLLED})() > before", arg=scrolled)
    np.testing.assert_array_equal(zoom_of(seen(page)[0][0]), 4)


def test_a_double_click_shows_one_pixel_on_one(page):
    press(page, "8")
    page.mouse.dblclick(*middle(page, 1))
    settle(page)
    rgb, _ = read_opaque(page)
    np.testing.assert_array_equal(rgb, given("noon"))


def read_opaque(page, number=0):
    """Return what of a pane isn't background: a picture smaller than its pane."""
    width, height, encoded, name = page.evaluate(READ, number)
    pixels = np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(height, width, 4)
    rows, columns = np.nonzero(pixels[..., 3])
    return pixels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1, :3], name


def test_the_slider_shows_one_picture_left_of_the_line_and_the_other_right(page):
    press(page, "s", "8")  # which is wider than the one frame there is now
    line = page.get_by_role("slider", name="Slider: input before the line, negative after it")
    for key, share in (("Home", 0), ("PageDown", 0.1), ("End", 1)):
        line.press(key)
        settle(page)
        check_halves(page, share)
    box = line.bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + 20)  # half of it is beyond the frame now
    page.mouse.down()
    page.mouse.move(middle(page)[0], box["y"] + 20, steps=3)
    page.mouse.up()
    settle(page)
    check_halves(page, 0.5)


def check_halves(page, share):
    rgb, name = read(page)
    column = round(share * rgb.shape[1])
    assert abs(np.flatnonzero([*(rgb[0, :, 2] == 255 - BLUES["noon"]), True])[0] - column) <= 1
    for name, part in (("input", rgb[:, : max(column - 1, 0)]), ("negative", rgb[:, column + 1 :])):
        x, y = PLACE_OF[name](part)
        assert (part == PICTURES[name]("noon")[y, x]).all()


def test_blinking_shows_the_name_of_the_picture_that_one_sees(page):
    press(page, "b", "8")
    for name in ("input", "negative", "input"):
        shows = f"(name) => {FRAMES}[0].querySelector('.aic-name').textContent === name"
        page.wait_for_function(shows, arg=name, polling="raf")
        rgb, told = read(page)
        assert (rgb[..., 2] == PICTURES[told]("noon")[0, 0, 2]).all()


def test_holding_a_key_shows_the_first_picture_everywhere(page):
    page.locator(".aic-frame").first.focus()
    page.keyboard.down("f")
    settle(page)
    for number in range(3):
        assert (read(page, number)[0][..., 2] == BLUES["noon"]).all()
        assert read(page, number)[1] == "input"
    page.keyboard.up("f")
    settle(page)
    seen(page)


def test_the_error_map_shows_the_difference_from_the_target_in_colour(page):
    press(page, "e")
    x, y = PLACE_OF["target"](read(page, 2)[0])
    for number, name in ((0, "input"), (1, "negative")):
        wished = error_maps.absolute(target("noon"), PICTURES[name]("noon"), 4)
        np.testing.assert_array_equal(read(page, number)[0], wished[y, x])


def test_the_error_map_against_a_network(page):
    press(page, "e")
    choose(page, "What error maps are against", "negative")
    x, y = PLACE_OF["negative"](read(page, 1)[0])
    for number, name in ((0, "input"), (2, "target")):
        wished = error_maps.absolute(negative("noon"), PICTURES[name]("noon"), 4)
        np.testing.assert_array_equal(read(page, number)[0], wished[y, x])
    told = page.locator(".aic-under span").inner_text()
    assert told == "error against negative: 0 black to 64 of 255 light yellow; the figures stay against the target"
    choose(page, "What error maps are against", "target")
    wished = error_maps.absolute(target("noon"), negative("noon"), 4)
    np.testing.assert_array_equal(read(page, 1)[0], wished[y, x])


def test_the_pointer_tells_the_values_in_every_pane(page):
    x, y = seen(page)
    frame = page.locator(".aic-frame").nth(1).bounding_box()
    page.mouse.move(frame["x"] + 50.5, frame["y"] + 30.5)
    at = int(x[30, 50]), int(y[30, 50])
    page.wait_for_function("() => document.querySelector('.aic-values').textContent")
    told = page.locator(".aic-values").all_inner_texts()[:3]
    for name, words in zip(PICTURES, told, strict=True):
        assert words.startswith("{}, {}: {} {} {}".format(*at, *PICTURES[name]("noon")[at[1], at[0]]))


def test_a_rectangle_drawn_with_shift_has_its_own_figures(page):
    x, y = middle(page)
    page.keyboard.down("Shift")
    page.mouse.move(x - 40, y - 40)
    page.mouse.down()
    page.mouse.move(x + 40, y + 40, steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")
    crops = page.locator(".aic-crop")
    crops.first.wait_for()
    page.wait_for_function("() => document.querySelector('.aic-crop').textContent.endsWith('dB')")
    part = part_in(page, ".aic-rectangle")
    parts = {name: as_float(PICTURES[name]("noon")[part]) for name in PICTURES}
    wished = [crop_figures(ENHANCEMENT, parts["target"], parts[name]) for name in ("input", "negative")]
    assert crops.all_inner_texts() == [words for figures in wished for words in figures.values()]
    page.keyboard.press("Escape")


def part_in(page, place):
    """Return the rows and columns of the image under a rectangle in the first pane."""
    frame, box = page.locator(".aic-frame").first.bounding_box(), page.locator(place).first.bounding_box()
    left, top = (round(box[axis] - frame[axis]) for axis in ("x", "y"))
    x, y = (axis[top + 1, left + 1] for axis in seen(page))
    return np.s_[y : y + round(box["height"] / 4), x : x + round(box["width"] / 4)]


@pytest.mark.parametrize("width_px", [1024, 1280, 1400, 1920])
def test_the_panes_divide_the_width(page, width_px):
    page.set_viewport_size({"width": width_px, "height": 900})
    for count in (2, 3, 4):
        choose(page, "Panes", str(count))
        assert_rows(page, count)
    page.set_viewport_size({"width": 1400, "height": 900})


def assert_rows(page, count):
    """All in one row. Of a window of 1024 px less than 600 are left to the viewer: only two are 200 px wide there."""
    viewer = page.locator(".aic-viewer").bounding_box()
    cell = page.locator(".jp-Cell", has=page.locator(".aic-viewer")).bounding_box()
    boxes = [page.locator(".aic-frame").nth(number).bounding_box() for number in range(count)]
    assert len({round(box["y"]) for box in boxes}) == 1
    assert boxes[0]["y"] - cell["y"] <= 120
    assert max(box["x"] + box["width"] for box in boxes) <= viewer["x"] + viewer["width"] + 1
    assert all(box["width"] > (viewer["width"] - 6 * (count - 1)) / count - 2 for box in boxes)
    assert all(box["width"] >= 200 for box in boxes) or (viewer["width"] < 600 and count > 2)


def test_it_follows_a_side_bar_that_is_closed_without_the_kernel(page):
    before = page.locator(".aic-frame").first.bounding_box()["width"]
    page.evaluate("() => { window.jupyterapp.shell.collapseLeft() }")
    page.wait_for_function(f"(before) => {FRAMES}[0].clientWidth > before + 50", arg=before)
    page.evaluate("() => { window.jupyterapp.shell.expandLeft() }")
    page.wait_for_function(f"(before) => Math.abs({FRAMES}[0].clientWidth - before) < 2", arg=before)


def test_the_keyboard_alone_reaches_and_does_everything(page):
    cells = page.locator(".jp-Cell").count()
    page.locator(".aic-viewer select").first.focus()
    reached = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("() => document.activeElement.getAttribute('aria-label') ?? ''").split(",")[0])
    assert {"Panes", "View", "What the panes show", "Zoom", "Pane 1", "Pane 2", "Pane 3"} <= reached
    assert {"input", "negative", "target"} <= reached  # the pictures themselves
    before = np.array(seen(page))
    press(page, "Shift+ArrowRight")
    np.testing.assert_array_equal(np.array(seen(page))[:, :, :-4], before[:, :, 4:])
    press(page, "+")
    assert zoom_of(seen(page)[0][0]) > 4
    images = page.locator(".aic-viewer").get_by_label("Image", exact=True)
    press(page, "n", "p", "n")
    assert images.input_value() in BLUES
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="All keys").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog", name="All keys").is_visible()
    assert page.locator(".jp-Cell").count() == cells  # JupyterLab took none of the keys for its own


def test_the_link_that_is_copied_brings_back_what_was_seen(page):
    choose(page, "Image", "dusk")
    press(page, "Shift+ArrowRight", "s", "m")
    page.locator("button", has_text="Copy link").click()
    said = page.locator(".aic-said").filter(has_text="image=dusk")
    said.wait_for()
    names = [{"name": name} for name in PICTURES]
    made = catalogues.catalogue(
        "", names, [catalogues.image(name, {}) for name in BLUES], models=["negative"], metrics=METRICS
    )
    view = read_view(said.inner_text().removeprefix("copied: "), made)
    assert (view["image"], view["panes"], view["mode"], view["zoom"]) == ("dusk", [*PICTURES], "slider", 4)
    press(page, "m")


def test_every_control_has_a_name(page):
    press(page, "m")
    assert page.evaluate(NAMELESS) == []
    assert page.locator(".aic-viewer select:visible").count() >= 12
    press(page, "m")


# Of the figures' text, 0 to 255; NaN while the theme's change has taken them off the page.
LIGHTNESS = """
    (getComputedStyle(document.querySelector(".aic-viewer .aic-figures")).color.match(/[\\d.]+/g) ?? [NaN])
        .slice(0, 3).map(Number).reduce((sum, part) => sum + part / 3, 0)
"""


def test_it_follows_the_dark_theme(page):
    change = "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })"
    page.evaluate(change, "JupyterLab Dark")
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    page.wait_for_function(f"() => {LIGHTNESS} > 140")
    seen(page)
    page.evaluate(change, "JupyterLab Light")
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'true'")
    page.wait_for_function(f"() => {LIGHTNESS} < 115")


def test_a_photo_is_dropped_and_a_bad_one_leaves_it(page):
    photo = np.random.default_rng(5).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(photo).save(stream, format="PNG")
    images = page.locator(".aic-viewer").get_by_label("Image", exact=True)
    drop(page, "me.png", stream.getvalue())
    page.wait_for_function(
        "() => document.querySelector('.aic-viewer .aic-image').value === 'your photo: me.png'", polling=50
    )
    settle(page)
    press(page, "1")
    np.testing.assert_array_equal(read_opaque(page, 0)[0], photo)
    np.testing.assert_array_equal(read_opaque(page, 1)[0], 255 - photo)
    assert page.locator(".aic-problem").nth(2).inner_text() == "target: your own photo has no target"
    drop(page, "notes.txt", b"no photo")
    said = page.locator(".aic-said")
    said.filter(has_text="expected a photo in the file").wait_for()
    assert images.input_value() == "your photo: me.png"
    np.testing.assert_array_equal(read_opaque(page, 0)[0], photo)


def drop(page, name, content):
    page.evaluate(DROP, [name, base64.b64encode(content).decode()])
