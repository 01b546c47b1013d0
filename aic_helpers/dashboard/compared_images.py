"""Photos or validation images, and what models make of each: 8-bit pixels and figures, one model after the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError, nearest
from aic_helpers.core.progress_types import Progress
from aic_helpers.core.safe_texts import told_apart
from aic_helpers.dashboard.image_store import INPUT, TARGET, run_row
from aic_helpers.data import own_photos
from aic_helpers.data.datasets import Dataset, read_pair
from aic_helpers.data.images import Rgb8, as_float, as_uint8
from aic_helpers.evaluation.any_image import Outputs
from aic_helpers.evaluation.protocols import score_output
from aic_helpers.runs.candidates import Candidate
from aic_helpers.runtimes.model_workers import ModelFailure
from aic_helpers.tracks.definitions import Track

Take = Callable[[str, str, Rgb8], None]
"""Takes the name of an image, what is shown of it, and the pixels."""

Array = NDArray[np.float32]

LARGEST = {"psnr": "a figure", "ssim": "a window of SSIM", "ms_ssim": "the five scales of MS-SSIM"}
"""What an image may be too small for, by the last of a protocol's metrics."""


@dataclass(frozen=True)
class Subject:
    """An image to compare on: what the models get, the same as it is shown, the target where there is one, and words.

    It is shown at the output's size: enlarged where the models enlarge.
    """

    name: str
    given: Rgb8
    shown: Rgb8
    target: Rgb8 | None
    words: str


@dataclass
class Compared:
    """What models made of images: what a catalogue is made of (see `aic_helpers.dashboard.catalogues.Listed`).

    Attributes
    ----------
    images : DataFrame
        ``image``, ``model``, the track's metrics, ``failure``: a row for each image and each of input and models.
    runs : DataFrame
        A row for each model, of what its run measured.
    """

    track: Track
    data: str
    notes: list[str]
    models: list[str]
    baseline: str
    runs: pd.DataFrame
    images: pd.DataFrame
    subjects: list[Subject]
    ways: dict[str, str] = field(default_factory=dict)

    @property
    def failures(self) -> list[str]:
        """Why models gave nothing, a sentence for each reason, with the images where it isn't that of all."""
        failed = self.images[self.images["failure"].notna()]
        return [
            f"{model}{'' if len(own) == len(self.subjects) else ' on ' + ', '.join(own['image'])}: {reason}"
            for (model, reason), own in failed.groupby(["model", "failure"], sort=False)
        ]

    @property
    def has_target(self) -> bool:
        """Whether any image has a target, so that there are figures."""
        return any(subject.target is not None for subject in self.subjects)

    @property
    def unmeasured(self) -> list[str]:
        """Why images with a target have no figures, a sentence each."""
        reasons = {subject.name: self.why_unmeasured(subject) for subject in self.subjects}
        return [f"{name} has no figures: {reason}" for name, reason in reasons.items() if reason]

    def why_unmeasured(self, subject: Subject) -> str:
        """Return why an image with a target has no figures; else nothing."""
        own = self.images[(self.images["image"] == subject.name) & (self.images["model"] == INPUT)]
        if subject.target is None or own["psnr_db"].notna().all():
            return ""
        height_px, width_px = subject.target.shape[:2]
        protocol = self.track.protocol
        border = f" inside the border of {protocol.border_px} px" if protocol.border_px else ""
        return f"{width_px}x{height_px} is too small for {LARGEST[protocol.metrics[-1]]}{border}"

    def failed(self, model: str) -> bool:
        """Tell whether a model gave nothing for any image."""
        return bool(self.images.loc[self.images["model"] == model, "failure"].notna().all())


def photos(paths: Sequence[Path], way: str, track: Track) -> list[Subject]:
    """Return a person's own photos.

    Raises
    ------
    InputError
        A way that the track hasn't, no photo, a damaged one, or one that is too small or too large for the way.
    """
    known = list(own_photos.ways(track).values())
    if way not in known:
        remedy = nearest(way, known, f"name one such as {known[0]!r}")
        raise InputError(f"a way to take a photo on {track.title}: {', '.join(known)}", way, remedy)
    names = told_apart([path.name for path in paths])
    return [_photo(path, name, way, track) for path, name in zip(paths, names, strict=True)]


