"""What a person asks for -> a training in a folder: what the command and the notebook both call."""

from __future__ import annotations

import logging
import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aic_helpers.core import machine as core_machine
from aic_helpers.core import project_paths
from aic_helpers.core.errors import InputError, nearest, require_file
from aic_helpers.core.progress_types import Progress
from aic_helpers.data import datasets, images, near_duplicates
from aic_helpers.models import networks, sources
from aic_helpers.reporting import text_tables
from aic_helpers.tracks import catalogue
from aic_helpers.tracks.definitions import Track
from aic_helpers.training import callbacks, plans, trainer, training_plots
from aic_helpers.training.plans import Plan

log = logging.getLogger(__name__)

MAX_MINUTES = 7 * 24 * 60

TRACKS = {
    "fast_enhancement": "enhancement",
    "fast_sr_x4": "classic_x4",
    "fsrcnn_x2": "classic_x2",
    "fsrcnn_x3": "classic_x3",
    "fsrcnn_x4": "classic_x4",
    "span_x4": "classic_x4",
}
"""Of networks that are made for one; the others are trained for super_resolution, unless a track is named."""


@dataclass(frozen=True)
class TrainingJob:
    """A training, settled; `typed_track` is what names its track to a command."""

    network: str
    track: Track
    typed_track: str
    photos: list[Path]
    plan: Plan
    folder: Path
    start: Path | None

    @property
    def beside(self) -> str:
        """What the network has to do better than, in words."""
        return "bicubic" if self.track.enlarges > 1 else "doing nothing"


def settle(
    network: str,
    track: str = "",
    photos: str = "",
    steps: int | None = None,
    changes: Mapping[str, Any] | None = None,
    out: str = "",
    *,
    minutes: float | None = None,
    start: str = "",
) -> TrainingJob:
    """Check what a person asks for, and resolve it; warn of training photos that are nearly validation photos.

    Parameters
    ----------
    network : str
        A name in `aic_helpers.models.networks.NETWORKS`.
    track : str
        A track's name or file; empty for the network's own.
    photos : str
        A folder of training photos; empty for the sample's own.
    steps : int, optional
        None for the plan's. Rounded down to a multiple of the reports; fewer than these are kept.
    changes : mapping, optional
        Other fields of the network's plan; None and empty values leave the plan's.
    out : str
        Folder for what comes out; empty for `runs/training/<track>/<network>`, or `<network>_int8`.
    minutes : float, optional
        In place of `steps`: as many as this machine does in about so long, at most 7 days. A training that the
        folder has begun goes on with its own number.
    start : str
        A `.weights.h5` of this network to go on from; empty for the network's usual start, or, for int8, for the
        weights of this network and track in `models_pretrained/`.

    Raises
    ------
    InputError
        An unknown network, track or loss, a folder without photos, a photo too small for the patches, a figure of
        another type or out of range, or a file where the folder should be.
    """
    network = _named_network(str(network))
    typed_track = str(track) or TRACKS.get(network, "super_resolution")
    chosen = catalogue.find_track(typed_track)
    paths = images.list_images(str(photos)) if photos else datasets.training_photos()
    given = {name: value for name, value in (changes or {}).items() if value not in (None, "")}
    plan = replace(plans.plan_for(network, chosen.task.input, quantized=bool(given.get("quantized"))), **given)
    folder = _folder(chosen, f"{network}_int8" if plan.quantized else network, str(out))
    weights = require_file(Path(str(start)).expanduser(), f"weights of {network}") if start else None
    if plan.quantized and not weights:
        weights = _shipped_weights(network, chosen)
    trainer.check_photos(chosen, paths, plan)
    if minutes is not None:
        _check_minutes(minutes)
        steps = callbacks.steps_planned(folder)
        steps = steps or trainer.steps_within(minutes, networks.NETWORKS[network], chosen, paths, plan)
    plan = plan if steps is None else plans.of_steps(plan, steps)
    if photos:
        _warn_of_validation_photos(paths)
    return TrainingJob(network, chosen, typed_track, paths, plan, folder, weights)


def _named_network(name: str) -> str:
    if name not in networks.NETWORKS:
        remedy = nearest(name, networks.NETWORKS, "choose one of them")
        raise InputError(f"a network ({', '.join(networks.NETWORKS)})", name, remedy)
    return name


