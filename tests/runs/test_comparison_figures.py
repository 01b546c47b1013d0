"""Inputs and outputs beside their targets."""

import numpy as np
from fixtures.pirm2018 import ENHANCEMENT, SUPER_RESOLUTION
from matplotlib.figure import Figure

from aic_helpers.runs import comparison_figures

GENERATOR = np.random.default_rng(7)


def drawn(figure: Figure) -> Figure:
    figure.canvas.draw()
    return figure


def comparison(height_px, width_px):
    target = GENERATOR.random((height_px, width_px, 3)).astype(np.float32)
    return comparison_figures.Comparison("a photo", np.clip(target + 0.1, 0, 1), target, target)


def captions(figure: Figure) -> list[str]:
    return [axes.get_xlabel() for axes in figure.axes]


def test_a_small_image_is_shown_whole_with_its_figures():
    figure = drawn(comparison_figures.beside_targets(ENHANCEMENT, [comparison(100, 100)]))
    shown, output, target = captions(figure)
    assert shown.startswith("input: 2")
    assert (output, target) == ("output: inf dB, 1.0000", "target")
    assert figure.axes[0].images[0].get_array().shape == (100, 100, 3)


def test_a_large_photo_is_shown_in_the_detail_that_differs_most():
    photo = comparison(720, 1280)
    photo.input[:] = photo.target
    photo.input[300:310, 900:910] = 1 - photo.target[300:310, 900:910]
    figure = drawn(comparison_figures.beside_targets(SUPER_RESOLUTION, [photo]))
    assert len(captions(figure)) == 4
    box = figure.axes[0].patches[0].get_bbox()
    assert box.x0 <= 900
    assert box.x1 >= 910
    assert box.y0 <= 300
    assert box.y1 >= 310
    assert figure.axes[1].images[0].get_array().shape == (*comparison_figures.DETAIL_PX, 3)


def test_no_comparison_is_said_in_words():
    assert "no image" in drawn(comparison_figures.beside_targets(ENHANCEMENT, [])).axes[0].texts[0].get_text()
