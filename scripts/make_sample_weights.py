"""Train the sample weights in models_pretrained/ on data/sample/training, and freeze them as the tracks' baselines.

Usage: python scripts/make_sample_weights.py [NAME ...]     all of PLANS by default

For each name it writes NAME.weights.h5, NAME.pb and the recipe NAME.json, which also says what the weights gain over
doing nothing on the sample's validation pairs, which are looked at after training only. About 20 minutes on two cores.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from aic_helpers import conversion, datasets, evaluation, networks, results, sources, training
from aic_helpers.tracks import TRACKS, Track
from aic_helpers.plans import Plan

PLANS = {
    "sample_sr_srcnn": Plan(steps=8000, batch=8, loss="l2", learning_rate=3e-4),
    "sample_enhancement_srcnn": Plan(steps=4000, batch=6, patch_px=80, margin_px=0, loss="l2", learning_rate=3e-4),
}


def main() -> None:
    unknown = set(sys.argv[1:]) - set(PLANS)
    if unknown:
        sys.exit(f"expected names of {', '.join(PLANS)}, found {', '.join(sorted(unknown))}: check the names")
    for name in sys.argv[1:] or PLANS:
        make(name)


def make(name: str) -> None:
    entry = sources.pretrained()[name]
    track = TRACKS[entry["track"]]
    function = getattr(networks, entry["function"])
    trained = training.train(function, track, datasets.training_photos(), PLANS[name], progress=report)
    machine = {key: value for key, value in results.environment().items() if key in ("cpu", "cores", "created_utc")}
    validation = compare(trained.model, track)
    training.save(trained, sources.PRETRAINED, name, machine=machine, validation=validation)
    conversion.convert(sources.resolve(name), sources.PRETRAINED / f"{name}.pb")
    print(name, validation)


def compare(model: Any, track: Track) -> dict[str, Any]:
    """Return the figures of a model and of doing nothing on the sample's validation pairs, by the track's protocol."""
    dataset = datasets.open_dataset("sample", track)
    names = ("images", "psnr_db", "ms_ssim")
    figures = {
        key: {name: round(summary[name], 6) for name in names}
        for key, callable_model in (("nothing_done", np.asarray), ("model", lambda images: np.asarray(model(images))))
        for summary in [evaluation.summarise(evaluation.evaluate(callable_model, dataset))]
    }
    margin = {name: round(figures["model"][name] - figures["nothing_done"][name], 6) for name in names[1:]}
    return {"data": dataset.name, "note": dataset.note, **figures, "margin": margin}


def report(figures: dict[str, float]) -> None:
    print(*(f"{name} {value:.6g}" for name, value in figures.items()), flush=True)


if __name__ == "__main__":
    main()
