"""Models and validation images -> tables of figures, and the arrays to look at: what a dashboard is given."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.core.progress_types import Progress
from aic_helpers.core.written_values import Interval
from aic_helpers.dashboard.pixel_copies import jpeg
from aic_helpers.data import own_photos
from aic_helpers.data.datasets import Dataset, Pair, read_pair
from aic_helpers.data.images import as_uint8, read_rgb
from aic_helpers.data.own_photos import read_photo
from aic_helpers.evaluation.any_image import Outputs
from aic_helpers.evaluation.protocols import score_output
from aic_helpers.runs.candidates import Candidate
from aic_helpers.runtimes.model_workers import ModelFailure
from aic_helpers.tracks.definitions import Track

Shown = NDArray[np.float32] | str
"""What there is to see: float32 (height, width, 3), an output unclipped; or a sentence, why there is nothing."""

INPUT, TARGET = "input", "target"
"""What is shown of an image beside the models; the input is shown at the output's size."""

GIVEN = ""
"""What a network that enlarges gets, which isn't shown; no model is called so."""

CACHE_BYTES = 512 * 2**20
CACHE_LEAST = 9
"""Arrays that are kept however large they are: six panes, input, target, and what networks that enlarge get."""

SEEN_FIRST = 3
"""Models that are shown first, with the baseline."""

YOUR_PHOTO = "your photo: "
"""Stands before the name of a person's own photo."""

THUMBNAIL_PX, THUMBNAIL_BYTES = 96, 6_000

Table = list[dict[str, Any]]


class ImageStore:
    """The images of one track and what each model makes of them.

    Parameters
    ----------
    dataset : Dataset
    candidates : sequence of Candidate
        The baseline first.
    outputs : Outputs
        Runs the models.
    limit : int
        How many validation images; 0 for all.
    progress : callable
        Told as the figures that no run folder has are made.
    image : str
        One that is among them, however many there are.

    Attributes
    ----------
    models : list of str
        The models' names, the baseline first.
    names : list of str
        The validation images' names.
    runs : DataFrame
        A row for each model: what its run measured, NaN where it has no run.
    images : DataFrame
        A row for each validation image and each of input and models: the track's metrics, each with ``_gain``
        against the baseline, and ``failure``, why there are none, else None.
    """

    def __init__(
        self,
        dataset: Dataset,
        candidates: Sequence[Candidate],
        outputs: Outputs,
        limit: int,
        progress: Progress,
        *,
        image: str = "",
    ) -> None:
        self.track = dataset.track
        self.data = f"{dataset.name}, {dataset.note}" if dataset.note else dataset.name
        self.notes: list[str] = []
        self.ways = own_photos.ways(self.track)
        self.models = [candidate.name for candidate in candidates]
        self.baseline = self.models[0]
        self.runs = pd.DataFrame([run_row(candidate, self.track) for candidate in candidates])
        self._dataset, self._outputs = dataset, outputs
        self._candidates = {candidate.name: candidate for candidate in candidates}
        self._pairs = {pair.name: pair for pair in _limited(_with_lost(dataset, candidates), limit, image)}
        self._photo: dict[str, dict[str, Shown]] = {}
        self._cache: OrderedDict[tuple[str, str], Shown] = OrderedDict()
        self._lock = threading.RLock()  # the page is answered in a thread of its own while cells run
        for pb in [candidate.pb for candidate in candidates if candidate.pb][:SEEN_FIRST]:
            self._outputs.start(pb)  # they load beside each other
        self.images = self._figures(progress)

    @property
    def names(self) -> list[str]:
        return list(self._pairs)

    def has(self, image: str, shown: str) -> bool:
        """Tell whether `pixels` will answer at once."""
        return (image, shown) in self._cache or shown in self._photo.get(image, {})

    def pixels(self, image: str, shown: str) -> Shown:
        """Return the input, the target or a model's output for an image, or the sentence why there is none.

        Parameters
        ----------
        image : str
            One of `names`.
        shown : str
            ``input``, ``target`` or one of `models`.
        """
        with self._lock:
            own = self._photo.get(image, {})
            return own[shown] if shown in own else self._cached((image, shown))

    def _cached(self, key: tuple[str, str]) -> Shown:
        image, shown = key
        if key not in self._cache:
            if shown in (INPUT, TARGET, GIVEN):
                self._read(image)
            else:
                self._keep(key, self._output(image, shown))
        self._cache.move_to_end(key)
        return self._cache[key]

    def thumbnail(self, image: str) -> bytes:
        """Return a small JPEG of an image, which isn't kept among the arrays; empty where there is none."""
        try:
            photo = self._photo.get(image, {}).get(INPUT, "")
            found = read_rgb(self._pairs[image].target) if isinstance(photo, str) else as_uint8(photo)
        except (InputError, OSError):
            return b""
        return jpeg(found, THUMBNAIL_PX, THUMBNAIL_BYTES)

    @property
    def photo(self) -> str | None:
        """The name of the person's own photo among the images; None where there is none."""
        return next(iter(self._photo), None)

    def add_photo(self, name: str, content: bytes | Path, way: str) -> list[str]:
        """Take in a person's own photo, in place of the one before; return notes on what was done to it.

        Parameters
        ----------
        name : str
        content : bytes or Path
            The file, or where it is.
        way : str
            See `aic_helpers.data.own_photos.ways`.

        Raises
        ------
        InputError
            No photo, or none that can be taken that way; the one before stays.
        """
        photo = read_photo(content)
        made = own_photos.prepare(photo.pixels, way, self.track)
        target: Shown = "your own photo has no target" if made.target is None else made.target
        image = f"{YOUR_PHOTO}{name}"
        with self._lock:
            for key in [key for key in self._cache if key[0] in (*self._photo, image)]:
                del self._cache[key]
            self._photo = {image: {INPUT: made.shown, TARGET: target, GIVEN: made.given}}
        return photo.notes

    def _read(self, image: str) -> None:
        try:
            pair = read_pair(self._dataset, self._pairs[image])
            read: tuple[Shown, ...] = pair.shown, pair.target, pair.input
        except (InputError, OSError) as error:
            read = (str(error),) * 3
        names = (INPUT, TARGET, GIVEN) if self.track.enlarges > 1 else (INPUT, TARGET)
        for shown, found in zip(names, read, strict=False):
            self._keep((image, shown), found)

    def _output(self, image: str, model: str) -> Shown:
        candidate = self._candidates[model]
        given = self.pixels(image, GIVEN if self.track.enlarges > 1 else INPUT)
        if candidate.pb is None:
            return candidate.failure or "no model"
        if isinstance(given, str):
            return given
        try:
            return self._outputs.of(candidate.pb, given)
        except (ModelFailure, InputError, OSError, MemoryError) as error:
            return f"{model}: {error}"

    def _keep(self, key: tuple[str, str], found: Shown) -> None:
        self._cache[key] = found
        while len(self._cache) > CACHE_LEAST and sum(map(_bytes, self._cache.values())) > CACHE_BYTES:
            self._cache.popitem(last=False)

    def _figures(self, progress: Progress) -> pd.DataFrame:
        metrics = self.track.protocol.columns
        measured = {name: _by_image(candidate.images, metrics) for name, candidate in self._candidates.items()}
        rows: Table = []
        failed: dict[str, str] = {}
        for done, image in enumerate(self._pairs):
            for shown in (INPUT, *self.models):
                progress(done, len(self._pairs), f"figures of {shown} on {image}")
                row = measured.get(shown, {}).get(image) or self._row(image, shown, failed)
                rows.append({"image": image, "model": shown, **row})
        return _with_gains(pd.DataFrame(rows), self.baseline, metrics)

    def _row(self, image: str, shown: str, failed: dict[str, str]) -> dict[str, Any]:
        """Return the figures made from the arrays. A model that failed once isn't run on all other images, too."""
        metrics = self.track.protocol.columns
        nothing = dict.fromkeys(metrics, math.nan)
        if shown in failed:
            return nothing | {"failure": f"not measured after {failed[shown]}"}
        target = self.pixels(image, TARGET)
        output = target if isinstance(target, str) else self.pixels(image, shown)
        if isinstance(target, str) or isinstance(output, str):
            if not isinstance(target, str):
                failed[shown] = f"it failed on {image}"
            return nothing | {"failure": str(output)}
        try:
            found = score_output(target, output, self.track.protocol)
        except InputError as error:
            return nothing | {"failure": str(error)}
        return {metric: found[metric] for metric in metrics} | {"failure": None}


