"""Models, run folders and data -> the dashboard that compares them."""

from __future__ import annotations

import re
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError, in_words
from aic_helpers.core.progress_types import Progress
from aic_helpers.core.project_paths import runs_folder
from aic_helpers.dashboard import notebook_cells
from aic_helpers.dashboard.dashboards import Dashboard
from aic_helpers.dashboard.image_store import ImageStore
from aic_helpers.data.datasets import open_dataset
from aic_helpers.data.images import write_png
from aic_helpers.evaluation.any_image import Outputs
from aic_helpers.reporting.notebook_widgets import waiting
from aic_helpers.runs import candidates
from aic_helpers.tracks import catalogue
from aic_helpers.tracks.catalogue import PIRM2018, TRACKS
from aic_helpers.tracks.definitions import Track


def compare(
    track: str | Track = "super_resolution",
    models: str | Sequence[str] = (),
    data: str = "sample",
    *,
    image: str = "",
    limit: int = 0,
    out: str = "",
    view: str = "",
) -> Dashboard:
    """Return a dashboard that shows input, target and the models' outputs side by side, with their figures.

    Parameters
    ----------
    track : str or Track
        A name (``super_resolution``, ``classic_x4``), or the path of a track's file. PIRM 2018's two can be chosen
        from a menu beside it.
    models : sequence of str, or str with commas
        Names in `models_pretrained/`, `.pb` and `.tflite` files, other model sources, and run folders, whose
        figures are shown too. The track's baseline is always there. None: every run in `runs/` that was made on this
        data.
    data : str
        ``sample``, ``challenge`` or a folder.
    image : str
        The image to begin with; the one with the lowest PSNR where it is empty.
    limit : int
        How many validation images to use; 0 for all. The image to begin with is one of them.
    out : str
        The folder that pictures are saved in; empty for ``runs/compare``.
    view : str
        What to look at first: the link that the viewer gives (its *copy link*), or the text in it from ``#view=`` on.
        Where it names a zoom and no place, that is where the first model in the panes is furthest from the target;
        where it names a ``sort`` and no image, that is the first of this order.

    Raises
    ------
    InputError
        An unknown track, no such data, no such image, a limit below 0, or a link that names what isn't there. A model
        or an image that can't be shown raises nothing: the dashboard says why in its place.

    Notes
    -----
    Models run in processes of their own, which end with the dashboard (`Dashboard.close`) or with the kernel. In a
    notebook a dashboard ends, and its viewer goes, as the cell that made it begins to run again.
    """
    chosen = track if isinstance(track, Track) else catalogue.find_track(track)
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise InputError("a limit of 0 (all) or more images", repr(limit), "give a whole number")
    tracks = {TRACKS[name].name: TRACKS[name] for name in PIRM2018} | {chosen.name: chosen}
    workshop = _Workshop(tracks, _listed(models), str(data), limit, image)
    folder = Path(out).expanduser() if out else runs_folder() / "compare"
    try:
        source = _first(workshop, chosen.name, image)
        dashboard = Dashboard(source, _menu(tracks), workshop.open, _saver(folder), image=image, view=view)
    except BaseException:
        workshop.close()
        raise
    finish = weakref.finalize(dashboard, workshop.close)
    dashboard.observe(lambda change: None if change["new"] else finish(), "comm")  # closed: its models end
    notebook_cells.end_with_cell(dashboard)
    return dashboard


def _menu(tracks: Mapping[str, Track]) -> dict[str, str]:
    """Return the names of tracks by their titles, told apart by name where a file of one's own has a known title."""
    titles = [track.title for track in tracks.values()]
    return {
        track.title if titles.count(track.title) == 1 else f"{track.title} ({name})": name
        for name, track in tracks.items()
    }


def _first(workshop: _Workshop, track: str, image: str) -> ImageStore:
    """Return the track that is shown first, having shown in the cell what one waits for."""
    with waiting() as step:
        source = workshop.open(track, step)
    if image and image not in source.names:
        raise InputError(f"an image of {source.data}", repr(image), f"name one such as {source.names[0]}")
    return source


class _Workshop:
    """Opens tracks, and keeps what their models need: processes, and a folder for those converted here."""

    def __init__(self, tracks: Mapping[str, Track], models: Sequence[str], data: str, limit: int, image: str) -> None:
        self._tracks, self._models, self._data, self._limit, self._image = tracks, models, data, limit, image
        self._outputs: dict[int, Outputs] = {}  # by how many times the networks enlarge
        self._folder = tempfile.TemporaryDirectory(prefix="aic-compare-")
        self._open: dict[str, ImageStore] = {}

    def open(self, track: str, progress: Progress) -> ImageStore:
        if track not in self._open:
            dataset = open_dataset(self._data, track=self._tracks[track])
            found, notes = candidates.find(dataset, self._models, Path(self._folder.name), progress)
            enlarges = dataset.track.enlarges
            if enlarges not in self._outputs:
                self._outputs[enlarges] = Outputs(enlarges=enlarges)
            outputs = self._outputs[enlarges]
            self._open[track] = ImageStore(dataset, found, outputs, self._limit, progress, image=self._image)
            self._open[track].notes += notes
        return self._open[track]

    def close(self) -> None:
        for outputs in self._outputs.values():
            outputs.close()
        self._folder.cleanup()


def _listed(models: str | Sequence[str]) -> list[str]:
    given = models.split(",") if isinstance(models, str) else [str(model) for model in models]
    return [model.strip() for model in given if model.strip()]


def _saver(folder: Path) -> Callable[[str, NDArray[np.float32]], str]:
    def save(name: str, picture: NDArray[np.float32]) -> str:
        """Write a PNG beside those that are there."""
        stem = re.sub(r"[^\w.-]+", "_", name).strip("_")
        numbers = (f"_{number}" if number > 1 else "" for number in range(1, 10_000))
        path = next(path for number in numbers if not (path := folder / f"{stem}{number}.png").exists())
        try:
            write_png(path, picture)
        except OSError as error:
            raise InputError(f"a place to save {path}", in_words(error), "name another by the parameter out") from None
        return f"saved: {path}, {picture.shape[1]}x{picture.shape[0]} px"

    return save
