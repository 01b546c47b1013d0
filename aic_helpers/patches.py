"""Training photos -> patches of inputs and targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aic_helpers.errors import InputError
from aic_helpers.images import Rgb8, as_float, bicubic_round_trip, crop_to_multiple, read_rgb
from aic_helpers.phone_camera import photograph
from aic_helpers.tracks import Track

Batch = NDArray[np.float32]

SHOTS = 8
"""Shots that the simulated camera takes of each training photo."""


@dataclass(frozen=True)
class Scene:
    """A target and inputs of it, all of one size."""

    target: Rgb8
    inputs: list[Rgb8]


def make_scenes(track: Track, photos: Sequence[Path], rng: np.random.Generator) -> list[Scene]:
    """Return each photo with the inputs that a track makes of it."""
    targets = [crop_to_multiple(read_rgb(path), track.scale) for path in photos]
    if track.scale > 1:
        return [Scene(target, [bicubic_round_trip(target, track.scale)]) for target in targets]
    return [Scene(target, [photograph(target, rng) for _ in range(SHOTS)]) for target in targets]


def draw_patches(scenes: Sequence[Scene], count: int, patch_px: int, rng: np.random.Generator) -> tuple[Batch, Batch]:
    """Return `count` patches (inputs, targets) from anywhere, each turned and mirrored at random."""
    pairs = [_draw_pair(scenes[int(rng.integers(len(scenes)))], patch_px, rng) for _ in range(count)]
    inputs, targets = (as_float(np.stack(patches)) for patches in zip(*pairs, strict=True))
    return inputs, targets


def split(scenes: Sequence[Scene], photos: Sequence[Path], patch_px: int) -> tuple[list[Scene], list[Scene]]:
    """Return the left nine tenths of each scene, to learn from, and the rest, held out; each at least a patch wide."""
    taught, kept = [], []
    for scene, photo in zip(scenes, photos, strict=True):
        height_px, width_px = scene.target.shape[:2]
        if height_px < patch_px or width_px < 2 * patch_px:
            needed = f"a photo of at least {2 * patch_px}x{patch_px} px"
            raise InputError(needed, f"{width_px}x{height_px} in {photo}", "use larger photos or smaller patches")
        edge = width_px - max(width_px // 10, patch_px)
        taught.append(Scene(scene.target[:, :edge], [shot[:, :edge] for shot in scene.inputs]))
        kept.append(Scene(scene.target[:, edge:], [shot[:, edge:] for shot in scene.inputs]))
    return taught, kept


def _draw_pair(scene: Scene, patch_px: int, rng: np.random.Generator) -> tuple[Rgb8, Rgb8]:
    top, left = (int(rng.integers(side - patch_px + 1)) for side in scene.target.shape[:2])
    turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
    shot = scene.inputs[int(rng.integers(len(scene.inputs)))]
    cut = [image[top : top + patch_px, left : left + patch_px] for image in (shot, scene.target)]
    turned = [np.rot90(patch, turns) for patch in cut]
    shot_patch, target_patch = (patch[:, ::-1] if mirrored else patch for patch in turned)
    return shot_patch, target_patch
