"""PSNR, SSIM and MS-SSIM against numbers worked out by hand, second implementations, and the original's own figures."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from fixtures.pirm2018 import round_trip
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from aic_helpers.core.errors import InputError
from aic_helpers.data import colour_spaces, images
from aic_helpers.evaluation import ssim_means
from aic_helpers.evaluation.metrics import SCALE_WEIGHTS, ms_ssim, ms_ssim_both, psnr, ssim

DEFINITIONS = ("per_channel", "tensorflow", "pooled")


def noisy_pair(size=(200, 240), noise=0.05, seed=1):
    rng = np.random.default_rng(seed)
    smooth = np.cumsum(np.cumsum(rng.normal(size=(*size, 3)), axis=0), axis=1)
    reference = (smooth - smooth.min()) / np.ptp(smooth)
    return reference, np.clip(reference + rng.normal(scale=noise, size=reference.shape), 0, 1)


def test_psnr_by_hand():
    """Every value 0.1 off: mean square 0.01, so 10 log10(1 / 0.01) = 20 dB."""
    reference = np.full((8, 8, 3), 0.5)
    assert psnr(reference, reference + 0.1, data_range=1.0) == pytest.approx(20.0, abs=1e-12)


def test_psnr_scales_with_its_range():
    reference, output = noisy_pair()
    assert psnr(reference * 255, output * 255, data_range=255.0) == pytest.approx(
        psnr(reference, output, data_range=1.0), abs=1e-10
    )


def test_psnr_agrees_with_scikit_image():
    reference, output = noisy_pair()
    expected = peak_signal_noise_ratio(reference[4:-4, 4:-4], output[4:-4, 4:-4], data_range=1.0)
    assert psnr(reference, output, data_range=1.0, crop_px=4) == pytest.approx(expected, abs=1e-10)


@pytest.fixture(scope="module")
def photo_2k():
    """A pair of 2K size with photo-like content: the sample's first target, tiled, against its bicubic round trip."""
    from aic_helpers.core.project_paths import PROJECT

    target = images.read_rgb(min((PROJECT / "data/sample/super_resolution/targets").iterdir()))
    target = np.tile(images.crop_to_multiple(target, 4), (2, 2, 1))[:1324, :2008]
    return images.as_float(target), images.as_float(round_trip(target))


@pytest.mark.tensorflow
def test_tensorflow_definition_agrees_with_tensorflow_on_a_2k_pair(photo_2k):
    import tensorflow as tf

    reference, output = photo_2k
    expected = float(tf.image.ssim_multiscale(reference, output, 1.0))
    assert ms_ssim(reference, output, data_range=1.0, definition="tensorflow") == pytest.approx(expected, abs=1e-5)
    assert ms_ssim(reference, output, data_range=1.0) < expected  # float32 sums lift it; see docs/decisions.md


@pytest.mark.tensorflow
def test_exact_definition_agrees_with_tensorflow_where_float32_sums_do_no_harm():
    import tensorflow as tf

    reference, output = noisy_pair(noise=0.1)
    expected = float(tf.image.ssim_multiscale(reference.astype(np.float32), output.astype(np.float32), 1.0))
    assert ms_ssim(reference, output, data_range=1.0) == pytest.approx(expected, abs=2e-5)


def photo_like(rng, size):
    return noisy_pair(size, noise=0.1)


def equal_but_for_brightness(rng, size):
    """Both flat: each variance is the difference of two large equal numbers."""
    return np.full((*size, 3), 0.7), np.full((*size, 3), 0.3)


