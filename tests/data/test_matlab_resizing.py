"""MATLAB's bicubic: worked out by hand, against its definition written out, and against photos that MATLAB made."""

import numpy as np
import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.data.images import crop_to_multiple, read_rgb
from aic_helpers.data.matlab_resizing import matlab_bicubic

SCALES = (0.07, 0.25, 0.31, 1 / 3, 0.5, 0.77, 1, 1.3, 2, 3, 4, 4.7)


def line(*values):
    """One row of floats."""
    return np.array([values], np.float64)


def along(row, scale):
    """Return a row at another width."""
    return matlab_bicubic(row, (1, int(scale * row.shape[1])))[0]


def test_a_dot_enlarged_by_2_by_hand():
    """Places stand 1/4, 3/4, 5/4 and 7/4 px from it: 1.5/64 - 2.5/16 + 1 = 0.8671875, and so on."""
    half = [0, -0.0234375, -0.0703125, 0.2265625, 0.8671875]
    assert along(line(0, 0, 1, 0, 0), 2).tolist() == [*half, *half[::-1]]


def test_a_dot_reduced_by_2_by_hand():
    """The kernel is twice as wide and half as high: centres stand 5/2, 1/2, 3/2 and 7/2 px from it."""
    assert along(line(0, 0, 0, 1, 0, 0, 0, 0), 0.5).tolist() == [-0.03515625, 0.43359375, 0.11328125, -0.01171875]


def test_edges_are_mirrored_by_hand():
    """At -1/4 px, 1 has its own weight (5/4 px away) and its mirror's (7/4): -0.0703125 - 0.0234375."""
    assert along(line(0, 1), 2).tolist() == [-0.09375, 0.203125, 0.796875, 1.09375]


def test_bytes_are_clipped_and_rounded_half_up_by_hand():
    """Of 32, 0.203125 is 6.5, which even rounding would make 6; of 255 it is 51.8."""
    assert along(line(0, 255).astype(np.uint8), 2).tolist() == [0, 52, 203, 255]
    assert along(line(0, 32).astype(np.uint8), 2).tolist() == [0, 7, 26, 35]


def test_bytes_are_rounded_between_the_passes_by_hand():
    """In the corner 28 * 1.09375 = 30.6 becomes 31, and 31 * 1.09375 = 33.9 then 34; 28 * 1.09375² would be 33.5."""
    corner = np.array([[0, 0], [0, 28]], np.uint8)
    assert matlab_bicubic(corner, 2)[3, 3] == 34
    assert matlab_bicubic(corner.astype(float), 2)[3, 3] == 28 * 1.09375**2


def written_out(image, scale):
    """Every new pixel as a sum over the mirrored plane, with the kernel where MATLAB's code says it is."""
    image = np.asarray(image, float)
    for axis in (0, 1):
        image = np.moveaxis(np.tensordot(weights_of(image.shape[axis], scale), image, (1, axis)), 0, axis)
    return image


def weights_of(side, scale):
    weights = np.zeros((int(np.ceil(side * scale)), side))
    for row, of_row in enumerate(weights):
        centre = (row + 1) / scale + (1 - 1 / scale) / 2  # counted from 1, as MATLAB does
        for place in range(-2 * side - 60, 4 * side + 60):
            of_row[mirror(place, side)] += kernel((centre - 1 - place) * min(scale, 1))
        of_row /= of_row.sum()
    return weights


def mirror(place, side):
    while not 0 <= place < side:
        place = -1 - place if place < 0 else 2 * side - 1 - place
    return place


def kernel(x):
    """Keys' with a = -0.5: (a + 2)|x|³ - (a + 3)|x|² + 1 up to 1, a|x|³ - 5a|x|² + 8a|x| - 4a up to 2."""
    a, x = -0.5, abs(x)
    if x <= 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x <= 2 else 0


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 6), (5, 3, 3), (17, 22, 3), (23, 8, 1)])
@pytest.mark.parametrize("scale", SCALES)
def test_floats_agree_with_the_definition_written_out(scale, shape):
    """Odd sides, and ones that are smaller than the kernel."""
    image = np.random.default_rng(5).normal(size=shape)
    found = matlab_bicubic(image, scale)
    assert found.shape == (int(np.ceil(scale * shape[0])), int(np.ceil(scale * shape[1])), *shape[2:])
    assert found == pytest.approx(written_out(image, scale), abs=1e-12)


@pytest.mark.parametrize("scale", SCALES)
def test_bytes_are_one_pass_after_the_other(scale):
    image = np.random.default_rng(6).integers(0, 256, (17, 22, 3), dtype=np.uint8)
    down = to_bytes(np.tensordot(weights_of(17, scale), image.astype(float), (1, 0)))
    both = to_bytes(np.moveaxis(np.tensordot(weights_of(22, scale), down, (1, 1)), 0, 1))
    found = matlab_bicubic(image, scale)
    assert found.dtype == np.uint8
    assert np.array_equal(found, both)


