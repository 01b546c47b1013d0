"""Make data/sample, and data/training_large beside it, from a folder of free photographs.

data/sample/README.md says what they hold.

Usage: python scripts/make_sample_data.py --photos DIR [--out data/sample]

DIR holds the photos named in VALIDATION and TRAINING, and LICENCES.csv with the columns file, author, licence and
source. The same photos and the same Pillow give the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from aic_helpers.core.errors import InputError, require_file
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data.attribution import LICENCE_URLS
from aic_helpers.data.images import Rgb8, read_rgb, write_png
from aic_helpers.data.phone_camera import photograph

VALIDATION = {
    "blue-periwinkle": ((0, 200, 3840, 2360), (1280, 720)),
    "extreme-desert-hike": ((640, 1240, 2560, 2320), (1280, 720)),
    "friends_by_Aitzol_Berasategi": ((0, 700, 2056, 1855), (1278, 718)),
    "life_by_Aitzol_Berasategi": ((0, 250, 3088, 1987), (1280, 720)),
    "perched-osprey": ((0, 0, 3840, 2160), (1280, 720)),
    "roman-colosseum": ((0, 0, 3840, 2160), (1280, 720)),
    "singaporean-cityscape": ((0, 0, 3840, 2160), (1280, 720)),
}
"""Photo -> box that is cut from it (left, top, right, bottom) and size that the box is reduced to, in px.

One has sides that are no multiples of 4, as photos do."""

TRAINING = (
    "Picture_0B_by_freespace",
    "Picture_1A_by_freespace",
    "Wine_by_Jakkub_Mede",
    "aitzgorri_by_Aitzol_Berasategi",
    "beacon-street-sunset",
    "canyon-wren",
    "casa-mila",
    "high-trestle-trail",
    "lake-sherburne",
    "oakland-zoo-otters",
    "picosdeeuropa_by_Aitzol_Berasategi",
    "seeding_by_Clements_Engelhardt",
    "sunset_by_Aitzol_Berasategi",
    "tea-gardens",
)
TRAINING_PIXELS = {"training": (940_000, 95), "../training_large": (4_000_000, 92)}
"""Folder -> most pixels of a photo there, and its JPEG quality."""

HD = ("blue-periwinkle", "perched-osprey", "roman-colosseum", "singaporean-cityscape")

PATCH_PX, STEP_PX = 100, 112
"""The step is a multiple of 16, so that patches keep their place on the grid of the shot's JPEG."""
MOST_SHOTS, PATCHES_PER_SHOT = 11, 3
LEAST_DETAIL = 2.0
SEED = 2018

LARGE = "../training_large/"
FOLDERS = ("super_resolution", "enhancement", "hd", "training")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=PROJECT / "data" / "sample")
    arguments = parser.parse_args()
    try:
        make(arguments.photos, arguments.out)
    except InputError as error:
        parser.error(str(error))


def make(photos: Path, out: Path) -> None:
    """Write the folders and ATTRIBUTION.csv into `out`, in place of those that are there."""
    for name in (*VALIDATION, *TRAINING):
        require_file(photos / f"{name}.jpg", "a photo")
    licences = read_licences(photos / "LICENCES.csv")
    for folder in FOLDERS:
        shutil.rmtree(out / folder, ignore_errors=True)
    made = [*make_validation(photos, out), *make_training(photos, out)]
    large = [(files.removeprefix(LARGE), *rest) for files, *rest in made if files.startswith(LARGE)]
    write_attribution(out / "ATTRIBUTION.csv", [one for one in made if not one[0].startswith(LARGE)], licences)
    write_attribution(out / LARGE / "ATTRIBUTION.csv", large, licences)


def read_licences(path: Path) -> dict[str, dict[str, str]]:
    with require_file(path, "the photos' licences").open(encoding="utf-8", newline="") as file:
        return {Path(row["file"]).stem: row for row in csv.DictReader(file)}


