"""Crops, zooms, error maps and the bytes of pictures, pixel by pixel."""

import numpy as np
import pytest
from fixtures.pictures import decoded

from aic_helpers.dashboard import views
from aic_helpers.dashboard.scenes import Scene


def ramp(width_px, height_px):
    """Every pixel is another: red counts the columns, green the rows."""
    image = np.zeros((height_px, width_px, 3), np.uint8)
    image[..., 0] = np.arange(width_px)[None]
    image[..., 1] = np.arange(height_px)[:, None]
    return image


@pytest.mark.parametrize(
    ("centre_px", "zoom", "box"),
    [
        ((100, 60), "1:1", (60, 30, 80, 60)),
        ((0, 0), "1:1", (0, 0, 80, 60)),
        ((199, 119), "1:1", (120, 60, 80, 60)),
        ((-5, 900), "4:1", (0, 105, 20, 15)),
        ((100, 60), "2:1", (80, 45, 40, 30)),
        ((3, 4), views.WHOLE, (0, 0, 200, 120)),
    ],
)
def test_a_crop_stays_inside_its_image(centre_px, zoom, box):
    assert views.crop_box((200, 120), centre_px, (80, 60), zoom) == box


def test_a_crop_of_an_image_smaller_than_the_view_is_the_image():
    assert views.crop_box((7, 500), (3, 250), (80, 60), "1:1") == (0, 220, 7, 60)


@pytest.mark.parametrize(("side_px", "zoom"), [(100, "4:1"), (101, "2:1"), (300, "1:1"), (900, "1:1")])
def test_the_best_zoom_shows_the_whole_image_as_large_as_it_goes(side_px, zoom):
    assert views.best_zoom((side_px, side_px), (400, 400)) == zoom


def test_zooming_repeats_pixels():
    image = ramp(6, 4)
    part = views.cut(image, views.Box(2, 1, 3, 2))
    seen = views.shown(part, (12, 8), "4:1")
    assert seen.shape == (8, 12, 3)
    for row, column in np.ndindex(8, 12):
        assert seen[row, column].tolist() == [2 + column // 4, 1 + row // 4, 0]


def test_the_whole_of_a_large_image_is_reduced_and_a_small_one_left():
    assert views.shown(np.full((60, 200, 3), 7, np.uint8), (50, 50), views.WHOLE).tolist() == [[[7] * 3] * 50] * 15
    assert views.shown(ramp(20, 10), (50, 50), views.WHOLE).tolist() == ramp(20, 10).tolist()


def test_floats_are_clipped_and_rounded():
    part = np.array([[[-0.2, 0.5, 1.7]]], np.float32)
    assert views.shown(part, (1, 1), "1:1").tolist() == [[[0, 128, 255]]]


def test_an_error_map_goes_from_black_to_light_yellow():
    reference = np.zeros((1, 3, 3), np.float32)
    image = np.stack([np.full(3, value, np.float32) for value in (0, 0.25, 3.0)])[None]
    black, yellow, above = views.error_map(reference, image, 0.25)[0].tolist()
    assert black == [0x00, 0x00, 0x04]
    assert yellow == above == [0xFC, 0xFF, 0xA4]


def test_an_error_map_takes_the_mean_over_the_channels_without_the_sign():
    reference = np.full((1, 2, 3), 0.5, np.float32)
    image = np.array([[[0.8, 0.5, 0.2], [0.7, 0.7, 0.7]]], np.float32)
    left, right = views.error_map(reference, image, 1.0)[0].tolist()
    assert left == right


def test_the_colours_get_lighter_without_a_step_back():
    lightness = views.colour_bar((33, 1))[0] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > 0).all()
    assert lightness[0] < 1
    assert lightness[-1] > 240


@pytest.mark.parametrize(("top", "share"), [(0.25, "a quarter of the range"), (0.5, "half the range")])
def test_the_scale_is_told_in_words(top, share):
    assert views.scale_words(top) == f"0 black to {top} light yellow (and above): {share} from black to white"


def test_before_is_left_of_the_line_and_after_right():
    before, after = np.full((2, 10, 3), 10, np.uint8), np.full((2, 10, 3), 200, np.uint8)
    assert views.before_after(before, after, 0.4)[0, :, 0].tolist() == [10] * 3 + [255] * 2 + [200] * 5
    assert (views.before_after(before, after, 0.0) == after).all()
    assert (views.before_after(before, after, 1.0) == before).all()


def test_a_picture_within_its_budget_is_exact():
    content, words = views.encoded(ramp(200, 100))
    assert words == "PNG, exact"
    assert (decoded(content) == ramp(200, 100)).all()


def test_a_picture_above_its_budget_is_packed_until_it_fits():
    noise = np.random.default_rng(3).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    content, words = views.encoded(noise, 60_000)
    assert words.startswith("JPEG ")
    assert len(content) <= 60_000
    assert decoded(content).shape == noise.shape


def test_the_overview_frames_the_crop():
    grey = np.full((100, 200, 3), 0.5, np.float32)
    seen = views.overview(grey, views.Box(40, 20, 80, 60), (100, 100))
    assert seen.shape == (50, 100, 3)
    assert [seen[25, column, 0] for column in (19, 20, 21, 22, 23, 40)] == [128, 0, 255, 0, 128, 128]
    assert [seen[row, 40, 0] for row in (9, 10, 11, 12, 13)] == [128, 0, 255, 0, 128]


def scene(**changes):
    target = np.zeros((40, 60, 3), np.float32)
    output = target.copy()
    output[30, 50] = 1
    found = {"input": target, "target": target, "model": output}
    values = {"found": found, "centre": (0.5, 0.5), "view_px": (20, 20), "zoom": "2:1", "top": None} | changes
    return Scene(**values)


def test_the_largest_error_is_where_output_and_target_differ_most():
    there = scene(centre=scene().largest_error(["model"]))
    part = there.part("model")
    assert part.shape == (10, 10, 3)
    assert part.max() == 1


def test_without_a_target_the_error_is_taken_from_the_input():
    found = scene().found | {"target": "your own photo has no target"}
    mapped = scene(found=found, top=0.25)
    assert mapped.reference == "input"
    assert mapped.picture("target") == "your own photo has no target"
    assert mapped.picture("model").max() == 4  # the darkest colour: no difference in this crop
