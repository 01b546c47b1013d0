"""Frozen models run on any image, each in a child process with limits: what one shows of models one can't trust.

No TensorFlow in this process: a model that aborts, hangs or wants all memory ends its child, and nothing else.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core import machine
from aic_helpers.core.errors import InputError, require_file
from aic_helpers.core.limits import MAX_RAM_MIB
from aic_helpers.data.crops import tiles
from aic_helpers.runtimes.model_workers import ModelFailure, ModelWorker

MAX_WORKERS = 6
"""As many models as a comparison has panes; the least recently used one ends for the next."""

RUNTIME_MIB = 900.0
"""What a model's process takes beside the activations: TensorFlow itself, weights, the tile, what convolutions need."""

MODEST_PIXELS = 2_100_000
"""Up to here (full HD) an image is tried whole at once; a larger one only if its activations look as if they fit."""

TILE_SIDES_PX = (64, 1024)
"""Of an inner box: a smaller one is mostly overlap, a larger one shows no progress for long."""

Key = tuple[str, int, int]
Image = NDArray[np.float32]


class _TooLarge(ModelFailure):
    """It wanted more memory than the cap: a smaller image may do."""


class Outputs:
    """The outputs of frozen models, which stay loaded between images; use it in a ``with`` statement.

    Parameters
    ----------
    max_rss_mib : float
        Cap on the resident size of each model's process.
    run_timeout_s : float
        For each run of a model.
    enlarges : int
        How many times larger an output is than its image.
    """

    def __init__(self, *, max_rss_mib: float = MAX_RAM_MIB, run_timeout_s: float = 120.0, enlarges: int = 1) -> None:
        self._max_rss_mib, self._enlarges = max_rss_mib, enlarges
        self._run_timeout_s = run_timeout_s
        self._workers: OrderedDict[Key, ModelWorker] = OrderedDict()
        self._lock = threading.Lock()  # a dashboard may call from more than one thread

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all models' processes."""
        while self._workers:
            self._workers.popitem()[1].close()

    def start(self, model_pb: Path) -> None:
        """Start a model's process, and don't wait until it is loaded; `of` does, and tells what is wrong with it."""
        key = _key(require_file(Path(model_pb), "a frozen model").resolve())
        with self._lock:
            if key not in self._workers:
                self._started(key)

    def of(self, model_pb: Path, image: Image) -> Image:
        """Return a model's output for one image; tile by tile where the whole is more than the cap allows.

        Tiles overlap by the network's receptive field, so the output is that of the whole image but for rounding.
        A network that takes in the whole image at once gets no tiles.

        Parameters
        ----------
        model_pb : Path
        image : ndarray of float32, shape (height, width, 3)
            Values in [0, 1].

        Returns
        -------
        ndarray of float32, shape (height, width, 3), or larger by `enlarges`
            As the network gives it, unclipped; all values are finite.

        Raises
        ------
        InputError
            No file there, or no image of that kind.
        ModelFailure
            Everything that is the model's: it doesn't load, raises, takes too long, wants more than the cap where
            tiles would change its output, dies, or gives another size or values that aren't finite. The next call
            starts afresh.
        """
        _check(image)
        path = require_file(Path(model_pb), "a frozen model").resolve()
        with self._lock:
            return self._of(path, image)

    def _of(self, path: Path, image: Image) -> Image:
        found = self._receptive_field(path, image) if image[..., 0].size > MODEST_PIXELS else None
        if found and not found["obstacle"] and not self._seems_to_fit(found, image):
            return self._in_tiles(path, image, found)
        try:
            return self._run(path, image)
        except _TooLarge as error:
            found = found or self._receptive_field(path, image)
            if found["obstacle"]:
                size = f"{image.shape[1]}x{image.shape[0]} at once is too large ({error})"
                what = f"tiles may change the result ({found['obstacle']})"
                raise ModelFailure(f"{size}, and {what}; take a smaller photo", "memory") from None
            return self._in_tiles(path, image, found)

    def _receptive_field(self, path: Path, image: Image) -> dict[str, Any]:
        height_px, width_px = image.shape[:2]
        with self._worker(path) as worker:
            return worker.receptive_field(width_px, height_px)

    def _seems_to_fit(self, found: dict[str, Any], image: Image) -> bool:
        activations_mib = found["mib_per_megapixel"] * image[..., 0].size / 1e6
        return activations_mib + RUNTIME_MIB <= self._max_rss_mib

    def _in_tiles(self, path: Path, image: Image, found: dict[str, Any]) -> Image:
        """Return the output in tiles that get smaller until they fit."""
        tile_px = self._tile_px(found, max(image.shape[:2]))
        while True:
            try:
                return self._pieces(path, image, tile_px, found)
            except _TooLarge as error:
                if tile_px <= TILE_SIDES_PX[0]:
                    raise ModelFailure(f"even in tiles of {tile_px} px: {error}", "memory") from None
                tile_px = max(tile_px // 2, TILE_SIDES_PX[0])

    def _tile_px(self, found: dict[str, Any], side_px: int) -> int:
        """Return the side of the inner boxes with which a tile's largest activations should fit under the cap."""
        activations_mib = max(self._max_rss_mib - RUNTIME_MIB, 0.0)
        source_px = 1000 * (activations_mib / max(found["mib_per_megapixel"], 1.0)) ** 0.5
        smallest, largest = TILE_SIDES_PX
        # Halved at most: the whole image was too large.
        return max(smallest, min(largest, int(source_px) - 2 * found["radius_px"], side_px // 2))

    def _pieces(self, path: Path, image: Image, tile_px: int, found: dict[str, Any]) -> Image:
        overlap_px, multiple = found["radius_px"], found["multiple_px"]
        height_px, width_px, channels = image.shape
        result = np.empty((height_px * self._enlarges, width_px * self._enlarges, channels), np.float32)
        for tile in tiles(*image.shape[:2], tile_px=tile_px, overlap_px=overlap_px, multiple=multiple):
            tile.paste(self._run(path, tile.source.of(image)), result, self._enlarges)
        return result

    def _run(self, path: Path, image: Image) -> Image:
        with self._worker(path) as worker:
            try:
                return worker.output_of(image[None])[0]
            except ModelFailure as failure:
                if failure.kind == "memory":
                    raise _TooLarge(str(failure), "memory") from None
                raise

    @contextmanager
    def _worker(self, path: Path) -> Iterator[ModelWorker]:
        """Give a model's process, which is started where it isn't there; one that can't go on is forgotten."""
        key = _key(path)
        try:
            worker = self._workers.get(key) or self._started(key)
            self._workers.move_to_end(key)
            if not worker.ready:
                worker.loaded()
            yield worker
        except InputError as error:
            raise ModelFailure(str(error)) from None
        finally:
            if key in self._workers and not self._workers[key].ready:
                self._workers.pop(key).close()

    def _started(self, key: Key) -> ModelWorker:
        while len(self._workers) >= MAX_WORKERS:
            self._workers.popitem(last=False)[1].close()
        self._workers[key] = ModelWorker(
            Path(key[0]),
            threads=machine.usable_cores(),
            max_rss_mib=self._max_rss_mib,
            run_timeout_s=self._run_timeout_s,
            warm=True,
            enlarges=self._enlarges,
        )
        self._workers[key].start_loading()
        return self._workers[key]


def _key(path: Path) -> Key:
    """A file that was written anew is another model."""
    state = path.stat()
    return str(path), state.st_mtime_ns, state.st_size


def _check(image: Image) -> None:
    if image.dtype != np.float32 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        found = f"{image.dtype} of shape {image.shape}"
        raise InputError("an image of float32, shape (height, width, 3)", found, "see aic_helpers.data.images.as_float")
