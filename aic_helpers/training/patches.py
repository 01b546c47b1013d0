"""Training photos -> patches of inputs and targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from aic_helpers.core.errors import InputError
from aic_helpers.data.degradations import inputs_of
from aic_helpers.data.images import Rgb8, as_float, crop_to_multiple, read_rgb
from aic_helpers.data.matlab_resizing import matlab_bicubic
from aic_helpers.tracks.definitions import Track

Batch = NDArray[np.float32]

SHOTS = 8
"""Shots that the simulated camera takes of each training photo."""


@dataclass(frozen=True)
class Scene:
    """A target and inputs of it, which it is `enlarges` times as high and wide as; `photo` says of which photo.

    Patches of it start at multiples of `grid_px`: what was taken down and up again by 4 repeats itself every 4 px,
    and a network that works on such a grid always meets it in step. What was only taken down has its pixels there.
    """

    photo: str
    target: Rgb8
    inputs: list[Rgb8]
    grid_px: int
    enlarges: int = 1


def make_scenes(
    track: Track,
    photos: Sequence[Path],
    rng: np.random.Generator,
    scales: Sequence[float] = (1.0,),
    drawn_cameras: float = 0.0,
) -> list[Scene]:
    """Return each photo, in each of the sizes (shares of its own), with the inputs that a track makes of it.

    `drawn_cameras` is that of `aic_helpers.data.degradations.inputs_of`.
    """
    scenes = []
    for path in photos:
        photo = read_rgb(path)
        for scale in scales:
            target = crop_to_multiple(_resized(photo, scale), track.task.scale)
            inputs = inputs_of(target, track.task, rng, SHOTS, drawn_cameras)
            scenes.append(Scene(sized(path, scale), target, inputs, track.task.scale, track.enlarges))
    return scenes


def enlarged(inputs: Batch, times: int) -> Batch:
    """Return patches as they are where `times` is 1, else enlarged by MATLAB's bicubic: what is to do better than."""
    return inputs if times == 1 else np.stack([matlab_bicubic(patch, times) for patch in inputs]).clip(0, 1)


def sized(path: Path, scale: float) -> str:
    """Return a photo's path, and at which share of its size it is used."""
    return str(path) if scale == 1 else f"{path} at {scale:g} of its size"


def _resized(photo: Rgb8, scale: float) -> Rgb8:
    if scale == 1:
        return photo
    size = [max(1, round(side * scale)) for side in (photo.shape[1], photo.shape[0])]
    return np.asarray(PillowImage.fromarray(photo).resize(size, PillowImage.Resampling.LANCZOS))


def draw_patches(
    scenes: Sequence[Scene], count: int, patch_px: int, rng: np.random.Generator, candidates: int = 1
) -> tuple[Batch, Batch]:
    """Return `count` patches (inputs, targets), each turned and mirrored at random; targets are `patch_px` wide.

    Each is that of so many `candidates` whose input lacks most of the target.
    """
    pairs = [max((_draw_pair(scenes, patch_px, rng) for _ in range(candidates)), key=_missing) for _ in range(count)]
    inputs, targets = (as_float(np.stack(patches)) for patches in zip(*pairs, strict=True))
    return inputs, targets


def split(scenes: Sequence[Scene], patch_px: int) -> tuple[list[Scene], list[Scene]]:
    """Return the left nine tenths of each scene, to learn from, and the rest, held out; each at least a patch wide."""
    taught, kept = [], []
    for scene in scenes:
        height_px, width_px = scene.target.shape[:2]
        if height_px < patch_px or width_px < 2 * patch_px:
            needed = f"a photo of at least {2 * patch_px}x{patch_px} px"
            found = f"{width_px}x{height_px} in {scene.photo}"
            raise InputError(needed, found, "use larger photos, or a smaller patch_px (--patch)")
        edge = width_px - max(width_px // 10, patch_px)
        edge -= edge % scene.grid_px
        taught.append(_cut(scene, slice(edge)))
        kept.append(_cut(scene, slice(edge, None)))
    return taught, kept


def _cut(scene: Scene, columns: slice) -> Scene:
    of_inputs = _divided(columns, scene.enlarges)
    return replace(scene, target=scene.target[:, columns], inputs=[shot[:, of_inputs] for shot in scene.inputs])


def _divided(part: slice, by: int) -> slice:
    """Return the pixels of an input that a part of the target, from and to multiples of `by`, is enlarged from."""
    return slice(part.start and part.start // by, part.stop and part.stop // by)


def _draw_pair(scenes: Sequence[Scene], patch_px: int, rng: np.random.Generator) -> tuple[Rgb8, Rgb8]:
    scene = scenes[int(rng.integers(len(scenes)))]
    grid = scene.grid_px
    top, left = (grid * int(rng.integers((side - patch_px) // grid + 1)) for side in scene.target.shape[:2])
    turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
    shot = scene.inputs[int(rng.integers(len(scene.inputs)))]
    rows, columns = slice(top, top + patch_px), slice(left, left + patch_px)
    cut = [shot[_divided(rows, scene.enlarges), _divided(columns, scene.enlarges)], scene.target[rows, columns]]
    turned = [np.rot90(patch, turns) for patch in cut]
    shot_patch, target_patch = (patch[:, ::-1] if mirrored else patch for patch in turned)
    return shot_patch, target_patch


def _missing(pair: tuple[Rgb8, Rgb8]) -> float:
    """Return how much of a pair's target its input lacks: the variance of their difference, summed over the colours."""
    small, target = pair
    times = target.shape[0] // small.shape[0]
    difference = target.astype(np.float32) - small.repeat(times, axis=0).repeat(times, axis=1)
    return float(difference.var(axis=(0, 1)).sum())
