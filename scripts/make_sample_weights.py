"""Train our weights in models_pretrained/; freeze what models are timed beside.

Usage: python scripts/make_sample_weights.py [NAME ...]     all that models.toml has here by default

For each name it writes NAME.weights.h5, for a reference NAME.pb, and the recipe NAME.json, which also says what the
weights gain over doing nothing, or over bicubic where photos are small, on the sample's validation pairs. SRCNN takes
ten minutes on two cores, the others up to an hour; interrupted, the same call goes on. The fast networks learn from
more photos than the project carries: aic data fetch training --from DIR brings those first. They are trained in
bfloat16, which a processor or GPU has to have.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from aic_helpers.core import machine as core_machine
from aic_helpers.core import progress_bars
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data import datasets, manifests
from aic_helpers.data import images as data_images
from aic_helpers.evaluation import per_image
from aic_helpers.models import conversion, networks, sources
from aic_helpers.tracks.catalogue import find_track
from aic_helpers.tracks.definitions import Track
from aic_helpers.training import patches, plans, trainer
from aic_helpers.training.plans import Plan

SAMPLE = ("sample/training",)
ALL = ("training", "training_large")
"""Folders of photos; `training` is the one that aic data fetch brings."""

IN_BFLOAT16: dict[str, Any] = {"precision": "mixed_bfloat16"}
SHARP: dict[str, Any] = {"scales": (0.8, 0.6, 0.4, 0.3)}
"""Photos of 4 to 8 megapixels are blurred at their own size; photos to be judged by have been reduced."""
AT_LAST: dict[str, Any] = {"steps": 3_000, "reports": 10, "loss": "psnr", "learning_rate": 5e-4, "candidates": 1}
"""Each patch as it comes, and counted alike, as in the mean over images."""

FAST_SR = replace(plans.plan_for("fast_sr", "enlarged"), **SHARP, **IN_BFLOAT16)
FAST_SR_X4 = replace(plans.plan_for("fast_sr_x4", "small"), **SHARP, **IN_BFLOAT16)
FAST_ENHANCEMENT = replace(plans.plan_for("fast_enhancement", "own"), scales=(0.5,), **IN_BFLOAT16)

MANIFEST = PROJECT / "data" / "training.toml"

REFERENCES = ("sample_sr_srcnn", "sample_enhancement_srcnn", "fsrcnn_x2", "fsrcnn_x3", "fsrcnn_x4", "span_x4")
"""What models are timed beside."""

STAGES: dict[str, list[tuple[tuple[str, ...], Plan]]] = {
    "fast_sr": [(ALL, FAST_SR), (ALL, replace(FAST_SR, **AT_LAST))],
    "fast_sr_x4": [(ALL, FAST_SR_X4)],
    "fast_enhancement": [
        (ALL, replace(FAST_ENHANCEMENT, drawn_cameras=0.5)),
        (ALL, FAST_ENHANCEMENT),
    ],
}
"""Of networks that are trained in turn on more than the sample's photos, or by more than one plan."""


def main() -> None:
    """Make those that are named, or all."""
    ours = [name for name, entry in sources.pretrained().items() if not entry.get("challenge")]
    unknown = set(sys.argv[1:]) - set(ours)
    if unknown:
        sys.exit(f"expected names of {', '.join(ours)}, found {', '.join(sorted(unknown))}: check the names")
    for name in sys.argv[1:] or ours:
        make(name)


def make(name: str) -> None:
    """Train one by its stages, each from where the one before ended; compare it with doing nothing, and write it."""
    entry = sources.pretrained()[name]
    track, function = find_track(entry["track"]), networks.NETWORKS[entry["function"]]
    stages = STAGES.get(name) or [(SAMPLE, plans.plan_for(entry["function"], track.task.input))]
    start = None
    for number, (folders, plan) in enumerate(stages, 1):
        folder = PROJECT / "runs" / "training" / name / str(number)
        weights = folder / f"{name}.weights.h5"
        if number == len(stages) or not weights.is_file():
            paths = sorted((path for photos in folders for path in photos_of(photos)), key=lambda path: path.name)
            with progress_bars.bar("step", lines=True) as show:
                trained = trainer.train(function, track, paths, plan, start=start, folder=folder, progress=show)
            trainer.save(trained, folder, name)
        start = weights
    machine = {
        key: value for key, value in core_machine.environment().items() if key in ("cpu", "cores", "created_utc")
    }
    measured: dict[str, Any] = {"machine": machine, "validation": compare(trained.model, track)}
    if "training" in stages[-1][0]:
        measured["photos_manifest_sha256"] = manifests.digest(MANIFEST, "sha256")
    trainer.save(trained, sources.PRETRAINED, name, **measured)
    if name in REFERENCES:
        conversion.convert(sources.resolve(name), sources.PRETRAINED / f"{name}.pb", enlarges=track.enlarges)
    print(name, measured["validation"])


def photos_of(folder: str) -> list[Path]:
    """Return the photos in a folder of data/; end where some of those that have to be fetched aren't there."""
    place = PROJECT / "data" / folder
    if folder == "training":
        judged = manifests.judge_all(place, manifests.read(MANIFEST))
        if any(one.state != "whole" for one in judged):
            sys.exit(f"expected the training photos in {place}, found some missing: aic data fetch training --from DIR")
    return data_images.list_images(place)


def compare(model: Any, track: Track) -> dict[str, Any]:
    """Return the figures of a model and of doing nothing on the sample's validation pairs, by the track's protocol."""
    dataset = datasets.open_dataset("sample", track)
    names = ("images", *track.protocol.columns)
    callables = {
        "nothing_done": lambda images: patches.enlarged(np.asarray(images), track.enlarges),
        "model": lambda images: np.asarray(model(images)),
    }
    figures = {}
    for key, callable_model in callables.items():
        summary = per_image.summarise(per_image.evaluate(callable_model, dataset), track.protocol)
        figures[key] = {name: round(summary[name], 6) for name in names}
    margin = {name: round(figures["model"][name] - figures["nothing_done"][name], 6) for name in names[1:]}
    return {"data": dataset.name, "note": dataset.note, **figures, "margin": margin}


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("interrupted: the same call goes on from the last report", file=sys.stderr)
        sys.exit(130)
