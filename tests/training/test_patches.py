from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fixtures.pirm2018 import ENHANCEMENT, SUPER_RESOLUTION, round_trip

from aic_helpers.core.errors import InputError
from aic_helpers.data.images import write_png
from aic_helpers.data.matlab_resizing import matlab_bicubic
from aic_helpers.tracks.catalogue import find_track
from aic_helpers.training import patches


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("photos")
    noise = [np.random.default_rng(seed).integers(0, 256, (97, 130, 3), dtype=np.uint8) for seed in range(2)]
    return [write_png(folder / f"{index}.png", image) for index, image in enumerate(noise)]


def test_super_resolution_scenes_have_the_bicubic_round_trip_as_input(photos: list[Path]) -> None:
    for scene in patches.make_scenes(SUPER_RESOLUTION, photos, np.random.default_rng(0)):
        assert scene.target.shape == (96, 128, 3)
        assert len(scene.inputs) == 1
        np.testing.assert_array_equal(scene.inputs[0], round_trip(scene.target))


def test_enhancement_scenes_have_several_different_shots(photos: list[Path]) -> None:
    scene = patches.make_scenes(ENHANCEMENT, photos[:1], np.random.default_rng(0))[0]
    assert scene.target.shape == (97, 130, 3)
    assert len({shot.tobytes() for shot in scene.inputs}) == patches.SHOTS


def test_patches_of_input_and_target_are_cut_turned_and_mirrored_alike() -> None:
    target = np.random.default_rng(0).integers(0, 128, (40, 60, 3), dtype=np.uint8)
    scene = patches.Scene("a", target, [target + np.uint8(100)], 1)
    inputs, targets = patches.draw_patches([scene], 50, 16, np.random.default_rng(1))
    assert inputs.shape == targets.shape == (50, 16, 16, 3)
    np.testing.assert_allclose(inputs - targets, 100 / 255, atol=1e-6)
    rows, columns = np.mgrid[0:40, 0:60]
    ramp = np.stack([rows, columns, rows * 0], axis=2).astype(np.uint8)
    drawn, _ = patches.draw_patches([patches.Scene("a", ramp, [ramp], 1)], 64, 8, np.random.default_rng(1))
    assert (
        len({(bool(p[0, 0, 0] < p[7, 7, 0]), bool(p[0, 0, 1] < p[7, 7, 1]), p[0, 0, 0] == p[0, 7, 0]) for p in drawn})
        == 8
    )


@pytest.mark.parametrize("times", [1, 4])
def test_of_several_candidates_the_patch_is_taken_whose_input_lacks_most(times: int) -> None:
    target = np.full((40, 400, 3), 90, dtype=np.uint8)
    target[:, 300:] = np.random.default_rng(0).integers(0, 256, (40, 100, 3))
    darker = np.full((40 // times, 400 // times, 3), 60, dtype=np.uint8)
    scene = patches.Scene("a", target, [darker], 4, times)
    shares = []
    for candidates in (1, 8):
        _, drawn = patches.draw_patches([scene], 100, 16, np.random.default_rng(1), candidates)
        shares.append(np.mean(drawn.std(axis=(1, 2, 3)) > 0.1))
    assert shares[0] < 0.35
    assert shares[1] > 0.85


def test_scenes_of_small_photos_have_matlabs_and_patches_are_cut_alike(photos: list[Path]) -> None:
    (scene,) = patches.make_scenes(find_track("classic_x3"), photos[:1], np.random.default_rng(0))
    assert (scene.target.shape, scene.inputs[0].shape) == ((96, 129, 3), (32, 43, 3))
    np.testing.assert_array_equal(scene.inputs[0], matlab_bicubic(scene.target, (32, 43)))
    small = np.random.default_rng(0).integers(0, 256, (32, 43, 3), dtype=np.uint8)
    exact = patches.Scene("a", small.repeat(3, axis=0).repeat(3, axis=1), [small], 3, 3)
    for part in patches.split([exact], 24):
        inputs, targets = patches.draw_patches(part, 20, 24, np.random.default_rng(1))
        np.testing.assert_array_equal(targets, inputs.repeat(3, axis=1).repeat(3, axis=2))


def test_what_a_network_for_small_photos_is_to_do_better_than() -> None:
    photo = np.random.default_rng(0).random((1, 8, 8, 3), dtype=np.float32)
    assert patches.enlarged(photo, 1) is photo
    np.testing.assert_array_equal(patches.enlarged(photo, 2)[0], matlab_bicubic(photo[0], 2).clip(0, 1))


def test_patches_start_on_the_grid() -> None:
    rows, columns = np.mgrid[0:43, 0:62]
    ramp = np.stack([rows, columns, rows * 0], axis=2).astype(np.uint8)
    drawn, _ = patches.draw_patches([patches.Scene("a", ramp, [ramp], 4)], 64, 8, np.random.default_rng(1))
    starts = np.rint(drawn[..., :2].min(axis=(1, 2)) * 255).astype(int)
    assert set(starts.ravel() % 4) == {0}
    assert starts.max(axis=0).tolist() == [32, 52]


def test_a_share_of_the_shots_is_by_drawn_cameras(photos: list[Path]) -> None:
    scenes = [
        patches.make_scenes(ENHANCEMENT, photos[:1], np.random.default_rng(0), (1.0,), share)[0] for share in (0, 0.5)
    ]
    casts = [np.array([shot.mean(axis=(0, 1)) for shot in scene.inputs]).std(axis=0).max() for scene in scenes]
    assert len(scenes[1].inputs) == patches.SHOTS
    assert casts[1] > 2 * casts[0], "shots of one camera look alike, those of several don't"


def test_photos_are_learned_from_in_several_sizes(photos: list[Path]) -> None:
    scenes = patches.make_scenes(SUPER_RESOLUTION, photos[:1], np.random.default_rng(0), (1.0, 0.5))
    assert [scene.target.shape for scene in scenes] == [(96, 128, 3), (48, 64, 3)]


def test_what_is_held_out_is_never_taught(photos: list[Path]) -> None:
    scenes = patches.make_scenes(SUPER_RESOLUTION, photos, np.random.default_rng(0))
    for whole, taught, kept in zip(scenes, *patches.split(scenes, 16), strict=True):
        assert taught.target.shape[1] + kept.target.shape[1] == whole.target.shape[1]
        assert kept.target.shape[1] == taught.inputs[0].shape[1] - 96 == 16
        np.testing.assert_array_equal(np.hstack([taught.target, kept.target]), whole.target)


def test_a_photo_without_room_for_a_held_out_patch(tmp_path: Path) -> None:
    path = write_png(tmp_path / "small.png", np.zeros((64, 100, 3), dtype=np.uint8))
    scenes = patches.make_scenes(SUPER_RESOLUTION, [path], np.random.default_rng(0))
    with pytest.raises(InputError, match=rf"a photo of at least 128x64 px, found 100x64 in {path}: use larger photos"):
        patches.split(scenes, 64)
