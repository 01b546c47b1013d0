"""Train the sample weights in models_pretrained/ on the sample's training photos; freeze what models are timed beside.

Usage: python scripts/make_sample_weights.py [NAME ...]     all that models.toml has here by default

For each name it writes NAME.weights.h5, for a reference NAME.pb, and the recipe NAME.json, which also says what the
weights gain over doing nothing, or over bicubic where photos are small, on the sample's validation pairs, which are
looked at after training only. SRCNN takes ten minutes on two cores, the others up to hours; interrupted, the same call
goes on.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np

from aic_helpers.core import machine as core_machine
from aic_helpers.core import progress_bars
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data import datasets
from aic_helpers.data import images as data_images
from aic_helpers.evaluation import per_image
from aic_helpers.models import conversion, networks, sources
from aic_helpers.tracks.catalogue import find_track
from aic_helpers.tracks.definitions import Track
from aic_helpers.training import patches, plans, trainer
from aic_helpers.training.plans import Plan

FAST_SR = plans.plan_for("fast_sr", "enlarged")
ON_LARGE = replace(
    FAST_SR, steps=12_000, batch=8, patch_px=128, learning_rate=1e-3, reports=24, scales=(1.0, 0.8, 0.6, 0.4)
)

FAST_ENHANCEMENT = plans.plan_for("fast_enhancement", "own")

REFERENCES = ("sample_sr_srcnn", "sample_enhancement_srcnn", "fsrcnn_x2", "fsrcnn_x3", "fsrcnn_x4", "span_x4")
"""What models are timed beside."""

STAGES: dict[str, list[tuple[str, Plan]]] = {
    "fast_sr": [
        ("sample/training", FAST_SR),
        ("training_large", ON_LARGE),
        ("training_large", replace(ON_LARGE, steps=2_000, reports=4, loss="l2", learning_rate=2e-4)),
    ],
    "fast_enhancement": [
        ("sample/training", FAST_ENHANCEMENT),
        ("sample/training", replace(FAST_ENHANCEMENT, steps=4_000, loss="l2", learning_rate=5e-4)),
    ],
}
"""Of networks that are trained in turn on more than one folder of photos, or by more than one plan."""


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
    stages = STAGES.get(name) or [("sample/training", plans.plan_for(entry["function"], track.task.input))]
    start = None
    for number, (photos, plan) in enumerate(stages, 1):
        folder = PROJECT / "runs" / "training" / name / str(number)
        weights = folder / f"{name}.weights.h5"
        if number == len(stages) or not weights.is_file():
            paths = data_images.list_images(PROJECT / "data" / photos)
            with progress_bars.bar("step", lines=True) as show:
                trained = trainer.train(function, track, paths, plan, start=start, folder=folder, progress=show)
            trainer.save(trained, folder, name)
        start = weights
    machine = {
        key: value for key, value in core_machine.environment().items() if key in ("cpu", "cores", "created_utc")
    }
    validation = compare(trained.model, track)
    trainer.save(trained, sources.PRETRAINED, name, machine=machine, validation=validation)
    if name in REFERENCES:
        conversion.convert(sources.resolve(name), sources.PRETRAINED / f"{name}.pb", enlarges=track.enlarges)
    print(name, validation)


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
    main()