def to_bytes(values):
    """Rounded half up; 1e-9 because sums in another order may be a hair below a half."""
    return np.clip(np.floor(values + 0.5 + 1e-9), 0, 255)


@pytest.mark.parametrize("scale", SCALES)
def test_weights_add_up_to_1(scale):
    """What is flat stays so, right up to the edges."""
    assert matlab_bicubic(np.full((19, 30, 3), 0.37), scale) == pytest.approx(0.37, abs=1e-15)
    assert (matlab_bicubic(np.full((19, 30, 3), 200, np.uint8), scale) == 200).all()


@pytest.mark.parametrize("scale", [1 / 4, 1 / 3, 1 / 2, 1, 1.5, 2, 3, 4])
def test_neither_side_is_preferred(scale):
    """Where the new sides are whole: elsewhere they are rounded up, and what is added lies right and below."""
    image = np.random.default_rng(7).normal(size=(12, 24, 3))
    expected = matlab_bicubic(image, scale)
    for turned in (np.s_[::-1], np.s_[:, ::-1]):
        assert matlab_bicubic(image[turned], scale) == pytest.approx(expected[turned], abs=1e-12)
    across = matlab_bicubic(image.swapaxes(0, 1), scale).swapaxes(0, 1)
    assert across == pytest.approx(expected, abs=1e-12)


def test_a_scale_of_1_changes_nothing():
    image = np.random.default_rng(8).integers(0, 256, (9, 14, 3), dtype=np.uint8)
    for same in (1, (9, 14)):
        assert np.array_equal(matlab_bicubic(image, same), image)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_keep_their_type(dtype):
    image = np.random.default_rng(9).random((12, 16, 3)).astype(dtype)
    found = matlab_bicubic(image, 2)
    assert found.dtype == dtype
    expected = matlab_bicubic(image.astype(float), 2)
    assert found.astype(float) == pytest.approx(expected, abs=2 * float(np.finfo(dtype).eps))


def test_a_size_gives_each_side_a_scale_of_its_own():
    image = np.random.default_rng(10).normal(size=(12, 20, 3))
    expected = np.einsum("ih,hwc,jw->ijc", weights_of(12, 2), image, weights_of(20, 0.25))
    assert matlab_bicubic(image, (24, 5)) == pytest.approx(expected, abs=1e-12)


def test_the_side_that_shrinks_more_is_first():
    """Which is seen in bytes, because they are rounded between."""
    image = np.random.default_rng(11).integers(0, 256, (12, 20, 3), dtype=np.uint8)
    assert np.array_equal(matlab_bicubic(image, (24, 5)), matlab_bicubic(matlab_bicubic(image, (12, 5)), (24, 5)))
    assert np.array_equal(matlab_bicubic(image, (3, 15)), matlab_bicubic(matlab_bicubic(image, (3, 20)), (3, 15)))


@pytest.mark.parametrize(
    ("image", "scale_or_size", "message"),
    [
        (np.zeros((4, 4), int), 2, r"expected an image of uint8 or floating values .*, found int64 \(4, 4\): convert"),
        (np.zeros(4), 2, r"expected an image of .*, found float64 \(4,\)"),
        (np.zeros((0, 4, 3)), 2, r"expected an image of .*, found float64 \(0, 4, 3\)"),
        (np.zeros((4, 4)), 0, "expected a scale above 0, such as 4 or 1/4, found 0: give large side by small"),
        (np.zeros((4, 4)), -2, "expected a scale above 0, .*, found -2"),
        (np.zeros((4, 4)), np.nan, "expected a scale above 0, .*, found nan"),
        (np.zeros((4, 4)), np.inf, "expected a scale above 0, .*, found inf"),
        (np.zeros((4, 4)), (8, 0), r"expected a size of \(height, width\) in px, 1 or more, found \(8, 0\): give"),
        (np.zeros((4, 4)), (8, 8, 3), r"expected a size of .*, found \(8, 8, 3\)"),
        (np.zeros((4, 4)), (8, 2.5), r"expected a size of .*, found \(8, 2.5\)"),
    ],
)
def test_errors(image, scale_or_size, message):
    with pytest.raises(InputError, match=message):
        matlab_bicubic(image, scale_or_size)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("name", ["baby", "bird", "butterfly", "head", "woman"])
def test_the_small_photos_of_set5_are_matlabs_to_the_last_bit(set5, name, scale):
    original = crop_to_multiple(read_rgb(set5 / "HR" / f"{name}.png"), scale)
    matlabs = read_rgb(set5 / "LR_bicubic" / f"X{scale}" / f"{name}x{scale}.png")
    assert np.array_equal(matlab_bicubic(original, 1 / scale), matlabs)
