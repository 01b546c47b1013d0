"""The sample data, the challenge's data, and folders of one's own: validation pairs and HD inputs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError, require_folder
from aic_helpers.core.project_paths import PROJECT, challenge_folder, fetch_command
from aic_helpers.data.images import (
    Rgb8,
    as_float,
    crop_to_multiple,
    is_called_image,
    list_images,
    read_rgb,
)
from aic_helpers.data.small_photos import enlarged, reduced
from aic_helpers.tracks.definitions import Task, Track

SAMPLE = PROJECT / "data" / "sample"


@dataclass(frozen=True)
class Layout:
    """Where a folder keeps the images of one kind of track, as paths below it.

    Attributes
    ----------
    origin : str
        Whose layout it is, in words.
    targets : str
        "." where they are in the folder itself, which counts only where no other layout is there.
    inputs : str or None
        None where the inputs are made from the targets. ``{scale}`` in it stands for the track's.
    hd : str or None
        None where the layout has no images for measuring time and memory.
    whole : int or None
        How many pairs the original has.
    beside : str
        A folder that makes this one count for nothing: another form of the same images.
    """

    origin: str
    targets: str
    inputs: str | None = None
    hd: str | None = None
    whole: int | None = None
    beside: str = ""

    @property
    def folders(self) -> str:
        """What a person has to name their folders."""
        if self.targets == ".":
            return "images in DIR itself, beside none of these"
        return " and ".join(filter(None, (self.targets, self.inputs)))

    def at(self, scale: int) -> Layout:
        """Return the layout of a scale."""
        return replace(self, inputs=self.inputs and self.inputs.format(scale=scale))


LAYOUTS: dict[str, tuple[Layout, ...]] = {
    "small": (
        Layout("Set5, Set14 and the like", "HR", "LR_bicubic/X{scale}"),
        Layout("DIV2K", "DIV2K_valid_HR", "DIV2K_valid_LR_bicubic/X{scale}"),
    ),
    "large": (
        Layout("the workbench's own", "super_resolution/targets", hd="hd"),
        Layout("the challenge's", "div2k/original", hd="div2k/HD_res", whole=9),
        Layout("DIV2K", "DIV2K_valid_HR"),
        Layout("Set5, Set14 and the like", "HR"),
        Layout("Set5, Set14 and the like", "GTmod12"),
        Layout("Set5, Set14 and the like", "original", beside="GTmod12"),
        Layout("any photos", "."),
    ),
    "pairs": (
        Layout("the workbench's own", "enhancement/targets", "enhancement/inputs", hd="hd"),
        Layout("the challenge's", "dped/patches/canon", "dped/patches/iphone", hd="dped/HD_res", whole=400),
        Layout("any pairs", "target", "input"),
        Layout("any pairs", "targets", "inputs"),
    ),
}
"""The layouts of a data folder, by what is in it: large and small photos, large photos, or pairs of one size."""


def layouts(track: Track) -> tuple[Layout, ...]:
    """Return the layouts that serve a track: where it gets small photos, those that have them come first."""
    if track.task.scale == 1:
        return LAYOUTS["pairs"]
    given = tuple(layout.at(track.task.scale) for layout in LAYOUTS["small"])
    if track.task.reduced_by == "given":
        return given
    return (*given, *LAYOUTS["large"]) if track.task.input == "small" else LAYOUTS["large"]


@dataclass(frozen=True)
class Pair:
    """One validation pair on disk; `input` is None where it is made from the target."""

    name: str
    target: Path
    input: Path | None


@dataclass(frozen=True)
class LoadedPair:
    """One validation pair in memory: float32 in [0, 1], (height, width, 3).

    `shown` is the input at the target's size: enlarged where the network gets a small photo, else the input itself.
    `cropped` tells whether the target lost pixels at its bottom or right to become a multiple of the scale.
    """

    name: str
    input: NDArray[np.float32]
    target: NDArray[np.float32]
    shown: NDArray[np.float32]
    cropped: bool


@dataclass(frozen=True)
class Dataset:
    """One track's validation pairs and HD inputs.

    Attributes
    ----------
    name : str
        ``sample``, ``challenge``, or the folder as it was given.
    note : str
        What a reader of a figure has to know about the data; empty where there is nothing.
    root : Path
    track : Track
    pairs : list of Pair
        In the order of the numbers in their names; at least one.
    hd : list of Path
        Images to measure time and memory with; empty where the folder has none.
    """

    name: str
    note: str
    root: Path
    track: Track
    pairs: list[Pair]
    hd: list[Path]


def open_dataset(data: str | Path, track: Track) -> Dataset:
    """Return a track's part of a data folder. Only names are read; `read_pair` reads the images.

    Parameters
    ----------
    data : str or path
        ``sample`` (the project's own), ``challenge`` (`$AIC_CHALLENGE_DATA`, or `data/challenge`), or a folder in
        one of `LAYOUTS`.
    track : Track

    Raises
    ------
    InputError
        No such folder, no such track in it or two layouts of it, no images, or inputs and targets whose names don't
        pair.
    """
    root = root_folder(data)
    remedy = f"call {fetch_command(root)}, which brings what is missing" if str(data) == "challenge" else None
    layout = _layout(root, track, remedy)
    pairs = _pairs(root, layout, remedy)
    hd = root / layout.hd if layout.hd else None
    return Dataset(
        name=str(data),
        note=_note(str(data), root, track, layout, len(pairs)),
        root=root,
        track=track,
        pairs=pairs,
        hd=list_images(hd) if hd and hd.is_dir() else [],
    )


def read_pair(dataset: Dataset, pair: Pair) -> LoadedPair:
    """Return the input and the target of a pair as its track's protocol has them.

    Raises
    ------
    InputError
        An image that can't be read, is smaller than the track's scale, or differs from its partner in size.
    """
    target, task = read_rgb(pair.target), dataset.track.task
    if pair.input is None:
        return _small_pair(pair, *_made(pair, target, task), task)
    shot = read_rgb(pair.input)
    if task.scale > 1:
        return _small_pair(pair, shot, target, task)
    if shot.shape != target.shape:
        raise InputError(
            f"input and target of one size for {pair.name}",
            f"input {_size(shot)} ({pair.input}) and target {_size(target)} ({pair.target})",
            "cut or replace one of them",
        )
    own = as_float(shot)
    return LoadedPair(pair.name, own, as_float(target), own, cropped=False)


def remade_pair(dataset: Dataset, pair: Pair, reduced_by: str) -> LoadedPair:
    """Return a pair whose small photo is made of the target in another way than the track's.

    Parameters
    ----------
    dataset : Dataset
        Of a track whose scale is above 1.
    pair : Pair
    reduced_by : {"matlab_bicubic", "pillow_bicubic"}

    Raises
    ------
    InputError
        As of `read_pair`.
    """
    task, target = dataset.track.task.model_copy(update={"reduced_by": reduced_by}), read_rgb(pair.target)
    return _small_pair(pair, *_made(pair, target, task), task)


def layout_words() -> list[tuple[str, str, str]]:
    """Return all layouts in words: what is in it, the folders (with the small photos of scale 4), and whose it is."""
    kinds = {"pairs": "pairs of one size", "large": "large photos", "small": "large and small photos"}
    return [
        (words, layout.at(4).folders, f"{layout.origin}; HD images in {layout.hd}" if layout.hd else layout.origin)
        for kind, words in kinds.items()
        for layout in LAYOUTS[kind]
    ]


def training_photos(data: str | Path = "sample") -> list[Path]:
    """Return the photos in the folder `training` of a data folder.

    Raises
    ------
    InputError
        No such folder, or no image in it.
    """
    return list_images(root_folder(data) / "training")


def _made(pair: Pair, whole: Rgb8, task: Task) -> tuple[Rgb8, Rgb8]:
    """Return the small photo that is made of a target, and the target."""
    if min(whole.shape[:2]) < task.scale:
        raise InputError(f"sides of at least {task.scale} px in {pair.target}", _size(whole), "use a larger image")
    return reduced(crop_to_multiple(whole, task.scale), task), whole


def _small_pair(pair: Pair, small: Rgb8, whole: Rgb8, task: Task) -> LoadedPair:
    """Return a small photo, as the network gets it, with its target cut to as many pixels as belong to it."""
    height_px, width_px = (side * task.scale for side in small.shape[:2])
    over = (whole.shape[0] - height_px, whole.shape[1] - width_px)
    if not all(0 <= rest < task.scale for rest in over):
        raise InputError(
            f"a small photo of 1/{task.scale} of its target's {_size(whole)} for {pair.name}",
            f"{_size(small)} ({pair.input})",
            f"give the small photos of scale {task.scale}, or take a track of another scale",
        )
    target, shown = as_float(whole[:height_px, :width_px]), as_float(enlarged(small, task))
    given = as_float(small) if task.input == "small" else shown
    return LoadedPair(pair.name, given, target, shown, cropped=over != (0, 0))


def root_folder(data: str | Path) -> Path:
    """Return the folder of a dataset; `InputError` where none is there."""
    if str(data) == "sample":
        root = SAMPLE
    elif str(data) == "challenge":
        root = challenge_folder()
    else:
        root = Path(data)
    return require_folder(root, "data: sample, challenge, or a folder;")


def _layout(root: Path, track: Track, remedy: str | None) -> Layout:
    """Return the layout whose folder of targets is there. Without `remedy`, the error names the layouts."""
    there = [layout for layout in layouts(track) if _is_there(root, layout, track)]
    given = {layout.targets for layout in there if layout.inputs}
    named = [layout for layout in there if layout.targets != "." and (layout.inputs or layout.targets not in given)]
    if len(named) > 1:
        both = " and ".join(layout.targets for layout in named)
        raise InputError(f"one folder of targets in {root}", both, "keep one of them there")
    if there:
        return (named or there)[0]
    held = sorted(entry.name for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    found = f"only the folders {', '.join(held[:6])}" if held else "no folder"
    own = f"put them in {layouts(track)[0].folders}; aic data list tells other layouts"
    raise InputError(f"images of {track.title} in {root}", found, remedy or own)


def _is_there(root: Path, layout: Layout, track: Track) -> bool:
    if layout.targets == ".":
        return any(map(is_called_image, root.iterdir()))
    replaced = layout.beside and (root / layout.beside).is_dir()
    needed = [layout.targets, *([layout.inputs] if layout.inputs and track.task.scale > 1 else [])]
    return all((root / name).is_dir() for name in needed) and not replaced


BROUGHT = "small photos in"
"""How the note of a dataset begins that has small photos of its own."""


def brought_small_photos(note: str) -> bool:
    """Return whether a dataset with this note has small photos of its own, so that none were made of the large ones."""
    return note.startswith(BROUGHT)


def _note(data: str, root: Path, track: Track, layout: Layout, pairs: int) -> str:
    """Return what a reader of a figure has to know."""
    if track.task.scale == 1 and root.resolve().is_relative_to(SAMPLE.resolve()):
        return "inputs simulated (old phone camera)"
    if data == "challenge" and layout.whole and pairs < layout.whole:
        return f"{pairs} of the challenge's {layout.whole} images"
    if layout.inputs and track.task.scale > 1:
        return f"{BROUGHT} {layout.inputs}"
    chosen = layout.inputs is None and layout.hd is None and layout.targets != "."
    return f"targets in {layout.targets}" if chosen else ""


def _pairs(root: Path, layout: Layout, remedy: str | None) -> list[Pair]:
    targets = _by_stem(root / layout.targets)
    if layout.inputs is None:
        return [Pair(stem, target, None) for stem, target in targets.items()]
    inputs = {_of_target(stem, targets): path for stem, path in _by_stem(root / layout.inputs).items()}
    alone = [inputs[stem] for stem in inputs if stem not in targets]
    alone += [targets[stem] for stem in targets if stem not in inputs]
    if alone:
        names = ", ".join(str(path.relative_to(root)) for path in alone[:4]) + (", ..." if len(alone) > 4 else "")
        raise InputError(
            f"a target for each input and an input for each target in {root}",
            f"{len(inputs)} inputs, {len(targets)} targets, {len(alone)} without a partner ({names})",
            remedy or "partners have the same name before the suffix; add or remove files",
        )
    return [Pair(stem, target, inputs[stem]) for stem, target in targets.items()]


def _by_stem(folder: Path) -> dict[str, Path]:
    paths = list_images(folder)
    stems = {_stem(path): path for path in paths}
    for path in paths:
        if stems[_stem(path)] != path:
            both = f"{path.name} and {stems[_stem(path)].name}"
            raise InputError(f"one image of each name in {folder}", both, "remove or rename one")
    return stems


def _of_target(stem: str, targets: Container[str]) -> str:
    """Return the name of the target that an input belongs to: DIV2K calls the small photo of 0801 ``0801x4``."""
    whole = re.sub(r"x[234]$", "", stem)
    return whole if stem not in targets and whole in targets else stem


def _stem(path: Path) -> str:
    """Return a file's name before its suffix, in the one form that macOS and others write letters with accents in."""
    return unicodedata.normalize("NFC", path.stem)


def _size(image: Rgb8) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