def _shipped_weights(network: str, track: Track) -> Path:
    for entry in sources.pretrained().values():
        if (entry["function"], entry["track"]) == (network, track.name) and not entry.get("challenge"):
            return sources.PRETRAINED / str(entry["checkpoint"])
    expected = f"trained weights of {network} for {track.name} to begin with"
    raise InputError(expected, "none in models_pretrained", "train it, then name its .weights.h5 (--start)")


def _folder(track: Track, name: str, out: str) -> Path:
    default = project_paths.runs_folder() / "training" / track.name / name
    return project_paths.output_folder(out or default, "the run", "name another place with out")


def _check_minutes(minutes: float) -> None:
    if not (plans.is_number(minutes) and math.isfinite(minutes) and 0 < minutes <= MAX_MINUTES):
        expected = f"more than 0 minutes, at most {MAX_MINUTES} (7 days)"
        raise InputError(expected, repr(minutes), "change them, or give steps")


def _warn_of_validation_photos(photos: list[Path]) -> None:
    """Warn of photos that are nearly validation photos of the sample: no figure on the sample would be true."""
    validation = images.list_images(datasets.SAMPLE / "super_resolution" / "targets")
    pairs = [f"{pair.photo.name} ({pair.validation.name})" for pair in near_duplicates.find(photos, validation)]
    if pairs:
        told = "training photos that are nearly validation photos of the sample: %s; figures on it will be too good"
        log.warning(told, ", ".join(pairs))


def learn(job: TrainingJob, *, progress: Progress | None = None) -> callbacks.Trained:
    """Train, or go on where an earlier call was ended; write weights, recipe and curve to the folder.

    Raises
    ------
    InputError
        See `aic_helpers.training.trainer.train`. Where the loss is lost, the last good weights are written first.
    """
    function = networks.NETWORKS[job.network]
    try:
        trained = trainer.train(
            function,
            job.track,
            job.photos,
            job.plan,
            start=job.start,
            folder=job.folder,
            progress=progress,
        )
    except trainer.NotFiniteError as lost:
        if lost.trained:
            _write(job, lost.trained)
        raise
    _write(job, trained)
    return trained


def _write(job: TrainingJob, trained: callbacks.Trained) -> None:
    environment = core_machine.environment()
    machine = {key: environment[key] for key in ("cpu", "cores", "created_utc")}
    trainer.save(trained, job.folder, job.network, machine=machine)
    figure = training_plots.training(trained.history, trained.recipe["held_out_input_psnr_db"], job.beside)
    figure.savefig(job.folder / "training.png")


def summary_rows(job: TrainingJob, trained: callbacks.Trained) -> list[text_tables.Row]:
    """Return what came out, and what to do next."""
    recipe, weights = trained.recipe, text_tables.typed(job.folder / f"{job.network}.weights.h5")
    gain_db = recipe["held_out_psnr_db"] - recipe["held_out_input_psnr_db"]
    psnr = f"{recipe['held_out_psnr_db']:.2f} dB, {_gain_words(job, gain_db)}"
    return [
        *([("in int8", psnr), *_int8_rows(recipe)] if job.plan.quantized else [("held-out PSNR", psnr)]),
        ("steps", f"{recipe['steps_done']} of {recipe['steps']} in {recipe['minutes']:.1f} minutes"),
        ("weights", f"{weights} (of step {recipe['kept_step']})"),
        ("next", _next(job, gain_db, weights)),
    ]


def _int8_rows(recipe: dict[str, Any]) -> list[text_tables.Row]:
    before = recipe["before"]
    told = f"{before['held_out_psnr_db']:.2f} dB in int8, {before['held_out_float_psnr_db']:.2f} dB in floats"
    return [("in floats", f"{recipe['held_out_float_psnr_db']:.2f} dB"), ("before", told)]


def _gain_words(job: TrainingJob, gain_db: float) -> str:
    return f"{gain_db:+.2f} dB against {job.beside}" if math.isfinite(gain_db) else "its gain can't be told"


def _next(job: TrainingJob, gain_db: float, weights: str) -> str:
    """Return the command that goes on from here, or why there is nothing to go on with."""
    if not math.isfinite(gain_db):
        return "other photos: the held-out patches of these leave no gain to measure"
    if gain_db < 0:
        return f"--start with these weights, or more steps in another --out: so far it is worse than {job.beside}"
    source = shlex.quote(f"{text_tables.typed(sources.NETWORKS)}:{job.network}")
    command = "export" if job.plan.quantized else "run"
    return f"aic {command} --track {shlex.quote(job.typed_track)} --model {source} --checkpoint {shlex.quote(weights)}"
