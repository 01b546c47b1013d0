"""8-bit copies, their parts and their JPEGs, pixel by pixel."""

import numpy as np
import pytest
from fixtures.pictures import decoded

from aic_helpers.dashboard import pixel_copies
from aic_helpers.dashboard.pixel_copies import Copy, PixelCopies, jpeg, reduced


def ramp(width_px, height_px):
    """Every pixel is another: red counts the columns, green the rows."""
    image = np.zeros((height_px, width_px, 3), np.uint8)
    image[..., 0] = np.arange(width_px)[None] % 256
    image[..., 1] = np.arange(height_px)[:, None] % 256
    return image


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ((2, 1, 3, 2), (2, 1, 3, 2)),
        ((-5, -5, 8, 8), (0, 0, 3, 3)),
        ((18, 8, 50, 50), (18, 8, 2, 2)),
        ((2.4, 1.6, 1.0, 1.0), (2, 1, 2, 2)),
        ((400, 400, 10, 10), (19, 9, 1, 1)),
        ((-40, 3, 10, 0), (0, 3, 1, 1)),
    ],
    ids=["inside", "over the left", "over the right", "parts of pixels", "outside", "outside left"],
)
def test_a_part_is_cut_exactly_and_lies_in_the_image(asked, found):
    copy = Copy(ramp(20, 10))
    box, rgb = copy.part(asked, 1)
    left, top, width, height = found
    assert box == found
    assert (rgb == ramp(20, 10)[top : top + height, left : left + width]).all()


def test_the_whole_travels_as_it_is_up_to_so_many_pixels():
    box, rgb = Copy(ramp(20, 10)).part(None, 200)
    assert box == (0, 0, 20, 10)
    assert (rgb == ramp(20, 10)).all()


def test_a_larger_whole_is_reduced_to_means_of_squares():
    box, rgb = Copy(ramp(20, 10)).part(None, 60)
    assert box == (0, 0, 20, 10)
    assert rgb.shape == (5, 10, 3)
    assert rgb[2, 3].tolist() == [7, 5, 0]  # the means of columns 6 and 7, and of rows 4 and 5, rounded up


def test_sides_that_are_no_multiple_lose_nothing():
    assert reduced(np.full((7, 10, 3), 9, np.uint8), 20).tolist() == [[[9] * 3] * 5] * 4
    assert reduced(ramp(20_000, 1), 100).shape == (1, 1334, 3)
    assert reduced(ramp(1, 1), 1).shape == (1, 1, 3)


def test_floats_are_clipped_and_rounded_and_kept():
    calls = []

    def pixels(image, shown):
        calls.append((image, shown))
        return np.array([[[-0.2, 0.5, 1.7]]], np.float32)

    copies = PixelCopies(pixels)
    assert copies.of("a", "model").rgb.tolist() == [[[0, 128, 255]]]
    assert copies.of("a", "model") is copies.of("a", "model")
    assert calls == [("a", "model")]
    copies.forget("a")
    copies.of("a", "model")
    assert len(calls) == 2


def test_sentences_are_passed_on_and_asked_for_again():
    said = iter(["no photo there", "nor now"])
    copies = PixelCopies(lambda image, shown: next(said))
    assert [copies.of("a", "target"), copies.of("a", "target")] == ["no photo there", "nor now"]


def test_the_copies_kept_are_bounded(monkeypatch):
    monkeypatch.setattr(pixel_copies, "KEPT_BYTES", 1)
    copies = PixelCopies(lambda image, shown: np.zeros((2, 2, 3), np.float32))
    for number in range(20):
        copies.of(str(number), "target")
    assert len(copies._kept) == pixel_copies.KEPT_LEAST


def test_a_jpeg_is_small_in_pixels_and_bytes():
    noise = np.random.default_rng(3).integers(0, 256, (700, 900, 3), dtype=np.uint8)
    content = jpeg(noise, 480, 40_000)
    assert len(content) <= 40_000
    assert decoded(content).shape == (373, 480, 3)
    assert decoded(jpeg(ramp(20_000, 1), 96, 6_000)).shape == (1, 96, 3)
    flat = np.full((100, 100, 3), 70, np.uint8)
    assert (decoded(jpeg(flat, 480, 40_000)) == flat).all()
