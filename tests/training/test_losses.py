"""What training makes small."""

from __future__ import annotations

import math

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from aic_helpers.training import losses

pytestmark = pytest.mark.tensorflow


def test_differences_by_hand() -> None:
    target, output = np.zeros((1, 2)), np.array([[0.0, 0.2]])
    assert float(losses.l1(target, output)) == pytest.approx(0.1)
    assert float(losses.l2(target, output)) == pytest.approx(0.02)
    expected = (math.sqrt(1e-6) + math.sqrt(0.04 + 1e-6)) / 2
    assert float(losses.charbonnier(target, output)) == pytest.approx(expected)


def test_the_psnr_of_each_patch_counts_alike() -> None:
    target = np.zeros((2, 4, 4, 3), np.float32)
    output = np.stack([np.full((4, 4, 3), 0.1, np.float32), np.full((4, 4, 3), 0.01, np.float32)])
    assert float(losses.psnr(target, output)) == pytest.approx(-(20 + 40) / 2, abs=0.03)
    assert float(losses.psnr(target, target)) == pytest.approx(-60)


def test_of_luma_a_difference_of_colours_alone_counts_little() -> None:
    target = np.full((1, 4, 4, 3), 0.5, np.float32)
    grey, coloured = target + np.float32(0.1), target + np.array([0.1, 0, -0.1 * 65.481 / 24.966], np.float32)
    luma = 0.1 * (65.481 + 128.553 + 24.966) / 255
    assert float(losses.charbonnier_y(target, grey)) == pytest.approx(luma + 0.1 * 0.1, abs=1e-4)
    colours = (0.1 + 0.001 + 0.1 * 65.481 / 24.966) / 3
    assert float(losses.charbonnier_y(target, coloured)) == pytest.approx(0.001 + 0.1 * colours, abs=1e-4)


def test_ssim_agrees_with_scikit_image() -> None:
    rng = np.random.default_rng(0)
    target = rng.random((2, 40, 50, 3), np.float32)
    output = np.clip(target + rng.normal(0, 0.1, target.shape), 0, 1).astype(np.float32)
    # Its map has a border where the window leaves the image; ours has none.
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}
    expected = [
        structural_similarity(one, other, channel_axis=2, full=True, **settings)[1][5:-5, 5:-5].mean()
        for one, other in zip(target, output, strict=True)
    ]
    assert float(losses.ssim(target, output)) == pytest.approx(np.mean(expected), abs=1e-5)
    assert float(losses.ssim(target, target)) == pytest.approx(1, abs=1e-6)
    both = float(losses.charbonnier(target, output)) + 0.1 * (1 - np.mean(expected))
    assert float(losses.charbonnier_ssim(target, output)) == pytest.approx(both, abs=1e-5)
