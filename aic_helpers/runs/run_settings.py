"""What a run works on: track, model, data and folder, checked and resolved from what a person typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aic_helpers.core.errors import InputError
from aic_helpers.core.project_paths import folder_name, output_folder, runs_folder
from aic_helpers.data import datasets
from aic_helpers.models import sources
from aic_helpers.quantization.precisions import BY_NAME
from aic_helpers.tracks.catalogue import find_track
from aic_helpers.tracks.definitions import Track


@dataclass(frozen=True)
class Settings:
    """What a run works on: the parameters of a notebook or command, checked and resolved.

    Attributes
    ----------
    folder : Path
        The run folder. It need not be there yet.
    limit : int or None
        How many validation images to use; None for all.
    """

    track: Track
    source: sources.ModelSource
    dataset: datasets.Dataset
    folder: Path
    limit: int | None

    @property
    def model_file(self) -> Path:
        """The converted model in the run folder."""
        return self.folder / self.source.format.model_file

    @property
    def timed_file(self) -> Path:
        """What is timed: the file of one size, where there is one beside that of any size."""
        fixed = self.folder / sources.FIXED_FILE
        return fixed if self.source.has_fixed_file and fixed.is_file() else self.model_file

    @property
    def hd_photo(self) -> Path | None:
        """The photo on which time and rules are tried; None for the workbench's own."""
        return self.dataset.hd[0] if self.dataset.hd else None


def settle(
    track: str,
    model: str = "",
    checkpoint: str = "",
    data: str = "sample",
    out: str = "",
    limit: int = 0,
    adapt: Mapping[str, Any] | None = None,
) -> Settings:
    """Check the parameters that every notebook and command shares, and resolve them.

    Parameters
    ----------
    track : str
        A name, or the path of a track's file: see `aic_helpers.tracks.catalogue.find_track`.
    model, checkpoint : str
        See `aic_helpers.models.sources.resolve`; no model means the track's sample network.
    data : str
        ``sample``, ``challenge`` or a folder.
    out : str
        The run folder; empty for ``runs/<track>/<model>``, see `aic_helpers.models.sources.run_name`.
    limit : int
        How many validation images to use; 0 for all.
    adapt : mapping, optional
        What the network takes and gives: see `aic_helpers.models.adapters.read_adapters`.

    Raises
    ------
    InputError
        An unknown track, model or dataset, a model made for another task, a limit below 0, a key or value of
        `adapt` that there isn't; no LiteRT for a model that it runs, or photos that judge among those that one in
        whole numbers is calibrated on.
    """
    chosen = find_track(track)
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise InputError("a limit of 0 (all) or more images", repr(limit), "0 stands for all")
    source = sources.resolve(str(model) or chosen.timed_beside, str(checkpoint) or None, adapt)
    if not sources.is_for(source, chosen):
        raise InputError(
            f"a model of track {chosen.name}", f"{source.name}, made for {source.track}", f"use track {source.track}"
        )
    source.format.require()
    dataset = datasets.open_dataset(str(data), track=chosen)
    if source.adapt.precision and BY_NAME[source.adapt.precision].is_calibrated:
        from aic_helpers.quantization import calibration

        calibration.settle(validation=dataset)  # what the export is calibrated on must judge nothing
    folder = run_folder(chosen, source, str(out))
    if folder.resolve() in {file.parent.resolve() for file in (dataset.pairs[0].target, *dataset.hd[:1])}:
        raise InputError("a run folder of its own", f"{folder}, which has the images", "name another with --out")
    return Settings(chosen, source, dataset, folder, limit or None)


def run_folder(track: Track, source: sources.ModelSource, out: str = "") -> Path:
    """Return the folder of a run: `out`, or `runs/<track>/<model>`."""
    typed = out or runs_folder() / track.name / folder_name(sources.run_name(source))
    return output_folder(typed, "the run", "name another place with out")
