from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data.datasets import open_dataset, read_pair
from aic_helpers.tracks.catalogue import find_track


def made(folder: Path) -> subprocess.CompletedProcess[str]:
    script = PROJECT / "scripts" / "make_unseen_cameras.py"
    return subprocess.run([sys.executable, script, folder], capture_output=True, text=True, check=False)


def test_each_pair_is_by_a_camera_of_its_own(tmp_path: Path) -> None:
    assert made(tmp_path / "unseen").stdout == f"210 pairs in {tmp_path / 'unseen'}\n"
    track = find_track("enhancement")
    unseen, sample = (open_dataset(data, track) for data in (str(tmp_path / "unseen"), "sample"))
    spreads = []
    for dataset in (sample, unseen):
        pairs = [read_pair(dataset, pair) for pair in dataset.pairs[:60]]
        spreads.append(np.std([np.log(pair.input[..., 1].mean() / pair.target[..., 1].mean()) for pair in pairs]))
    assert spreads[1] > 1.8 * spreads[0], "how bright green comes out"
    again = made(tmp_path / "unseen")
    assert (again.returncode, again.stdout) == (2, "")
    expected = (
        f"make_unseen_cameras.py: expected a new folder, found {tmp_path / 'unseen' / 'enhancement'}: name another"
    )
    assert again.stderr.strip() == expected
