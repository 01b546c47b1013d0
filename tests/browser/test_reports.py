"""The report in a browser, opened from a file with the network off."""

import io
import itertools

import numpy as np
import pytest
from fixtures import run_folders
from fixtures.browsing import HOSTILE, asked_for
from PIL import Image

from aic_helpers.core.safe_texts import printable
from aic_helpers.data.images import read_rgb
from aic_helpers.runs import reports

CHIP_PX = 40
"""Height at the top of a picture in which its two names stand."""

LINE_PX = 4
"""Half of what the line and its shadow cover, and then some."""


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A run with details of large photos, and its report."""
    return written(tmp_path_factory.mktemp("large"))


def written(place, **how):
    folder = run_folders.write(place / "run", **how)
    return folder, reports.write_report([folder], place / "report.html")


def pixels(element):
    """Return what is seen of an element as an array of integers, (height, width, 3)."""
    element.scroll_into_view_if_needed()
    box = {name: round(place) for name, place in element.bounding_box().items()}  # as the browser puts pictures
    return np.asarray(Image.open(io.BytesIO(element.page.screenshot(clip=box))).convert("RGB")).astype(int)


def expect(shown, before, after, at):
    """Check that `before` is seen left of the place `at` (0 to 1), and `after` right of it."""
    width = shown.shape[1]
    edge = round(at * width)
    assert shown.shape == before.shape == after.shape
    for expected, columns in ((before, slice(0, max(edge - LINE_PX, 0))), (after, slice(edge + LINE_PX, width))):
        difference = np.abs(shown[CHIP_PX:, columns] - expected[CHIP_PX:, columns])
        assert difference.size == 0 or (difference.mean() < 1.5 and difference.max() < 16)
    assert np.abs(before - after)[CHIP_PX:].mean() > 40, "the two pictures are alike: nothing was shown"


def kept(folder, side, times=1):
    image = read_rgb(folder / f"example_worst_{side}.webp").astype(int)
    return image.repeat(times, axis=0).repeat(times, axis=1)


def test_the_page_asks_for_nothing_and_complains_of_nothing(show, large):
    seen = show(large[1])
    seen.page.wait_for_load_state("networkidle")
    assert asked_for(seen) == [large[1].as_uri()]
    assert seen.complaints == []
    assert seen.page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")


def test_the_keyboard_moves_the_line_over_the_same_pixels(show, large):
    folder, page = large
    slider = show(page).page.locator(".slider").first
    frame, handle = slider.locator(".frame"), slider.get_by_label("input left of the line, output right of it")
    before, after = kept(folder, "input"), kept(folder, "output")
    expect(pixels(frame), before, after, 0.5)
    handle.focus()
    for key, times, at in (("Home", 1, 0.0), ("ArrowRight", 25, 0.25), ("End", 1, 1.0), ("ArrowLeft", 10, 0.9)):
        for _ in range(times):
            handle.press(key)
        expect(pixels(frame), before, after, at)
    assert handle.get_attribute("aria-valuetext") == "90 % input, 10 % output"


def test_the_mouse_moves_the_line(show, large):
    folder, page = large
    seen = show(page)
    frame = seen.page.locator(".slider").nth(1).locator(".frame")
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    seen.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 100)
    seen.page.mouse.down()
    seen.page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 150)
    seen.page.mouse.up()
    expect(pixels(frame), kept(folder, "output"), kept(folder, "target"), 0.75)
    seen.page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 100)
    expect(pixels(frame), kept(folder, "output"), kept(folder, "target"), 0.75)


def test_small_images_are_enlarged_pixel_by_pixel(show, tmp_path):
    folder, page = written(tmp_path, side_px=(100, 100), growth=False)
    frame = show(page).page.locator(".slider").first.locator(".frame")
    shown = pixels(frame)
    before, after = kept(folder, "input", 3), kept(folder, "output", 3)
    expect(shown, before, after, 0.5)
    assert np.array_equal(shown[CHIP_PX:, : 150 - LINE_PX], before[CHIP_PX:, : 150 - LINE_PX])


@pytest.mark.parametrize("width_px", [390, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_themes_at_both_widths_without_scrolling_sideways(show, tmp_path, width_px, scheme):
    content = run_folders.result()
    content["model"]["name"] = content["data"]["name"] = "a_name_without_any_end_" * 12
    folder, page = written(tmp_path, content=content, growth=False)
    many = reports.write_report([folder, folder, tmp_path / "none"], tmp_path / "many.html")
    for path in (page, many):
        seen = show(path, width_px=width_px, scheme=scheme).page
        assert fits(seen)
        seen.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        assert fits(seen)
        assert paper(seen) == scheme
        seen.get_by_role("button", name={"light": "Dark", "dark": "Light"}[scheme]).click()
        assert paper(seen) != scheme
        assert fits(seen)
        assert contrasts(seen) >= 4.5


def fits(page):
    return page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


def paper(page):
    """Return what the colour of the page's corner says of its theme."""
    corner = Image.open(io.BytesIO(page.screenshot(clip={"x": 0, "y": 0, "width": 4, "height": 4}))).convert("RGB")
    brightness = np.asarray(corner).mean()
    return "light" if brightness > 240 else "dark" if brightness < 40 else f"neither: {brightness}"


