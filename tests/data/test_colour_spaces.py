"""Luma: known colours, a second implementation, and what it refuses."""

import numpy as np
import pytest
from skimage.color import rgb2ycbcr

from aic_helpers.core.errors import InputError
from aic_helpers.data.colour_spaces import luma

KNOWN = {
    (0, 0, 0): 16,
    (255, 255, 255): 235,
    (255, 0, 0): 81,  # 16 + 65.481
    (0, 255, 0): 145,  # 16 + 128.553
    (0, 0, 255): 41,  # 16 + 24.966
    (1, 1, 1): 17,  # 16 + 219 / 255 = 16.86
    (100, 150, 200): 137,  # 16 + 25.679 + 75.619 + 19.581 = 136.879
}
"""Y of 8-bit RGB; the first five are in every table of BT.601's colours."""


@pytest.mark.parametrize(("colour", "y"), KNOWN.items())
def test_known_colours(colour, y):
    pixel = np.array([[colour]], np.uint8)
    assert luma(pixel).dtype == np.uint8
    assert luma(pixel).tolist() == [[y]]
    assert 255 * luma(pixel / 255).item() == pytest.approx(y, abs=0.5)


def test_by_hand_as_floats():
    white, red = np.ones((1, 1, 3)), np.array([[[1.0, 0, 0]]])
    assert 255 * luma(white).item() == pytest.approx(16 + 65.481 + 128.553 + 24.966, abs=1e-12)
    assert 255 * luma(red).item() == pytest.approx(81.481, abs=1e-12)


def test_agrees_with_scikit_image():
    image = np.random.default_rng(0).random((20, 30, 3))
    expected = rgb2ycbcr(image)[..., 0]  # on the scale of 8 bits
    assert 255 * luma(image) == pytest.approx(expected, abs=1e-10)
    eight_bits = np.random.default_rng(1).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    assert np.array_equal(luma(eight_bits), np.rint(rgb2ycbcr(eight_bits)[..., 0]))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_keep_their_type_and_what_is_outside_the_range(dtype):
    grey = np.array([[-0.5, 0.0, 0.5, 1.5]], dtype)
    found = luma(np.repeat(grey[..., None], 3, axis=2))
    assert found.dtype == dtype
    expected = 16 / 255 + grey.astype(float) * 219 / 255
    assert found.astype(float) == pytest.approx(expected, abs=3 * float(np.finfo(dtype).eps))


@pytest.mark.parametrize(
    ("image", "found"),
    [
        (np.zeros((4, 5)), r"float64 \(4, 5\)"),
        (np.zeros((4, 5, 1), np.uint8), r"uint8 \(4, 5, 1\)"),
        (np.zeros((4, 5, 4)), r"float64 \(4, 5, 4\)"),
        (np.zeros((4, 5, 3), int), r"int64 \(4, 5, 3\)"),
    ],
)
def test_what_has_no_luma(image, found):
    with pytest.raises(InputError, match=rf"expected an RGB image of .* \(height, width, 3\) for luma, found {found}"):
        luma(image)
