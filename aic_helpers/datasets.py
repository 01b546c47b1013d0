"""The sample data, the challenge's data, and folders of one's own: validation pairs and HD inputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aic_helpers.errors import InputError
from aic_helpers.images import Rgb8, as_float, bicubic_round_trip, crop_to_multiple, list_images, read_rgb
from aic_helpers.places import PROJECT, challenge_folder
from aic_helpers.tracks import Track

SAMPLE = PROJECT / "data" / "sample"


@dataclass(frozen=True)
class Layout:
    """Where a folder keeps one track's images. Without `inputs`, the inputs are made from the targets."""

    name: str
    targets: str
    inputs: str | None
    hd: str


LAYOUTS: dict[str, tuple[Layout, ...]] = {
    "super_resolution": (
        Layout("workbench", "super_resolution/targets", None, "hd"),
        Layout("challenge", "div2k/original", None, "div2k/HD_res"),
    ),
    "enhancement": (
        Layout("workbench", "enhancement/targets", "enhancement/inputs", "hd"),
        Layout("challenge", "dped/patches/canon", "dped/patches/iphone", "dped/HD_res"),
    ),
}
"""The layouts of a data folder, by track."""


@dataclass(frozen=True)
class Pair:
    """One validation pair on disk; `input` is None where it is made from the target."""

    name: str
    target: Path
    input: Path | None


@dataclass(frozen=True)
class LoadedPair:
    """One validation pair in memory: float32 in [0, 1], (height, width, 3), of one shape.

    `cropped` tells whether the target lost pixels at its bottom or right to become a multiple of the scale.
    """

    name: str
    input: NDArray[np.float32]
    target: NDArray[np.float32]
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
        the layout of either.
    track : Track

    Raises
    ------
    InputError
        No such folder, no such track in it, no images, or inputs and targets whose names don't pair.
    """
    root = _root(data)
    layout = _layout(root, track)
    simulated = track.name == "enhancement" and root.resolve() == SAMPLE.resolve()
    hd = root / layout.hd
    return Dataset(
        name=str(data),
        note="inputs simulated (old phone camera)" if simulated else "",
        root=root,
        track=track,
        pairs=_pairs(root, layout),
        hd=list_images(hd) if hd.is_dir() else [],
    )


def read_pair(dataset: Dataset, pair: Pair) -> LoadedPair:
    """Return the input and the target of a pair as its track's protocol has them.

    Raises
    ------
    InputError
        An image that can't be read, is smaller than the track's scale, or differs from its partner in size.
    """
    target = read_rgb(pair.target)
    if pair.input is None:
        return _made_pair(pair, target, dataset.track.scale)
    shot = read_rgb(pair.input)
    if shot.shape != target.shape:
        raise InputError(
            f"input and target of one size for {pair.name}",
            f"input {_size(shot)} ({pair.input}) and target {_size(target)} ({pair.target})",
            "cut or replace one of them",
        )
    return LoadedPair(pair.name, as_float(shot), as_float(target), cropped=False)


def training_photos(data: str | Path = "sample") -> list[Path]:
    """Return the photos in the folder `training` of a data folder.

    Raises
    ------
    InputError
        No such folder, or no image in it.
    """
    return list_images(_root(data) / "training")


def _made_pair(pair: Pair, whole: Rgb8, scale: int) -> LoadedPair:
    if min(whole.shape[:2]) < scale:
        raise InputError(f"sides of at least {scale} px in {pair.target}", _size(whole), "use a larger image")
    target = crop_to_multiple(whole, scale)
    made = bicubic_round_trip(target, scale)
    return LoadedPair(pair.name, as_float(made), as_float(target), cropped=target.shape != whole.shape)


def _root(data: str | Path) -> Path:
    if str(data) == "sample":
        root = SAMPLE
    elif str(data) == "challenge":
        root = challenge_folder()
    else:
        root = Path(data)
    if not root.is_dir():
        found = "a file" if root.exists() else "nothing"
        raise InputError(f"data: sample, challenge, or a folder; at {root}", found, "check the path")
    return root


def _layout(root: Path, track: Track) -> Layout:
    """Return the first layout whose folder of targets is there."""
    layouts = LAYOUTS[track.name]
    for layout in layouts:
        if (root / layout.targets).is_dir():
            return layout
    folders = (" and ".join(filter(None, (layout.targets, layout.inputs))) for layout in layouts)
    ways = ", or ".join(f"{folder} ({layout.name} layout)" for folder, layout in zip(folders, layouts, strict=True))
    held = sorted(entry.name for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    found = f"only the folders {', '.join(held[:6])}" if held else "no folder"
    raise InputError(f"images of {track.title} in {root}", found, f"put them in {ways}")


def _pairs(root: Path, layout: Layout) -> list[Pair]:
    targets = _by_stem(root / layout.targets)
    if layout.inputs is None:
        return [Pair(stem, target, None) for stem, target in targets.items()]
    inputs = _by_stem(root / layout.inputs)
    alone = [inputs[stem] for stem in inputs if stem not in targets]
    alone += [targets[stem] for stem in targets if stem not in inputs]
    if alone:
        names = ", ".join(str(path.relative_to(root)) for path in alone[:4]) + (", ..." if len(alone) > 4 else "")
        raise InputError(
            f"a target for each input and an input for each target in {root}",
            f"{len(inputs)} inputs, {len(targets)} targets, {len(alone)} without a partner ({names})",
            "partners have the same name before the suffix; add or remove files",
        )
    return [Pair(stem, target, inputs[stem]) for stem, target in targets.items()]


def _by_stem(folder: Path) -> dict[str, Path]:
    paths = list_images(folder)
    stems = {path.stem: path for path in paths}
    for path in paths:
        if stems[path.stem] != path:
            both = f"{path.name} and {stems[path.stem].name}"
            raise InputError(f"one image of each name in {folder}", both, "remove or rename one")
    return stems


def _size(image: Rgb8) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