CONTRASTS = """
() => {
  const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [red, green, blue] = parts(colour).map(channel);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    for (let place = element; place; place = place.parentElement) {
      const colour = getComputedStyle(place).backgroundColor;
      if ((parts(colour)[3] ?? 1) > 0.5) return colour;
    }
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.getClientRects().length) continue;
    if (element.closest("script, .js .frame")) continue;
    const style = getComputedStyle(element);
    const text = element instanceof SVGElement ? style.fill : style.color;
    const [low, high] = [light(text), light(behind(element))].sort((a, b) => a - b);
    found.push((high + 0.05) / (low + 0.05));
  }
  return found;
}
"""


def contrasts(page):
    """Return the least contrast of any text with what is behind it, by WCAG."""
    found = page.evaluate(CONTRASTS)
    assert len(found) > 100
    return min(found)


def test_print_shows_pictures_beside_each_other_and_opens_what_is_folded(show, large):
    page = show(large[1], scheme="dark").page
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details[open]").count() == page.locator("details").count() > 0
    page.emulate_media(media="print")
    shown = [box.bounding_box() for box in page.locator(".example").first.locator(".frame img:visible").all()]
    assert [round(box["y"]) for box in shown] == [round(shown[0]["y"])] * 3
    edges = [(box["x"], box["x"] + box["width"]) for box in shown]
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(edges))
    assert page.locator("input[type=range]:visible").count() == 0
    assert paper(page) == "light"
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0


def test_a_run_opens_from_its_row(show, tmp_path, large):
    page = show(reports.write_report([large[0]] * 2, tmp_path / "many.html")).page
    assert page.locator("#run-2 .slider").first.is_hidden()
    page.locator("a[href='#run-2']").click()
    page.locator("#run-2 .slider").first.wait_for(state="visible", timeout=10_000)


def hostile_run(place, text):
    """Write a run in which every text from outside is hostile."""
    content = run_folders.result()
    content["model"] |= {"name": text, "source": text, "kind": text, "checkpoint": text}
    content["data"] = {"name": text, "note": text}
    content["profile"] |= {"notes": [text], "stop_reason": text, "memory_method": text}
    content["metrics"] |= {"protocol": text}
    content["environment"] |= {text: text}
    for rule in content["requirements"]:
        rule |= {"name": text, "found": text, "limit": text, "evidence": text, "remedy": text}
    names = [text.encode("utf-8", "replace").decode() + str(number) for number in range(5)]
    return run_folders.write(place, content, names=names, growth=False)


@pytest.mark.parametrize("policy", [True, False], ids=["with its policy", "by escaping alone"])
def test_nothing_from_outside_runs_and_everything_is_shown(show, tmp_path, policy):
    folders = [hostile_run(tmp_path / str(number), text) for number, text in enumerate(HOSTILE)]
    lost = tmp_path / "<img src=x onerror=hit('folder')>"
    path = reports.write_report([*folders, lost], tmp_path / "report.html")
    if not policy:
        page = path.read_text("utf-8")
        path.write_text(page.replace('http-equiv="Content-Security-Policy"', 'name="nothing"'), "utf-8")
    seen = show(path)
    page = seen.page
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    page.evaluate("document.querySelectorAll('bdi, td, th, text, img').forEach((element) => element.click?.())")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.hits") == []
    assert seen.complaints == []
    assert asked_for(seen) == [path.as_uri()]
    names = page.evaluate("[...document.querySelectorAll('summary bdi')].map((element) => element.textContent)")
    assert names == [printable(text) for text in HOSTILE]
    assert page.locator("script").count() == 1
    assert page.evaluate("document.querySelectorAll('iframe, b[onclick], [onerror], [onload], [onfocus]').length") == 0
    assert "onerror=hit('folder')>/result.json, found nothing" in page.locator(".missing").first.inner_text()
    labels = page.evaluate("[...document.querySelectorAll('#run-1 svg text')].map((element) => element.textContent)")
    assert sum(label.startswith("<script>hi") for label in labels) == 2 * 5


def test_the_watch_sees_what_runs(show, tmp_path):
    path = tmp_path / "bad.html"
    path.write_text("<script>hit('script'); alert(1)</script><img src='data:,' onerror=\"hit('img')\">", "utf-8")
    seen = show(path)
    seen.page.wait_for_function("window.hits.length === 3")
    assert sorted(seen.page.evaluate("window.hits")) == ["alert", "img", "script"]
