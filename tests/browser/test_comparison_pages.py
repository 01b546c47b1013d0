"""The page of aic compare in a browser, opened from a file with the network off."""

import numpy as np
import pytest
from fixtures import error_maps, small_to_large, viewers
from fixtures.browsing import HOSTILE, asked_for
from fixtures.comparisons import FakeOutputs, model
from fixtures.pirm2018 import SUPER_RESOLUTION

from aic_helpers.dashboard import compared_images, comparison_pages
from aic_helpers.data import own_photos
from aic_helpers.data.images import as_uint8, write_png

PHOTO = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
FILLED = """
() => {
  const cells = [...document.querySelectorAll(".aic-crop")];
  return cells.length > 0 && cells.every((cell) => cell.textContent);
}
"""
ADDED = {"little": 0.1, "much": 0.3}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write the page of two models on photos of these names."""
    monkeypatch.setattr(compared_images, "Outputs", FakeOutputs)

    def written(*names):
        for name in names:
            write_png(tmp_path / name, PHOTO)
        models = [model(tmp_path, name, f"adds {added}") for name, added in ADDED.items()]
        path, paths = tmp_path / "page.html", [tmp_path / name for name in names]
        way = own_photos.AS_TARGET
        comparison_pages.write_page(models, path, SUPER_RESOLUTION, photos=paths, way=way, progress=lambda *_: None)
        return path

    return written


def arrays():
    """Return what is to be seen: input, target and the models' outputs, from the arrays."""
    before = own_photos.prepare(PHOTO, own_photos.AS_TARGET, SUPER_RESOLUTION).given
    outputs = {name: as_uint8(before + np.float32(added)) for name, added in ADDED.items()}
    return {"input": as_uint8(before), "target": PHOTO, **outputs}


def expect_all(viewer, zoom, middle=None):
    for pane, name in enumerate(("input", "little", "much", "target")):
        found = viewers.drawn(viewer, pane)
        np.testing.assert_array_equal(found, viewers.expected(arrays()[name], found.shape, zoom, middle))


def test_its_pixels_are_those_of_the_arrays(show, write):
    path = write("photo.png")
    seen = show(path)
    viewer = viewers.opened(seen.page)
    viewer.locator(".aic-frame").first.press("8")
    viewer.get_by_label("Pane 1", exact=True).focus()  # a menu leaves the pictures as they are
    shape = viewers.drawn(viewer).shape
    x, y = (side / 2 for side in shape[1::-1])
    for _ in range(40):
        viewer.locator(".aic-frame").first.press("ArrowLeft")
        viewer.locator(".aic-frame").first.press("ArrowUp")
    expect_all(viewer, 8, (x / 8, y / 8))
    assert asked_for(seen) == [path.as_uri()]
    assert seen.complaints == []


def test_by_touch_at_390_px(show, write):
    seen = show(write("photo.png", "other.png"), width_px=390, has_touch=True)
    viewer, fingers = viewers.opened(seen.page), viewers.Fingers(seen.page)
    boxes = [frame.bounding_box() for frame in viewer.locator(".aic-frame:visible").all()]
    assert len(boxes) == 4
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["width"] > 160 for box in boxes)
    viewer.locator(".aic-thumb").nth(1).tap()
    viewer.get_by_label("Zoom").select_option("4")
    frame = viewer.locator(".aic-frame").first
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for _ in range(8):
        fingers.drag(((x + 70, y + 40), (x - 70, y - 40)))
    shape = viewers.drawn(viewer).shape
    expect_all(viewer, 4, (320 - shape[1] / 8, 240 - shape[0] / 8))
    assert viewer.get_by_label("Image", exact=True).input_value() == "other.png"
    assert seen.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert seen.complaints == []


