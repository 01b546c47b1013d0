"""The report in a browser, opened from a file with the network off."""

import io
import itertools

import numpy as np
import pytest
from fixtures import run_folders, viewers
from fixtures.browsing import HOSTILE, asked_for
from PIL import Image

from aic_helpers.core.safe_texts import printable
from aic_helpers.data.images import read_rgb
from aic_helpers.evaluation import example_images
from aic_helpers.runs import reports


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A run with details of large photos, and its report."""
    return written(tmp_path_factory.mktemp("large"))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A run with small photos, whose pictures are kept exactly, and its report."""
    return written(tmp_path_factory.mktemp("small"), side_px=(150, 170), growth=False)


def written(place, **how):
    folder = run_folders.write(place / "run", **how)
    return folder, reports.write_report([folder], place / "report.html")


def kept(folder, side, end="worst"):
    return read_rgb(folder / f"example_{end}_{side}.webp")


def expect_all(viewer, folder, zoom, middle=None, end="worst"):
    """Check that the three panes show input, output and target with a point of them in the middle."""
    for pane, side in enumerate(example_images.SIDES):
        found = viewers.drawn(viewer, pane)
        np.testing.assert_array_equal(found, viewers.expected(kept(folder, side, end), found.shape, zoom, middle))


def test_the_page_asks_for_nothing_and_complains_of_nothing(show, large):
    seen = show(large[1])
    viewers.opened(seen.page)
    seen.page.wait_for_load_state("networkidle")
    assert asked_for(seen) == [large[1].as_uri()]
    assert seen.complaints == []
    assert seen.page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")


MIDDLE = (85, 75)
"""Of a small photo, px."""


def clamped(middle, shape, zoom, size=(170, 150)):
    """Return the middle of what is seen, no further out than the edges of the photo allow."""
    halves = [side / zoom / 2 for side in shape[1::-1]]
    return tuple(
        side / 2 if 2 * half >= side else min(max(at, half), side - half)
        for at, side, half in zip(middle, size, halves, strict=True)
    )


def zoomed(middle, shape, before, after, at=None):
    """Return the middle after a zoom that leaves a point of the pane, by default its middle, where it is."""
    at = at or (shape[1] / 2, shape[0] / 2)
    sides = zip(middle, shape[1::-1], at, strict=True)
    return clamped([place + (px - side / 2) * (1 / before - 1 / after) for place, side, px in sides], shape, after)


def test_pictures_are_those_that_were_kept(show, small):
    folder, page = small
    viewer = viewers.opened(show(page).page)
    expect_all(viewer, folder, 2)  # it fits twice into a pane
    thumbs = viewer.locator(".aic-thumb")
    assert [thumb.get_attribute("title").split("\n")[0] for thumb in thumbs.all()] == ["a", "c", "e"]
    thumbs.nth(2).click()
    expect_all(viewer, folder, 2, end="best")


def test_compressed_pictures_say_so(show, large):
    folder, page = large
    viewer = viewers.opened(show(page).page)
    assert viewer.get_by_text("compressed").count() == 3
    viewer.locator(".aic-frame").first.press("1")
    for pane, side in enumerate(example_images.SIDES):
        found = viewers.drawn(viewer, pane)
        wished = viewers.expected(kept(folder, side), found.shape, 1)
        assert np.abs(found - wished).mean() < 2  # browsers spread the colours of WebP otherwise than Pillow does


def test_by_keyboard(show, small):
    folder, page = small
    viewer = viewers.opened(show(page).page)
    frame = viewer.locator(".aic-frame").first
    frame.focus()
    frame.press("8")
    x, y = zoomed(MIDDLE, viewers.drawn(viewer).shape, 2, 8)
    expect_all(viewer, folder, 8, (x, y))
    for _ in range(3):
        frame.press("Shift+ArrowRight")
    frame.press("Shift+ArrowUp")
    expect_all(viewer, folder, 8, (x + 3, y - 1))
    frame.press("n")
    expect_all(viewer, folder, 8, (x + 3, y - 1), "median")
    frame.press("0")
    frame.press("p")
    expect_all(viewer, folder, 2)
    frame.press("?")
    assert viewer.get_by_role("dialog").get_by_text("the next image").is_visible()
    frame.page.keyboard.press("Escape")
    frame.press("s")
    line = viewer.get_by_role("slider", name="input before the line, output after it")
    line.press("Home")
    for _ in range(25):
        line.press("ArrowRight")
    found = viewers.drawn(viewer)
    zoom = found.shape[0] // 150
    sides = [viewers.expected(kept(folder, side), found.shape, zoom) for side in ("input", "output")]
    edge = round(0.25 * found.shape[1])
    np.testing.assert_array_equal(found[:, :edge], sides[0][:, :edge])
    np.testing.assert_array_equal(found[:, edge:], sides[1][:, edge:])


def test_by_mouse(show, small):
    folder, page = small
    viewer = viewers.opened(show(page).page)
    frame, mouse = viewer.locator(".aic-frame").nth(1), viewer.page.mouse
    box, shape = frame.bounding_box(), viewers.drawn(viewer).shape
    left, top = round(box["x"]) + 100, round(box["y"]) + 60
    at = (left - box["x"], top - box["y"])
    mouse.move(left, top)
    mouse.wheel(0, -300)
    x, y = zoomed(MIDDLE, shape, 2, 4, at)
    expect_all(viewer, folder, 4, (x, y))
    mouse.down()
    mouse.move(left - 24, top - 12, steps=3)
    mouse.up()
    expect_all(viewer, folder, 4, clamped((x + 6, y + 3), shape, 4))
    viewer.page.keyboard.press("0")
    expect_all(viewer, folder, 2)