def flat_with_steps(rng, size):
    """Flat areas beside others, of another colour in the output."""
    blocks = rng.random((2, -(-size[0] // 32), -(-size[1] // 32), 3))
    return tuple(blocks.repeat(32, axis=1).repeat(32, axis=2)[:, : size[0], : size[1]])


def dark(rng, size):
    return tuple(rng.integers(0, 3, (2, *size, 3)) / 255)


def black_and_white(rng, size):
    reference = rng.integers(0, 2, (*size, 3)).astype(float)
    return reference, np.where(rng.random(reference.shape) < 0.1, 1 - reference, reference)


def unclipped(rng, size):
    reference, output = noisy_pair(size)
    return reference, 5 * output - 2


def huge(rng, size):
    """What a network that wasn't trained may put out."""
    reference, output = noisy_pair(size)
    return reference, 1e20 * (output - 0.3)


CASES = (photo_like, equal_but_for_brightness, flat_with_steps, dark, black_and_white, unclipped, huge)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("definition", "size"), [("per_channel", (163, 190)), ("pooled", (100, 100))])
def test_agrees_with_the_definition_written_out(definition, size, case, dtype):
    """Plain float64 numpy, window by window. The window of ``pooled`` shrinks to 7 px at the last scale."""
    reference, output = (image.astype(dtype) for image in case(np.random.default_rng(3), size))
    assert ms_ssim(reference, output, data_range=1.0, definition=definition) == pytest.approx(
        plain(reference.astype(float), output.astype(float), definition), abs=1e-7
    )


def scikit_image_ssim(reference, output, data_range=1.0):
    """Its Gaussian SSIM has the same window (11 px at sigma 1.5), and averages where it fits."""
    channel_axis = 2 if reference.ndim == 3 else None
    definition = {"gaussian_weights": True, "use_sample_covariance": False}
    return structural_similarity(reference, output, data_range=data_range, channel_axis=channel_axis, **definition)


def in_colour(image):
    return image


def in_luma(image):
    return colour_spaces.luma(image)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("way", [in_colour, in_luma])
def test_ssim_agrees_with_scikit_image(way, case, dtype):
    reference, output = (way(image).astype(dtype) for image in case(np.random.default_rng(3), (43, 95)))
    expected = scikit_image_ssim(reference.astype(float), output.astype(float))
    assert ssim(reference, output, data_range=1.0) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("way", [in_colour, in_luma])
def test_ssim_of_255_and_a_crop_agrees_with_scikit_image(way):
    reference, output = (255 * way(image) for image in noisy_pair((60, 71)))
    expected = scikit_image_ssim(reference[4:-4, 4:-4], output[4:-4, 4:-4], 255.0)
    assert ssim(reference, output, data_range=255.0, crop_px=4) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(11, 11), (30, 20, 3)])
def test_ssim_of_flat_images_by_hand(shape, dtype):
    """Nothing varies, so luminance alone is left."""
    dark, bright = np.full(shape, 0.25, dtype), np.full(shape, 0.75, dtype)
    expected = (2 * 0.25 * 0.75 + 1e-4) / (0.25**2 + 0.75**2 + 1e-4)
    assert ssim(dark, bright, data_range=1.0) == pytest.approx(expected, abs=1e-7)


def test_ssim_of_a_dot_and_black_by_hand():
    """One window: of the dot it has the weight w at its centre, so the mean is w and the variance w - w²."""
    dot = np.zeros((11, 11))
    dot[5, 5] = 1
    weight = 1 / sum(math.exp(-(i**2 + j**2) / (2 * 1.5**2)) for i in range(-5, 6) for j in range(-5, 6))
    expected = 1e-4 / (weight**2 + 1e-4) * 9e-4 / (weight - weight**2 + 9e-4)
    assert ssim(dot, np.zeros((11, 11)), data_range=1.0) == pytest.approx(expected, abs=1e-8)


def test_a_plane_scores_as_the_grey_image_does():
    planes = [image[..., 0] for image in noisy_pair()]
    grey = [np.repeat(plane[..., None], 3, axis=2) for plane in planes]
    for metric in (psnr, ssim, ms_ssim):
        expected = metric(*grey, data_range=1.0, crop_px=3)
        assert metric(*planes, data_range=1.0, crop_px=3) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_black_against_white_by_hand(dtype):
    """No window varies: each scale but the last is 1, and the last C1 / (1 + C1). Float32 is off by 1e-5 there."""
    black, white = np.zeros((200, 200, 3), dtype), np.ones((200, 200, 3), dtype)
    assert ms_ssim(black, white, data_range=1.0) == pytest.approx((1e-4 / (1 + 1e-4)) ** 0.1333, abs=1e-9)
    assert ms_ssim_both(black, 255 * white, data_range=255.0).per_channel == ms_ssim(black, white, data_range=1.0)


def nearly_black_and_white(rng, size):
    return np.full((*size, 3), 0.002), np.full((*size, 3), 1.0)


def unlike(rng, size):
    """Noise against other noise: the means of some scales are about 0."""
    return rng.random((*size, 3)), rng.random((*size, 3))


def a_ramp_and_black(rng, size):
    return np.linspace(0, 1, size[1])[None, :, None] * np.ones((*size, 3)), np.zeros((*size, 3))


@pytest.mark.parametrize("case", [nearly_black_and_white, unlike, a_ramp_and_black])
@pytest.mark.parametrize(("definition", "size"), [("per_channel", (163, 190)), ("pooled", (100, 100))])
def test_images_that_are_nothing_like_each_other(definition, size, case):
    reference, output = (image.astype(np.float32) for image in case(np.random.default_rng(5), size))
    expected = plain(reference.astype(float), output.astype(float), definition)
    assert expected < 0.5
    assert ms_ssim(reference, output, data_range=1.0, definition=definition) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("metric", [psnr, ms_ssim, ms_ssim_both])
