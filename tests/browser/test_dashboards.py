"""JupyterLab opens a copy of 04_compare in a browser; after each step the pixels shown are those of the arrays."""

import base64
import io

import nbformat
import numpy as np
import pytest
from fixtures import labs
from fixtures.hostile_models import freeze
from PIL import Image
from playwright.sync_api import TimeoutError

from aic_helpers.core.project_paths import PROJECT
from aic_helpers.dashboard import views
from aic_helpers.data.images import as_float, write_png

pytestmark = pytest.mark.tensorflow

FIRST_MS, STEP_MS = 150_000, 60_000
"""How long to wait for the first dashboard, whose models start, and for what follows."""

COLOURS = {"dusk": (180, 40, 60), "noon": (60, 160, 220)}

PANE = """
  const shown = (element) => element.offsetParent !== null;
  const panes = [...document.querySelectorAll('.aic-dashboard .aic-picture')].filter(shown);
  const image = [...(panes[number]?.querySelectorAll('img') ?? [])].filter(shown)[0];
  if (!image?.complete || !image.naturalWidth) return null;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const found = context.getImageData(0, 0, canvas.width, canvas.height).data;
  const frame = image.getBoundingClientRect();
"""
IS_SHOWN = f"""([number, width, height, encoded]) => {{ {PANE}
  if (canvas.width !== width || canvas.height !== height) return false;
  const wished = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  return frame.width === width && frame.height === height && wished.every((value, at) => value === found[at]);
}}"""
DESCRIBE = f"""(number) => {{ {PANE}
  const size = `${{canvas.width}}x${{canvas.height}} on ${{frame.width}}x${{frame.height}}`;
  return `${{size}}, first pixel ${{found.slice(0, 3)}}`;
}}"""

NAMELESS = """() => [...document.querySelectorAll('.aic-dashboard :is(input, select, button, textarea, [role=slider])')]
  .filter((control) => control.type !== 'file')
  .filter((control) => !(control.labels?.[0]?.textContent || control.ariaLabel || control.title))
  .map((control) => control.outerHTML)"""


def target(name):
    """A flat colour whose blue grows from the top to the bottom, so that every row is another."""
    image = np.empty((120, 160, 3), np.uint8)
    image[:] = COLOURS[name]
    image[..., 2] = np.arange(120)[:, None]
    return image