def make_validation(photos: Path, out: Path) -> Iterable[tuple[str, str, str]]:
    """Write targets, pairs and HD inputs; yield (files, photo, changes) of each."""
    for index, (name, (box, size)) in enumerate(VALIDATION.items()):
        target = reduced(photos / f"{name}.jpg", box, size)
        write_png(out / "super_resolution" / "targets" / f"{name}.png", target)
        cut = f"box {box} cut out, reduced to {size[0]}x{size[1]}"
        yield f"super_resolution/targets/{name}.png", name, cut
        write_pairs(out / "enhancement", name, target, np.random.default_rng([SEED, index]))
        yield (
            f"enhancement/*/{name}_*.jpg",
            name,
            f"{cut}; patches of {PATCH_PX}x{PATCH_PX} px cut out; inputs: altered by a simulated phone camera",
        )
        if name in HD:
            write_jpeg(out / "hd" / f"{name}.jpg", target, quality=92)
            yield f"hd/{name}.jpg", name, cut


def make_training(photos: Path, out: Path) -> Iterable[tuple[str, str, str]]:
    """Write the training photos, whole, small and large; yield (file, photo, changes) of each."""
    for folder, (pixels, quality) in TRAINING_PIXELS.items():
        for name in TRAINING:
            path = photos / f"{name}.jpg"
            height_px, width_px = read_rgb(path).shape[:2]
            shrink = min(1, (pixels / (height_px * width_px)) ** 0.5)
            size = (round(width_px * shrink), round(height_px * shrink))
            write_jpeg(out / folder / f"{name}.jpg", reduced(path, (0, 0, width_px, height_px), size), quality)
            yield f"{folder}/{name}.jpg", name, f"reduced to {size[0]}x{size[1]}"


def reduced(path: Path, box: tuple[int, int, int, int], size: tuple[int, int]) -> Rgb8:
    photo = PillowImage.fromarray(read_rgb(path))
    return np.asarray(photo.resize(size, PillowImage.Resampling.LANCZOS, box=box))


def write_pairs(folder: Path, name: str, target: Rgb8, rng: np.random.Generator) -> None:
    """Write patches of the target, and the same of several shots that the simulated camera takes of it."""
    for index, (top, left) in enumerate(corners_with_content(target, rng)):
        if index % PATCHES_PER_SHOT == 0:
            shot = photograph(target, rng)
        for kind, image in (("inputs", shot), ("targets", target)):
            patch = image[top : top + PATCH_PX, left : left + PATCH_PX]
            write_jpeg(folder / kind / f"{name}_{index:02}.jpg", patch, quality=95)


def corners_with_content(target: Rgb8, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Return corners of patches that don't overlap, drawn from those with enough detail; few in a plain photo."""
    grey = target.mean(axis=2)
    rows, columns = (range(0, side - PATCH_PX + 1, STEP_PX) for side in grey.shape)
    corners = [(top, left) for top in rows for left in columns]
    busy = [corner for corner in corners if detail(grey, *corner) >= LEAST_DETAIL]
    count = min(len(busy) // PATCHES_PER_SHOT, MOST_SHOTS) * PATCHES_PER_SHOT
    return [busy[index] for index in rng.choice(len(busy), count, replace=False)]


def detail(grey: NDArray[np.floating], top: int, left: int) -> float:
    """Return the mean step between neighbours in a patch, down plus across, in grey levels."""
    patch = grey[top : top + PATCH_PX, left : left + PATCH_PX]
    return float(sum(np.abs(np.diff(patch, axis=axis)).mean() for axis in (0, 1)))


def write_jpeg(path: Path, image: Rgb8, quality: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    PillowImage.fromarray(image).save(path, format="JPEG", quality=quality, subsampling="4:4:4", optimize=True)


def write_attribution(path: Path, made: list[tuple[str, str, str]], licences: dict[str, dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["files", "made_from", "author", "licence", "licence_url", "source", "changes"])
        for files, name, changes in made:
            photo = licences[name]
            url = LICENCE_URLS[photo["licence"]]
            table.writerow([files, photo["file"], photo["author"], photo["licence"], url, photo["source"], changes])


if __name__ == "__main__":
    main()