@pytest.mark.parametrize("data_range", [0.0, -1.0, math.nan, math.inf, 1e-30])
def test_a_range_that_cannot_be(metric, data_range):
    reference, output = noisy_pair()
    with pytest.raises(InputError, match=r"expected a data_range above 0, such as 1.0 or 255.0, found .*: give white"):
        metric(reference, output, data_range=data_range)


@pytest.mark.parametrize("metric", [psnr, ms_ssim, ms_ssim_both])
@pytest.mark.parametrize("crop_px", [-1, 1.5, math.nan])
def test_a_crop_that_cannot_be(metric, crop_px):
    reference, output = noisy_pair()
    with pytest.raises(InputError, match=rf"expected a crop_px of whole pixels, 0 or more, found {crop_px}: give how"):
        metric(reference, output, data_range=1.0, crop_px=crop_px)


@pytest.mark.parametrize("size", [(17, 31), (16, 170), (50, 161)])
def test_pooled_agrees_with_the_definition_written_out_where_windows_are_even(size):
    reference, output = noisy_pair(size, noise=0.1)
    assert ms_ssim(reference, output, data_range=1.0, definition="pooled") == pytest.approx(
        plain(reference, output, "pooled"), abs=1e-7
    )


def test_a_crop_and_a_range_count_as_if_they_were_made_before():
    reference, output = (255 * image for image in noisy_pair((200, 210)))
    inner = [image[16:-16, 16:-16] / 255 for image in (reference, output)]
    assert ms_ssim(reference, output, data_range=255.0, crop_px=16) == pytest.approx(
        ms_ssim(*inner, data_range=1.0), abs=1e-7
    )


def plain(x, y, definition):
    factors = []
    for level in range(5):
        if level:
            x, y = plain_half(x), plain_half(y)
        size = min(11, *x.shape[:2])
        at = np.arange(size) - (size - 1) / 2
        line = np.exp(-(at**2) / (2 * (1.5 * size / 11) ** 2))
        window = np.outer(line, line) / line.sum() ** 2

        def mean(image, window=window, size=size):
            views = np.lib.stride_tricks.sliding_window_view(image, (size, size), axis=(0, 1))
            return np.einsum("hwcij,ij->hwc", views, window)

        mx, my = mean(x), mean(y)
        vx, vy, vxy = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
        contrast = (2 * vxy + 0.03**2) / (vx + vy + 0.03**2)
        luminance = (2 * mx * my + 0.01**2) / (mx**2 + my**2 + 0.01**2)
        means = (contrast if level < 4 else contrast * luminance).mean(axis=(0, 1))
        factors.append(np.maximum(means.mean() if definition == "pooled" else means, 0) ** SCALE_WEIGHTS[level])
    return np.prod(factors, axis=0).mean()


def plain_half(image):
    height, width = image.shape[:2]
    rows = [(i, min(i + 1, height - 1)) for i in range(0, height, 2)]
    columns = [(j, min(j + 1, width - 1)) for j in range(0, width, 2)]
    return np.array([[image[np.ix_(r, c)].mean(axis=(0, 1)) for c in columns] for r in rows])


def test_both_sums_are_what_two_calls_return(photo_2k):
    reference, output = photo_2k
    both = ms_ssim_both(reference, output, data_range=1.0, crop_px=16)
    for definition in ("tensorflow", "per_channel"):
        one = ms_ssim(reference, output, data_range=1.0, crop_px=16, definition=definition)
        assert getattr(both, definition) == one


def test_threads_change_nothing(photo_2k, monkeypatch):
    shared = ms_ssim_both(*photo_2k, data_range=1.0)
    monkeypatch.setattr(ssim_means, "THREADS_FROM", math.inf)
    assert shared == pytest.approx(ms_ssim_both(*photo_2k, data_range=1.0), abs=1e-12)


def test_several_threads_may_ask_at_once(photo_2k):
    with ThreadPoolExecutor(4) as pool:
        values = list(pool.map(lambda _: ms_ssim(*photo_2k, data_range=1.0), range(4)))
    assert len(set(values)) == 1


def test_any_layout_and_float_type_will_do():
    reference, output = (image.astype(np.float16).astype(np.float64) for image in noisy_pair())
    expected = psnr(reference, output, data_range=1.0), ms_ssim(reference, output, data_range=1.0)
    frozen = output.copy()
    frozen.flags.writeable = False
    for other in (output.astype(np.float16), np.asfortranarray(output), output[::-1][::-1], frozen):
        found = psnr(reference, other, data_range=1.0), ms_ssim(reference, other, data_range=1.0)
        assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("metric", [psnr, ssim, ms_ssim, ms_ssim_both])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", [(0, 7), (100, 100), (199, 239), (50, 239), (50, 0)])
