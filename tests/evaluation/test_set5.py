"""MATLAB's bicubic scores on Set5 what is published nearly everywhere."""

import shutil
from functools import partial

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from aic_helpers.data.colour_spaces import luma
from aic_helpers.data.datasets import open_dataset, read_pair
from aic_helpers.data.images import as_float, as_uint8, crop_to_multiple, read_rgb
from aic_helpers.data.matlab_resizing import matlab_bicubic
from aic_helpers.evaluation.metrics import psnr, ssim
from aic_helpers.evaluation.per_image import evaluate, summarise
from aic_helpers.tracks.catalogue import TRACKS

PUBLISHED = {2: (33.66, 0.9299), 3: (30.39, 0.8682), 4: (28.42, 0.8104)}
"""PSNR in dB and SSIM by the scale, on luma without a border as wide as the scale; for one in Kim, Lee and Lee 2016,
"Accurate image super-resolution using very deep convolutional networks"."""

NAMES = ("baby", "bird", "butterfly", "head", "woman")

per_scale = pytest.mark.parametrize("scale", PUBLISHED)


def original(set5, name, scale):
    return crop_to_multiple(read_rgb(set5 / "HR" / f"{name}.png"), scale)


def lumas(set5, scale, enlarged=matlab_bicubic):
    """Yield luma in [0, 1], not rounded, of each original, and of its small photo enlarged."""
    for name in NAMES:
        small = read_rgb(set5 / "LR_bicubic" / f"X{scale}" / f"{name}x{scale}.png")
        pair = original(set5, name, scale), enlarged(small, scale)
        yield tuple(luma(as_float(image).astype(float)) for image in pair)


def means(pairs, scale):
    return np.mean(
        [[metric(*pair, data_range=1.0, crop_px=scale) for metric in (psnr, ssim)] for pair in pairs], axis=0
    )


def bicubic(images, scale):
    """MATLAB's, as a model: a batch of small photos in, of large ones out."""
    return np.stack([as_float(matlab_bicubic(as_uint8(image), scale)) for image in images])


@per_scale
def test_bicubic_scores_what_is_published_by_the_classic_tracks(set5, scale):
    track = TRACKS[f"classic_x{scale}"]
    found = summarise(evaluate(partial(bicubic, scale=scale), open_dataset(set5, track)), track.protocol)
    published_db, published_ssim = PUBLISHED[scale]
    assert found["psnr_db"] == pytest.approx(published_db, abs=0.03)
    assert found["ssim"] == pytest.approx(published_ssim, abs=0.001)
    assert found["protocol"] == f"Y, border {scale} px, rounded, PSNR and SSIM"


@per_scale
def test_small_photos_that_are_made_are_matlabs(set5, scale, tmp_path):
    shutil.copytree(set5 / "HR", tmp_path / "HR")
    track = TRACKS[f"classic_x{scale}"]
    made, given = open_dataset(tmp_path, track), open_dataset(set5, track)
    assert [given.note, made.note] == [f"small photos in LR_bicubic/X{scale}", "targets in HR"]
    for one, other in zip(made.pairs, given.pairs, strict=True):
        own, matlabs = read_pair(made, one), read_pair(given, other)
        np.testing.assert_array_equal(own.input, matlabs.input)
        np.testing.assert_array_equal(own.target, matlabs.target)


@per_scale
def test_luma_reduced_and_enlarged_scores_what_is_published_to_the_last_digit(set5, scale):
    """As the first networks were compared: luma alone, rounded to 8 bits before and after, and not between."""
    pairs = []
    for name in NAMES:
        y = as_float(luma(original(set5, name, scale))).astype(float)
        enlarged = matlab_bicubic(matlab_bicubic(y, 1 / scale), scale)
        pairs.append((y, np.floor(255 * enlarged.clip(0, 1) + 0.5) / 255))
    psnr_db, mean_ssim = means(pairs, scale)
    assert (round(psnr_db, 2), round(mean_ssim, 4)) == PUBLISHED[scale]


NETWORKS = {"fast_sr_x4": 31.2123, "fsrcnn_x2": 36.3078, "fsrcnn_x3": 32.2550, "fsrcnn_x4": 30.0127, "span_x4": 29.9932}
"""PSNR in dB of our own weights, as this test found it when they were trained."""


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", NETWORKS)
def test_our_networks_for_small_photos_score_more_than_bicubic(set5, name):
    from aic_helpers.models import networks, sources

    scale = int(name[-1])
    model = networks.build(networks.NETWORKS[name])
    model.load_weights(sources.resolve(name).checkpoint)

    def enlarged(small, scale):
        output = np.asarray(model(as_float(small[None])))[0]
        return np.rint(255 * output.clip(0, 1)).astype(np.uint8)

    psnr_db, _ = means(lumas(set5, scale, enlarged), scale)
    assert psnr_db == pytest.approx(NETWORKS[name], abs=0.005)
    assert psnr_db > PUBLISHED[scale][0] + 1


@per_scale
def test_both_metrics_agree_with_scikit_image(set5, scale):
    for reference, output in lumas(set5, scale):
        inner = [image[scale:-scale, scale:-scale] for image in (reference, output)]
        found = means([(reference, output)], scale)
        gaussian = {"gaussian_weights": True, "use_sample_covariance": False}
        expected = (
            peak_signal_noise_ratio(*inner, data_range=1.0),
            structural_similarity(*inner, data_range=1.0, **gaussian),
        )
        assert found == pytest.approx(np.array(expected), abs=1e-6)
