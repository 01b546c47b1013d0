"""Write pairs of Track B whose shots were taken by cameras that no network of ours has seen: one for each target.

Usage: python scripts/make_unseen_cameras.py DIR

The targets are the sample's 210. The folder serves as --data DIR: aic run --track enhancement --model NAME --data DIR
says how well a network does on phones that it wasn't trained for.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from aic_helpers.core.errors import InputError
from aic_helpers.data.datasets import SAMPLE
from aic_helpers.data.images import list_images, read_rgb, write_png
from aic_helpers.data.phone_camera import draw_camera, photograph

SEED = 2019
"""Trainings draw their cameras by seeds that follow from the plan's, 2018."""


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DIR")
    folder = parser.parse_args().folder / "enhancement"
    if folder.exists():
        print(f"make_unseen_cameras.py: {InputError('a new folder', str(folder), 'name another')}", file=sys.stderr)
        sys.exit(2)
    rng = np.random.default_rng(SEED)
    for part in ("inputs", "targets"):
        (folder / part).mkdir(parents=True)
    targets = list_images(SAMPLE / "enhancement" / "targets")
    for path in targets:
        target = read_rgb(path)
        write_png(folder / "targets" / f"{path.stem}.png", target)
        write_png(folder / "inputs" / f"{path.stem}.png", photograph(target, rng, draw_camera(rng)))
    print(f"{len(targets)} pairs in {folder.parent}")


if __name__ == "__main__":
    main()