def test_no_value_that_is_not_finite_goes_unseen(metric, value, at):
    reference, output = noisy_pair()
    output[at] = value
    for crop_px in (0, 8):
        with pytest.raises(InputError, match="expected finite output values, found NaN or infinity"):
            metric(reference, output, data_range=1.0, crop_px=crop_px)


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_identity_symmetry_and_order(definition):
    reference, little = noisy_pair(noise=0.02)
    _, much = noisy_pair(noise=0.2)
    assert psnr(reference, reference, data_range=1.0) == math.inf
    assert ms_ssim(reference, reference, data_range=1.0, definition=definition) == 1
    forth = ms_ssim(reference, little, data_range=1.0, definition=definition)
    back = ms_ssim(little, reference, data_range=1.0, definition=definition)
    assert forth == pytest.approx(back, abs=1e-7)
    assert ms_ssim(reference, much, data_range=1.0, definition=definition) < forth < 1
    assert psnr(reference, much, data_range=1.0) < psnr(reference, little, data_range=1.0)


def test_identity_symmetry_and_order_of_ssim():
    reference, little = noisy_pair(noise=0.02)
    _, much = noisy_pair(noise=0.2)
    for way in (in_colour, in_luma):
        given, near, far = way(reference), way(little), way(much)
        assert ssim(given, given, data_range=1.0) == 1
        assert ssim(given, near, data_range=1.0) == pytest.approx(ssim(near, given, data_range=1.0), abs=1e-7)
        assert ssim(given, far, data_range=1.0) < ssim(given, near, data_range=1.0) < 1


def test_ssim_of_an_inverted_image_is_below_0():
    noise = np.random.default_rng(4).random((50, 50, 3))
    assert -1 < ssim(noise, 1 - noise, data_range=1.0) < -0.8


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_an_inverted_image_scores_0_not_nan(definition):
    reference, _ = noisy_pair()
    assert ms_ssim(reference, 1 - reference, data_range=1.0, definition=definition) == 0


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (np.zeros((200, 240)), r"expected output of the reference's shape \(200, 240, 3\), found \(200, 240\)"),
        (np.full((200, 240, 3), 1.5), r"expected output values in \[0, 1\], found \[1.5, 1.5\]: clip"),
        (np.full((200, 240, 3), np.nan), "expected finite output values, found NaN or infinity"),
        (np.zeros((200, 240, 3), np.uint8), r"expected output as a floating array .*, found uint8"),
    ],
)
def test_psnr_errors(output, message):
    with pytest.raises(InputError, match=message):
        psnr(noisy_pair()[0], output, data_range=1.0)


@pytest.mark.parametrize(
    ("definition", "crop_px", "least_px"), [("per_channel", 0, 161), ("tensorflow", 16, 193), ("pooled", 0, 16)]
)
def test_too_small_for_five_scales(definition, crop_px, least_px):
    image = noisy_pair((least_px, least_px))[0]
    assert ms_ssim(image, image, data_range=1.0, crop_px=crop_px, definition=definition) == 1
    small = image[:-1]
    with pytest.raises(InputError, match=f"expected at least {least_px} px .*found {least_px}x{least_px - 1}"):
        ms_ssim(small, small, data_range=1.0, crop_px=crop_px, definition=definition)


def test_too_small_for_a_window():
    image = noisy_pair((19, 19))[0]
    assert ssim(image, image, data_range=1.0, crop_px=4) == 1
    small = image[:-1]
    message = r"expected at least 19 px on each side \(a window of SSIM\), found 19x18: use a larger image"
    with pytest.raises(InputError, match=message):
        ssim(small, small, data_range=1.0, crop_px=4)


@pytest.mark.parametrize("metric", [psnr, ssim, ms_ssim])
@pytest.mark.parametrize(
    ("shape", "dtype"), [((200, 240), np.uint8), ((200, 240, 1), np.float64), ((200, 240, 4), float), ((200,), float)]
)
def test_what_is_no_image(metric, shape, dtype):
    image = np.zeros(shape, dtype)
    message = r"expected reference as a floating array \(height, width, 3\) or \(height, width\), found .*: convert it"
    with pytest.raises(InputError, match=message):
        metric(image, image, data_range=1.0)


def test_nothing_left_after_the_crop():
    image = noisy_pair((20, 40))[0]
    with pytest.raises(InputError, match="expected an image larger than 20 px on each side, found 40x20"):
        psnr(image, image, data_range=1.0, crop_px=10)
