"""The detail that is shown of a large photo."""

import numpy as np
import pytest

from aic_helpers.data.crops import largest_error, tiles


@pytest.mark.parametrize(("row", "column"), [(0, 0), (29, 39), (15, 20)])
def test_the_detail_holds_what_differs_most(row, column):
    reference = np.zeros((30, 40, 3))
    image = reference + 0.01
    image[row, column] = 1
    top, left = largest_error(reference, image, (10, 20))
    assert top <= row < top + 10
    assert left <= column < left + 20
    whole = np.square(image - reference).sum()
    inside = np.square(image - reference)[top : top + 10, left : left + 20].sum()
    assert inside == pytest.approx(3 + 199 * 3 * 0.01**2)
    assert inside < whole


def test_a_detail_as_large_as_the_image_is_the_image():
    assert largest_error(np.zeros((5, 7, 3)), np.ones((5, 7, 3)), (5, 7)) == (0, 0)


CASES = [
    (100, 70, 32, 8, 1),
    (101, 73, 32, 5, 4),
    (64, 64, 64, 9, 2),
    (97, 389, 50, 0, 8),
    (33, 200, 16, 40, 16),
    (7, 5, 64, 3, 4),
]


@pytest.mark.parametrize(("height", "width", "tile_px", "overlap_px", "multiple"), CASES)
def test_inner_boxes_cover_the_image_once(height, width, tile_px, overlap_px, multiple):
    covered = np.zeros((height, width), int)
    for tile in tiles(height, width, tile_px=tile_px, overlap_px=overlap_px, multiple=multiple):
        tile.inner.of(covered)[...] += 1
        assert max(tile.inner.bottom - tile.inner.top, tile.inner.right - tile.inner.left) <= tile_px
    assert (covered == 1).all()


@pytest.mark.parametrize(("height", "width", "tile_px", "overlap_px", "multiple"), CASES)
def test_source_boxes_overlap_and_lie_on_the_grid(height, width, tile_px, overlap_px, multiple):
    for tile in tiles(height, width, tile_px=tile_px, overlap_px=overlap_px, multiple=multiple):
        source, inner = tile.source, tile.inner
        for first, last, start, end, side in (
            (source.top, source.bottom, inner.top, inner.bottom, height),
            (source.left, source.right, inner.left, inner.right, width),
        ):
            assert 0 <= first <= max(0, start - overlap_px)
            assert min(side, end + overlap_px) <= last <= side
            assert first % multiple == 0
            assert (last - first) % multiple == side % multiple


def test_tiles_by_hand():
    """10 px in two tiles with 1 px around them, on a grid of 4: the second source starts at 4, the first ends at 6."""
    left, right = tiles(4, 10, tile_px=5, overlap_px=1, multiple=4)
    assert (left.source.left, left.source.right, left.inner.left, left.inner.right) == (0, 6, 0, 5)
    assert (right.source.left, right.source.right, right.inner.left, right.inner.right) == (4, 10, 5, 10)


def test_what_is_pasted_is_the_inner_part():
    image = np.arange(13 * 17).reshape(13, 17)
    pasted = np.full_like(image, -1)
    for tile in tiles(13, 17, tile_px=5, overlap_px=2, multiple=2):
        output = tile.source.of(image).copy()
        outside = np.ones(output.shape, bool)
        tile.inner.within(tile.source).of(outside)[...] = False
        output[outside] = 999
        tile.paste(output, pasted)
    assert np.array_equal(pasted, image)
