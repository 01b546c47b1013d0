"""Made-up photos: what was done to one of them leaves it known, and another is another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageEnhance, ImageOps

from aic_helpers.core.errors import InputError
from aic_helpers.data import datasets, near_duplicates
from aic_helpers.data.images import Rgb8, write_png

Photo = PillowImage.Image


def made_up(seed: int, width_px: int = 480, height_px: int = 320) -> Photo:
    """A sky that is the same in all, and below and in it patches of many sizes, which are not."""
    generator = np.random.default_rng(seed)
    pixels = np.tile(np.linspace(200, 60, height_px)[:, None, None], (1, width_px, 3))
    for cells in (6, 12, 24, 48):
        noise = generator.normal(0, 18, (cells * height_px // width_px, cells, 3)).astype(np.float32)
        channels = [PillowImage.fromarray(noise[..., index]).resize((width_px, height_px)) for index in range(3)]
        pixels += np.stack([np.asarray(channel) for channel in channels], axis=-1)
    return PillowImage.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def cut(photo: Photo, left: float, top: float, right: float, bottom: float) -> Photo:
    """Return a part of a photo; sides as parts of its own."""
    sides = (left * photo.width, top * photo.height, right * photo.width, bottom * photo.height)
    return photo.crop(tuple(map(round, sides)))


def bordered(photo: Photo) -> Photo:
    """Return a larger photo of which this one is the middle; its width and height are nearly doubled."""
    around = made_up(99, 2 * photo.width - 40, 2 * photo.height - 40)
    around.paste(photo, (photo.width // 2 - 20, photo.height // 2 - 20))
    return around


CHANGES = {
    "as it is.png": lambda photo: photo,
    "quality 30.jpg": lambda photo: photo,
    "smaller.png": lambda photo: photo.resize((240, 160)),
    "larger.jpg": lambda photo: photo.resize((1200, 800)),
    "brighter.png": lambda photo: ImageEnhance.Brightness(photo).enhance(1.3),
    "darker.png": lambda photo: ImageEnhance.Brightness(photo).enhance(0.6),
    "grey.png": lambda photo: ImageOps.grayscale(photo).convert("RGB"),
    "mirrored.png": ImageOps.mirror,
    "cut by 5 percent.png": lambda photo: cut(photo, 0.05, 0, 1, 0.95),
    "cut by 10 percent.png": lambda photo: cut(photo, 0.06, 0.1, 0.96, 1),
    "mirrored and cut.png": lambda photo: cut(ImageOps.mirror(photo), 0, 0, 0.9, 0.95),
    "what it was cut from.png": bordered,
}


@pytest.fixture(scope="module")
def validation(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("validation")
    return [write_png(folder / f"{seed}.png", np.asarray(made_up(seed))) for seed in range(3)]


@pytest.mark.parametrize("name", CHANGES)
def test_a_copy_is_found_whatever_was_done_to_it(name: str, validation: list[Path], tmp_path: Path) -> None:
    copy = tmp_path / name
    CHANGES[name](made_up(1)).save(copy, quality=30)
    (found,) = near_duplicates.find([copy], validation)
    assert (found.photo, found.validation) == (copy, validation[1])
    assert near_duplicates.FINE_LEAST <= found.correlation <= 1.001


def test_unlike_photos_under_one_sky_are_none(validation: list[Path], tmp_path: Path) -> None:
    others = [write_png(tmp_path / f"{seed}.png", np.asarray(made_up(seed))) for seed in range(3, 15)]
    assert near_duplicates.find(others, validation) == []
    assert near_duplicates.find(others, []) == near_duplicates.find([], validation) == []


def flat(level: int, noise: int = 1) -> Rgb8:
    return np.random.default_rng(level).integers(level, level + noise, (320, 480, 3)).astype(np.uint8)


def test_photos_without_detail_are_like_none(tmp_path: Path) -> None:
    paths = [write_png(tmp_path / f"{level}.png", flat(level)) for level in (0, 90, 255)]
    paths += [write_png(tmp_path / f"noisy {level}.png", flat(level, 3)) for level in (20, 120)]
    assert near_duplicates.find(paths, paths) == []


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (300, 5)])
def test_a_photo_of_an_odd_size_is_like_none(size: tuple[int, int], validation: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "odd.png"
    made_up(1).resize(size).save(path)
    assert near_duplicates.find([path], validation) == []


def test_a_photo_that_cannot_be_read_is_told_in_a_line(validation: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "damaged.jpg"
    made_up(1).save(path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError, match=rf"expected a whole image in {path}, found a damaged one \(.*\): copy it"):
        near_duplicates.find([path], validation)


def test_the_samples_training_photos_are_near_none_of_its_validation_photos() -> None:
    targets = sorted((datasets.SAMPLE / "super_resolution" / "targets").iterdir())
    hd = sorted((datasets.SAMPLE / "hd").iterdir())
    assert near_duplicates.find(datasets.training_photos(), targets) == []
    found = near_duplicates.find(hd, targets)
    assert [(pair.photo.stem, pair.validation.stem) for pair in found] == [(path.stem, path.stem) for path in hd]