def given(name):
    return target(name) // 2 + 10


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder with a notebook, two pairs of images, and a model that turns black into white."""
    folder = tmp_path_factory.mktemp("compare")
    for name in COLOURS:
        write_png(folder / "data" / "enhancement" / "targets" / f"{name}.png", target(name))
        write_png(folder / "data" / "enhancement" / "inputs" / f"{name}.png", given(name))
    freeze(lambda images: 1 - images, folder / "negative.pb")
    notebook = nbformat.read(PROJECT / "notebooks" / "04_compare.ipynb", as_version=4)
    settings = {"track": "enhancement", "models": "negative.pb", "data": "data", "image": "noon", "out": "saved"}
    notebook.cells[1].source += "".join(f"\n{name} = {value!r}" for name, value in settings.items())
    nbformat.write(notebook, folder / "04_compare.ipynb")
    return folder


@pytest.fixture(scope="module")
def lab(workplace, browser):
    """The address of a JupyterLab of its own on the loopback interface; ended by its process id."""
    with labs.serve(workplace) as address:
        yield address


@pytest.fixture(scope="module")
def page(lab, browser):
    """The notebook with all its cells run."""
    page = browser.new_page(viewport={"width": 1400, "height": 1500})
    page.set_default_timeout(STEP_MS)
    labs.run_all_cells(page, lab, "04_compare.ipynb", FIRST_MS)
    page.locator(".aic-dashboard .aic-picture").first.wait_for(timeout=FIRST_MS)
    yield page
    page.close()


def choose(page, label, option):
    page.locator(".aic-dashboard").get_by_label(label, exact=True).select_option(option)


def wait_for_pane(page, number, wished):
    """Wait until a pane shows these very pixels, each on a pixel of the page; fail with what it shows instead."""
    height, width = wished.shape[:2]
    opaque = np.dstack([wished, np.full((height, width), 255, np.uint8)])
    argument = [number, width, height, base64.b64encode(opaque.tobytes()).decode()]
    try:
        page.wait_for_function(IS_SHOWN, arg=argument, polling=100)
    except TimeoutError:
        found = page.evaluate(DESCRIBE, number)
        pytest.fail(f"pane {number + 1} shows {found}; not {width}x{height}, first pixel {wished[0, 0]}")


def negative(name):
    return np.rint((1 - as_float(given(name))) * 255).astype(np.uint8)


def twice(image):
    return image.repeat(2, 0).repeat(2, 1)


def test_all_panes_show_the_chosen_image_and_then_another(page):
    for name in ("noon", "dusk"):
        choose(page, "Image", page.locator("option", has_text=name).first.inner_text())
        wait_for_pane(page, 0, twice(given(name)))
        wait_for_pane(page, 2, twice(negative(name)))
        wait_for_pane(page, 3, twice(target(name)))


def test_zoom_enlarges_the_same_crop_in_all_panes(page):
    choose(page, "Zoom", "4:1")
    page.get_by_label("Crop x", exact=True).fill("60")
    page.get_by_label("Crop x", exact=True).press("Enter")
    page.get_by_label("Crop y", exact=True).fill("45")
    page.get_by_label("Crop y", exact=True).press("Enter")
    for number, image in ((0, given("dusk")), (2, negative("dusk")), (3, target("dusk"))):
        wait_for_pane(page, number, views.shown(views.cut(image, views.Box(0, 0, 120, 90)), (480, 360), "4:1"))


def test_a_click_into_the_overview_moves_the_crop(page):
    page.locator(".aic-overview").click(position={"x": 155, "y": 115})
    wait_for_pane(
        page, 3, views.shown(views.cut(target("dusk"), views.Box(40, 30, 120, 90)), (480, 360), "4:1")
    )  # fmt: skip
    choose(page, "Zoom", "2:1")


def test_the_error_map_shows_the_difference_in_colour(page):
    choose(page, "View", "error map")
    choose(page, "Scale to", "0.5")
    mapped = views.error_map(as_float(target("dusk")), 1 - as_float(given("dusk")), 0.5)
    wait_for_pane(page, 2, twice(mapped))
    wait_for_pane(page, 3, twice(target("dusk")))
    assert page.get_by_text("half the range from black to white").is_visible()


def test_the_slider_shows_one_picture_left_of_the_line_and_the_other_right(page):
    choose(page, "View", "before/after slider")
    choose(page, "Pane 2", "negative")
    line = page.get_by_label("Before/after slider: input left of the line, negative right of it")
    line.wait_for()
    for share in (0.75, 0.25):
        line.fill(str(share))
        stage = wait_for_slider(page, share)
        width = stage.shape[1]
        left, right = round(width * share) - 3, round(width * share) + 3
        assert (stage[:, :left] == twice(given("dusk"))[:, :left]).all()
        assert (stage[:, right:] == twice(negative("dusk"))[:, right:]).all()


def wait_for_slider(page, share):
    """Return the pixels of the slider's stage, once its line is where it was put."""
    page.wait_for_function(
        "(percent) => document.querySelector('.aic-slider-line').style.left === percent", arg=f"{100 * share:g}%"
    )
    page.wait_for_function(
        "() => [...document.querySelectorAll('.aic-slider-stage img')].every((image) => image.naturalWidth === 320)"
    )
    return screenshot(page.locator(".aic-slider-stage"), 240)


def screenshot(place, height):
    """Return the pixels of an element; it may begin between two rows of the page, which adds a row of background."""
    with Image.open(io.BytesIO(place.screenshot())) as image:
        seen = np.asarray(image.convert("RGB"))
    top = int(not (seen[0] != 255).any())
    return seen[top : top + height]


def test_blinking_shows_one_picture_and_then_the_other_in_one_place(page):
    choose(page, "View", "blink")
    page.locator(".aic-blink-top").wait_for()
    place = page.locator(".aic-blink-top img")
    page.wait_for_function("() => document.querySelector('.aic-blink-top img').naturalWidth === 320")
    for at_ms, wished in ((100, negative("dusk")), (900, given("dusk"))):
        page.evaluate(
            "(at) => document.getAnimations().forEach((each) => { each.pause(); each.currentTime = at })", at_ms
        )
        assert (screenshot(place, 240) == twice(wished)).all()


def test_every_control_in_the_page_has_a_name(page):
    assert page.evaluate(NAMELESS) == []
    assert page.locator(".aic-dashboard select").count() >= 13
