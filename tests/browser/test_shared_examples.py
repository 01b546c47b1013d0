"""The pictures of several models side by side in a board's report, opened from a file with the network off."""

import numpy as np
import pytest
from fixtures import boards, run_folders, viewers

from aic_helpers.boards import folders, reports, standings
from aic_helpers.data.images import read_rgb
from aic_helpers.evaluation.example_images import picture

SIDE_PX = (150, 170)


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    """Two runs with pictures of the same photos, of which the second's outputs are its own."""
    folder = tmp_path_factory.mktemp("board")
    runs = [folder / "super_resolution" / name for name in ("one", "two")]
    for run in runs:
        run_folders.write(run, side_px=SIDE_PX, growth=False)
    for seed, end in enumerate(("worst", "median", "best")):
        run_folders.save(runs[1] / picture(end, "output"), run_folders.shaded(SIDE_PX, 1, 7 + seed), lossless=True)
    plan = boards.plan(folder, boards.named("one"), boards.named("two"))
    return runs, reports.write_report(standings.standings(folders.open_board(plan)))


def test_the_models_stand_side_by_side_above_the_table(show, board):
    (one, two), page = board
    seen = show(page)
    viewer = viewers.opened(seen.page)
    files = [one / picture("worst", side) for side in ("input", "output", "target")]
    files.insert(2, two / picture("worst", "output"))
    for pane, file in enumerate(files):
        found = viewers.drawn(viewer, pane)
        zoom = min(found.shape[0] // SIDE_PX[0], found.shape[1] // SIDE_PX[1])
        np.testing.assert_array_equal(found, viewers.expected(read_rgb(file), found.shape, zoom))
    assert viewer.bounding_box()["y"] < seen.page.locator("table").first.bounding_box()["y"]
    assert seen.complaints == []


def test_each_run_has_its_own_viewer(show, board):
    (_, two), page = board
    seen = show(page)
    seen.page.locator("#run-2 > summary").click()
    viewer = viewers.opened(seen.page, 2)
    found = viewers.drawn(viewer, 1)
    wished = viewers.expected(read_rgb(two / picture("worst", "output")), found.shape, 2)
    np.testing.assert_array_equal(found, wished)


IN_SIGHT = "(viewer) => { const { top } = viewer.getBoundingClientRect(); return Math.abs(top) < innerHeight / 2; }"


def unfolded(page):
    return [run.get_attribute("id") for run in page.locator("details.run[open]").all()]


def test_a_link_to_a_viewer_unfolds_its_run(show, board):
    page = show(board[1]).page
    for link, runs in (
        ("view=zoom=2", []),
        ("view-4=zoom=2", []),
        ("view-0=", []),
        ("view-3=image=a&zoom=2", ["run-2"]),
        ("view-2=", ["run-1", "run-2"]),
    ):
        page.evaluate("(link) => new Promise((done) => { onhashchange = done; location.hash = link; })", link)
        assert unfolded(page) == runs
    page.goto("about:blank")
    page.goto(f"{board[1].as_uri()}#view-2=")
    assert unfolded(page) == ["run-1"]
    page.wait_for_function(IN_SIGHT, arg=page.locator("#run-1 .aic-viewer").element_handle())


@pytest.mark.parametrize("how", ["without JavaScript", "in print"])
def test_the_pictures_are_told_once_where_there_is_no_viewer(show, board, how):
    page = show(board[1], java_script_enabled=how == "in print").page
    if how == "in print":
        viewers.opened(page)
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        assert page.locator(".stills img:visible").count() == 2 * 9
        assert page.get_by_role("heading", name="Side by side").count() == 0
    else:
        sentence = page.locator(".copies noscript")
        assert sentence.is_visible()
        assert page.get_by_role("heading", name="Side by side").is_visible()
        assert sentence.inner_text().startswith("With JavaScript the models' pictures can be compared here.")
    assert page.locator(".copies .stills:visible").count() == 0
    assert page.locator(".aic-viewer:visible").count() == 0