def _with_lost(dataset: Dataset, candidates: Sequence[Candidate]) -> list[Pair]:
    """Return the pairs of a dataset, and those that a run has figures of and that are gone."""
    named = {
        str(name) for candidate in candidates if candidate.images is not None for name in candidate.images["image"]
    }
    there = {pair.name for pair in dataset.pairs}
    folder = dataset.pairs[0].target.parent
    return [*dataset.pairs, *(Pair(name, folder / f"{name} (any suffix)", None) for name in sorted(named - there))]


def _limited(pairs: list[Pair], limit: int, image: str) -> list[Pair]:
    """Return the first pairs, as many as are allowed, the one named first of all."""
    if not limit:
        return pairs
    return sorted(pairs, key=lambda pair: pair.name != image)[:limit]


def _bytes(found: Shown) -> int:
    return 0 if isinstance(found, str) else found.nbytes


def _by_image(table: pd.DataFrame | None, metrics: Sequence[str]) -> dict[str, dict[str, Any]]:
    if table is None:
        return {}
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    nothing = dict.fromkeys(metrics, math.nan)
    return {row.pop("image"): row if row["failure"] is None else row | nothing for row in rows}


def _with_gains(images: pd.DataFrame, baseline: str, metrics: Sequence[str]) -> pd.DataFrame:
    """Add what each figure has over the baseline's on the same image; 0 where both are infinite."""
    own = images[images["model"] == baseline].set_index("image")
    for metric in metrics:
        base = images["image"].map(own[metric]).astype(float)
        mine = images[metric].astype(float)
        with np.errstate(invalid="ignore"):
            images[f"{metric}_gain"] = np.where(mine == base, 0.0, mine - base)
    return images


def run_row(candidate: Candidate, track: Track) -> dict[str, Any]:
    """Return what a run measured, and its scores, in one row."""
    result = candidate.result
    profile = result.profile if result else None
    row: dict[str, Any] = {"model": candidate.name, "failure": candidate.failure}
    row |= {name: _real(getattr(profile, name, None)) for name in ("time_ms", "peak_rss_mib")}
    row |= _spread("speedup", getattr(profile, "speedup", None), getattr(profile, "speedup_ci95", None))
    for name in track.scores.better:
        score = result.scores.get(name) if result else None
        row |= _spread(f"score_{name}", getattr(score, "value", None), getattr(score, "ci95", None))
    return row


def _spread(name: str, value: float | None, interval: Interval) -> dict[str, float]:
    low, high = interval or (None, None)
    return {name: _real(value), f"{name}_low": _real(low), f"{name}_high": _real(high)}


def _real(value: float | None) -> float:
    return math.nan if value is None else value
