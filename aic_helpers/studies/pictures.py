"""Models and photos -> the pictures of a study: same photo, same part of it, file names that say nothing."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.core.progress_types import Progress
from aic_helpers.data import crops, own_photos
from aic_helpers.data.datasets import Dataset, read_pair
from aic_helpers.data.images import Rgb8, as_uint8, read_rgb, write_png
from aic_helpers.evaluation.any_image import Outputs
from aic_helpers.evaluation.protocols import score_output
from aic_helpers.runs.candidates import Candidate
from aic_helpers.runtimes.model_workers import ModelFailure
from aic_helpers.studies.orders import Picture
from aic_helpers.studies.plans import PICTURES, REFERENCE, Photo
from aic_helpers.tracks.definitions import COLUMNS

MARGIN_PX = 16
"""Left out at the edges of a photo where there is room: what networks do there would draw all crops to the edges."""


@dataclass(frozen=True)
class Made:
    """The pictures of a study.

    Attributes
    ----------
    photos : list of Photo
    pictures : dict of (photo, model) to str
        The file of each in `pictures/`.
    figures : DataFrame
        ``photo``, ``model`` and the track's metrics: of the whole photo by its protocol, as shown (8 bits); empty where
        the photos have no targets.
    """

    photos: list[Photo]
    pictures: dict[Picture, str]
    figures: pd.DataFrame


def photo_names(dataset: Dataset, hd: bool) -> list[str]:
    """Return the photos that a study may show: the validation pairs, or the HD images.

    Raises
    ------
    InputError
        No HD images in this data.
    """
    if not hd:
        return [pair.name for pair in dataset.pairs]
    if not dataset.hd:
        raise InputError(f"HD images in {dataset.name}", "none", "leave out --hd, or name other data")
    return [path.stem for path in dataset.hd]


def suggested(candidates: Sequence[Candidate], names: Sequence[str]) -> list[str]:
    """Return the photos with those first on which the models differ most, by what their runs measured.

    The spread of the models' figures on a photo, as a multiple of its mean over photos, summed over the metrics.
    Photos that fewer than two runs measured come last, in their own order.
    """
    tables = [candidate.images.set_index("image") for candidate in candidates if candidate.images is not None]
    if len(tables) < 2:
        return list(names)
    spread = pd.Series(0.0, index=pd.Index(names))
    for metric in (metric for metric in COLUMNS.values() if all(metric in table for table in tables)):
        own = pd.concat([table[metric] for table in tables], axis=1).reindex(names).std(axis=1)
        if own.mean() > 0:
            spread += (own / own.mean()).fillna(0)
    return list(spread.sort_values(ascending=False, kind="stable").index)


def make(
    dataset: Dataset,
    candidates: Sequence[Candidate],
    names: Sequence[str],
    folder: Path,
    *,
    hd: bool,
    crop_px: int,
    progress: Progress,
) -> Made:
    """Run the models on the photos, and write what raters will see.

    Parameters
    ----------
    names : sequence of str
        Of `photo_names`.
    folder : Path
        Of the study; the pictures go into `pictures/` there.
    crop_px : int
        The side of what is shown of each photo: the part in which the models differ most. 0 for all of it.
    progress : callable

    Raises
    ------
    InputError
        A photo that isn't there or can't be read, or a model that gives no output for it.
    """
    wanted = {name: _loaded(dataset, name, hd) for name in names}
    with tempfile.TemporaryDirectory(prefix="aic-study-") as scratch:
        files = _run(candidates, wanted, dataset.track.enlarges, Path(scratch), progress)
        shown, pictures, rows = [], {}, []
        for name, photo in wanted.items():
            target = photo.target
            whole = {candidate.name: np.load(files[name, candidate.name], mmap_mode="r") for candidate in candidates}
            if target is not None:
                rows += [_figures(dataset, name, model, target, output) for model, output in whole.items()]
                whole[REFERENCE] = as_uint8(target)
            part = _part(name, [whole[candidate.name] for candidate in candidates], crop_px)
            shown.append(part)
            for model, image in whole.items():
                pictures[name, model] = _write(folder / PICTURES, image, part)
    columns = ["photo", "model", *dataset.track.protocol.columns]
    return Made(shown, pictures, pd.DataFrame(rows, columns=columns))


def _run(
    candidates: Sequence[Candidate],
    wanted: Mapping[str, own_photos.Prepared],
    enlarges: int,
    scratch: Path,
    progress: Progress,
) -> dict[Picture, Path]:
    """Run one model after the other, so that each is loaded once; outputs wait on the disk."""
    files: dict[Picture, Path] = {}
    total = len(candidates) * len(wanted)
    with Outputs(enlarges=enlarges) as outputs:
        for candidate in candidates:
            for name, photo in wanted.items():
                progress(len(files), total, f"{candidate.name} on {name}")
                files[name, candidate.name] = scratch / f"{len(files)}.npy"
                np.save(files[name, candidate.name], as_uint8(_output(outputs, candidate, name, photo.given)))
    progress(total, total, "pictures")
    return files


def _output(outputs: Outputs, candidate: Candidate, name: str, given: NDArray[np.float32]) -> NDArray[np.float32]:
    try:
        if candidate.pb is None:
            raise ModelFailure(candidate.failure or "it has no model.pb")
        return outputs.of(candidate.pb, given)
    except ModelFailure as failure:
        remedy = "leave the model out, or mend it"
        raise InputError(f"a picture of {candidate.name} for {name}", f"none ({failure})", remedy) from None


def _loaded(dataset: Dataset, name: str, hd: bool) -> own_photos.Prepared:
    """Return input and target of a photo; HD images of enhancement have no target."""
    if not hd:
        found = {pair.name: pair for pair in dataset.pairs}
        if name not in found:
            raise _unknown(dataset, name, list(found))
        loaded = read_pair(dataset, found[name])
        return own_photos.Prepared(loaded.input, loaded.shown, loaded.target)
    paths = {path.stem: path for path in dataset.hd}
    if name not in paths:
        raise _unknown(dataset, name, list(paths))
    way = (
        own_photos.AS_TARGET if own_photos.AS_TARGET in own_photos.ways(dataset.track).values() else own_photos.AS_IT_IS
    )
    return own_photos.prepare(read_rgb(paths[name]), way, dataset.track)


def _unknown(dataset: Dataset, name: str, known: list[str]) -> InputError:
    return InputError(f"a photo of {dataset.name}", repr(name), f"name one such as {', '.join(known[:3])}")


def _figures(dataset: Dataset, photo: str, model: str, target: NDArray[np.float32], output: Rgb8) -> dict[str, object]:
    protocol = dataset.track.protocol
    try:
        found = score_output(target, (np.asarray(output) / np.float32(255)).astype(np.float32), protocol)
    except InputError:  # smaller than the protocol's scales
        found = dict.fromkeys(protocol.columns, np.nan)
    return {"photo": photo, "model": model, **{metric: found[metric] for metric in protocol.columns}}


def _part(name: str, whole: Sequence[Rgb8], crop_px: int) -> Photo:
    """Return the part of a photo in which the models differ most."""
    sizes = {image.shape[:2] for image in whole}
    if len(sizes) > 1:
        raise InputError(f"pictures of {name} of one size", f"{sorted(sizes)}", "leave out the model that differs")
    height_px, width_px = sizes.pop()
    rows, columns = (min(side, crop_px) if crop_px else side for side in (height_px, width_px))
    total, squares = np.zeros((2, height_px, width_px, 3))
    for image in whole:
        values = np.asarray(image, dtype=np.float64)
        total += values
        squares += values**2
    variance = (squares - total**2 / len(whole)).sum(axis=2)
    down, across = min(MARGIN_PX, (height_px - rows) // 2), min(MARGIN_PX, (width_px - columns) // 2)
    inner = variance[down : height_px - down, across : width_px - across]
    top, left = crops.largest_sum(inner, (rows, columns))
    return Photo(name, left + across, top + down, columns, rows)


def _write(folder: Path, image: Rgb8, photo: Photo) -> str:
    """Write a picture under a name drawn at random; a PNG of ours holds pixels and nothing else."""
    file = f"{secrets.token_hex(8)}.png"
    rows = slice(photo.top_px, photo.top_px + photo.height_px)
    columns = slice(photo.left_px, photo.left_px + photo.width_px)
    write_png(folder / file, np.ascontiguousarray(image[rows, columns]))
    return file