@pytest.mark.parametrize("width_px", [1280, 390])
def test_the_map_between_two_models(show, write, width_px):
    """The link names it; the pane of the chosen one shows its picture, and the captions keep the target's figures."""
    path = write("photo.png")
    seen = show(path, width_px=width_px)
    captions = viewers.opened(seen.page).locator(".aic-figures-of").all_inner_texts()
    seen.page.goto(f"{path.as_uri()}#view=zoom=2&show=absolute&times=1&against=little")
    viewer = viewers.opened(seen.page)
    little = arrays()["little"]
    for pane, name in enumerate(("input", "little", "much", "target")):
        wished = little if name == "little" else error_maps.absolute(little, arrays()[name], 1)
        found = viewers.drawn(viewer, pane)
        np.testing.assert_array_equal(found, viewers.expected(wished, found.shape, 2))
    assert viewer.locator(".aic-figures-of").all_inner_texts() == captions
    assert viewer.locator(".aic-note").nth(2).text_content() == "error against little"
    menu = viewer.get_by_label("What error maps are against")
    assert menu.locator("option:checked").inner_text() == "against little"
    assert menu.bounding_box()["width"] > 100, "it can be read"
    assert seen.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert seen.complaints == []


def test_names_from_outside_run_nothing(show, write):
    names = [text.replace("/", "").replace("\0", "").encode("utf-8", "replace").decode() for text in HOSTILE]
    seen = show(write(*(f"{name}.png" for name in names)))
    viewer = viewers.opened(seen.page)
    for thumb in viewer.locator(".aic-thumb").all():
        thumb.click()
        viewers.settled(viewer)
    assert seen.page.evaluate("window.hits") == []
    assert seen.complaints == []


def test_without_javascript(show, write):
    page = show(write("photo.png"), java_script_enabled=False).page
    captions = [caption.inner_text() for caption in page.locator("figcaption").all()]
    names = [caption.partition(":")[0] for caption in captions]
    assert names == ["input", "target", "sample_sr_srcnn", "little", "much"]
    assert captions[3].startswith("little: PSNR ")
    assert page.locator(".stills img:visible").count() == 5


def test_a_rectangle_has_the_figures_of_its_pixels(show, write):
    viewer = viewers.opened(show(write("photo.png")).page)
    viewer.locator(".aic-frame").first.press("r")
    viewer.page.wait_for_function(FILLED)
    shown = viewer.locator(".aic-crop").all_inner_texts()
    target = PHOTO.astype(float)
    for place, name in enumerate(("input", "little", "much")):
        psnr_db = 10 * np.log10(255**2 / np.mean((arrays()[name] - target) ** 2))
        assert shown[2 * place] == f"{psnr_db:.2f}\N{NO-BREAK SPACE}dB"
        assert shown[2 * place + 1].startswith("SSIM 0.")


@pytest.mark.parametrize("width_px", [1280, 390])
def test_a_network_that_enlarges_beside_the_enlarged_input_and_the_target(show, tmp_path, monkeypatch, width_px):
    monkeypatch.setattr(compared_images, "Outputs", FakeOutputs)
    path, data = tmp_path / "page.html", small_to_large.data(tmp_path / "data", "one")
    how = {"way": own_photos.AS_IT_IS, "data": str(data), "progress": lambda *_: None}
    comparison_pages.write_page([model(tmp_path, "net")], path, small_to_large.track(tmp_path), **how)
    seen = show(path, width_px=width_px)
    viewer = viewers.opened(seen.page)
    large = small_to_large.target(seed=0)
    small = small_to_large.given_small(large)
    outputs = [small_to_large.repeated(small, added) for added in (0.0, 0.1)]
    wished = [small_to_large.enlarged(small), *outputs, large]
    viewer.locator(".aic-frame").first.press("2")
    for pane, pixels in enumerate(wished):
        found = viewers.drawn(viewer, pane)
        np.testing.assert_array_equal(found, viewers.expected(pixels, found.shape, 2))
    assert viewer.get_by_label("Pane 1", exact=True).locator("option:checked").inner_text() == "input (enlarged)"
    viewer.locator(".aic-frame").first.press("r")
    viewer.page.wait_for_function(FILLED)
    shown = viewer.locator(".aic-crop").all_inner_texts()
    assert [words[:4] for words in shown] == ["RGB "] * 6
    assert seen.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert seen.complaints == []
