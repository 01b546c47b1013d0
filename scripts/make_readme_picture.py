"""Remake docs/both_tracks.png: input, output and target of one validation photo on both tracks.

    python scripts/make_readme_picture.py

It needs the run folders that `make demo` leaves.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from aic_helpers import images, outputs, phone_camera, pictures, results, steps
from aic_helpers.places import PROJECT

PHOTO = "perched-osprey"


def enlarged() -> pictures.Comparison:
    """Track A: the photo taken down and up again by 4, and through the sample network."""
    with outputs.Outputs() as models:
        return steps.comparison(results.settle("super_resolution"), PHOTO, "Track A: super-resolution", models)


def photographed() -> pictures.Comparison:
    """Track B: the photo as the simulated old phone camera takes it, and through the sample network."""
    settings = results.settle("enhancement")
    target = images.read_rgb(PROJECT / "data" / "sample" / "hd" / f"{PHOTO}.jpg")
    shot = images.as_float(phone_camera.photograph(target, np.random.default_rng(2018)))
    output = steps.load(settings.model_pb)(shot[None])[0]
    title = "Track B: photo enhancement (simulated old phone camera)"
    return pictures.Comparison(title, shot, output, images.as_float(target))


if __name__ == "__main__":
    rows = []
    for track, comparison in (("super_resolution", enlarged()), ("enhancement", photographed())):
        file = io.BytesIO()
        pictures.beside_targets(results.named_track(track), [comparison]).savefig(file, dpi=110)
        rows.append(np.asarray(Image.open(file).convert("RGB")))
    width_px = min(row.shape[1] for row in rows)
    images.write_png(PROJECT / "docs" / "both_tracks.png", np.concatenate([row[:, :width_px] for row in rows]))