def test_by_touch_on_a_phone(show, small):
    folder, page = small
    seen = show(page, width_px=390, has_touch=True)
    viewer, fingers = viewers.opened(seen.page), viewers.Fingers(seen.page)
    expect_all(viewer, folder, 1)
    viewer.locator(".aic-thumb").nth(1).tap()
    expect_all(viewer, folder, 1, end="median")
    viewer.locator(".aic-thumb").nth(0).tap()
    box = viewer.locator(".aic-frame").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    scrolled = seen.page.evaluate("scrollY")
    fingers.drag(((x - 10, y), (x - 40, y)), ((x + 10, y), (x + 40, y)))
    shape = viewers.drawn(viewer).shape
    assert 3 < float(viewer.get_by_label("Zoom").input_value()) < 5
    viewer.get_by_label("Zoom").select_option("4")
    for _ in range(3):
        fingers.drag(((x - 60, y - 60), (x + 60, y + 60)))
    expect_all(viewer, folder, 4, clamped((0, 0), shape, 4))
    assert seen.page.evaluate("scrollY") == scrolled
    assert fits(seen.page)
    assert seen.complaints == []


def test_a_link_opens_what_was_seen(show, small):
    folder, page = small
    link = page.with_name("link.html")
    link.write_text(f"<script>location = '{page.as_uri()}#view=image=e&panes=target,output&zoom=8&x=40&y=100'</script>")
    viewer = viewers.opened(show(link).page)
    for pane, side in enumerate(("target", "output")):
        found = viewers.drawn(viewer, pane)
        middle = clamped((40, 100), found.shape, 8)
        np.testing.assert_array_equal(found, viewers.expected(kept(folder, side, "best"), found.shape, 8, middle))


def test_without_javascript_pictures_stand_side_by_side(show, tmp_path, large):
    many = reports.write_report([large[0]] * 2, tmp_path / "many.html")
    for path in (large[1], many):
        page = show(path, java_script_enabled=False).page
        for details in page.locator("details > summary").all():
            details.click()
        assert page.locator("noscript").first.inner_text().startswith("The pictures, side by side.")
        assert page.locator(".stills img:visible").count() == 9
        assert page.locator(".aic-viewer").count() == 0
        beside_each_other(page.locator(".stills").first.locator("img").all())
    assert page.get_by_role("link", name="the same picture, with a run above").count() == 9


def beside_each_other(pictures):
    """Check that three pictures stand in a row, and none over another."""
    boxes = [picture.bounding_box() for picture in pictures]
    assert [round(box["y"]) for box in boxes] == [round(boxes[0]["y"])] * 3
    edges = [(box["x"], box["x"] + box["width"]) for box in boxes]
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(edges))


def test_without_a_canvas_the_pictures_stay(show, tmp_path, large):
    path = tmp_path / "page.html"
    gone = "<script>HTMLCanvasElement.prototype.getContext = () => null;</script>"
    path.write_text(large[1].read_text("utf-8").replace("http-equiv", "data-of").replace("<head>", f"<head>{gone}"))
    page = show(path).page
    page.locator(".still").first.scroll_into_view_if_needed()
    assert page.locator(".stills img:visible").count() == 9
    assert page.locator(".aic-viewer").count() == 0


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
        viewers.opened(seen)
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
    if (element.closest("script, .aic-frame")) continue;
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
    viewers.opened(page)
    page.emulate_media(media="print")
    assert page.locator(".stills img:visible").count() == 9
    assert page.locator(".aic-viewer:visible").count() == 0
    beside_each_other(page.locator(".stills").first.locator("img").all())
    page.evaluate("scrollTo(0, 0)")
    assert paper(page) == "light"
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0


def test_a_run_opens_from_its_row(show, tmp_path, large):
    page = show(reports.write_report([large[0]] * 2, tmp_path / "many.html")).page
    assert page.locator("#run-2 .aic-viewer-data").is_hidden()
    page.locator("a[href='#run-2']").click()
    viewer = viewers.opened(page, 1)
    for pane, side in enumerate(example_images.SIDES):
        found = viewers.drawn(viewer, pane)
        assert np.abs(found.mean(axis=(0, 1)) - kept(large[0], side).mean(axis=(0, 1))).max() < 4


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
    for place in range(len(HOSTILE)):
        viewer = viewers.opened(page, place)
        viewer.locator(".aic-frame").first.press("m")
        viewers.settled(viewer)
    page.evaluate("document.querySelectorAll('bdi, td, th, text, img').forEach((element) => element.click?.())")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.hits") == []
    assert seen.complaints == []
    assert asked_for(seen) == [path.as_uri()]
    names = page.evaluate("[...document.querySelectorAll('summary bdi')].map((element) => element.textContent)")
    assert names == [printable(text) for text in HOSTILE]
    assert page.locator("script:not([type])").count() == 1
    chosen = page.locator(".aic-viewer").first.get_by_label("Image").locator("option").all_text_contents()
    assert chosen[0].startswith(f"{HOSTILE[0]}0")
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