def _photo(path: Path, name: str, way: str, track: Track) -> Subject:
    photo = own_photos.read_photo(path)
    made = own_photos.prepare(photo.pixels, way, track)
    taken = "" if way == own_photos.AS_IT_IS else f"taken {way}"
    words = own_photos.sentence([note for note in (taken, *photo.notes) if note])
    target = None if made.target is None else as_uint8(made.target)
    return Subject(name, as_uint8(made.given), as_uint8(made.shown), target, words)


def validation_images(dataset: Dataset, limit: int) -> list[Subject]:
    """Return the first images of a dataset; 0 for all."""
    pairs = [read_pair(dataset, pair) for pair in dataset.pairs[: limit or None]]
    return [Subject(pair.name, as_uint8(pair.input), as_uint8(pair.shown), as_uint8(pair.target), "") for pair in pairs]


def compare(
    track: Track,
    data: str,
    subjects: Sequence[Subject],
    candidates: Sequence[Candidate],
    take: Take,
    progress: Progress,
) -> Compared:
    """Run models on images in processes of their own, and hand on the pixels as they are made.

    Parameters
    ----------
    data : str
        Of the validation images, in words; empty for a person's own photos.
    candidates : sequence of Candidate
        The baseline first.
    take : callable
    progress : callable

    Notes
    -----
    A model that fails stops no other: its rows say why.
    """
    rows = []
    for subject in subjects:
        take(subject.name, INPUT, subject.shown)
        if subject.target is not None:
            take(subject.name, TARGET, subject.target)
        rows.append(_row(track, subject, INPUT, as_float(subject.shown)))
    total = len(candidates) * len(subjects)
    with Outputs(enlarges=track.enlarges) as outputs:
        runs = _Runs(outputs)
        for candidate in candidates:
            for subject in subjects:
                progress(len(rows) - len(subjects), total, f"{candidate.name} on {subject.name}")
                output = runs.output(candidate, subject)
                if not isinstance(output, str):
                    take(subject.name, candidate.name, as_uint8(output))
                rows.append(_row(track, subject, candidate.name, output))
    progress(total, total, "writing")
    names = [candidate.name for candidate in candidates]
    measured = pd.DataFrame([run_row(candidate, track) for candidate in candidates])
    return Compared(track, data, [], names, names[0], measured, pd.DataFrame(rows), [*subjects])


class _Runs:
    """Runs models; one that took too long isn't run again, or it would take as long for each image."""

    def __init__(self, outputs: Outputs) -> None:
        self._outputs = outputs
        self._too_long: dict[Candidate, str] = {}

    def output(self, candidate: Candidate, subject: Subject) -> Array | str:
        """Return what a model makes of an image, or why it makes nothing."""
        if candidate.pb is None:
            return candidate.failure or "no model"
        if candidate in self._too_long:
            return f"not run after it took too long on {self._too_long[candidate]}"
        try:
            return self._outputs.of(candidate.pb, as_float(subject.given))
        except ModelFailure as error:
            if error.kind == "timeout":
                self._too_long[candidate] = subject.name
            return str(error)
        except InputError as error:
            return str(error)


def _row(track: Track, subject: Subject, model: str, output: Array | str) -> dict[str, Any]:
    metrics = track.protocol.columns
    row = {"image": subject.name, "model": model, **dict.fromkeys(metrics, math.nan), "failure": None}
    if isinstance(output, str):
        return row | {"failure": output}
    if subject.target is None:
        return row
    try:
        found = score_output(as_float(subject.target), output, track.protocol)
    except InputError:  # too small for the track's metrics: it has a picture and no figures
        return row
    return row | {metric: found[metric] for metric in metrics}
