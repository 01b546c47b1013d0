"""What a template is given to show pictures in the viewer, and what the viewer is told."""

import json
import math

import pytest
from fixtures.browsing import HOSTILE
from fixtures.pirm2018 import METRICS

from aic_helpers.core.safe_texts import printable
from aic_helpers.reporting import catalogues, viewer_pages
from aic_helpers.reporting.viewer_pages import Picture
from aic_helpers.tracks.catalogue import TRACKS

PICTURE = Picture("AAAA", 4, 3)


def catalogue(image="baby", model="net", **how):
    figures = {model: {"psnr_db": 30.514, "ms_ssim": 0.977}, "input": {"psnr_db": math.inf, "ms_ssim": math.nan}}
    images = [catalogues.image(image, figures, **how)]
    shown = [{"name": name} for name in ("input", model, "target")]
    return catalogues.catalogue("A title", shown, images, models=[model], metrics=METRICS)


def viewer(given, pictures, **how):
    return viewer_pages.viewer(given, catalogues.start(given, [one["name"] for one in given["shown"]]), pictures, **how)


def test_figures_are_those_that_json_can_hold():
    (image,) = catalogue()["images"]
    assert image["figures"] == {
        "net": {"psnr_db": 30.514, "ms_ssim": 0.977},
        "input": {"psnr_db": "Infinity", "ms_ssim": None},
    }


def test_the_view_begins_with_the_first_image_sorted_by_the_first_model():
    given = catalogue()
    view = catalogues.start(given, ["input", "net", "target"])
    assert (view["image"], view["panes"]) == ("baby", ["input", "net", "target"])
    assert view["sort"] == ["psnr_db", "net", ""]
    assert set(view) == set(catalogues.START)
    assert len(catalogues.start(given, [f"net{number}" for number in range(9)])["panes"]) == catalogues.MOST_PANES


def test_without_images_nothing_is_chosen():
    view = catalogues.start(catalogues.catalogue("A title", [], [], metrics=METRICS), [])
    assert (view["image"], view["panes"], view["sort"]) == ("", [], ["psnr_db", "", ""])


def test_each_picture_has_its_place_and_its_figures_in_words():
    (row,) = viewer(catalogue(), {("baby", name): PICTURE for name in ("input", "net")}, name="run-1").rows
    assert row.title == "baby"
    assert [(still.image, still.shown, still.id, still.figures) for still in row.stills] == [
        (0, 0, "run-1-0-0", "PSNR infinite"),
        (0, 1, "run-1-0-1", "PSNR 30.51 dB, MS-SSIM 0.9770"),
    ]


def test_what_failed_is_a_sentence_in_place_of_a_picture():
    (row,) = viewer(catalogue(failures={"net": "it died"}), {("baby", "net"): PICTURE}).rows
    assert [(still.name, still.picture.problem, still.picture.base64) for still in row.stills] == [
        ("net", "it died", "")
    ]


def test_a_picture_that_the_page_has_is_not_repeated():
    pictures = {("baby", "input"): PICTURE, ("baby", "net"): Picture("BBBB", 4, 3)}
    first = viewer(catalogue(), pictures, name="run-1")
    second = viewer(catalogue(), {**pictures, ("baby", "net"): Picture("CCCC", 4, 3)}, name="run-2", others=[first])
    assert [(still.picture.base64, still.picture.copy_of) for still in second.rows[0].stills] == [
        ("", "run-1-0-0"),
        ("CCCC", ""),
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_from_outside_ends_no_script(text):
    made = viewer(catalogue(text, text, words=text), {(text, text): PICTURE})
    assert set("<>&\u2028\u2029") & set(made.json) == set()
    told = json.loads(made.json)
    assert told["catalogue"]["images"][0]["name"] == told["catalogue"]["models"][0] == printable(text)
    assert told["view"]["image"] == made.rows[0].title == made.rows[0].stills[0].name == printable(text)


def test_an_input_that_is_enlarged_is_called_so_and_keeps_its_name_in_links():
    small = TRACKS["classic_x4"]
    given = catalogue() | {"shown": [catalogues.shown_input("input", small), {"name": "net"}, {"name": "target"}]}
    (row,) = viewer(given, {("baby", name): PICTURE for name in ("input", "target")}).rows
    assert [still.name for still in row.stills] == ["input (enlarged)", "target"]
    assert catalogues.start(given, ["input", "net"])["panes"] == ["input", "net"]
    assert catalogues.shown_input("input", TRACKS["super_resolution"]) == {"name": "input"}


def test_figures_on_luma_say_so():
    titles = [metric["title"] for metric in catalogues.metrics(TRACKS["classic_x4"].protocol)]
    assert titles == ["PSNR (Y)", "SSIM (Y)"]
    assert [metric["title"] for metric in METRICS] == ["PSNR", "MS-SSIM"]
