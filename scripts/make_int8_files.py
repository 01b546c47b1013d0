"""Make the int8 `.tflite` files of the fast networks, from their weights in models_pretrained/.

Usage: python scripts/make_int8_files.py [NAME ...]     needs the extra mobile; ten seconds for each

NAME_int8.tflite has the size of the network's track, to be timed; NAME_int8_free.tflite takes photos of any size. Both
are what aic export --precision int8 makes.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from aic_helpers.models import conversion, sources
from aic_helpers.quantization import calibration, exporting
from aic_helpers.tracks.catalogue import find_track

NETWORKS = ("fast_sr", "fast_sr_x4", "fast_enhancement")


def main() -> None:
    """Make those that are named, or all."""
    for name in sys.argv[1:] or NETWORKS:
        with TemporaryDirectory() as folder:
            make(name, Path(folder))


def make(name: str, folder: Path) -> None:
    """Convert a network, export it, and keep both files."""
    source, frozen = sources.resolve(name), folder / "model.pb"
    track = find_track(source.track)
    conversion.convert(source, frozen, enlarges=track.enlarges)
    settled = calibration.settle()
    (made,) = exporting.export(frozen, track, folder, ["int8"], calibration=settled, name=name).exported
    for file in (made.fixed, made.free):
        kept = Path(shutil.copy(file, sources.PRETRAINED))
        print(f"{kept.name}: {kept.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
