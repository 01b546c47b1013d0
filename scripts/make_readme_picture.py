"""Remake docs/both_tracks.png: input, output and target of one validation photo on both tracks.

    python scripts/make_readme_picture.py

It needs the run folders that `make demo` leaves.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from aic_helpers.core import tracks
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data import images, phone_camera
from aic_helpers.evaluation import any_image
from aic_helpers.runs import comparison_figures, run_settings, steps

PHOTO = "perched-osprey"


def enlarged() -> comparison_figures.Comparison:
    """Track A: the photo taken down and up again by 4, and through the sample network."""
    with any_image.Outputs() as models:
        return steps.comparison(run_settings.settle("super_resolution"), PHOTO, "Track A: super-resolution", models)


def photographed() -> comparison_figures.Comparison:
    """Track B: the photo as the simulated old phone camera takes it, and through the sample network."""
    settings = run_settings.settle("enhancement")
    target = images.read_rgb(PROJECT / "data" / "sample" / "hd" / f"{PHOTO}.jpg")
    shot = images.as_float(phone_camera.photograph(target, np.random.default_rng(2018)))
    output = steps.load(settings.model_pb)(shot[None])[0]
    title = "Track B: photo enhancement (simulated old phone camera)"
    return comparison_figures.Comparison(title, shot, output, images.as_float(target))


if __name__ == "__main__":
    rows = []
    for track, comparison in (("super_resolution", enlarged()), ("enhancement", photographed())):
        file = io.BytesIO()
        comparison_figures.beside_targets(tracks.find_track(track), [comparison]).savefig(file, dpi=110)
        rows.append(np.asarray(Image.open(file).convert("RGB")))
    width_px = min(row.shape[1] for row in rows)
    images.write_png(PROJECT / "docs" / "both_tracks.png", np.concatenate([row[:, :width_px] for row in rows]))
